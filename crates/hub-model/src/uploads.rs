//! Upload sessions of blobs.

use crate::Algorithm;

/// One upload of a blob, from its `POST` to its closing `PUT`.
///
/// The row is the truth: a restart, or another replica, goes on where it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Unguessable id, also the name of the staged bytes.
    pub id: String,
    /// Full name of the repository it was begun for.
    pub repo: String,
    /// Name of who began it.
    pub user: String,
    /// Number of bytes received and hashed.
    pub offset_bytes: u64,
    /// The hash function that the state belongs to.
    pub algorithm: Algorithm,
    /// Saved state of the hash after [`Upload::offset_bytes`]; empty at the beginning.
    pub hash_state: Vec<u8>,
    /// What the store of blobs remembers of the staged bytes; empty at the beginning.
    pub store_state: Vec<u8>,
    /// When it was begun, in milliseconds.
    pub started_at_ms: i64,
    /// When the last byte came, in milliseconds.
    pub updated_at_ms: i64,
}
