//! What one client pushed, every other pulls, byte for byte.

use hub_tests::{Person, TestHub, readme_image, write_layout};
use serde_json::{Value, json};

use super::workshop::{Workshop, described, readme};

/// The bytes of a manifest, and its digest.
async fn manifest(person: &Person, repo: &str, reference: &str) -> (Vec<u8>, String) {
    let answer = person.get(&format!("/v2/{repo}/manifests/{reference}")).await;
    assert_eq!(answer.status(), 200, "{repo}:{reference}");
    let digest = answer.headers()["docker-content-digest"].to_str().unwrap().to_owned();
    let bytes = answer.bytes().await.unwrap().to_vec();
    assert_eq!(hub_tests::sha256(&bytes), digest);
    (bytes, digest)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_client_pushed_every_client_pulls() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo", "podman", "buildah"]) else { return };
    let creds = shop.credentials();
    write_layout(
        &shop.path("layout"),
        "v1",
        &readme_image("# All of them\n\nEverybody pulls it.\n"),
    );
    let base = shop.name("alice/all:skopeo");

    shop.skopeo_copy("oci:layout:v1", "alice/all:skopeo", &[]).await;
    shop.podman(&["pull", "-q", "--tls-verify=false", &base]).await;
    let podman = shop.name("alice/all:podman");
    shop.podman(&["tag", &base, &podman]).await;
    shop.podman(&["push", "-q", "--tls-verify=false", "--creds", creds, &podman]).await;
    shop.buildah_push(&base, "alice/all:buildah", &[]).await;
    shop.buildah_push(&base, "alice/all:docker", &["--format", "v2s2"]).await;
    shop.podman(&["rmi", "-a", "-f"]).await;

    for tag in ["skopeo", "podman", "buildah", "docker"] {
        let (bytes, digest) = manifest(&alice, "alice/all", tag).await;
        let at = shop.at(&format!("alice/all:{tag}"));
        let name = shop.name(&format!("alice/all:{tag}"));
        let raw = shop.skopeo(&["inspect", "--raw", "--tls-verify=false", "--no-creds", &at]).await;
        assert_eq!(raw.as_bytes(), bytes, "skopeo of what {tag} pushed");

        shop.podman(&["pull", "-q", "--tls-verify=false", &name]).await;
        let known = shop.podman(&["image", "inspect", "--format", "{{.Digest}}", &name]).await;
        assert_eq!(known.trim(), digest, "podman of what {tag} pushed");
        shop.podman(&["rmi", "-a", "-f"]).await;

        shop.buildah(&["pull", "-q", "--tls-verify=false", &name]).await;
        let format = "{{.FromImageDigest}}";
        let known = shop.buildah(&["inspect", "--type", "image", "--format", format, &name]).await;
        assert_eq!(known.trim(), digest, "buildah of what {tag} pushed");
        shop.podman(&["rmi", "-a", "-f"]).await;
    }
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_syncs_all_tags_of_a_repository() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    for tag in ["v1", "v2"] {
        alice.push_image(&format!("alice/app:{tag}"), &readme_image(&format!("# {tag}"))).await;
    }
    let (from, to) = (shop.name("alice/app"), shop.name("alice/mirror"));
    let creds = shop.credentials();
    let creds = ["--src-creds", creds, "--dest-creds", creds];
    let verify = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    let sync = ["sync", "--src", "docker", "--dest", "docker"];
    shop.skopeo(&[&sync[..], &verify, &creds, &[&from, &to]].concat()).await;
    let tags = alice.json("/v2/alice/mirror/app/tags/list").await;
    assert_eq!(tags["tags"], json!(["v1", "v2"]));
    for tag in ["v1", "v2"] {
        let there = manifest(&alice, "alice/mirror/app", tag).await;
        assert_eq!(there, manifest(&alice, "alice/app", tag).await);
    }

    // Out of the hub into a folder, and back under another name.
    std::fs::create_dir(shop.path("out")).unwrap();
    let out = ["sync", "--src", "docker", "--dest", "dir", "--src-tls-verify=false"];
    shop.skopeo(&[&out[..], &["--src-no-creds", &from, "out"]].concat()).await;
    let back = ["sync", "--src", "dir", "--dest", "docker", "--dest-tls-verify=false"];
    let to = shop.name("alice/back");
    shop.skopeo(&[&back[..], &["--dest-creds", shop.credentials(), "out", &to]].concat()).await;
    for tag in ["v1", "v2"] {
        let there = manifest(&alice, "alice/back/app", tag).await;
        assert_eq!(there, manifest(&alice, "alice/app", tag).await);
    }
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_goes_through_a_docker_archive_and_back() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    alice.push_image("alice/app:v1", &readme_image("# Archived\n\nOnce around the tar.\n")).await;
    let at = shop.at("alice/app:v1");
    let archive = "docker-archive:m.tar:alice/app:v1";
    shop.skopeo(&["copy", "-q", "--src-tls-verify=false", "--src-no-creds", &at, archive]).await;
    shop.skopeo_copy("docker-archive:m.tar", "alice/app:v2", &[]).await;
    let img = described(&hub, &alice, "alice/app", "v2").await;
    assert_eq!(img["detailInfo"]["description"], "Once around the tar.", "{img}");
    let diff_ids = async |tag: &str| {
        let at = shop.at(&format!("alice/app:{tag}"));
        let args = ["inspect", "--config", "--tls-verify=false", "--no-creds", &at];
        let config: Value = serde_json::from_str(&shop.skopeo(&args).await).unwrap();
        config["rootfs"]["diff_ids"].clone()
    };
    assert_eq!(diff_ids("v1").await, diff_ids("v2").await, "the same files");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_copied_whole_within_the_hub() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    let image = |arch: &str| {
        let image = hub_oci::ImageBuilder::new().platform("linux", arch);
        image.layer([("README.md", format!("# For {arch}\n"))]).build()
    };
    let index = hub_oci::IndexBuilder::new().image(image("amd64")).image(image("arm64")).build();
    alice.push_image("alice/multi:v1", &index).await;
    let from = shop.at("alice/multi:v1");
    let creds = shop.credentials();
    shop.skopeo_copy(&from, "alice/copy:v1", &["--all", "--src-creds", creds]).await;
    assert_eq!(
        manifest(&alice, "alice/copy", "v1").await,
        manifest(&alice, "alice/multi", "v1").await
    );
    for child in &index.children {
        let (bytes, _) = manifest(&alice, "alice/copy", child.digest.as_str()).await;
        assert_eq!(bytes, child.manifest);
    }
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_made_by_umoci_shows_its_readme() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo", "umoci"]) else { return };
    shop.file("ctx/README.md", "# By umoci\n\nPut together without a Dockerfile.\n");
    shop.run("umoci", &["init", "--layout", "made"]).await;
    shop.run("umoci", &["new", "--image", "made:v1"]).await;
    let insert = ["insert", "--rootless", "--image", "made:v1", "ctx/README.md", "/README.md"];
    shop.run("umoci", &insert).await;
    let label = "org.opencontainers.image.title=Made by hand";
    shop.run("umoci", &["config", "--image", "made:v1", "--config.label", label]).await;

    shop.skopeo_copy("oci:made:v1", "alice/made:v1", &[]).await;
    let img = described(&hub, &alice, "alice/made", "v1").await;
    assert_eq!(img["detailInfo"]["title"], "Made by hand", "{img}");
    assert!(readme(&alice, "alice/made", "v1").await.starts_with("# By umoci"));
    let at = shop.at("alice/made:v1");
    shop.skopeo(&["copy", "-q", "--src-tls-verify=false", "--src-no-creds", &at, "oci:back:v1"])
        .await;
    shop.run("umoci", &["unpack", "--rootless", "--image", "back:v1", "bundle"]).await;
    let unpacked = std::fs::read_to_string(shop.path("bundle/rootfs/README.md")).unwrap();
    assert!(unpacked.contains("without a Dockerfile"));
    hub.stop().await;
}
