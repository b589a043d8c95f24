//! Behaviour of the index as a whole.

mod answers;
mod dictionary;
mod judged;
mod life;
mod meaning;
mod narrowing;

use hub_model::{
    AccessTerms, OrgName, Own, SearchDoc, SearchFilter, SearchHit, SearchQuery, Visibility,
};

use crate::{Batch, Dictionary, Index};

/// A public repository; `repo_id` follows from the name, so that tests speak of names.
pub(crate) fn doc(name: &str, description: &str) -> SearchDoc {
    SearchDoc {
        repo_id: id(name),
        name: name.to_owned(),
        visibility: Visibility::Public,
        description: description.to_owned(),
        ..SearchDoc::default()
    }
}

fn id(name: &str) -> i64 {
    name.bytes().fold(7, |id, byte| (id * 31 + i64::from(byte)) % 1_000_000_007)
}

/// An index that knows nothing but its documents.
fn index(docs: Vec<SearchDoc>) -> Index {
    let index = Index::in_memory_with(Dictionary::default()).unwrap();
    put(&index, docs, 1);
    index
}

pub(crate) fn put(index: &Index, docs: Vec<SearchDoc>, position: i64) {
    index.apply(&Batch { put: docs, remove: vec![], position }).unwrap();
}

/// A question of a stranger for everything public.
fn query(text: &str) -> SearchQuery {
    SearchQuery { limit: 20, ..SearchQuery::new(text, AccessTerms::PUBLIC) }
}

fn narrowed(filter: SearchFilter, text: &str) -> SearchQuery {
    SearchQuery { filter, ..query(text) }
}

fn with_keyword(keyword: &str) -> SearchFilter {
    SearchFilter { keywords: vec![keyword.to_owned()], ..SearchFilter::default() }
}

fn member_of(org: &str, query: SearchQuery) -> SearchQuery {
    let own = Own { orgs: vec![OrgName::parse(org).unwrap()], repos: vec![] };
    SearchQuery { access: AccessTerms::PublicAnd(own), ..query }
}

/// Names of what is found, out of the names given; the total is checked on the way.
fn ask(index: &Index, query: &SearchQuery, names: &[&str]) -> Vec<String> {
    let hits = index.search(query).unwrap();
    if query.offset == 0 && query.limit >= hits.total {
        assert_eq!(hits.total, hits.hits.len(), "the total counts the results");
    }
    let name = |repo_id| names.iter().find(|name| id(name) == repo_id).copied();
    let found = hits.hits.iter().map(|hit| name(hit.repo_id).unwrap_or("?").to_owned());
    found.collect()
}
