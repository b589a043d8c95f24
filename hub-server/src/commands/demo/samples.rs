//! The sample images of `demo`: small, real, with texts in English and Chinese.

use hub_oci::{BuiltImage, ImageBuilder, IndexBuilder};

/// Organisations: name, display name, description.
pub(super) const ORGS: [(&str, &str, &str); 3] = [
    ("labring", "Labring", "Cloud operating system images"),
    ("library", "Library", "Everyday images"),
    ("tools", "工具箱", "运维与调试工具"),
];

/// One image under one tag.
pub(super) struct Sample {
    pub(super) repo: &'static str,
    pub(super) tag: &'static str,
    pub(super) image: BuiltImage,
}

/// What a sample says about itself.
struct Story {
    repo: &'static str,
    tags: &'static [&'static str],
    title: &'static str,
    description: &'static str,
    keywords: &'static str,
    colour: &'static str,
    readme: &'static str,
    /// The README in Chinese, where the main one is English.
    chinese: &'static str,
    platforms: &'static [&'static str],
}

const STORIES: &[Story] = &[
    Story {
        repo: "labring/mysql-operator",
        tags: &["v0.6.2", "v0.6.3"],
        title: "MySQL Operator",
        description: "Highly available MySQL clusters on Kubernetes",
        keywords: "mysql,database,数据库,operator,高可用",
        colour: "#00758f",
        readme: "# MySQL Operator\n\nRuns **highly available** MySQL clusters on Kubernetes.\n\n\
            ## Quick start\n\n```yaml\napiVersion: mysql.example.com/v1\nkind: MysqlCluster\n\
            metadata:\n  name: shop\nspec:\n  replicas: 3\n```\n\n\
            | setting | default | meaning |\n|---|---|---|\n\
            | `replicas` | 3 | number of servers |\n| `storage` | 20Gi | size of each volume |\n\n\
            - [x] automatic failover\n- [x] backups to S3\n- [ ] sharding\n",
        chinese: "# MySQL 运维助手\n\n在 Kubernetes 上运行**高可用**的 MySQL 集群。\n\n## 快速开始\n\n\
            创建一个 `MysqlCluster` 对象，等待三个副本就绪，然后用服务名连接数据库。\n\n\
            - 自动故障切换\n- 备份到对象存储\n",
        platforms: &["amd64", "arm64"],
    },
    Story {
        repo: "labring/kubernetes",
        tags: &["v1.30.4", "v1.31.0"],
        title: "Kubernetes",
        description: "A whole Kubernetes as one cluster image",
        keywords: "kubernetes,cluster,sealos,集群镜像",
        colour: "#326ce5",
        readme: "# Kubernetes\n\nEverything that a cluster needs, in one image.\n\n```sh\n\
            sealos run labring/kubernetes:v1.31.0\n```\n\n> Works without a network.\n",
        chinese: "# Kubernetes 集群镜像\n\n一个镜像包含部署集群所需的全部内容，可离线安装。\n",
        platforms: &["amd64", "arm64"],
    },
    Story {
        repo: "library/nginx",
        tags: &["1.27", "1.28"],
        title: "nginx",
        description: "Web server and reverse proxy",
        keywords: "nginx,web,proxy,http,反向代理",
        colour: "#009639",
        readme: "# nginx\n\nA web server and reverse proxy.\n\n```sh\n\
            docker run -p 8080:80 library/nginx:1.28\n```\n\n```nginx\nserver {\n  listen 80;\n  \
            location / { root /usr/share/nginx/html; }\n}\n```\n",
        chinese: "# nginx\n\n高性能的网页服务器与反向代理，支持负载均衡。\n",
        platforms: &["amd64", "arm64", "riscv64"],
    },
    Story {
        repo: "library/redis",
        tags: &["7.4"],
        title: "Redis",
        description: "In-memory data structure store",
        keywords: "redis,cache,database,缓存,数据库",
        colour: "#dc382d",
        readme: "# Redis\n\nKeeps data structures in memory: strings, hashes, lists, sets.\n\n\
            ```sh\nredis-cli ping\n# PONG\n```\n",
        chinese: "# Redis\n\n内存数据结构存储，可用作缓存、数据库与消息队列。\n",
        platforms: &["amd64"],
    },
    Story {
        repo: "tools/message-queue",
        tags: &["2.1.0"],
        title: "消息队列",
        description: "轻量级分布式消息队列",
        keywords: "消息队列,mq,分布式,queue",
        colour: "#7a3ff2",
        readme: "# 消息队列\n\n一个轻量级的**分布式消息队列**，适合微服务之间的异步通信。\n\n\
            ## 特性\n\n- 至少一次投递\n- 延迟消息\n- 死信队列\n\n## 使用\n\n```sh\n\
            podman pull tools/message-queue:2.1.0\n```\n",
        chinese: "",
        platforms: &["amd64", "arm64"],
    },
    Story {
        repo: "tools/netshoot",
        tags: &["v0.13"],
        title: "netshoot",
        description: "A box of network tools for debugging pods",
        keywords: "network,debug,tcpdump,网络,调试",
        colour: "#e6a700",
        readme: "# netshoot\n\nTools to find out why two pods do not talk to each other.\n\n\
            `tcpdump`, `dig`, `curl`, `iperf3` and friends.\n",
        chinese: "# 网络调试工具箱\n\n排查容器网络故障的常用工具合集。\n",
        platforms: &["amd64"],
    },
];

/// Every sample, in the order in which they are pushed.
pub(super) fn all() -> Vec<Sample> {
    STORIES
        .iter()
        .flat_map(|story| {
            story.tags.iter().map(|tag| Sample { repo: story.repo, tag, image: build(story, tag) })
        })
        .collect()
}

fn build(story: &Story, tag: &str) -> BuiltImage {
    match story.platforms {
        [only] => platform(story, tag, only).build(),
        several => several
            .iter()
            .fold(IndexBuilder::new(), |index, arch| {
                index.image(platform(story, tag, arch).build())
            })
            .build(),
    }
}

fn platform(story: &Story, tag: &str, arch: &str) -> ImageBuilder {
    let icon = icon(story.title, story.colour);
    let program = format!("this would be {} {tag} for {arch}\n", story.title);
    let mut files = vec![("README.md", story.readme), ("icon.svg", icon.as_str())];
    if !story.chinese.is_empty() {
        files.push(("README.zh-CN.md", story.chinese));
    }
    ImageBuilder::new()
        .platform("linux", arch)
        .created("2026-10-01T08:00:00Z")
        .layer([("usr/bin/program", program.as_str())])
        .layer(files)
        .label("org.opencontainers.image.title", story.title)
        .label("org.opencontainers.image.description", story.description)
        .label("org.opencontainers.image.version", tag)
        .label("org.opencontainers.image.licenses", "Apache-2.0")
        .label("io.artifacthub.package.keywords", story.keywords)
        .entrypoint(&["/usr/bin/program"])
        .port("8080/tcp")
}

/// A square with the first letter of the title.
fn icon(title: &str, colour: &str) -> String {
    let letter = title.chars().next().unwrap_or('?');
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\">\
         <rect width=\"64\" height=\"64\" rx=\"12\" fill=\"{colour}\"/>\
         <text x=\"32\" y=\"44\" font-family=\"sans-serif\" font-size=\"34\" fill=\"#fff\" \
         text-anchor=\"middle\">{letter}</text></svg>"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hub_model::{RepoName, Tag};

    use super::*;

    #[test]
    fn samples_have_good_names_and_belong_to_the_organisations() {
        let orgs: BTreeSet<&str> = ORGS.iter().map(|(name, ..)| *name).collect();
        for sample in all() {
            let name = RepoName::parse(sample.repo).unwrap();
            assert!(orgs.contains(name.org().as_str()), "{name}");
            Tag::parse(sample.tag).unwrap();
        }
    }
}
