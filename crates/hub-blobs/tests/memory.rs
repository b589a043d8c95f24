//! A large blob passes through a small memory. A process of its own, so that nothing else counts.

#![cfg(target_os = "linux")]

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use hub_blobs::{Algorithm, BlobStore as _, FsStore, Hash, Staged};

const PIECE: usize = 64 << 10;
const PIECES: u64 = 4096;
const LIMIT_KIB: u64 = 48 << 10;

fn piece(number: u64) -> Bytes {
    let mut bytes = vec![0; PIECE];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes.into()
}

/// A line of `/proc/self/status`, in KiB.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a known line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_the_blob() {
    let dir = tempfile::tempdir().unwrap();
    let store = FsStore::open(dir.path()).await.unwrap();
    let before = status("VmRSS:");

    let mut staged = Staged::new("large", Algorithm::Sha256);
    let body = stream::iter((0..PIECES).map(|number| Ok(piece(number)))).boxed();
    let size = store.append(&mut staged, body).await.unwrap();
    assert_eq!(size, 256 << 20);
    let digest = staged.hash.clone().finish();
    store.publish(staged, &digest).await.unwrap();

    let hash = Hash::new(Algorithm::Sha256);
    let stream = store.read(&digest, 0..size).await.unwrap();
    let add = |mut hash: Hash, piece: Bytes| async move {
        hash.update(&piece);
        Ok(hash)
    };
    assert_eq!(stream.try_fold(hash, add).await.unwrap().finish(), digest);

    let grown = status("VmHWM:").saturating_sub(before);
    assert!(grown < LIMIT_KIB, "grew by {grown} KiB");
}
