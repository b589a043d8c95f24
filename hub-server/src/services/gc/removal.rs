//! Blobs that no repository holds: condemned, then their bytes, then their rows.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream;
use hub_blobs::{BlobError, BlobStore};
use hub_model::Digest;

use super::run::{Course, Cut, Stop};

/// Blobs condemned or removed in one go.
const BATCH: i64 = 100;

/// Blobs whose bytes are removed at the same time.
const AT_ONCE: usize = 8;

/// Removes the bytes of one blob; absent is fine: an earlier run was cut off in front of the row.
async fn remove(
    store: Arc<dyn BlobStore>,
    digest: Digest,
    size: u64,
) -> (Digest, u64, Result<(), BlobError>) {
    let outcome = match store.delete(&digest).await {
        Err(BlobError::NotFound { .. }) => Ok(()),
        outcome => outcome,
    };
    (digest, size, outcome)
}

impl Course<'_> {
    /// Decides which blobs go.
    pub(super) async fn condemn(&mut self) -> Result<(), Cut> {
        let before = self.before_ms();
        loop {
            self.breathe().await?;
            let mut change = self.app.db.change().await?;
            let (condemned, spared) = change.condemn_blobs(before, BATCH).await?;
            change.commit().await?;
            self.report.spared += spared;
            self.report.examined += spared;
            if condemned.is_empty() && spared == 0 {
                return Ok(());
            }
            if !condemned.is_empty() {
                self.maybe_stop(Stop::Condemned)?;
            }
        }
    }

    /// Removes the bytes of condemned blobs, then their rows. Those of a run that was cut off are
    /// among them.
    pub(super) async fn remove_condemned(&mut self) -> Result<(), Cut> {
        let mut after = String::new();
        loop {
            self.breathe().await?;
            let mut condemned = self.app.db.condemned_blobs(&after, BATCH).await?;
            let Some((last, _)) = condemned.blobs.last() else { return Ok(()) };
            after = last.to_string();
            let blobs = std::mem::take(&mut condemned.blobs);
            let mut gone = Vec::with_capacity(blobs.len());
            for some in blobs.chunks(AT_ONCE) {
                // Nobody speaks on that connection while bytes go: when the server has ended it,
                // the rows are no longer locked, and bytes that came back must not go.
                condemned.still_held().await?;
                self.renew().await?;
                gone.extend(self.remove_bytes(some).await);
            }
            self.maybe_stop(Stop::BytesGone)?;
            condemned.bury(&self.app.db, &gone).await?;
            self.maybe_stop(Stop::Buried)?;
        }
    }

    /// Removes bytes; answers whose are gone. One that cannot be removed stays condemned.
    async fn remove_bytes(&mut self, blobs: &[(Digest, u64)]) -> Vec<Digest> {
        let removals: Vec<_> = blobs
            .iter()
            .map(|(digest, size)| remove(Arc::clone(&self.app.blobs), digest.clone(), *size))
            .collect();
        let outcomes: Vec<_> = stream::iter(removals).buffer_unordered(AT_ONCE).collect().await;
        let mut gone = Vec::with_capacity(blobs.len());
        for (digest, size, outcome) in outcomes {
            self.report.examined += 1;
            match outcome {
                Ok(()) => {
                    self.report.blobs += 1;
                    self.report.bytes += size;
                    self.report.example(|| digest.to_string());
                    gone.push(digest);
                }
                Err(error) => self.report.failed(format!("{error}: {digest}")),
            }
        }
        gone
    }

    /// Finds out which blobs would be removed.
    pub(super) async fn would_remove_blobs(&mut self) -> Result<(), Cut> {
        let before = self.before_ms();
        let mut after = (i64::MIN, String::new());
        loop {
            self.breathe().await?;
            let some = self.app.db.lone_blobs(before, (after.0, &after.1), BATCH).await?;
            let Some((since, last, _)) = some.last() else { return Ok(()) };
            after = (*since, last.to_string());
            let digests: Vec<_> = some.iter().map(|(_, digest, _)| digest.clone()).collect();
            let held = self.app.db.held_blobs(&digests).await?;
            for (_, digest, size) in &some {
                self.report.examined += 1;
                if held.contains(digest) {
                    self.report.spared += 1;
                } else {
                    self.report.blobs += 1;
                    self.report.bytes += size;
                    self.report.example(|| digest.to_string());
                }
            }
        }
    }
}
