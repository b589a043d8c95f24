//! Acts: what the hub does, whoever asks and however they ask.
//!
//! Every function takes the [`App`](crate::App), then who acts, then typed input; its first line
//! asks for permission, it makes one change, and it logs nothing: the door does.
//! What is to happen later is written down in the same change, as a letter or a job.
//!
//! A service may call `access`; of its siblings only `publish` and `images` may be called by
//! others.

pub mod access;
pub mod accounts;
pub mod blobs;
pub mod images;
pub mod orgs;
pub mod publish;
pub mod registry_tokens;
pub mod repos;
pub mod search;
pub mod tokens;
pub mod uploads;

/// A part of a longer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// Number of all entries that the caller may see.
    pub total: u64,
    /// Where the next part begins; `None` at the end.
    pub next: Option<String>,
}
