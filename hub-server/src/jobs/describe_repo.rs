//! Merges the details of every tag of a repository anew.

use hub_model::RepoName;

use super::Failure;
use crate::App;
use crate::services::images;

/// Does it; twice is fine.
pub(crate) async fn run(app: &App, name: &RepoName) -> Result<(), Failure> {
    images::settle_all(app, name).await?;
    Ok(())
}
