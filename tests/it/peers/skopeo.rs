//! skopeo: copies in and out, inspects, lists and deletes.

use hub_model::Job;
use hub_server::app::Clock;
use hub_tests::{Person, TestHub, readme_image, write_layout};
use reqwest::StatusCode;
use serde_json::Value;

use super::workshop::{Workshop, described};

#[tokio::test(flavor = "multi_thread")]
async fn an_image_copied_in_shows_its_readme_without_anybody_saying_so() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    write_layout(
        &shop.path("layout"),
        "v1",
        &readme_image("# Other\n\nNobody said anything about it.\n"),
    );

    let begin = std::time::Instant::now();
    shop.skopeo_copy("oci:layout:v1", "alice/other:v1", &[]).await;
    loop {
        let page = alice.get("/r/alice/other").await.text().await.unwrap();
        let found = alice.json("/api/v1/search?q=other").await;
        if page.contains("Nobody said anything about it.") && found["total"] == 1 {
            break;
        }
        assert!(begin.elapsed().as_secs() < 30, "{page}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_is_what_came_in() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    let image = readme_image("# round trip");
    write_layout(&shop.path("layout"), "v1", &image);
    shop.skopeo_copy("oci:layout:v1", "alice/trip:v1", &[]).await;

    let at = shop.at("alice/trip:v1");
    let raw = shop.skopeo(&["inspect", "--raw", "--tls-verify=false", "--no-creds", &at]).await;
    assert_eq!(raw.as_bytes(), image.manifest);
    shop.skopeo(&["copy", "-q", "--src-tls-verify=false", &at, "oci:back:v1"]).await;
    for (digest, bytes) in &image.blobs {
        let file = shop.path("back/blobs/sha256").join(digest.hex());
        assert_eq!(&std::fs::read(file).unwrap(), bytes);
    }
    let repo = shop.at("alice/trip");
    let tags = shop.skopeo(&["list-tags", "--tls-verify=false", "--no-creds", &repo]).await;
    assert_eq!(serde_json::from_str::<Value>(&tags).unwrap()["Tags"], serde_json::json!(["v1"]));
    let inspect = shop.skopeo(&["inspect", "--tls-verify=false", "--no-creds", &at]).await;
    let inspect: Value = serde_json::from_str(&inspect).unwrap();
    assert_eq!(inspect["Digest"], image.digest.as_str());

    let credentials = shop.credentials();
    shop.skopeo(&["delete", "--tls-verify=false", "--creds", credentials, &at]).await;
    let gone = alice.get("/v2/alice/trip/manifests/v1").await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_with_good_credentials_succeeds_and_with_bad_ones_fails() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    let password = hub_tests::PASSWORD;
    let login = ["login", "--tls-verify=false", "-u", "alice", "-p"];
    shop.skopeo(&[&login[..], &[password, hub.host()]].concat()).await;

    let mut bad = std::process::Command::new("skopeo");
    bad.args(login).args(["wrong", hub.host()]).env("HOME", shop.folder());
    bad.env("REGISTRY_AUTH_FILE", shop.path("bad.json"));
    let bad = tokio::task::spawn_blocking(move || hub_tests::output(&mut bad)).await.unwrap();
    assert!(!bad.status.success());
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_one_gibibyte_in_one_layer_goes_in_and_out() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    let readme = "# Heavy\n\nOne layer of a gibibyte.\n";
    let layer = heavy_layer(&shop, readme);
    let image = layout_around(&shop, &layer);

    // Without this skopeo would compress the layer, and its digest would be another.
    shop.skopeo_copy("oci:heavy:v1", "alice/heavy:v1", &["--preserve-digests"]).await;
    let img = described(&hub, &alice, "alice/heavy", "v1").await;
    assert_eq!(img["detailInfo"]["description"], "One layer of a gibibyte.", "{img}");
    assert_eq!(img["digest"], image.as_str());

    let mut answer = alice.get(&format!("/v2/alice/heavy/blobs/{}", layer.digest)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let mut hash = <sha2::Sha256 as sha2::Digest>::new();
    while let Some(piece) = answer.chunk().await.unwrap() {
        sha2::Digest::update(&mut hash, &piece);
    }
    let digest = format!("sha256:{}", hex::encode(sha2::Digest::finalize(hash)));
    assert_eq!(digest, layer.digest);
    hub.stop().await;
}

struct Layer {
    digest: String,
    size: u64,
}

/// Writes a plain tar of a README and a gibibyte of noise into the layout `heavy`.
fn heavy_layer(shop: &Workshop, readme: &str) -> Layer {
    use std::io::{Read, Write};
    let folder = shop.path("heavy/blobs/sha256");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("layer");
    let mut hashed = Hashed {
        file: std::fs::File::create(&path).unwrap(),
        hash: <sha2::Sha256 as sha2::Digest>::new(),
        size: 0,
    };
    let mut tar = tar::Builder::new(&mut hashed);
    let entry = |name: &str, size: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        header
    };
    tar.append(&entry("README.md", readme.len() as u64), readme.as_bytes()).unwrap();
    let noise = Noise(1).take(1 << 30);
    tar.append(&entry("noise", 1 << 30), noise).unwrap();
    tar.into_inner().unwrap().flush().unwrap();
    let hex = hex::encode(sha2::Digest::finalize(hashed.hash));
    std::fs::rename(path, folder.join(&hex)).unwrap();
    Layer { digest: format!("sha256:{hex}"), size: hashed.size }
}

/// The rest of the layout around a layer; answers the digest of the manifest.
fn layout_around(shop: &Workshop, layer: &Layer) -> String {
    let put = |bytes: &[u8]| {
        let digest = hub_tests::sha256(bytes);
        std::fs::write(shop.path("heavy/blobs/sha256").join(&digest[7..]), bytes).unwrap();
        digest
    };
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
    })
    .to_string();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                   "digest": put(config.as_bytes()), "size": config.len()},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": layer.digest, "size": layer.size}],
    })
    .to_string();
    let digest = put(manifest.as_bytes());
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest,
        "size": manifest.len(), "annotations": {"org.opencontainers.image.ref.name": "v1"}}]});
    std::fs::write(shop.path("heavy/index.json"), index.to_string()).unwrap();
    std::fs::write(shop.path("heavy/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    digest
}

/// Bytes that no compression makes smaller.
struct Noise(u64);

impl std::io::Read for Noise {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        for chunk in into.chunks_mut(8) {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            chunk.copy_from_slice(&self.0.to_be_bytes()[..chunk.len()]);
        }
        Ok(into.len())
    }
}

struct Hashed {
    file: std::fs::File,
    hash: sha2::Sha256,
    size: u64,
}

impl std::io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        sha2::Digest::update(&mut self.hash, bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Names and recent pulls, those pulled most of late first.
async fn recent(person: &Person) -> Vec<(String, u64)> {
    let found = person.json("/api/v1/search?sort=recent").await;
    let item = |item: &Value| {
        let name = item["name"].as_str().unwrap().to_owned();
        (name, item["recentPulls"].as_u64().unwrap())
    };
    found["items"].as_array().unwrap().iter().map(item).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pulled_most_of_late_comes_first_until_a_month_has_passed() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let clock = Clock::standing_at(25_000 * DAY_MS);
    let hub = TestHub::by(clock.clone(), |_| ()).await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    for name in ["alice/new", "alice/old"] {
        alice.push_image(&format!("{name}:v1"), &readme_image("# pulled")).await;
    }
    let pull = async |name: &str, times: usize| {
        for _ in 0..times {
            let (from, to) = (shop.at(&format!("{name}:v1")), format!("dir:{}", name.len()));
            shop.skopeo(&["copy", "-q", "--src-tls-verify=false", &from, &to]).await;
        }
    };
    let named = |name: &str, pulls| (name.to_owned(), pulls);
    pull("alice/old", 5).await;
    hub.settle().await;
    assert_eq!(recent(&alice).await, [named("alice/old", 5), named("alice/new", 0)]);

    clock.advance_ms(30 * DAY_MS);
    pull("alice/new", 2).await;
    let mut change = hub.app().db.change().await.unwrap();
    change.enqueue(&Job::ForgetPulls, clock.now_ms()).await.unwrap();
    change.commit().await.unwrap();
    hub.settle().await;
    assert_eq!(recent(&alice).await, [named("alice/new", 2), named("alice/old", 0)]);
    let by_all = alice.json("/api/v1/search?sort=pulls").await;
    assert_eq!(
        (&by_all["items"][0]["name"], &by_all["items"][0]["pulls"]),
        (&"alice/old".into(), &5.into())
    );
    hub.stop().await;
}
