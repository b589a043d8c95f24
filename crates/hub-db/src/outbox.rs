//! The outbox: news for every replica, in the order of their commits.

use hub_model::{Letter, LetterKind};
use sqlx::FromRow;

use crate::rows::all;
use crate::{Change, Db, DbError, Doing};

statements! {
    ADD_LETTER =
        "INSERT INTO outbox (kind, subject, at_ms)
         VALUES ($1, $2, $3)";
    LETTERS_AFTER =
        "SELECT seq, kind, subject
         FROM outbox
         WHERE seq > $1
         ORDER BY seq
         LIMIT $2";
    LAST_LETTER =
        "SELECT COALESCE(MAX(seq), 0)
         FROM outbox";
    FIRST_LETTER =
        "SELECT COALESCE(MIN(seq), 0)
         FROM outbox";
    DROP_LETTERS =
        "DELETE FROM outbox
         WHERE seq IN (SELECT seq
                       FROM (SELECT seq, at_ms
                             FROM outbox
                             ORDER BY seq
                             LIMIT 5000) AS oldest
                       WHERE at_ms < $1 AND seq < (SELECT MAX(seq) FROM outbox))";
}

#[derive(FromRow)]
struct LetterRow {
    seq: i64,
    kind: String,
    subject: String,
}

impl TryFrom<LetterRow> for Letter {
    type Error = sqlx::Error;

    fn try_from(row: LetterRow) -> Result<Self, sqlx::Error> {
        Ok(Self { seq: row.seq, kind: LetterKind::parse(&row.kind), subject: row.subject })
    }
}

impl Db {
    /// Letters behind number `seq`, in order. No letter ever appears behind a later one.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn letters_after(&self, seq: i64, limit: i64) -> Result<Vec<Letter>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, LetterRow>(LETTERS_AFTER)
                .bind(seq)
                .bind(limit)
                .fetch_all(pool)
                .await
        });
        rows.and_then(all).doing("read the outbox")
    }

    /// Number of the last letter; 0 before the first.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn last_letter(&self) -> Result<i64, DbError> {
        read!(self, pool => sqlx::query_scalar(LAST_LETTER).fetch_one(pool).await)
            .doing("read the outbox")
    }

    /// Number of the oldest letter that is kept; 0 when there is none. A reader who stopped more
    /// than one letter before it may have missed some.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn first_letter(&self) -> Result<i64, DbError> {
        read!(self, pool => sqlx::query_scalar(FIRST_LETTER).fetch_one(pool).await)
            .doing("read the outbox")
    }

    /// Drops letters older than that. The last one stays, so that its number is not forgotten.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn drop_letters_before(&self, at_ms: i64) -> Result<(), DbError> {
        // Some at a time, from the front on: they lie in the order of time, nearly, and nobody waits
        // for the end of all of them.
        loop {
            let dropped = alone!(self, pool => {
                let done = sqlx::query(DROP_LETTERS).bind(at_ms).execute(pool).await;
                done.map(|done| done.rows_affected())
            });
            if dropped.doing("drop old letters")? == 0 {
                return Ok(());
            }
        }
    }
}

impl Change {
    /// Leaves a letter for the replicas. Do it as late as possible: other changes that want to
    /// leave one wait from here until this one is committed.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn tell(
        &mut self,
        kind: LetterKind,
        subject: &str,
        at_ms: i64,
    ) -> Result<(), DbError> {
        self.take_turn().await.doing("take the turn in the outbox")?;
        within!(self, on => {
            sqlx::query(ADD_LETTER)
                .bind(kind.as_str())
                .bind(subject)
                .bind(at_ms)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("leave a letter")?;
        if let Self::Lite(change) = self {
            change.note(kind, subject);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    async fn tell(db: &Db, subject: &str, at_ms: i64) {
        let mut change = db.change().await.unwrap();
        change.tell(LetterKind::Repo, subject, at_ms).await.unwrap();
        change.commit().await.unwrap();
    }

    #[tokio::test]
    async fn letters_are_read_from_where_the_reader_stopped() {
        for (db, _fresh) in engines().await {
            assert_eq!(db.last_letter().await.unwrap(), 0);
            tell(&db, "labring/a", 1).await;
            tell(&db, "labring/b", 2).await;
            let letters = db.letters_after(0, 10).await.unwrap();
            assert_eq!(letters.len(), 2);
            assert_eq!(
                (letters[0].kind, letters[0].subject.as_str()),
                (LetterKind::Repo, "labring/a")
            );
            assert_eq!(db.letters_after(letters[0].seq, 10).await.unwrap(), letters[1..]);
            assert_eq!(db.last_letter().await.unwrap(), letters[1].seq);
        }
    }

    #[tokio::test]
    async fn a_dropped_change_leaves_no_letter() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            change.tell(LetterKind::Access, "labring", 1).await.unwrap();
            drop(change);
            assert!(db.letters_after(0, 10).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn numbers_go_on_after_old_letters_were_dropped() {
        for (db, _fresh) in engines().await {
            for at_ms in 1..=3 {
                tell(&db, "labring/a", at_ms).await;
            }
            let last = db.last_letter().await.unwrap();
            db.drop_letters_before(99).await.unwrap();
            assert_eq!(db.last_letter().await.unwrap(), last);
            assert_eq!(db.first_letter().await.unwrap(), last);
            tell(&db, "labring/b", 4).await;
            assert!(db.last_letter().await.unwrap() > last);
        }
    }

    #[tokio::test]
    async fn no_letter_appears_behind_a_later_one() {
        for (db, _fresh) in engines().await {
            let writer = async |number: i64| {
                for turn in 0..10 {
                    tell(&db, &format!("labring/r{number}"), turn).await;
                }
            };
            let reader = async {
                let mut read: Vec<i64> = Vec::new();
                while read.len() < 80 {
                    let seen = read.last().copied().unwrap_or(0);
                    let letters = db.letters_after(seen, 500).await.unwrap();
                    read.extend(letters.iter().map(|letter| letter.seq));
                }
                read
            };
            let (read, _) = futures::join!(reader, futures::future::join_all((0..8).map(writer)));
            let all = db.letters_after(0, 500).await.unwrap();
            assert_eq!(read, all.iter().map(|letter| letter.seq).collect::<Vec<_>>());
        }
    }
}
