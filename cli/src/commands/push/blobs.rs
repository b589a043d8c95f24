//! Blobs of a push: several at once, with a bar or a line for each.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{StreamExt, stream};
use hub_registry_client::{BlobOutcome, BlobToPush, Progress};
use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};

use super::target::Target;
use crate::context::Context;
use crate::report::Failure;
use crate::source::{Source, SourceBlob};

/// What became of the blobs.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) all: usize,
    pub(super) present: usize,
    pub(super) mounted: usize,
    /// Bytes that were sent.
    pub(super) sent: u64,
}

/// Most blobs at once; more only fill the memory with chunks.
const MOST_JOBS: usize = 32;

/// Sends the blobs, the largest first.
pub(super) async fn push(
    source: &Source,
    target: &Target,
    jobs: usize,
    context: &Context,
) -> Result<Counts, Failure> {
    let mut blobs: Vec<&SourceBlob> = source.blobs.iter().collect();
    blobs.sort_by_key(|blob| std::cmp::Reverse(blob.place.size));
    let all = blobs.len();
    let finished = AtomicUsize::new(0);
    let bars = context.printer.bars();
    let mut counts = Counts { all, ..Counts::default() };
    let mut under_way = stream::iter(blobs)
        .map(|blob| {
            let bars = &bars;
            let finished = &finished;
            async move {
                let outcome = push_one(blob, target, bars).await?;
                let done = finished.fetch_add(1, Ordering::Relaxed) + 1;
                tell(blob, outcome, (done, all), context);
                Ok::<_, hub_registry_client::RemoteError>((blob, outcome))
            }
        })
        .buffer_unordered(jobs.clamp(1, MOST_JOBS));
    while let Some(outcome) = under_way.next().await {
        match outcome {
            Ok((blob, BlobOutcome::Uploaded)) => counts.sent += blob.place.size,
            Ok((_, BlobOutcome::Mounted)) => counts.mounted += 1,
            Ok((_, BlobOutcome::Present)) => counts.present += 1,
            Err(error) => {
                let done = finished.load(Ordering::Relaxed);
                let done = format!("{done} of {all} blobs are there, no tag was written");
                return Err(target.stopped(error, &done));
            }
        }
    }
    Ok(counts)
}

async fn push_one(
    blob: &SourceBlob,
    target: &Target,
    bars: &MultiProgress,
) -> Result<BlobOutcome, hub_registry_client::RemoteError> {
    let bar = bars.add(ProgressBar::new(blob.place.size).with_style(style()));
    bar.set_message(blob.digest.short().to_owned());
    let size = blob.place.size;
    let to_push = BlobToPush { digest: &blob.digest, size, mount_from: None, source: blob };
    let outcome = target.remote.push_blob(&target.repo, to_push, &Shown(&bar)).await;
    bar.finish_and_clear();
    outcome
}

/// Without bars, a line for each blob.
fn tell(blob: &SourceBlob, outcome: BlobOutcome, (done, all): (usize, usize), context: &Context) {
    if !context.printer.bars_hidden() {
        return;
    }
    let how = match outcome {
        BlobOutcome::Present => "there already",
        BlobOutcome::Mounted => "mounted",
        BlobOutcome::Uploaded => "sent",
    };
    let (digest, size) = (blob.digest.short(), HumanBytes(blob.place.size));
    context.printer.note("blob", &format!("{digest} {size} {how} ({done}/{all})"));
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {bar:30} {bytes:>11}/{total_bytes} {binary_bytes_per_sec}")
        .expect("a constant template")
}

/// A bar that watches a blob go.
struct Shown<'a>(&'a ProgressBar);

impl Progress for Shown<'_> {
    fn at(&self, position: u64) {
        self.0.set_position(position);
    }
}
