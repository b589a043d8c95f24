//! The hash alone: what no registry can do without when it takes a blob.

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::content::{Maker, each_piece};
use crate::meter::own_thread;

/// Processor seconds that the sha-256 of `bytes` takes on one thread; the least of some rounds.
pub(crate) async fn seconds(bytes: u64, rounds: usize) -> Result<f64> {
    let hashing = move || -> Result<f64> {
        let payload = Maker::new(bytes).make().payload();
        let mut least = f64::MAX;
        for _ in 0..rounds.max(1) {
            let before = own_thread()?;
            let mut hash = Sha256::new();
            each_piece(&payload, |piece| hash.update(piece));
            std::hint::black_box(hash.finalize());
            least = least.min(own_thread()?.saturating_sub(before).as_secs_f64());
        }
        Ok(least)
    };
    tokio::task::spawn_blocking(hashing).await?
}
