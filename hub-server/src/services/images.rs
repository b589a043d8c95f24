//! Images: what a tag is, what it says, and what people say about it.
//!
//! What an image says in the end is merged from levels, field by field: what people said about
//! the tag, then about the repository, the detail artifacts that refer to the image, what was
//! read out of the image, what the upload before left behind, what comes from a base image, and
//! defaults. One function merges them (`settle`), and every change of a level ends there.

mod delete;
mod describe;
mod extracted;
mod read;
mod settle;
mod store;

use std::collections::BTreeMap;

use hub_blobs::BlobError;
use hub_db::DbError;
use hub_model::{Detail, Field, NameError, Source, Tag, Value};

use super::access::AccessError;

pub use delete::{delete, delete_manifest};
pub use describe::{declare, describe};
pub(crate) use extracted::{described, not_described, said_by_artifacts, settle_all};
pub use read::{docs, document, get, list, manifest, manifest_head, referrers, tags, to_describe};
pub(crate) use settle::{move_latest, right_latest, settle};
pub(crate) use store::RepoStore;

/// Why an image was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The repository has no such tag or manifest.
    #[error("`{repo}` has no image `{reference}`")]
    Unknown {
        /// Full name of the repository.
        repo: String,
        /// The tag or digest asked for.
        reference: String,
    },
    /// The repository has no such document.
    #[error("`{repo}` has no document `{digest}`")]
    NoDocument {
        /// Full name of the repository.
        repo: String,
        /// The digest asked for.
        digest: String,
    },
    /// A place in a list that was not made by the list before.
    #[error("`{cursor}` is no place in this list")]
    Cursor {
        /// The text.
        cursor: String,
    },
    /// A tag or digest that breaks a rule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A text or picture above the limit.
    #[error("{what} may have {limit} bytes, this one has {found}")]
    TooLarge {
        /// Which text or picture.
        what: &'static str,
        /// The limit, in bytes.
        limit: usize,
        /// Its size, in bytes.
        found: usize,
    },
    /// A picture of a kind that is not shown.
    #[error("an icon is a png, jpeg, gif, webp or svg picture, this one is none of them")]
    Icon,
    /// A value that its field does not take.
    #[error("`{field}` does not take this value: {reason}")]
    Field {
        /// The field.
        field: Field,
        /// Why not.
        reason: String,
    },
    /// A value that only a document can give.
    #[error("`{field}` is set by sending its text or picture, not by naming a digest")]
    ByDocument {
        /// The field.
        field: Field,
    },
    /// The metadata store failed.
    #[error("could not read or record the image")]
    Db(#[from] DbError),
    /// The store of bytes failed.
    #[error("could not read the image's bytes")]
    Blob(#[from] BlobError),
}

/// What a description is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetailTarget {
    /// The whole repository.
    Repo,
    /// One tag.
    Tag(Tag),
}

/// What somebody says about an image or a repository.
///
/// An empty value says "none, on purpose"; a field in [`Edit::unset`] takes back what was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Values by field.
    pub set: BTreeMap<Field, Value>,
    /// The README.
    pub docs: Option<String>,
    /// The icon: its media type and its bytes.
    pub icon: Option<(String, Vec<u8>)>,
    /// What is taken back.
    pub unset: Vec<Field>,
    /// Who says it: `cli`, `web` or `api`.
    pub source: Source,
}

impl Edit {
    /// An edit that changes nothing yet.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self { set: BTreeMap::new(), docs: None, icon: None, unset: Vec::new(), source }
    }
}

/// An image that is written down without being pushed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Declaration {
    /// What is said about it.
    pub detail: Detail,
}
