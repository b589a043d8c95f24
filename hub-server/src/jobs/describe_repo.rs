//! Merges the details of every tag of a repository anew.

use hub_model::RepoName;

use crate::App;

#[expect(clippy::unused_async, reason = "yet to come")]
pub(crate) async fn run(_app: &App, _repo: &RepoName) -> Result<(), super::Failure> {
    Ok(())
}
