//! Files of blobs that somebody else changed.

use std::path::PathBuf;

use hub_tests::{Person, TestHub, sha256};
use reqwest::{Method, StatusCode};

/// Pushes three megabytes, and answers their digest and their file.
async fn blob(hub: &TestHub, alice: &Person) -> (String, Vec<u8>, PathBuf) {
    let bytes: Vec<u8> = (0..3_u32 << 20).map(|n| n.to_le_bytes()[1] ^ 0x5a).collect();
    let digest = sha256(&bytes);
    let status = alice.push_blob("alice/x", &digest, bytes.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let hex = &digest[7..];
    let file = hub.data().join("blobs/sha256").join(&hex[..2]).join(hex);
    assert!(file.is_file());
    (digest, bytes, file)
}

#[tokio::test]
async fn a_blob_that_was_cut_off_breaks_the_answer_instead_of_ending_it() {
    let hub = TestHub::with(|config| config.blobs.store = hub_server::BlobsStore::Fs).await;
    let alice = hub.person("alice").await;
    let (digest, bytes, file) = blob(&hub, &alice).await;
    std::fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(1 << 20).unwrap();

    let path = format!("/v2/alice/x/blobs/{digest}");
    for range in [None, Some("bytes=500000-2500000"), Some("bytes=2000000-")] {
        let mut request = alice.request(Method::GET, &path);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        // Refused, or broken off in the middle: never a whole answer that is too short.
        if let Ok(answer) = request.send().await
            && answer.status().is_success()
        {
            assert!(answer.bytes().await.is_err(), "{range:?} ended as if it were whole");
        }
    }

    // Whoever has the bytes can mend it by pushing them again.
    let status = alice.push_blob("alice/x", &digest, bytes.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let answer = alice.get(&path).await;
    assert_eq!(answer.bytes().await.unwrap(), bytes);
    hub.stop().await;
}

#[tokio::test]
async fn a_blob_whose_file_is_gone_is_refused_and_can_be_pushed_again() {
    let hub = TestHub::with(|config| config.blobs.store = hub_server::BlobsStore::Fs).await;
    let alice = hub.person("alice").await;
    let (digest, bytes, file) = blob(&hub, &alice).await;
    std::fs::remove_file(&file).unwrap();

    let path = format!("/v2/alice/x/blobs/{digest}");
    let answer = alice.get(&path).await;
    assert!(!answer.status().is_success(), "{}", answer.status());
    let status = alice.push_blob("alice/x", &digest, bytes.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(alice.get(&path).await.bytes().await.unwrap(), bytes);
    hub.stop().await;
}
