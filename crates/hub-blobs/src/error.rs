//! What can go wrong with bytes.

use std::io;

use hub_model::Digest;

/// Why a blob could not be stored, found or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The store holds no such blob.
    #[error("no such blob: {digest}")]
    NotFound {
        /// The digest asked for.
        digest: Digest,
    },
    /// The bytes are not those that were promised.
    #[error("the content has another digest than {expected}: {found}")]
    Mismatch {
        /// The digest promised.
        expected: Digest,
        /// The digest of what arrived.
        found: Digest,
    },
    /// No space is left, or a quota is used up.
    #[error("no space is left for blobs")]
    Full {
        /// What the storage said.
        #[source]
        source: io::Error,
    },
    /// The caller's stream broke. What came before is kept and hashed.
    #[error("the body broke off")]
    Body {
        /// What the stream said.
        #[source]
        source: io::Error,
    },
    /// The storage failed.
    #[error("could not {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the storage said.
        #[source]
        source: io::Error,
    },
}

impl BlobError {
    /// The error for a failed operation of the storage; a full disk gets its own variant.
    #[must_use]
    pub fn io(doing: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { source },
            _ => Self::Io { doing, source },
        }
    }
}

/// Adds the purpose of an operation to its error.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, BlobError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, BlobError> {
        self.map_err(|source| BlobError::io(doing, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_used_up_quota_are_told_apart_from_other_failures() {
        for (kind, full) in [
            (io::ErrorKind::StorageFull, true),
            (io::ErrorKind::QuotaExceeded, true),
            (io::ErrorKind::PermissionDenied, false),
            (io::ErrorKind::Other, false),
        ] {
            let error = BlobError::io("write", io::Error::from(kind));
            assert_eq!(matches!(error, BlobError::Full { .. }), full, "{kind:?}");
        }
    }
}
