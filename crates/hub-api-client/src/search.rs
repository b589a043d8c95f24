//! Search.

use hub_api::{SearchView, SuggestView};

use crate::{ApiError, Client};

/// What to search for; what is empty or `None` is left to the hub.
#[derive(Debug, Clone, Default)]
pub struct SearchFor {
    /// What was typed; empty lists everything.
    pub text: String,
    /// Only repositories of this organisation.
    pub org: Option<String>,
    /// Only repositories with this keyword.
    pub keyword: Option<String>,
    /// Only repositories of this category.
    pub category: Option<String>,
    /// Only images for this operating system.
    pub os: Option<String>,
    /// Only images for this architecture.
    pub arch: Option<String>,
    /// Only what the administrators vouch for.
    pub official: Option<bool>,
    /// Only latest images of this size: `tiny`, `small`, `medium` or `large`.
    pub size: Option<String>,
    /// Only repositories with an upload at or after this time, RFC 3339.
    pub updated: Option<String>,
    /// Where the words have to stand: `name`, `keyword` or `all`.
    pub matching: Option<String>,
    /// The order.
    pub sort: Option<String>,
    /// Whether unknown words may be read as names that are spelled alike.
    pub correct: Option<bool>,
    /// Whether facets are counted.
    pub facets: bool,
    /// Whether results say why they are there.
    pub explain: bool,
    /// Number of the page, from 1.
    pub page: Option<u32>,
    /// Results on a page.
    pub limit: Option<u32>,
}

impl Client {
    /// Searches repositories.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`]; a problem `invalid` names a filter that is wrong.
    pub async fn search(&self, search: &SearchFor) -> Result<SearchView, ApiError> {
        self.get(&["search"])
            .query("q", Some(&search.text))
            .query("org", search.org.as_ref())
            .query("keyword", search.keyword.as_ref())
            .query("category", search.category.as_ref())
            .query("os", search.os.as_ref())
            .query("arch", search.arch.as_ref())
            .query("official", search.official)
            .query("size", search.size.as_ref())
            .query("updated", search.updated.as_ref())
            .query("match", search.matching.as_ref())
            .query("sort", search.sort.as_ref())
            .query("correct", search.correct)
            .query("facets", search.facets.then_some(true))
            .query("explain", search.explain.then_some(true))
            .query("page", search.page)
            .query("limit", search.limit)
            .read()
            .await
    }

    /// Suggests what begins with `typed`, at most `limit` of each kind.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn suggest(&self, typed: &str, limit: Option<u32>) -> Result<SuggestView, ApiError> {
        self.get(&["suggest"]).query("q", Some(typed)).query("limit", limit).read().await
    }
}
