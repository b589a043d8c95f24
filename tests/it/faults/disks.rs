//! A disk that is full, and one that cannot be written to.

use std::process::Command;

use hub_tests::{TestHub, output, readme_image, sha256, skip};
use reqwest::{Method, StatusCode};

/// A file system of a few megabytes, mounted as long as this lives.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = output(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
                .arg(folder.path()),
        );
        if mount.status.success() {
            return Some(Self(folder));
        }
        skip("a small file system cannot be mounted here");
        None
    }

    /// A hub that keeps its bytes there.
    async fn hub(&self) -> TestHub {
        TestHub::with(|config| {
            config.blobs.store = hub_server::BlobsStore::Fs;
            config.blobs.dir = Some(self.0.path().join("blobs"));
        })
        .await
    }

    /// Lets it be written to, or not.
    fn remount(&self, how: &str) {
        let how = format!("remount,{how}");
        let folder = self.0.path();
        hub_tests::run(Command::new("mount").args(["-o", &how]).arg(folder));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_ends_the_upload_and_leaves_what_was_there() {
    let Some(disk) = SmallDisk::mount() else { return };
    let hub = disk.hub().await;
    let alice = hub.person("alice").await;
    let image = readme_image("# small enough");
    alice.push_image("alice/x:v1", &image).await;
    hub.settle().await;

    let big = vec![7u8; 12 << 20];
    let status = alice.push_blob("alice/x", &sha256(&big), big.clone()).await;
    assert!(matches!(status.as_u16(), 500 | 507), "{status}");
    let start = alice.request(Method::POST, "/v2/alice/x/blobs/uploads/").send().await.unwrap();
    let at = start.headers()["location"].to_str().unwrap().to_owned();
    let patch = alice.request(Method::PATCH, &at).body(big).send().await.unwrap();
    assert!(matches!(patch.status().as_u16(), 500 | 507), "{}", patch.status());
    assert_eq!(alice.get(&at).await.status(), StatusCode::NOT_FOUND, "the upload is gone");

    for (digest, bytes) in &image.blobs {
        let blob = alice.get(&format!("/v2/alice/x/blobs/{digest}")).await;
        assert_eq!(blob.bytes().await.unwrap(), bytes);
    }
    let after = vec![8u8; 1 << 20];
    let status = alice.push_blob("alice/x", &sha256(&after), after).await;
    assert_eq!(status, StatusCode::CREATED, "the room of the failed uploads is free again");
    hub.stop().await;
}

/// Asks until the hub is ready, or is not: what it found is remembered for a moment.
async fn readyz_says(hub: &TestHub, status: StatusCode) {
    let begin = std::time::Instant::now();
    while hub.nobody().get("/readyz").await.status() != status {
        assert!(begin.elapsed().as_secs() < 20, "never {status}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_to_is_still_read_and_then_goes_on() {
    let Some(disk) = SmallDisk::mount() else { return };
    let hub = disk.hub().await;
    let alice = hub.person("alice").await;
    let image = readme_image("# read only");
    alice.push_image("alice/x:v1", &image).await;
    let start = alice.request(Method::POST, "/v2/alice/x/blobs/uploads/").send().await.unwrap();
    let at = start.headers()["location"].to_str().unwrap().to_owned();
    let half = vec![5_u8; 1000];
    alice.request(Method::PATCH, &at).body(half.clone()).send().await.unwrap();
    hub.settle().await;

    disk.remount("ro");
    let more = vec![6_u8; 1000];
    let status = alice.push_blob("alice/x", &sha256(&more), more.clone()).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let patch = alice.request(Method::PATCH, &at).body(more.clone()).send().await.unwrap();
    assert_eq!(patch.status(), StatusCode::INTERNAL_SERVER_ERROR);
    // Balancers look elsewhere.
    readyz_says(&hub, StatusCode::SERVICE_UNAVAILABLE).await;
    for (digest, bytes) in &image.blobs {
        let blob = alice.get(&format!("/v2/alice/x/blobs/{digest}")).await;
        assert_eq!(blob.bytes().await.unwrap(), bytes);
    }

    disk.remount("rw");
    readyz_says(&hub, StatusCode::OK).await;
    let patch = alice.request(Method::PATCH, &at).body(more.clone()).send().await.unwrap();
    assert_eq!(patch.status(), StatusCode::ACCEPTED, "the upload goes on where it was");
    assert_eq!(patch.headers()["range"], "0-1999");
    let whole = sha256(&[half, more].concat());
    let end = alice.request(Method::PUT, &format!("{at}?digest={whole}")).send().await.unwrap();
    assert_eq!(end.status(), StatusCode::CREATED);
    hub.stop().await;
}
