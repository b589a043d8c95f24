//! Repositories: lists, settings, stars.

use hub_db::DbError;
use hub_model::{Actor, Img, LatestMode, OrgName, Repo, RepoName, Visibility};

use super::access::AccessError;
use crate::App;

pub use super::Page;

/// Why a repository was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is a repository of that name.
    #[error("`{name}` is there already")]
    Taken {
        /// The name.
        name: RepoName,
    },
    /// The metadata store failed.
    #[error("could not read or record the repository")]
    Db(#[from] DbError),
}

/// What the caller may do, for pages that offer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct May {
    /// Push and describe.
    pub push: bool,
    /// Delete tags and manifests.
    pub delete: bool,
    /// Change settings, delete the repository.
    pub administer: bool,
}

/// A repository as its page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct RepoPage {
    /// The record.
    pub repo: Repo,
    /// The image of its latest tag.
    pub latest: Option<Img>,
    /// What the caller may do.
    pub may: May,
    /// Whether the caller starred it.
    pub starred: bool,
}

/// A repository in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RepoCard {
    /// The record.
    pub repo: Repo,
    /// The image of its latest tag.
    pub latest: Option<Img>,
}

/// Settings to change; `None` leaves one as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RepoChanges {
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// Whether it stays when its last tag goes.
    pub keep: Option<bool>,
    /// Whether the administrators of the hub vouch for it; for administrators only.
    pub official: Option<bool>,
    /// Whether `latest` resolves to the tag uploaded last.
    pub latest_mode: Option<LatestMode>,
}

/// One repository.
///
/// # Errors
///
/// [`AccessError::Hidden`] when there is none that the caller may see.
pub async fn get(app: &App, actor: &Actor, name: &RepoName) -> Result<RepoPage, RepoError> {
    todo!("{app:?} {actor:?} {name}")
}

/// The repositories that the caller may see, by name, those after `after`.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn list(
    app: &App,
    actor: &Actor,
    org: Option<&OrgName>,
    after: Option<&str>,
    limit: u64,
) -> Result<Page<RepoCard>, RepoError> {
    todo!("{app:?} {actor:?} {org:?} {after:?} {limit}")
}

/// The repositories that the caller may see, newest upload first.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn recent(app: &App, actor: &Actor, limit: u64) -> Result<Vec<RepoCard>, RepoError> {
    todo!("{app:?} {actor:?} {limit}")
}

/// Makes an empty repository, which stays when its last tag goes.
///
/// # Errors
///
/// [`RepoError::Taken`] when there is one of that name.
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    visibility: Visibility,
) -> Result<Repo, RepoError> {
    todo!("{app:?} {actor:?} {name} {visibility:?}")
}

/// Changes settings.
///
/// # Errors
///
/// When the caller is no owner, or no administrator of the hub for [`RepoChanges::official`].
pub async fn edit(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    changes: RepoChanges,
) -> Result<Repo, RepoError> {
    todo!("{app:?} {actor:?} {name} {changes:?}")
}

/// Deletes a repository with all its images.
///
/// # Errors
///
/// When the caller is no owner.
pub async fn delete(app: &App, actor: &Actor, name: &RepoName) -> Result<(), RepoError> {
    todo!("{app:?} {actor:?} {name}")
}

/// Stars a repository for the caller; twice is fine. Answers the number of stars.
///
/// # Errors
///
/// When nobody is signed in, or the repository is not there for the caller.
pub async fn star(app: &App, actor: &Actor, name: &RepoName) -> Result<u64, RepoError> {
    todo!("{app:?} {actor:?} {name}")
}

/// Takes the caller's star back; twice is fine. Answers the number of stars.
///
/// # Errors
///
/// When nobody is signed in, or the repository is not there for the caller.
pub async fn unstar(app: &App, actor: &Actor, name: &RepoName) -> Result<u64, RepoError> {
    todo!("{app:?} {actor:?} {name}")
}
