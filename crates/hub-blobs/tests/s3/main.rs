//! The store in a bucket: behaviour, hand-over between replicas, faults.
#![expect(clippy::unwrap_used, reason = "a failed step should fail the test")]
#![expect(clippy::disallowed_methods, reason = "the server of a test is nobody's task")]

mod faults;
mod server;

use std::io::Read as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use hub_blobs::{
    Algorithm, BlobError, BlobStore as _, ByteStream, Digest, S3Settings, S3Store, Staged,
    digest_of, testsuite,
};
use secrecy::SecretString;
use server::Server;

const MIB: usize = 1 << 20;

fn noise(size: usize) -> Vec<u8> {
    (0_u32..).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).take(size).collect()
}

fn body_of(bytes: &[u8]) -> ByteStream<'_> {
    stream::iter(bytes.chunks(100_003).map(|piece| Ok(Bytes::copy_from_slice(piece)))).boxed()
}

fn sha256(bytes: &[u8]) -> Digest {
    digest_of(bytes, Algorithm::Sha256)
}

async fn get(store: &S3Store, digest: &Digest) -> Vec<u8> {
    let stream = store.read(digest, 0..u64::MAX).await.unwrap();
    stream.try_collect::<Vec<Bytes>>().await.unwrap().concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_behaves_as_a_store() {
    let server = Server::start().await;
    let number = AtomicUsize::new(0);
    testsuite::run(async || {
        let prefix = format!("hub/{}", number.fetch_add(1, Ordering::Relaxed));
        S3Store::open(&server.settings(&prefix)).await.unwrap()
    })
    .await;
}

#[expect(clippy::disallowed_methods, reason = "what the tests are told stands in variables")]
fn foreign_server() -> Option<String> {
    let endpoint = std::env::var("HUB_TEST_S3").ok();
    let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(endpoint.is_some() || !required, "HUB_TEST_S3 is not set, and here it has to be");
    endpoint
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
async fn it_behaves_as_a_store_at_a_server_that_nobody_here_wrote() {
    let Some(endpoint) = foreign_server() else {
        eprintln!("skipped: HUB_TEST_S3 is not set");
        return;
    };
    let number = AtomicUsize::new(0);
    let unique = uuid::Uuid::now_v7();
    let settings = || S3Settings {
        endpoint: Some(endpoint.clone()),
        bucket: "hub-test".to_owned(),
        prefix: format!("{unique}/{}", number.fetch_add(1, Ordering::Relaxed)),
        access_key_id: Some("id".to_owned()),
        secret_access_key: Some(SecretString::from("secret")),
        allow_http: true,
        ..S3Settings::default()
    };
    testsuite::run(async || S3Store::open(&settings()).await.unwrap()).await;
    large(&S3Store::open(&settings()).await.unwrap()).await;
}

async fn large(store: &S3Store) {
    let bytes = noise(21 * MIB + 5);
    let mut staged = Staged::new("large", Algorithm::Sha256);
    assert_eq!(store.append(&mut staged, body_of(&bytes)).await.unwrap(), bytes.len() as u64);
    let digest = sha256(&bytes);
    assert_eq!(store.publish(staged, &digest).await.unwrap(), bytes.len() as u64);
    assert!(get(store, &digest).await == bytes);
    let middle = store.read(&digest, 8_388_600..8_388_700).await.unwrap();
    let middle = middle.try_collect::<Vec<Bytes>>().await.unwrap().concat();
    assert_eq!(middle, bytes[8_388_600..8_388_700]);
    let left: Vec<_> = store.list_leftovers(i64::MAX).try_collect().await.unwrap();
    assert_eq!(left, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_blob_comes_in_parts_and_leaves_nothing_behind() {
    let server = Server::start().await;
    large(&server.store().await).await;
    assert_eq!(server.objects("data").len(), 1);
    assert_eq!(server.objects("uploads"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_replica_goes_on_with_pieces_of_any_size() {
    let server = Server::start().await;
    let bytes = noise(30 * MIB + 17);
    let mut staged = Staged::new("roaming", Algorithm::Sha256);
    let mut rest = &bytes[..];
    for size in [3, 9 * MIB, MIB, 5 * MIB, 17, 11 * MIB, 4 * MIB, 10 * MIB] {
        let store = server.store().await;
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        store.append(&mut staged, body_of(piece)).await.unwrap();
        rest = behind;
        assert_eq!(staged.offset, (bytes.len() - rest.len()) as u64);
    }
    assert!(rest.is_empty());
    let digest = sha256(&bytes);
    server.store().await.publish(staged, &digest).await.unwrap();
    assert!(get(&server.store().await, &digest).await == bytes);
    assert_eq!(server.objects("uploads"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_the_saved_state_is_cut_off_across_parts() {
    let server = Server::start().await;
    let store = server.store().await;
    let mut staged = Staged::new("crash", Algorithm::Sha256);
    let bytes = noise(12 * MIB);
    store.append(&mut staged, body_of(&bytes[..9 * MIB])).await.unwrap();
    let saved = staged.clone();
    store.append(&mut staged, body_of(&noise(20 * MIB))).await.unwrap();

    let mut staged = saved;
    store.append(&mut staged, body_of(&bytes[9 * MIB..])).await.unwrap();
    let digest = sha256(&bytes);
    store.publish(staged, &digest).await.unwrap();
    assert!(get(&store, &digest).await == bytes);
    let left: Vec<_> = store.list_leftovers(i64::MAX).try_collect().await.unwrap();
    assert!(left.iter().all(|left| left.upload == "crash"), "{left:?}");
    for left in left {
        store.remove_leftover(&left).await.unwrap();
    }
    assert_eq!(server.objects("uploads"), Vec::<String>::new());
    assert!(get(&store, &digest).await == bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_upload_that_is_given_up_goes_without_its_state() {
    let server = Server::start().await;
    let store = server.store().await;
    let mut staged = Staged::new("given-up", Algorithm::Sha256);
    store.append(&mut staged, body_of(&noise(9 * MIB))).await.unwrap();
    assert_eq!(server.objects("uploads").len(), 2, "the marker of the multipart upload, a tail");
    store.discard("given-up").await.unwrap();
    assert_eq!(server.objects("uploads"), Vec::<String>::new());
    let error = store.publish(staged, &sha256(&noise(9 * MIB))).await.unwrap_err();
    assert!(matches!(error, BlobError::Io { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_blob_published_by_many_replicas_is_stored_once() {
    let server = Server::start().await;
    let bytes = noise(MIB);
    let digest = sha256(&bytes);
    let replicas: Vec<_> = futures::future::join_all((0..4).map(|_| server.store())).await;
    let pushes = (0..24).map(|n| {
        let (store, digest, bytes) = (&replicas[n % 4], &digest, &bytes);
        async move {
            let mut staged = Staged::new(format!("push-{n}"), Algorithm::Sha256);
            store.append(&mut staged, body_of(bytes)).await.unwrap();
            store.publish(staged, digest).await.unwrap()
        }
    });
    let sizes = futures::future::join_all(pushes).await;
    assert!(sizes.into_iter().all(|size| size == bytes.len() as u64));
    assert_eq!(server.objects("data").len(), 1, "one copy stays");
    for replica in &replicas {
        assert!(get(replica, &digest).await == bytes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_that_another_replica_deleted_and_took_in_again_is_found() {
    let server = Server::start().await;
    let (here, there) = (server.store().await, server.store().await);
    let digest = sha256(b"bytes");
    let push = async |store: &S3Store, id: &str| {
        let mut staged = Staged::new(id, Algorithm::Sha256);
        store.append(&mut staged, body_of(b"bytes")).await.unwrap();
        store.publish(staged, &digest).await.unwrap();
    };
    push(&here, "first").await;
    assert_eq!(get(&there, &digest).await, b"bytes");
    here.delete(&digest).await.unwrap();
    assert_eq!(there.stat(&digest).await.unwrap(), None);
    push(&here, "second").await;
    assert_eq!(get(&there, &digest).await, b"bytes");
    assert_eq!(server.objects("data").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_copy_is_replaced_by_a_good_one() {
    let server = Server::start().await;
    let store = server.store().await;
    let digest = sha256(b"bytes");
    for (id, damage) in [("first", None), ("second", Some(&b"by"[..])), ("third", Some(b""))] {
        let mut staged = Staged::new(id, Algorithm::Sha256);
        store.append(&mut staged, body_of(b"bytes")).await.unwrap();
        if let Some(damage) = damage {
            for name in server.objects("data") {
                let path = server.folder.path().join("bucket/data").join(name);
                std::fs::write(path, damage).unwrap();
            }
            assert_eq!(store.stat(&digest).await.unwrap(), None);
        }
        store.publish(staged, &digest).await.unwrap();
        assert_eq!(get(&store, &digest).await, b"bytes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_can_be_fetched_from_the_bucket_for_a_while() {
    let server = Server::start().await;
    let store = S3Store::open(&server.settings("some/prefix")).await.unwrap();
    let mut staged = Staged::new("id", Algorithm::Sha256);
    store.append(&mut staged, body_of(b"bytes")).await.unwrap();
    let digest = sha256(b"bytes");
    store.publish(staged, &digest).await.unwrap();
    let url = store.redirect(&digest, Duration::from_mins(1)).await.unwrap().unwrap();
    assert!(url.query_pairs().any(|pair| pair.1 == "application/octet-stream"), "{url}");
    let text = tokio::task::spawn_blocking(move || fetch(&url)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.ends_with("bytes"), "{text}");
    let unknown = store.redirect(&sha256(b"others"), Duration::from_mins(1)).await;
    assert!(matches!(unknown, Err(BlobError::NotFound { .. })));
}

/// What a stranger gets there.
fn fetch(url: &url::Url) -> String {
    let address = url.socket_addrs(|| None).unwrap()[0];
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let target = &url[url::Position::BeforePath..];
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_cannot_be_used_is_told_at_the_beginning() {
    let server = Server::start().await;
    let mut settings = server.settings("");
    settings.secret_access_key = Some(SecretString::from("wrong"));
    let error = S3Store::open(&settings).await.unwrap_err();
    assert_eq!(error.to_string(), "could not write into the bucket");
}
