//! What can go wrong with the index.

use std::io;
use std::path::PathBuf;

use tantivy::TantivyError;

/// Why the index could not be opened, changed or read.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another process has the folder open.
    #[error("the search index is in use by another process: {}", dir.display())]
    Busy {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder could not be read or written.
    #[error("could not {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What was to be indexed could not be read.
    #[error("could not read what is to be indexed")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The engine failed.
    #[error("could not {doing}")]
    Engine {
        /// What was being done.
        doing: &'static str,
        /// What the engine said; its type is no promise.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Adds the purpose of an operation to its error.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, SearchError>;
}

impl<T> Doing<T> for tantivy::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, SearchError> {
        self.map_err(|source: TantivyError| SearchError::Engine { doing, source: source.into() })
    }
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, SearchError> {
        self.map_err(|source| SearchError::Io { doing, source })
    }
}
