//! Search: the index finds, the database decides.

use std::collections::HashMap;

use hub_db::DbError;
use hub_model::{
    AccessTerms, Actor, Facets, Repo, RepoName, SearchFilter, SearchMatch, SearchQuery, SearchSort,
    Why,
};

pub use hub_search::{Span, spans};

use super::access;
use super::repos::RepoCard;
use crate::App;

pub(crate) mod digest;
pub mod missed;
mod passages;

pub use digest::Held;

/// Longest question, in characters; what is beyond is not looked for.
const LONGEST_TEXT: usize = 200;

/// Most results of one page.
const MOST: u64 = 100;

/// Deepest result that is shown: nobody reads further, and the index would have to sort it all.
const DEEPEST: u64 = 10_000;

/// Most suggestions of one kind.
const MOST_SUGGESTIONS: usize = 20;

/// Uploads that tags are suggested from, the newest ones.
const NEWEST_TAGS: i64 = 500;

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
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct SearchRequest {
    /// What was typed, operators included; empty lists everything.
    pub text: String,
    /// What narrows it down besides.
    pub filter: SearchFilter,
    /// Where its words have to stand.
    pub matching: SearchMatch,
    /// In which order.
    pub sort: SearchSort,
    /// Whether unknown words may be read as names that are spelled alike.
    pub correct: bool,
    /// Whether facets are counted.
    pub facets: bool,
    /// Whether results say why they are there.
    pub explain: bool,
    /// Whether passages of READMEs are shown where descriptions do not show what was found.
    pub passages: bool,
    /// Whether it is a person's search, which is counted when nothing is found.
    pub note_missed: bool,
    /// Which page, from 1.
    pub page: u64,
    /// How many a page holds, at most.
    pub limit: u64,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            text: String::new(),
            filter: SearchFilter::default(),
            matching: SearchMatch::All,
            sort: SearchSort::default(),
            correct: true,
            facets: false,
            explain: false,
            passages: false,
            note_missed: false,
            page: 1,
            limit: 20,
        }
    }
}

/// One page of what was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchPage {
    /// Best first.
    pub items: Vec<RepoCard>,
    /// Why each of them is there, in the same order; empty when that was not asked.
    pub why: Vec<Why>,
    /// A passage of the README of each of them, in the same order; empty when that was not asked.
    pub passages: Vec<Option<String>>,
    /// Number of all results that the caller may see.
    pub total: u64,
    /// Whether there may be more than the total: only the best thousand are ranked.
    pub more: bool,
    /// Which page this is, from 1.
    pub page: u64,
    /// Values of all results, when that was asked.
    pub facets: Option<Facets>,
    /// What was read instead of what was typed.
    pub corrected: Option<String>,
    /// Words that are worth marking.
    pub marks: Vec<String>,
    /// The manifest whose digest was typed; then the results are those who hold it.
    pub held: Option<Held>,
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
    if let Some(found) = digest::search(app, &terms, &request).await? {
        return Ok(found);
    }
    let page = request.page.max(1);
    let limit = request.limit.clamp(1, MOST);
    let offset = (page - 1).saturating_mul(limit).min(DEEPEST);
    let query = SearchQuery {
        text: request.text.chars().take(LONGEST_TEXT).collect(),
        filter: request.filter.clone(),
        matching: request.matching,
        access: terms.clone(),
        sort: request.sort,
        correct: request.correct,
        facets: request.facets,
        explain: request.explain,
        now_ms: app.now_ms(),
        offset: usize::try_from(offset).unwrap_or(usize::MAX),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let index = app.index.clone();
    let found = tokio::task::spawn_blocking(move || index.search(&query)).await??;

    let ids: Vec<i64> = found.hits.iter().map(|hit| hit.repo_id).collect();
    let mut reasons: HashMap<i64, Why> =
        found.hits.into_iter().filter_map(|hit| Some((hit.repo_id, hit.why?))).collect();
    // The index may be a second old: the records decide what is still there and may be seen.
    let cards = app.db.cards(&ids).await?.into_iter();
    let items: Vec<RepoCard> = cards
        .filter(|(repo, _)| terms.show(&repo.name, repo.visibility))
        .map(|(repo, latest)| RepoCard { repo, latest })
        .collect();
    let why = items.iter().filter_map(|card| reasons.remove(&card.repo.id)).collect();
    let vanished = ids.len() - items.len();
    let total = found.total.saturating_sub(vanished);
    let passages = if request.passages {
        passages::passages(app, &items, &found.marks).await?
    } else {
        Vec::new()
    };
    let found = SearchPage {
        items,
        why,
        passages,
        total: u64::try_from(total).unwrap_or(u64::MAX),
        more: found.more,
        page,
        facets: found.facets,
        corrected: found.corrected,
        marks: found.marks,
        held: None,
    };
    missed::note(app, &request, &found);
    Ok(found)
}

/// What somebody may be about to type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suggested {
    /// Repositories, best first.
    pub repos: Vec<Repo>,
    /// Organisations with something that the caller may see.
    pub orgs: Vec<String>,
    /// Full references, when what was typed ends with a repository, a colon and the beginning of a
    /// tag.
    pub references: Vec<String>,
}

/// Suggests what begins with `typed`: repositories and organisations, behind a colon the tags of
/// the repository before it. At most `limit` of each.
///
/// # Errors
///
/// When the index or the metadata store fails.
pub async fn suggest(
    app: &App,
    actor: &Actor,
    typed: &str,
    limit: usize,
) -> Result<Suggested, SearchError> {
    let typed: String = typed.chars().take(LONGEST_TEXT).collect();
    let limit = limit.clamp(1, MOST_SUGGESTIONS);
    let terms = access::terms(app, actor).await?;
    if let Some((name, tag)) = typed.trim().split_once(':')
        && let Ok(name) = RepoName::parse(name)
    {
        let references = tags(app, &terms, &name, tag, limit).await?;
        return Ok(Suggested { references, ..Suggested::default() });
    }
    let index = app.index.clone();
    let asked = terms.clone();
    let found = tokio::task::spawn_blocking(move || index.suggest(&typed, &asked, limit)).await??;
    // Here too the records decide.
    let mut repos = app.db.repos_by_id(&found.repos).await?;
    repos.retain(|repo| terms.show(&repo.name, repo.visibility));
    Ok(Suggested { repos, orgs: found.orgs, references: Vec::new() })
}

async fn tags(
    app: &App,
    terms: &AccessTerms,
    name: &RepoName,
    start: &str,
    limit: usize,
) -> Result<Vec<String>, DbError> {
    let Some(repo) = app.db.repo(name).await? else { return Ok(Vec::new()) };
    if !terms.show(&repo.name, repo.visibility) {
        return Ok(Vec::new());
    }
    let newest = app.db.imgs(repo.id, None, NEWEST_TAGS).await?;
    let tags = newest.iter().map(|img| img.tag.as_str()).filter(|tag| tag.starts_with(start));
    Ok(tags.take(limit).map(|tag| format!("{name}:{tag}")).collect())
}

#[cfg(test)]
mod tests;
