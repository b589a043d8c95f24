//! The behaviour that every store shows.
//!
//! Each store calls [`run`] from a test of its own, with a closure that makes an empty store.

use std::io::{self, Read as _};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use hub_model::{Algorithm, Digest};

use crate::{BlobError, BlobStore, ByteStream, Hash, Staged, digest_of, stream_of};

/// Runs every check, each against a fresh store.
///
/// # Panics
///
/// When the store does not behave as [`BlobStore`] says.
pub async fn run<S: BlobStore>(make: impl AsyncFn() -> S) {
    ready(&make().await).await;
    round_trip(&make().await).await;
    no_bytes_at_all(&make().await).await;
    pushed_deleted_and_pushed_again(&make().await).await;
    another_algorithm_than_the_running_hash(&make().await).await;
    several_appends(&make().await).await;
    a_broken_body_keeps_what_came(&make().await).await;
    another_process_goes_on(&make().await).await;
    what_is_beyond_the_offset_is_cut_off(&make().await).await;
    fewer_bytes_than_the_offset_says(&make().await).await;
    a_wrong_digest_leaves_nothing(&make().await).await;
    one_digest_published_at_once(&make().await).await;
    published_twice(&make().await).await;
    the_last_request_repeated(&make().await).await;
    ranges(&make().await).await;
    discarded(&make().await).await;
    unknown(&make().await).await;
    ids_that_are_paths(&make().await).await;
    blobs_are_listed(&make().await).await;
    leftovers_are_listed_and_removed(&make().await).await;
    a_name_stays(&make().await).await;
}

async fn a_name_stays(store: &impl BlobStore) {
    assert_eq!(store.name().await.expect("the store can be asked"), None);
    assert!(store.give_name("../first").await.is_err(), "a name is no path");
    for name in ["first", "second"] {
        store.give_name(name).await.expect("a second name is passed over");
        assert_eq!(store.name().await.expect("it has a name").as_deref(), Some("first"));
    }
    let listed: Vec<_> = store.list().try_collect().await.expect("blobs can be listed");
    assert!(listed.is_empty(), "the name is no blob");
    let left: Vec<_> = store.list_leftovers(i64::MAX).try_collect().await.expect("so can the rest");
    assert!(left.is_empty(), "the name belongs to nobody's upload: {left:?}");
}

fn sha256(bytes: &[u8]) -> Digest {
    digest_of(bytes, Algorithm::Sha256)
}

/// Bytes without a period that divides a block.
fn noise(size: usize) -> Vec<u8> {
    (0_u32..).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).take(size).collect()
}

/// A body in uneven pieces, some of them empty.
fn body_of(bytes: &[u8]) -> ByteStream<'_> {
    let pieces = bytes.chunks(7_001).flat_map(|piece| [&b""[..], piece]);
    stream::iter(pieces.map(|piece| Ok(Bytes::copy_from_slice(piece)))).boxed()
}

/// A body that breaks off behind `bytes`.
fn broken(bytes: &[u8]) -> ByteStream<'_> {
    body_of(bytes).chain(stream::iter([Err(io::ErrorKind::ConnectionReset.into())])).boxed()
}

async fn put(store: &impl BlobStore, id: &str, bytes: &[u8]) -> Digest {
    let mut staged = Staged::new(id, Algorithm::Sha256);
    let appended = store.append(&mut staged, body_of(bytes)).await.expect("bytes are accepted");
    assert_eq!(appended, bytes.len() as u64, "append returns the number of bytes");
    let digest = sha256(bytes);
    let size = store.publish(staged, &digest).await.expect("the digest is right");
    assert_eq!(size, bytes.len() as u64, "publish returns the size");
    digest
}

async fn get(store: &impl BlobStore, digest: &Digest, range: std::ops::Range<u64>) -> Vec<u8> {
    let stream = store.read(digest, range).await.expect("the blob is there");
    let pieces: Vec<Bytes> = stream.try_collect().await.expect("the blob can be read");
    assert!(pieces.iter().all(|piece| piece.len() <= 1 << 20), "pieces are at most 1 MiB");
    pieces.concat()
}

/// Does blocking work where blocking is allowed. The runtime has to have threads besides ours.
fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("the work does not panic"))
}

async fn ready(store: &impl BlobStore) {
    store.ready().await.expect("an empty store is ready");
    store.ready().await.expect("it stays ready");
}

async fn round_trip(store: &impl BlobStore) {
    let bytes = noise(3 << 20);
    let digest = put(store, "round-trip", &bytes).await;
    let size = bytes.len() as u64;
    assert_eq!(store.stat(&digest).await.expect("stat answers"), Some(size));
    assert!(get(store, &digest, 0..size).await == bytes, "the same bytes come out");
    let opened = on_a_thread(|| {
        let mut opened = Vec::new();
        store.open(&digest).expect("open").read_to_end(&mut opened).expect("read");
        opened
    });
    assert!(opened == bytes, "the same bytes come out of the blocking reader");
}

async fn no_bytes_at_all(store: &impl BlobStore) {
    let digest = put(store, "empty", b"").await;
    assert_eq!(store.stat(&digest).await.expect("stat answers"), Some(0));
    assert!(get(store, &digest, 0..0).await.is_empty());

    let untouched = Staged::new("never-appended", Algorithm::Sha512);
    let digest = digest_of(b"", Algorithm::Sha512);
    let size = store.publish(untouched, &digest).await.expect("nothing has a digest, too");
    assert_eq!(size, 0);
    assert_eq!(store.stat(&digest).await.expect("stat answers"), Some(0));
}

async fn pushed_deleted_and_pushed_again(store: &impl BlobStore) {
    let digest = put(store, "first", b"{}").await;
    store.delete(&digest).await.expect("it is there");
    assert_eq!(store.stat(&digest).await.expect("stat answers"), None);
    assert!(matches!(store.read(&digest, 0..2).await, Err(BlobError::NotFound { .. })));
    assert!(matches!(on_a_thread(|| store.open(&digest)), Err(BlobError::NotFound { .. })));
    put(store, "second", b"{}").await;
    assert_eq!(get(store, &digest, 0..2).await, b"{}");
}

async fn another_algorithm_than_the_running_hash(store: &impl BlobStore) {
    let bytes = noise(700_000);
    let mut staged = Staged::new("long-digest", Algorithm::Sha256);
    store.append(&mut staged, body_of(&bytes)).await.expect("bytes are accepted");
    let digest = digest_of(&bytes, Algorithm::Sha512);
    store.publish(staged, &digest).await.expect("the bytes are hashed again");
    assert!(get(store, &digest, 0..u64::MAX).await == bytes);
    assert_eq!(store.stat(&sha256(&bytes)).await.expect("stat answers"), None);

    let mut staged = Staged::new("short-digest", Algorithm::Sha512);
    store.append(&mut staged, body_of(&bytes)).await.expect("bytes are accepted");
    let wrong = store.publish(staged, &sha256(b"others")).await;
    assert!(matches!(wrong, Err(BlobError::Mismatch { .. })));
}

async fn several_appends(store: &impl BlobStore) {
    let bytes = noise(2_500_000);
    let mut staged = Staged::new("chunks", Algorithm::Sha256);
    for chunk in bytes.chunks(600_000) {
        let appended = store.append(&mut staged, body_of(chunk)).await.expect("append");
        assert_eq!(appended, chunk.len() as u64);
    }
    assert_eq!(staged.offset, bytes.len() as u64);
    let digest = sha256(&bytes);
    store.publish(staged, &digest).await.expect("the chunks make the blob");
    assert!(get(store, &digest, 0..u64::MAX).await == bytes);
}

async fn a_broken_body_keeps_what_came(store: &impl BlobStore) {
    let bytes = noise(2_000_000);
    let (head, tail) = bytes.split_at(1_234_567);
    let mut staged = Staged::new("broken", Algorithm::Sha256);
    let error = store.append(&mut staged, broken(head)).await.expect_err("the body broke");
    assert!(matches!(error, BlobError::Body { .. }), "{error:?}");
    assert_eq!(staged.offset, head.len() as u64, "everything before the break counts");
    assert_eq!(staged.hash.clone().finish(), sha256(head), "and is hashed");
    store.append(&mut staged, body_of(tail)).await.expect("it goes on from there");
    let digest = sha256(&bytes);
    store.publish(staged, &digest).await.expect("the digest is right");
    assert!(get(store, &digest, 0..u64::MAX).await == bytes);
}

async fn another_process_goes_on(store: &impl BlobStore) {
    let bytes = noise(300_000);
    let (head, tail) = bytes.split_at(100_001);
    let mut staged = Staged::new("restart", Algorithm::Sha256);
    store.append(&mut staged, body_of(head)).await.expect("append");
    let Staged { id, offset, hash, state } = staged;

    let hash = Hash::restore(Algorithm::Sha256, &hash.save()).expect("the state was saved");
    let mut staged = Staged { id, offset, hash, state };
    store.append(&mut staged, body_of(tail)).await.expect("append");
    store.publish(staged, &sha256(&bytes)).await.expect("the digest is right");
    assert!(get(store, &sha256(&bytes), 0..u64::MAX).await == bytes);
}

async fn what_is_beyond_the_offset_is_cut_off(store: &impl BlobStore) {
    let mut staged = Staged::new("crash", Algorithm::Sha256);
    store.append(&mut staged, stream_of("kept ")).await.expect("append");
    let saved = staged.clone();
    store.append(&mut staged, stream_of("lost in a crash")).await.expect("append");

    let mut staged = saved.clone();
    store.append(&mut staged, stream_of("again")).await.expect("append");
    store.publish(staged, &sha256(b"kept again")).await.expect("only what counted is there");
    assert_eq!(get(store, &sha256(b"kept again"), 0..99).await, b"kept again");

    let mut staged = Staged::new("crash-2", Algorithm::Sha256);
    store.append(&mut staged, stream_of("kept ")).await.expect("append");
    let saved = staged.clone();
    store.append(&mut staged, stream_of("lost in a crash")).await.expect("append");
    store.publish(saved, &sha256(b"kept ")).await.expect("publish cuts, too");
    assert_eq!(get(store, &sha256(b"kept "), 0..99).await, b"kept ");
}

async fn fewer_bytes_than_the_offset_says(store: &impl BlobStore) {
    let mut hash = Hash::new(Algorithm::Sha256);
    hash.update(b"gone");
    let mut staged = Staged { offset: 4, hash, ..Staged::new("lost", Algorithm::Sha256) };
    let result = store.append(&mut staged, stream_of("more")).await;
    assert!(matches!(result, Err(BlobError::Io { .. })), "{result:?}");
    let result = store.publish(staged, &sha256(b"gone")).await;
    assert!(matches!(result, Err(BlobError::Io { .. })), "{result:?}");
    assert_eq!(store.stat(&sha256(b"gone")).await.expect("stat answers"), None);
}

async fn a_wrong_digest_leaves_nothing(store: &impl BlobStore) {
    let mut staged = Staged::new("wrong", Algorithm::Sha256);
    store.append(&mut staged, stream_of("these")).await.expect("append");
    let again = staged.clone();
    let error = store.publish(staged, &sha256(b"those")).await.expect_err("it differs");
    let BlobError::Mismatch { expected, found } = error else { panic!("{error:?}") };
    assert_eq!((expected, found), (sha256(b"those"), sha256(b"these")));
    for digest in [sha256(b"these"), sha256(b"those")] {
        assert_eq!(store.stat(&digest).await.expect("stat answers"), None);
    }
    let result = store.publish(again, &sha256(b"these")).await;
    assert!(matches!(result, Err(BlobError::Io { .. })), "the bytes are dropped: {result:?}");
}

async fn one_digest_published_at_once(store: &impl BlobStore) {
    let bytes = noise(1 << 20);
    let puts = (0..8).map(|n| {
        let bytes = &bytes;
        async move { put(store, &format!("parallel-{n}"), bytes).await }
    });
    let digests = futures::future::join_all(puts).await;
    assert!(get(store, &digests[0], 0..u64::MAX).await == bytes);
    store.delete(&digests[0]).await.expect("there is a copy");
    let second = store.delete(&digests[0]).await;
    assert!(matches!(second, Err(BlobError::NotFound { .. })), "there is one copy only");
}

async fn published_twice(store: &impl BlobStore) {
    let mut staged = Staged::new("twice", Algorithm::Sha256);
    store.append(&mut staged, stream_of("bytes")).await.expect("append");
    let digest = sha256(b"bytes");
    store.publish(staged.clone(), &digest).await.expect("the digest is right");
    let size = store.publish(staged, &digest).await.expect("a repeated request is answered alike");
    assert_eq!(size, 5);
}

async fn the_last_request_repeated(store: &impl BlobStore) {
    let mut staged = Staged::new("last-again", Algorithm::Sha256);
    store.append(&mut staged, stream_of("bytes")).await.expect("append");
    let digest = sha256(b"bytes");
    let mut saved = staged.clone();
    store.publish(staged, &digest).await.expect("the digest is right");

    let error = store.append(&mut saved, broken(b"")).await.expect_err("the body broke");
    assert!(matches!(error, BlobError::Body { .. }), "{error:?}");
    let appended = store.append(&mut saved, body_of(b"")).await.expect("nothing is to be added");
    assert_eq!(appended, 0);
    let size = store.publish(saved, &digest).await.expect("it is published already");
    assert_eq!(size, 5);
    assert_eq!(get(store, &digest, 0..99).await, b"bytes");
}

async fn ranges(store: &impl BlobStore) {
    let bytes = noise(1_300_000);
    let digest = put(store, "ranges", &bytes).await;
    for (start, end) in [
        (0, 1),
        (0, 1_300_000),
        (1, 2),
        (524_287, 524_289),
        (524_288, 1_048_576),
        (1_299_999, 1_300_000),
        (7, 7),
    ] {
        let range = start as u64..end as u64;
        assert!(get(store, &digest, range).await == bytes[start..end], "{start}..{end}");
    }
    assert!(get(store, &digest, 1_299_000..u64::MAX).await == bytes[1_299_000..]);
    assert!(get(store, &digest, 1_300_000..1_300_001).await.is_empty());
    assert!(get(store, &digest, 9_000_000..9_000_009).await.is_empty());
}

async fn discarded(store: &impl BlobStore) {
    let mut staged = Staged::new("cancelled", Algorithm::Sha256);
    store.append(&mut staged, stream_of("bytes")).await.expect("append");
    store.discard("cancelled").await.expect("it is there");
    store.discard("cancelled").await.expect("absent is fine");
    store.discard("never-began").await.expect("absent is fine");
    let result = store.publish(staged, &sha256(b"bytes")).await;
    assert!(matches!(result, Err(BlobError::Io { .. })), "{result:?}");
}

async fn unknown(store: &impl BlobStore) {
    let digest = sha256(b"never seen");
    assert_eq!(store.stat(&digest).await.expect("stat answers"), None);
    assert!(matches!(store.read(&digest, 0..1).await, Err(BlobError::NotFound { .. })));
    assert!(matches!(on_a_thread(|| store.open(&digest)), Err(BlobError::NotFound { .. })));
    assert!(matches!(store.delete(&digest).await, Err(BlobError::NotFound { .. })));
}

async fn ids_that_are_paths(store: &impl BlobStore) {
    let long = "a".repeat(65);
    for id in ["", ".", "..", "../blobs", "a/b", "/tmp/x", "a.b", "a\0b", "ä", &long] {
        let mut staged = Staged::new(id, Algorithm::Sha256);
        let appended = store.append(&mut staged, stream_of("bytes")).await;
        assert!(appended.is_err(), "{id:?}");
        assert!(store.publish(staged, &sha256(b"")).await.is_err(), "{id:?}");
        assert!(store.discard(id).await.is_err(), "{id:?}");
    }
}

async fn blobs_are_listed(store: &impl BlobStore) {
    let mut want =
        vec![(put(store, "one", b"one").await, 3), (put(store, "two", b"a second one").await, 12)];
    let mut staged = Staged::new("not-yet", Algorithm::Sha256);
    store.append(&mut staged, stream_of("staged")).await.expect("append");
    let listed: Vec<_> = store.list().try_collect().await.expect("the store lists");
    let mut found: Vec<_> = listed.into_iter().map(|blob| (blob.digest, blob.size)).collect();
    found.sort();
    want.sort();
    assert_eq!(found, want, "what is published, and nothing else");
    store.discard("not-yet").await.expect("it is there");
}

async fn leftovers_are_listed_and_removed(store: &impl BlobStore) {
    let digest = put(store, "published", b"bytes").await;
    let mut staged = Staged::new("given-up", Algorithm::Sha256);
    store.append(&mut staged, stream_of("bytes")).await.expect("append");
    let none: Vec<_> = store.list_leftovers(0).try_collect().await.expect("the store lists");
    assert_eq!(none, [], "nothing is that old");

    let all: Vec<_> = store.list_leftovers(i64::MAX).try_collect().await.expect("it lists");
    assert!(!all.is_empty());
    for leftover in all {
        assert_eq!(leftover.upload, "given-up");
        store.remove_leftover(&leftover).await.expect("it is there");
        store.remove_leftover(&leftover).await.expect("absent is fine");
    }
    let none: Vec<_> = store.list_leftovers(i64::MAX).try_collect().await.expect("it lists");
    assert_eq!(none, []);
    let result = store.publish(staged, &sha256(b"bytes")).await;
    assert_eq!(result.expect("it is published already"), 5);
    assert_eq!(get(store, &digest, 0..99).await, b"bytes");
}
