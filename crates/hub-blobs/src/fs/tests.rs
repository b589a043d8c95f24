//! What only a store of files can show.

use tempfile::TempDir;

use super::*;
use crate::{Algorithm, digest_of, stream_of, testsuite};

async fn store() -> (FsStore, TempDir) {
    let dir = TempDir::new().unwrap();
    (FsStore::open(dir.path()).await.unwrap(), dir)
}

fn files_below(dir: &std::path::Path) -> usize {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_behaves_as_a_store() {
    let dir = TempDir::new().unwrap();
    let number = std::sync::atomic::AtomicUsize::new(0);
    let next = || number.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
    testsuite::run(async || FsStore::open(dir.path().join(next())).await.unwrap()).await;
    let left = fs::read_dir(dir.path())
        .unwrap()
        .map(|store| files_below(&store.unwrap().path().join("uploads")))
        .sum::<usize>();
    assert_eq!(left, 0, "no staged file is left over");
}

#[tokio::test]
async fn a_blob_lies_where_the_tree_says() {
    let (store, dir) = store().await;
    let digest = digest_of(b"", Algorithm::Sha256);
    store.publish(Staged::new("id", Algorithm::Sha256), &digest).await.unwrap();
    let hex = digest.hex();
    assert!(dir.path().join("blobs/sha256").join(&hex[..2]).join(hex).is_file());
}

#[tokio::test]
async fn blobs_and_uploads_survive_a_restart() {
    let (store, dir) = store().await;
    let mut staged = Staged::new("id", Algorithm::Sha256);
    store.append(&mut staged, stream_of("half")).await.unwrap();
    drop(store);
    let store = FsStore::open(dir.path()).await.unwrap();
    store.append(&mut staged, stream_of(" and half")).await.unwrap();
    let digest = digest_of(b"half and half", Algorithm::Sha256);
    assert_eq!(store.publish(staged, &digest).await.unwrap(), 13);
}

#[tokio::test]
async fn leftovers_of_a_crash_are_cut_off() {
    let (store, dir) = store().await;
    let mut staged = Staged::new("id", Algorithm::Sha256);
    fs::write(dir.path().join("uploads/id"), b"written, but never recorded").unwrap();
    store.append(&mut staged, stream_of("new")).await.unwrap();
    assert_eq!(fs::read(dir.path().join("uploads/id")).unwrap(), b"new");
}

#[tokio::test]
async fn a_damaged_copy_is_replaced_by_a_good_one() {
    let (store, _dir) = store().await;
    let digest = digest_of(b"bytes", Algorithm::Sha256);
    let path = store.blob_path(&digest);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, b"by").unwrap();
    let mut staged = Staged::new("id", Algorithm::Sha256);
    store.append(&mut staged, stream_of("bytes")).await.unwrap();
    store.publish(staged, &digest).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"bytes");
}

#[tokio::test]
async fn an_append_that_is_given_up_does_not_hinder_the_next() {
    let (store, _dir) = store().await;
    let mut staged = Staged::new("id", Algorithm::Sha256);
    let saved = staged.clone();
    let stuck = futures::StreamExt::boxed(futures::StreamExt::chain(
        stream_of(vec![1; 2 << 20]),
        futures::stream::pending(),
    ));
    let given_up = futures::FutureExt::now_or_never(store.append(&mut staged, stuck));
    assert!(given_up.is_none());
    let mut staged = saved;
    store.append(&mut staged, stream_of("bytes")).await.unwrap();
    let digest = digest_of(b"bytes", Algorithm::Sha256);
    assert_eq!(store.publish(staged, &digest).await.unwrap(), 5);
}

#[tokio::test]
async fn a_missing_folder_is_no_ready_store() {
    let (store, dir) = store().await;
    fs::remove_dir(dir.path().join("uploads")).unwrap();
    assert!(matches!(store.ready().await, Err(BlobError::Io { .. })));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_says_so_and_counts_nothing() {
    let (store, dir) = store().await;
    std::os::unix::fs::symlink("/dev/full", dir.path().join("uploads/id")).unwrap();
    let mut staged = Staged::new("id", Algorithm::Sha256);
    let error = store.append(&mut staged, stream_of("bytes")).await.unwrap_err();
    assert!(matches!(error, BlobError::Full { .. }), "{error:?}");
    assert_eq!(staged.offset, 0);
    assert_eq!(staged.hash.finish(), digest_of(b"", Algorithm::Sha256));
}
