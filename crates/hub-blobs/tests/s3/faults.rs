//! What the service does wrong, and what must not come of it.

use futures::TryStreamExt as _;
use hub_blobs::{Algorithm, BlobError, BlobStore as _, S3Store, Staged};

use super::server::{Fault, Server, What};
use super::{MIB, body_of, get, noise, sha256};

/// Faults that the next try gets over.
const ONCE: [Fault; 6] = [
    Fault::Status(500),
    Fault::Status(503),
    Fault::Status(429),
    Fault::Hang,
    Fault::Cut,
    Fault::LostAnswer,
];

/// Takes `bytes` in as a client does: asks how far it is after a failure, and goes on from there.
async fn persist(store: &S3Store, id: &str, bytes: &[u8]) -> usize {
    let mut staged = Staged::new(id, Algorithm::Sha256);
    let digest = sha256(bytes);
    let mut failures = 0;
    while failures < 20 {
        let from = usize::try_from(staged.offset).unwrap();
        if store.append(&mut staged, body_of(&bytes[from..])).await.is_err() {
            failures += 1;
            continue;
        }
        match store.publish(staged.clone(), &digest).await {
            Ok(size) => {
                assert_eq!(size, bytes.len() as u64);
                return failures;
            }
            Err(_) => failures += 1,
        }
    }
    panic!("it never came through");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_comes_through_whatever_goes_wrong_once() {
    let server = Server::start().await;
    let large = noise(9 * MIB + 3);
    for (number, fault) in ONCE.into_iter().enumerate() {
        for what in [What::PutPart, What::Complete, What::PutTail, What::PutPointer] {
            let prefix = format!("{number}/{what:?}");
            let store = S3Store::open(&server.settings(&prefix)).await.unwrap();
            server.plan(what, fault, 1);
            persist(&store, "large", &large).await;
            assert_eq!(server.heal(), 0, "{what:?} {fault:?} happened");
            assert!(get(&store, &sha256(&large)).await == large, "{what:?} {fault:?}");
            let copies = server.objects(&format!("{prefix}/data")).len();
            assert!((1..=2).contains(&copies), "{what:?} {fault:?}: {copies} copies");
        }
        for what in [What::PutData, What::HeadData, What::GetPointer] {
            let prefix = format!("{number}/small/{what:?}");
            let store = S3Store::open(&server.settings(&prefix)).await.unwrap();
            server.plan(what, fault, 1);
            persist(&store, "small", b"small").await;
            assert_eq!(get(&store, &sha256(b"small")).await, b"small", "{what:?} {fault:?}");
            server.heal();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_a_completed_upload_or_to_a_pointer_makes_no_second_copy() {
    let server = Server::start().await;
    let large = noise(9 * MIB);
    for fault in [Fault::LostAnswer, Fault::LateAnswer] {
        for what in [What::Complete, What::PutPointer] {
            let prefix = format!("{what:?}/{fault:?}");
            let store = S3Store::open(&server.settings(&prefix)).await.unwrap();
            let mut staged = Staged::new("id", Algorithm::Sha256);
            store.append(&mut staged, body_of(&large)).await.unwrap();
            server.plan(what, fault, 1);
            let published = store.publish(staged, &sha256(&large)).await;
            assert_eq!(server.heal(), 0);
            assert_eq!(published.unwrap(), large.len() as u64, "{what:?} {fault:?}");
            assert!(get(&store, &sha256(&large)).await == large);
            assert_eq!(server.objects(&format!("{prefix}/data")).len(), 1);
            assert_eq!(server.objects(&format!("{prefix}/uploads")), Vec::<String>::new());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_cannot_be_stored_leaves_what_was_before() {
    let server = Server::start().await;
    let store = server.store().await;
    let bytes = noise(20 * MIB);
    let mut staged = Staged::new("id", Algorithm::Sha256);
    store.append(&mut staged, body_of(&bytes[..MIB])).await.unwrap();
    server.plan(What::PutPart, Fault::Status(500), 1000);
    let error = store.append(&mut staged, body_of(&bytes[MIB..])).await.unwrap_err();
    assert_eq!(error.to_string(), "could not store a part of an upload");
    assert_eq!(staged.offset, MIB as u64, "the tail is as it was");
    assert_eq!(staged.hash.clone().finish(), sha256(&bytes[..MIB]));
    server.heal();
    store.append(&mut staged, body_of(&bytes[MIB..])).await.unwrap();
    store.publish(staged, &sha256(&bytes)).await.unwrap();
    assert!(get(&store, &sha256(&bytes)).await == bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_down_says_so_and_nothing_is_lost() {
    let server = Server::start().await;
    let store = server.store().await;
    let mut staged = Staged::new("id", Algorithm::Sha256);
    store.append(&mut staged, body_of(b"bytes")).await.unwrap();
    let digest = sha256(b"bytes");
    for fault in [Fault::Status(503), Fault::Cut, Fault::Hang] {
        server.plan(What::Everything, fault, 1_000_000);
        let error = store.publish(staged.clone(), &digest).await.unwrap_err();
        assert!(matches!(error, BlobError::Io { .. }), "{fault:?}: {error:?}");
        assert!(store.ready().await.is_err(), "{fault:?}");
        assert!(store.stat(&digest).await.is_err(), "unknown is not absent: {fault:?}");
        assert!(!matches!(store.read(&digest, 0..1).await, Err(BlobError::NotFound { .. })));
        server.heal();
    }
    store.ready().await.unwrap();
    assert_eq!(store.publish(staged, &digest).await.unwrap(), 5);
    assert_eq!(get(&store, &digest).await, b"bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_breaks_goes_on_or_fails_but_is_never_short() {
    let server = Server::start().await;
    let store = server.store().await;
    let bytes = noise(3 * MIB);
    persist(&store, "id", &bytes).await;
    let digest = sha256(&bytes);

    for fault in [Fault::Truncated, Fault::Status(500), Fault::Cut] {
        server.plan(What::GetData, fault, 1);
        assert!(get(&store, &digest).await == bytes, "{fault:?}: it went on");
        assert_eq!(server.heal(), 0);
    }
    server.plan(What::GetData, Fault::Truncated, 1_000_000);
    let stream = store.read(&digest, 0..u64::MAX).await.unwrap();
    let read = stream.try_fold(0, async |sum, piece| Ok(sum + piece.len())).await;
    assert!(read.is_err(), "{read:?}");
    server.heal();
    assert!(get(&store, &digest).await == bytes);
}
