//! Hearing of changes in the process that makes them, and waiting until none is under way.

use std::fmt;
use std::sync::Arc;

use hub_model::LetterKind;
use sqlx::Executor;

use crate::{Db, DbError, Doing, Lite};

/// Hears what this process commits to a file.
pub trait Listener: fmt::Debug + Send + Sync {
    /// These letters were left by a change that was just committed. Called before
    /// [`Change::commit`](crate::Change::commit) answers, also when the commit failed.
    fn told(&self, letters: &[(LetterKind, String)]);

    /// A change was given up while it was being committed. Whether it was made is known only
    /// after [`Db::quiet`].
    fn in_doubt(&self);
}

impl Db {
    /// Lets `listener` hear of every change from now on; the first one stays. Tells whether it
    /// does: a PostgreSQL server has other writers, and only the outbox speaks of all of them.
    pub fn listen(&self, listener: Arc<dyn Listener>) -> bool {
        match self {
            Self::Lite(lite) => lite.listener.set(listener).is_ok(),
            Self::Pg(_) => false,
        }
    }

    /// Waits until every change of a file that was begun earlier is over. On PostgreSQL it waits
    /// for nothing.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn quiet(&self) -> Result<(), DbError> {
        match self {
            // The one connection that writes answers in the order in which it was asked.
            Self::Lite(Lite { writer, .. }) => {
                writer.execute("SELECT 1").await.map(drop).doing("wait for the changes under way")
            }
            Self::Pg(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::fixtures::engines;

    #[derive(Debug, Default)]
    struct Ears(Mutex<Vec<String>>);

    impl Ears {
        fn heard(&self) -> Vec<String> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    impl Listener for Ears {
        fn told(&self, letters: &[(LetterKind, String)]) {
            let words =
                letters.iter().map(|(kind, subject)| format!("{} {subject}", kind.as_str()));
            self.0.lock().unwrap().extend(words);
        }

        fn in_doubt(&self) {
            self.0.lock().unwrap().push("in doubt".to_owned());
        }
    }

    #[tokio::test]
    async fn who_listens_to_a_file_hears_of_a_change_once_it_is_committed() {
        for (db, _fresh) in engines().await {
            let ears = Arc::new(Ears::default());
            if !db.listen(ears.clone()) {
                assert_eq!(db.engine(), "postgres");
                continue;
            }
            let mut change = db.change().await.unwrap();
            change.tell(LetterKind::Repo, "labring/a", 1).await.unwrap();
            change.tell(LetterKind::Access, "labring", 1).await.unwrap();
            assert!(ears.heard().is_empty());
            change.commit().await.unwrap();
            assert_eq!(ears.heard(), ["repo labring/a", "access labring"]);

            let mut change = db.change().await.unwrap();
            change.tell(LetterKind::Repo, "labring/a", 1).await.unwrap();
            drop(change);
            db.quiet().await.unwrap();
            assert!(ears.heard().is_empty(), "nothing happened");
        }
    }

    #[tokio::test]
    async fn a_commit_that_nobody_waits_for_is_in_doubt_until_it_is_quiet() {
        for (db, _fresh) in engines().await {
            let ears = Arc::new(Ears::default());
            if !db.listen(ears.clone()) {
                continue;
            }
            let mut given_up = false;
            for _ in 0..100 {
                let mut change = db.change().await.unwrap();
                change.tell(LetterKind::Repo, "labring/a", 1).await.unwrap();
                let outcome = futures::FutureExt::now_or_never(change.commit());
                given_up |= outcome.is_none();
                let word = if outcome.is_none() { "in doubt" } else { "repo labring/a" };
                assert_eq!(ears.heard(), [word]);
            }
            assert!(given_up, "every commit was faster than one look at it");
            db.quiet().await.unwrap();
            let letters = db.letters_after(0, 9).await.unwrap().len();
            let again = db.letters_after(0, 9).await.unwrap().len();
            assert_eq!(letters, again);
        }
    }
}
