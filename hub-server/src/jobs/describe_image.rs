//! Reads the metadata out of an image.

use hub_model::{Digest, RepoName};

use crate::App;

#[expect(clippy::unused_async, reason = "yet to come")]
pub(crate) async fn run(_app: &App, _repo: &RepoName, _digest: &Digest) -> Result<(), super::Failure> {
    Ok(())
}
