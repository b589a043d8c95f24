//! Search: the index finds, the database decides.

use std::collections::HashMap;

use hub_db::DbError;
use hub_model::{Actor, OrgName, Repo, SearchQuery};

use super::access;
use super::repos::{RepoCard, cards};
use crate::App;

/// Longest question, in characters; what is beyond is not looked for.
const LONGEST_TEXT: usize = 200;

/// Most results of one page.
const MOST: u64 = 100;

/// Deepest result that is shown: nobody reads further, and the index would have to sort it all.
const DEEPEST: u64 = 10_000;

/// Why a search gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index failed.
    #[error("could not search")]
    Index(#[from] hub_search::SearchError),
    /// The metadata store failed.
    #[error("could not read what was found")]
    Db(#[from] DbError),
    /// The thread that searched is gone.
    #[error("could not finish searching")]
    Lost(#[from] tokio::task::JoinError),
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
    let terms = access::terms(app, actor).await?;
    let page = request.page.max(1);
    let limit = request.limit.clamp(1, MOST);
    let offset = (page - 1).saturating_mul(limit).min(DEEPEST);
    let query = SearchQuery {
        text: request.text.chars().take(LONGEST_TEXT).collect(),
        org: request.org,
        keyword: request.keyword,
        access: terms.clone(),
        offset: usize::try_from(offset).unwrap_or(usize::MAX),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let index = app.index.clone();
    let found = tokio::task::spawn_blocking(move || index.search(&query)).await??;

    let ids: Vec<i64> = found.hits.iter().map(|hit| hit.repo_id).collect();
    let repos = app.db.repos_by_id(&ids).await?;
    // The index may be a second old: the records decide what is still there, and for whom.
    let mut repos: HashMap<i64, Repo> = repos
        .into_iter()
        .filter(|repo| terms.show(&repo.name, repo.visibility))
        .map(|repo| (repo.id, repo))
        .collect();
    let in_order: Vec<Repo> = ids.iter().filter_map(|id| repos.remove(id)).collect();
    let vanished = ids.len() - in_order.len();
    let total = found.total.saturating_sub(vanished);
    Ok(SearchPage {
        items: cards(app, in_order).await?,
        total: u64::try_from(total).unwrap_or(u64::MAX),
        page,
    })
}

#[cfg(test)]
mod tests;
