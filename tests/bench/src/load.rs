//! The load: so many connections, so many operations, not longer than that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::acts::{Act, Check, Done, Target};
use crate::client::Connection;

/// How much is asked of a server in one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    /// Connections that are kept open, each with one operation at a time.
    pub(crate) connections: usize,
    /// Operations in all.
    pub(crate) operations: usize,
    /// No operation begins after that.
    pub(crate) at_most: Duration,
}

impl Load {
    /// A load that ends by itself after some seconds.
    pub(crate) const fn new(connections: usize, operations: usize) -> Self {
        Self { connections, operations, at_most: Duration::from_secs(5) }
    }

    /// With another bound on its time.
    #[must_use]
    pub(crate) const fn at_most(mut self, seconds: u64) -> Self {
        self.at_most = Duration::from_secs(seconds);
        self
    }

    /// The same with a share of the operations: at least one.
    #[must_use]
    pub(crate) fn share(self, one_of: usize) -> Self {
        let operations = (self.operations / one_of).max(1);
        Self { operations, connections: self.connections.min(operations), ..self }
    }
}

/// What came of a load.
#[derive(Debug, Default)]
pub(crate) struct Driven {
    /// From the first request to the last answer.
    pub(crate) wall: Duration,
    /// How long each operation took, shortest first.
    pub(crate) took: Vec<Duration>,
    /// When the answer of each began, soonest first.
    pub(crate) first_bytes: Vec<Duration>,
    /// Bytes of blobs and lists that travelled.
    pub(crate) bytes: u64,
}

/// Drives one server. Ends at the first operation that goes wrong.
pub(crate) async fn drive(
    target: &Arc<Target>,
    act: &Arc<Act>,
    load: Load,
    check: Check,
) -> Result<Driven> {
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..load.connections {
        let (target, act, next) = (Arc::clone(target), Arc::clone(act), Arc::clone(&next));
        workers.spawn(async move {
            let mut connection = Connection::new(target.address, target.authorization.clone());
            let mut all: Vec<(Duration, Done)> = Vec::new();
            while began.elapsed() < load.at_most {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= load.operations {
                    break;
                }
                let asked = Instant::now();
                let done = act.perform(&mut connection, &target, number, check).await?;
                all.push((asked.elapsed(), done));
            }
            anyhow::Ok(all)
        });
    }
    let mut driven = Driven::default();
    while let Some(worker) = workers.join_next().await {
        for (took, done) in worker?? {
            driven.took.push(took);
            driven.first_bytes.push(done.first_byte);
            driven.bytes += done.bytes;
        }
    }
    driven.wall = began.elapsed();
    driven.took.sort_unstable();
    driven.first_bytes.sort_unstable();
    Ok(driven)
}

/// The value below which `percent` of 100 lie. Values are sorted.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let ms = |n| Duration::from_millis(n);
        let all: Vec<_> = (1..=200).map(ms).collect();
        assert_eq!(percentile(&all, 50), ms(100));
        assert_eq!(percentile(&all, 99), ms(198));
        assert_eq!(percentile(&all[..1], 99), ms(1));
        assert_eq!(percentile(&[], 99), ms(0));
    }

    #[test]
    fn a_share_of_a_load_is_never_nothing() {
        let load = Load::new(16, 100);
        assert_eq!((load.share(10).operations, load.share(10).connections), (10, 10));
        assert_eq!((load.share(1000).operations, load.share(1000).connections), (1, 1));
    }
}
