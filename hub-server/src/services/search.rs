//! Search: the index finds, the database decides.

use hub_db::DbError;
use hub_model::{Actor, OrgName};

use super::repos::RepoCard;
use crate::App;

/// Why a search gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index failed.
    #[error("could not search")]
    Index(#[from] hub_search::SearchError),
    /// The metadata store failed.
    #[error("could not read what was found")]
    Db(#[from] DbError),
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchRequest {
    /// What was typed; empty lists everything, newest upload first.
    pub text: String,
    /// Only repositories of this organisation.
    pub org: Option<OrgName>,
    /// Only repositories with this keyword.
    pub keyword: Option<String>,
    /// Which page, from 1.
    pub page: u64,
    /// How many a page holds, at most.
    pub limit: u64,
}

/// One page of what was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchPage {
    /// Best first.
    pub items: Vec<RepoCard>,
    /// Number of all results that the caller may see.
    pub total: u64,
    /// Which page this is, from 1.
    pub page: u64,
}

/// Searches the repositories that the caller may see.
///
/// # Errors
///
/// When the index or the metadata store fails.
pub async fn search(
    app: &App,
    actor: &Actor,
    request: SearchRequest,
) -> Result<SearchPage, SearchError> {
    todo!("{app:?} {actor:?} {request:?}")
}
