//! Transactions: everything written together, or nothing.

use sqlx::{Postgres, Sqlite, Transaction};

use crate::{DbError, Doing};

/// One all-or-nothing change. Dropped without [`Change::commit`], nothing happened.
#[derive(Debug)]
pub enum Change {
    /// Begun with `BEGIN IMMEDIATE`: it holds the write lock from its first statement.
    Lite(Transaction<'static, Sqlite>),
    /// An ordinary transaction.
    Pg(Transaction<'static, Postgres>),
}

impl Change {
    /// Makes it so.
    ///
    /// # Errors
    ///
    /// When the store did not take it. Then nothing happened, unless the connection broke while
    /// the store answered: a caller that asks again must be ready to find it done.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Lite(tx) => tx.commit().await,
            Self::Pg(tx) => tx.commit().await,
        }
        .doing("commit a change")
    }
}
