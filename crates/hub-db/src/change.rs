//! Transactions: everything written together, or nothing.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use hub_model::LetterKind;
use sqlx::{Postgres, Sqlite, SqliteConnection, Transaction};

use crate::{DbError, Doing, Listener};

/// One all-or-nothing change. Dropped without [`Change::commit`], nothing happened.
#[derive(Debug)]
pub enum Change {
    /// Begun with `BEGIN IMMEDIATE`: it holds the write lock from its first statement.
    Lite(LiteChange),
    /// An ordinary transaction.
    Pg(Transaction<'static, Postgres>),
}

/// A change of a file, which one process alone writes: who listens in it hears of every commit.
#[derive(Debug)]
pub struct LiteChange {
    tx: Transaction<'static, Sqlite>,
    told: Vec<(LetterKind, String)>,
    listener: Option<Arc<dyn Listener>>,
}

impl LiteChange {
    pub(crate) fn new(
        tx: Transaction<'static, Sqlite>,
        listener: Option<Arc<dyn Listener>>,
    ) -> Self {
        Self { tx, told: Vec::new(), listener }
    }

    /// Keeps a letter for who listens.
    pub(crate) fn note(&mut self, kind: LetterKind, subject: &str) {
        self.told.push((kind, subject.to_owned()));
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        let Self { tx, told, listener } = self;
        let mut news = News { told, listener, over: false };
        let outcome = tx.commit().await;
        news.over = true;
        outcome
    }
}

impl Deref for LiteChange {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.tx
    }
}

impl DerefMut for LiteChange {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }
}

/// What the listener is to hear once a commit is over, before its caller hears of it. Who waits
/// for a commit may be dropped meanwhile; then nobody here knows whether it was made.
struct News {
    told: Vec<(LetterKind, String)>,
    listener: Option<Arc<dyn Listener>>,
    over: bool,
}

impl Drop for News {
    fn drop(&mut self) {
        match &self.listener {
            Some(listener) if self.over => listener.told(&self.told),
            Some(listener) => listener.in_doubt(),
            None => {}
        }
    }
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
            Self::Lite(change) => change.commit().await,
            Self::Pg(tx) => tx.commit().await,
        }
        .doing("commit a change")
    }
}
