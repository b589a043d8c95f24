//! The behaviour that every store must show.
use crate::BlobStore;
/// Runs all.
pub async fn run<S: BlobStore>(make: impl AsyncFn() -> S) {
    let _ = make().await;
}
