//! What went wrong, with what was being done.

/// SQLite's result code for "no space is left". Source: <https://www.sqlite.org/rescode.html>.
const SQLITE_FULL: &str = "13";

/// PostgreSQL's code of the same condition. Source: its manual, appendix "Error Codes".
const PG_DISK_FULL: &str = "53100";

/// A failed statement, with what it was for.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct DbError {
    doing: &'static str,
    #[source]
    source: sqlx::Error,
}

impl DbError {
    /// Whether a record of that name is there already.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.source.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }

    /// Whether other records still need the one to be removed, or the one named is not there.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        let cause = self.source.as_database_error();
        cause.is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
    }

    /// Whether the store has no space left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let code = self.source.as_database_error().and_then(sqlx::error::DatabaseError::code);
        matches!(code.as_deref(), Some(SQLITE_FULL | PG_DISK_FULL))
    }
}

/// Adds the purpose of a statement to its error.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, DbError>;
}

impl<T, E: Into<sqlx::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str) -> Result<T, DbError> {
        self.map_err(|source| DbError { doing, source: source.into() })
    }
}
