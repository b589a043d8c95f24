//! Images built and pushed by buildah.

use hub_tests::TestHub;
use serde_json::{Value, json};

use super::workshop::{Workshop, described, readme};

const DOCKERFILE: &str = "FROM scratch\n\
    LABEL org.opencontainers.image.description=\"A thing built by buildah\"\n\
    LABEL org.opencontainers.image.url=https://example.com/thing\n\
    COPY README.md /README.md\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_readme_at_the_root_and_labels_become_the_record() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["buildah"]) else { return };
    shop.file("ctx/Dockerfile", DOCKERFILE);
    shop.file("ctx/README.md", "# Built\n\nThis was built by a real program.\n");
    shop.build("ctx", "localhost/built:v1", &[]).await;

    shop.buildah_push("localhost/built:v1", "alice/built:v1", &[]).await;
    let img = described(&hub, &alice, "alice/built", "v1").await;
    assert_eq!(img["detailInfo"]["description"], "A thing built by buildah");
    assert_eq!(img["sources"]["url"], "label:org.opencontainers.image.url");
    assert_eq!(
        readme(&alice, "alice/built", "v1").await,
        "# Built\n\nThis was built by a real program.\n"
    );
    let page = alice.get("/r/alice/built").await.text().await.unwrap();
    assert!(page.contains("This was built by a real program."));

    shop.buildah_push("localhost/built:v1", "alice/built:v2s2", &["--format", "v2s2"]).await;
    let img = described(&hub, &alice, "alice/built", "v2s2").await;
    let media_type = "application/vnd.docker.distribution.manifest.v2+json";
    assert_eq!(img["baseInfo"]["mediaType"], media_type);
    assert_eq!(img["detailInfo"]["description"], "A thing built by buildah");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_readme_deleted_by_a_later_layer_is_not_shown() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["buildah", "busybox"]) else { return };
    std::fs::create_dir_all(shop.path("ctx")).unwrap();
    std::fs::copy("/bin/busybox", shop.path("ctx/busybox")).unwrap();
    shop.file("ctx/README.md", "# Gone\n\nNobody reads this any more, it was removed.\n");
    shop.file(
        "ctx/Dockerfile",
        "FROM scratch\nADD busybox /bin/busybox\nCOPY README.md /README.md\n\
         RUN [\"/bin/busybox\",\"rm\",\"/README.md\"]\n",
    );
    shop.build("ctx", "localhost/gone:v1", &["--layers"]).await;
    shop.buildah_push("localhost/gone:v1", "alice/gone:v1", &[]).await;

    let img = described(&hub, &alice, "alice/gone", "v1").await;
    assert_eq!(img["detailInfo"]["docs"], Value::Null, "{img}");
    assert_eq!(img["extraction"], "done", "{img}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zstd_layers_are_read() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["buildah"]) else { return };
    shop.file("ctx/Dockerfile", DOCKERFILE);
    let text = format!("# Zstd\n\nPacked tightly, {}.\n", uuid::Uuid::now_v7());
    shop.file("ctx/README.md", &text);
    shop.build("ctx", "localhost/z:v1", &[]).await;
    shop.buildah_push("localhost/z:v1", "alice/z:v1", &["--compression-format", "zstd"]).await;

    let img = described(&hub, &alice, "alice/z", "v1").await;
    assert_eq!(readme(&alice, "alice/z", "v1").await, text);
    let digest = img["digest"].as_str().unwrap();
    let manifest = alice.json(&format!("/v2/alice/z/manifests/{digest}")).await;
    assert!(manifest["layers"].to_string().contains("zstd"), "{manifest}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_two_platforms_is_one_image() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["buildah"]) else { return };
    shop.file("ctx/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY README.md /README.md\n");
    shop.file("ctx/README.md", "# Multi\n\nRuns on two kinds of machines.\n");
    for arch in ["arm64", "amd64"] {
        shop.buildah(&[
            "bud",
            "-q",
            "--isolation",
            "chroot",
            "--os",
            "linux",
            "--arch",
            arch,
            "--manifest",
            "localhost/multi:v1",
            "ctx",
        ])
        .await;
    }
    let to = shop.at("alice/multi:v1");
    let credentials = shop.credentials();
    shop.buildah(&[
        "manifest",
        "push",
        "-q",
        "--all",
        "--tls-verify=false",
        "--creds",
        credentials,
        "localhost/multi:v1",
        &to,
    ])
    .await;

    let img = described(&hub, &alice, "alice/multi", "v1").await;
    let platforms = img["baseInfo"]["platforms"].as_array().unwrap();
    let mut archs: Vec<_> = platforms.iter().map(|p| p["arch"].as_str().unwrap()).collect();
    archs.sort_unstable();
    assert_eq!(archs, ["amd64", "arm64"]);
    assert_eq!(img["detailInfo"]["description"], "Runs on two kinds of machines.");
    assert_eq!(alice.json("/api/v1/repos/alice/multi").await["tags"], json!(1));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_image_without_a_readme_gets_one_by_hub_push() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["buildah"]) else { return };
    shop.file("ctx/Dockerfile", "FROM scratch\nLABEL sealos.io.type=application\nCOPY . .\n");
    shop.file("ctx/charts/mysql/Chart.yaml", "name: mysql\nversion: 1.2.3\nappVersion: 8.0.31\n");
    shop.file("ctx/images/shim/mysqlImages", "docker.io/library/mysql:8.0.31\n");
    shop.file("ctx/init.sh", "#!/bin/bash\n");
    shop.build("ctx", "localhost/mysql-op:v1", &[]).await;
    let layout = format!("oci:{}:v1", shop.path("layout").display());
    shop.buildah(&["push", "-q", "localhost/mysql-op:v1", &layout]).await;
    let archive = format!("docker-archive:{}:alice/mysql-op:v1", shop.path("m.tar").display());
    shop.buildah(&["push", "-q", "localhost/mysql-op:v1", &archive]).await;

    let desk = hub_tests::Terminal::at(&hub);
    let readme_file =
        desk.file("README.md", "# MySQL operator\n\nDatabases by the dozen, with care.\n");
    let readme_file = readme_file.to_str().unwrap();
    desk.ok(["login", &hub.url, "-u", "alice", "-p", hub_tests::PASSWORD]).await;
    desk.ok(["push", &layout, "alice/mysql-op:v1", "-o", readme_file]).await;
    let archive = format!("docker-archive:{}", shop.path("m.tar").display());
    desk.ok(["push", &archive, "alice/mysql-op:v2", "--keyword", "mysql"]).await;

    let img = described(&hub, &alice, "alice/mysql-op", "v1").await;
    assert_eq!(img["detailInfo"]["type"], "cluster-image");
    assert_eq!(img["detailInfo"]["containedImages"], json!(["docker.io/library/mysql:8.0.31"]));
    assert_eq!(img["detailInfo"]["charts"][0]["name"], "mysql");
    assert!(readme(&alice, "alice/mysql-op", "v1").await.starts_with("# MySQL operator"));
    assert_eq!(img["detailInfo"]["description"], "Databases by the dozen, with care.");
    assert_eq!(img["sources"]["description"], "cli", "the README given with -o speaks");
    let page = alice.get("/r/alice/mysql-op/-/tags/v1").await.text().await.unwrap();
    assert!(page.contains("sealos run"), "{page}");
    let img = described(&hub, &alice, "alice/mysql-op", "v2").await;
    assert_eq!(img["detailInfo"]["keywords"], json!(["mysql"]));
    assert_eq!(img["sources"]["docs"], "inherited:v1");
    hub.stop().await;
}
