//! The search index: one document per repository, asked with what the caller may see.
//!
//! The index is derived data. The database is the truth; whoever owns an [`Index`] follows the
//! outbox, hands changed documents over in a [`Batch`] and lets the batch carry the position
//! reached. The position is part of the commit, so a crash repeats at most what was not committed
//! ([`Index::position`]). An index that is missing, damaged or of another version is stale
//! ([`Index::is_stale`]); [`Index::rebuild`] fills a new one while the old one answers.
//!
//! Text is analysed here and not by the engine: words in Latin letters, pairs of characters where
//! a script has no blanks. Queries are built from the same tokens; there is no syntax that could
//! be wrong, so every text has an answer. What the caller may see is a clause of the query:
//! neither a page nor a total tells about anything else.
//!
//! This package must not know where documents come from, nor how results are shown: it answers
//! rows and scores. Everything blocks; servers call it on a thread that may.
//!
//! ```
//! use hub_model::{AccessTerms, SearchDoc, SearchQuery, Visibility};
//! use hub_search::{Batch, Index};
//!
//! let index = Index::in_memory()?;
//! let operator = SearchDoc {
//!     repo_id: 7,
//!     name: "labring/mysql-op".to_owned(),
//!     visibility: Visibility::Public,
//!     description: "Runs MySQL on Kubernetes. 数据库运维".to_owned(),
//!     ..SearchDoc::default()
//! };
//! index.apply(&Batch { put: vec![operator], remove: vec![], position: 1 })?;
//!
//! for text in ["mysql-op", "MySQL", "mys", "数据库", "docker pull hub.example.com/labring/mysql-op:v1"] {
//!     let query = SearchQuery::new(text, AccessTerms::PUBLIC);
//!     assert_eq!(index.search(&query)?.hits[0].repo_id, 7, "{text}");
//! }
//! # Ok::<(), hub_search::SearchError>(())
//! ```

mod ask;
mod best;
mod coordinated;
mod dictionary;
mod error;
mod facets;
mod filters;
mod fold;
mod folders;
pub mod judged;
mod listing;
mod marks;
mod node;
mod plan;
mod prior;
mod ranking;
mod readme;
mod reference;
mod schema;
mod snapshot;
mod suggest;
#[cfg(test)]
mod tests;
mod text;
mod vocabulary;
mod within;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use hub_model::{AccessTerms, SearchDoc, SearchFilter, SearchHits, SearchQuery, Suggestions};

use self::ask::Ask;
use self::dictionary::Dictionary;
use self::error::Doing as _;
pub use self::error::SearchError;
use self::folders::{Home, Housed};
pub use self::marks::{Span, spans};
pub use self::writer::Rebuilt;
use self::writer::{Desk, Live};

/// A handle to the index; clones are the same index.
#[derive(Clone)]
pub struct Index(Arc<Inner>);

struct Inner {
    /// What answers.
    live: ArcSwap<Live>,
    /// What changes it, one caller at a time.
    desk: Desk,
    /// What words mean.
    dictionary: Arc<Dictionary>,
    /// Whether it waits for a rebuild.
    stale: AtomicBool,
}

/// Changes for one commit.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Documents that are new or changed; a name that is there already is replaced.
    pub put: Vec<SearchDoc>,
    /// Full names of repositories that are gone; applied before `put`.
    pub remove: Vec<String>,
    /// Number of the last letter that is dealt with.
    pub position: i64,
}

impl Index {
    /// Opens the index in the folder `dir`, or makes an empty one.
    ///
    /// # Errors
    ///
    /// [`SearchError::Busy`] when another process has it open; [`SearchError::Io`] when the folder
    /// cannot be written to. A damaged index is no error but stale.
    pub fn open(dir: &Path) -> Result<Self, SearchError> {
        let dictionary = dictionary::BUILT_IN.clone();
        let version = format!("{}-{:x}", schema::VERSION, dictionary.fingerprint());
        let (home, found) = Home::open(dir, &version)?;
        let counts = found.as_ref().is_some_and(|(_, counts)| *counts);
        let index = Self::at(home, found.map(|(found, _)| found), dictionary)?;
        index.0.stale.store(!counts, Ordering::Release);
        Ok(index)
    }

    /// An empty index in memory.
    ///
    /// # Errors
    ///
    /// When its threads cannot be started.
    pub fn in_memory() -> Result<Self, SearchError> {
        Self::in_memory_with(dictionary::BUILT_IN.clone())
    }

    /// The same with another dictionary.
    ///
    /// # Errors
    ///
    /// As [`Index::in_memory`].
    pub(crate) fn in_memory_with(dictionary: Dictionary) -> Result<Self, SearchError> {
        Self::at(Home::memory(), None, dictionary)
    }

    fn at(home: Home, found: Option<Housed>, dictionary: Dictionary) -> Result<Self, SearchError> {
        let dictionary = Arc::new(dictionary);
        let (live, desk) = Desk::open(home, found, Arc::clone(&dictionary))?;
        Ok(Self(Arc::new(Inner {
            live: ArcSwap::from_pointee(live),
            desk,
            dictionary,
            stale: AtomicBool::new(false),
        })))
    }

    /// Applies `batch` in one commit; searches that begin afterwards see all of it.
    ///
    /// # Errors
    ///
    /// When it cannot be written; then nothing of the batch is applied.
    pub fn apply(&self, batch: &Batch) -> Result<(), SearchError> {
        self.0.desk.apply(&self.0.live, batch)
    }

    /// Whether it has to be built anew: it was missing or damaged, and is empty; or it is of another
    /// version, and answers from what it had. It stays stale, also after a restart, until
    /// [`Index::rebuild`].
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.0.stale.load(Ordering::Acquire)
    }

    /// Lets it count as stale, when its owner finds that it cannot follow any more. This is not
    /// remembered after a restart.
    pub fn outdate(&self) {
        self.0.stale.store(true, Ordering::Release);
    }

    /// Position of the last commit, 0 for a fresh index.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.0.live.load().position.load(Ordering::Acquire)
    }

    /// Full name and row of every repository that the index knows, in no order.
    ///
    /// # Errors
    ///
    /// When the index cannot be read.
    pub fn documents(&self) -> Result<Vec<(String, i64)>, SearchError> {
        self.0.live.load().documents()
    }

    /// Replaces everything by `docs` and returns their number: [`Index::build_beside`], then
    /// [`Index::adopt`], for an owner who changes nothing meanwhile.
    ///
    /// # Errors
    ///
    /// Those of both; the old index goes on, and is as stale as before.
    pub fn rebuild<E: std::error::Error + Send + Sync + 'static>(
        &self,
        docs: impl Iterator<Item = Result<SearchDoc, E>>,
        position: i64,
    ) -> Result<u64, SearchError> {
        self.adopt(self.build_beside(docs, position)?)
    }

    /// Builds an index of all of `docs`, while this one answers and follows.
    ///
    /// `position` is that of the outbox before the first document was read: letters that arrived
    /// while reading are then applied once more, which does no harm.
    ///
    /// # Errors
    ///
    /// When it cannot be written, and [`SearchError::Source`] when one of `docs` could not be read.
    pub fn build_beside<E: std::error::Error + Send + Sync + 'static>(
        &self,
        docs: impl Iterator<Item = Result<SearchDoc, E>>,
        position: i64,
    ) -> Result<Rebuilt, SearchError> {
        self.0.desk.beside(docs, position)
    }

    /// Lets `rebuilt` answer from now on, and returns the number of its documents. The position is
    /// again the one that it was built from: whoever reads letters must not be in the middle of a
    /// batch.
    ///
    /// # Errors
    ///
    /// When it cannot be completed; the old index goes on.
    pub fn adopt(&self, rebuilt: Rebuilt) -> Result<u64, SearchError> {
        let count = self.0.desk.adopt(&self.0.live, rebuilt)?;
        self.0.stale.store(false, Ordering::Release);
        Ok(count)
    }

    /// Answers `query`.
    ///
    /// Without words: everything that fulfils the filters, newest upload first. With words: what
    /// fits, best first, out of the best thousand; the total counts what is above the cut-off among
    /// them. Words without any letter or digit find nothing.
    ///
    /// # Errors
    ///
    /// When the index cannot be read; never because of the text.
    pub fn search(&self, query: &SearchQuery) -> Result<SearchHits, SearchError> {
        ranking::search(&self.0.live.load(), &self.0.dictionary, query)
    }

    /// Suggests repositories and organisations that begin with what was typed, at most `limit` of
    /// each.
    ///
    /// # Errors
    ///
    /// When the index cannot be read.
    pub fn suggest(
        &self,
        typed: &str,
        access: &AccessTerms,
        limit: usize,
    ) -> Result<Suggestions, SearchError> {
        let live = self.0.live.load();
        let snapshot = live.snapshot.load();
        suggest::suggest(&snapshot, &live.fields, typed, access, limit.max(1))
            .doing("ask the search index")
    }
}

/// Whether a text narrows down by operators, beyond the words that it looks for.
#[must_use]
pub fn narrows(text: &str) -> bool {
    let ask = Ask::read(text);
    ask.impossible || !ask.without.is_empty() || ask.filter != SearchFilter::default()
}

/// What the operators of a text and `given` narrow down together.
#[must_use]
pub fn narrowed(text: &str, given: &SearchFilter) -> SearchFilter {
    ask::joined(&Ask::read(text).filter, given)
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("position", &self.position()).finish_non_exhaustive()
    }
}
