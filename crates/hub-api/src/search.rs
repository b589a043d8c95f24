//! What is found, and why.

use std::collections::BTreeMap;

use hub_model::{FacetCount, Facets, Why, WhyPart};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RepoView;

/// What was found: `GET /search`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchView {
    /// This page, best first.
    pub items: Vec<FoundView>,
    /// Number of results on all pages.
    pub total: u64,
    /// Whether there may be more than `total`: only the best thousand are ranked.
    #[serde(default)]
    pub more: bool,
    /// Number of this page, from 1.
    pub page: u64,
    /// What was read instead of what was typed; null when it was read as it stands.
    #[serde(default)]
    pub corrected: Option<String>,
    /// How many of all results have which value; absent when that was not asked, and in a search
    /// for a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facets: Option<FacetsView>,
}

/// A repository that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundView {
    /// The repository.
    #[serde(flatten)]
    pub repo: RepoView,
    /// Fields in which something matched (`name`, `title`, `description`, a passage of the `readme`
    /// when that was asked), cut into stretches; absent when nothing did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub highlights: BTreeMap<String, Vec<StretchView>>,
    /// The image that was asked for by its digest; absent in a search by words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<HeldView>,
    /// Why it is there; absent when that was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<WhyView>,
}

/// A manifest that a repository holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldView {
    /// Its digest.
    pub digest: String,
    /// Tags that point at it, the one pushed last first; may be none.
    pub tags: Vec<String>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StretchView {
    /// The part, as it stands there.
    pub text: String,
    /// Whether it is what was searched for; absent for no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marked: bool,
}

/// Why a result is there: its score is the sum of the best parts of each word, times
/// `coordination`, plus the parts of whole names, all times `prior`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhyView {
    /// What matched, the greatest score first.
    pub parts: Vec<WhyPartView>,
    /// Words of the query that matched.
    pub matched: u64,
    /// Words of the query.
    pub words: u64,
    /// Factor for words that did not match, 0.4 to 1.
    pub coordination: f32,
    /// Factor for what the repository is: official, deprecated, popular, fresh.
    pub prior: f32,
}

/// One thing that matched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhyPartView {
    /// Field of the repository: `name`, `keywords`, `description`, `concepts`, …
    pub field: String,
    /// What matched there.
    pub term: String,
    /// How it follows from the query: `word`, `beginning`, `alias`, `correction` or `concept`.
    pub by: String,
    /// Its score before it is combined with others.
    pub score: f32,
}

/// How many results have which value, the most frequent first; values without results are left
/// out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FacetsView {
    /// Organisations.
    pub orgs: Vec<FacetView>,
    /// Keywords.
    pub keywords: Vec<FacetView>,
    /// Categories.
    pub categories: Vec<FacetView>,
    /// Operating systems.
    pub os: Vec<FacetView>,
    /// Architectures.
    pub arch: Vec<FacetView>,
    /// Sizes of the latest image: `tiny` below 10 MiB, `small` below 100 MiB, `medium` below 1 GiB,
    /// `large`; smallest first.
    pub sizes: Vec<FacetView>,
    /// Results that are official.
    pub official: u64,
    /// Results that are deprecated.
    pub deprecated: u64,
    /// Results with a README.
    pub readme: u64,
}

/// A value and how many results have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FacetView {
    /// The value.
    pub value: String,
    /// Results that have it.
    pub count: u64,
}

/// What somebody may be about to type: `GET /suggest`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestView {
    /// Full names of repositories, best first.
    pub repos: Vec<String>,
    /// Organisations.
    pub orgs: Vec<String>,
    /// References with tags, behind `repository:`.
    pub references: Vec<String>,
}

impl From<Why> for WhyView {
    fn from(why: Why) -> Self {
        let part = |part: WhyPart| WhyPartView {
            field: part.field.to_owned(),
            term: part.term,
            by: part.by.to_owned(),
            score: part.score,
        };
        Self {
            parts: why.parts.into_iter().map(part).collect(),
            matched: number(why.matched.0),
            words: number(why.matched.1),
            coordination: why.coordination,
            prior: why.prior,
        }
    }
}

impl From<Facets> for FacetsView {
    fn from(facets: Facets) -> Self {
        let all = |counts: Vec<FacetCount>| {
            let view = |one: FacetCount| FacetView { value: one.value, count: number(one.count) };
            counts.into_iter().map(view).collect()
        };
        Self {
            orgs: all(facets.orgs),
            keywords: all(facets.keywords),
            categories: all(facets.categories),
            os: all(facets.os),
            arch: all(facets.arch),
            sizes: all(facets.sizes),
            official: number(facets.official),
            deprecated: number(facets.deprecated),
            readme: number(facets.readme),
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
