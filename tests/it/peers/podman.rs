//! podman: pulls, pushes and searches.

use hub_tests::{TestHub, readme_image};

use super::workshop::{Workshop, described};

#[tokio::test(flavor = "multi_thread")]
async fn podman_pulls_tags_pushes_and_searches() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["podman"]) else { return };
    let image = hub_oci::ImageBuilder::new()
        .layer([("README.md", "# Pod\n\nPulled and pushed again by podman.\n")])
        .label("org.opencontainers.image.description", "Pulled by podman")
        .build();
    alice.push_image("alice/pod:v1", &image).await;
    hub.settle().await;

    let from = format!("{}/alice/pod:v1", hub.host());
    let to = format!("{}/alice/pod:v2", hub.host());
    shop.podman(&["pull", "-q", "--tls-verify=false", &from]).await;
    shop.podman(&["tag", &from, &to]).await;
    let credentials = shop.credentials();
    shop.podman(&["push", "-q", "--tls-verify=false", "--creds", credentials, &to]).await;
    let img = described(&hub, &alice, "alice/pod", "v2").await;
    assert_eq!(img["detailInfo"]["description"], "Pulled by podman");

    let term = format!("{}/pod", hub.host());
    let found = shop
        .podman(&["search", "--tls-verify=false", "--format", "{{.Name}} {{.Description}}", &term])
        .await;
    assert_eq!(found.trim(), format!("{}/alice/pod Pulled by podman", hub.host()));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn podman_gets_no_private_image_without_credentials() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["podman"]) else { return };
    alice.push_image("alice/vault:v1", &readme_image("# vault")).await;
    let private = serde_json::json!({"visibility": "private"});
    alice.send(reqwest::Method::PATCH, "/api/v1/repos/alice/vault", &private).await;

    let from = format!("{}/alice/vault:v1", hub.host());
    let mut pull = std::process::Command::new("podman");
    pull.arg("--root").arg(shop.path("store")).arg("--runroot").arg(shop.path("run"));
    pull.args(["--storage-driver", "vfs", "pull", "-q", "--tls-verify=false", &from]);
    pull.env("HOME", shop.folder()).env("REGISTRY_AUTH_FILE", shop.path("none.json"));
    let pull = tokio::task::spawn_blocking(move || hub_tests::output(&mut pull)).await.unwrap();
    assert!(!pull.status.success());

    let credentials = shop.credentials();
    shop.podman(&["pull", "-q", "--tls-verify=false", "--creds", credentials, &from]).await;
    hub.settle().await;
    hub.stop().await;
}
