//! The search index.
use hub_model::{SearchDoc, SearchHits, SearchQuery};
use std::path::Path;
/// .
#[derive(Debug, Clone)]
pub struct Index;
/// .
#[derive(Debug)]
pub struct Opened {
    /// .
    pub index: Index,
    /// .
    pub stale: bool,
}
/// .
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// .
    pub put: Vec<SearchDoc>,
    /// .
    pub remove: Vec<String>,
    /// .
    pub position: i64,
}
/// .
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct SearchError {
    /// What was being done.
    pub doing: &'static str,
    #[source]
    source: tantivy::TantivyError,
}
impl Index {
    /// .
    pub fn open(_dir: &Path) -> Result<Opened, SearchError> {
        todo!()
    }
    /// .
    pub fn in_memory() -> Result<Index, SearchError> {
        todo!()
    }
    /// .
    pub fn apply(&self, _batch: &Batch) -> Result<(), SearchError> {
        todo!()
    }
    /// .
    pub fn position(&self) -> i64 {
        todo!()
    }
    /// .
    pub fn rebuild(
        &self,
        _docs: impl Iterator<Item = SearchDoc>,
        _position: i64,
    ) -> Result<u64, SearchError> {
        todo!()
    }
    /// .
    pub fn search(&self, _query: &SearchQuery) -> Result<SearchHits, SearchError> {
        todo!()
    }
}
