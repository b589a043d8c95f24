//! What was searched for and not found, the most frequent first.

use hub_model::MissedSearch;
use sqlx::FromRow;

use crate::rows::{all, count, int, mark};
use crate::{Change, Db, DbError, Doing};

statements! {
    ADD_MISSED =
        "INSERT INTO missed_search (text, times, first_ms, last_ms)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (text) DO UPDATE
         SET times = missed_search.times + excluded.times,
             last_ms = CASE WHEN missed_search.last_ms < excluded.last_ms THEN excluded.last_ms
                            ELSE missed_search.last_ms END";
    MISSED =
        "SELECT text, times, first_ms, last_ms
         FROM missed_search
         WHERE times <= $1 AND (times < $1 OR text > $2)
         ORDER BY times DESC, text
         LIMIT $3";
    COUNT_MISSED =
        "SELECT COUNT(*)
         FROM missed_search";
    DROP_RAREST =
        "DELETE FROM missed_search
         WHERE text IN (SELECT text
                        FROM missed_search
                        ORDER BY times, last_ms, text
                        LIMIT $1)";
    DROP_OLD =
        "DELETE FROM missed_search
         WHERE last_ms < $1";
    DROP_MISSED =
        "DELETE FROM missed_search";
}

#[derive(FromRow)]
struct MissedRow {
    text: String,
    times: i64,
    first_ms: i64,
    last_ms: i64,
}

impl TryFrom<MissedRow> for MissedSearch {
    type Error = sqlx::Error;

    fn try_from(row: MissedRow) -> Result<Self, sqlx::Error> {
        let (first_ms, last_ms) = (row.first_ms, row.last_ms);
        Ok(Self { text: row.text, times: count(row.times)?, first_ms, last_ms })
    }
}

impl Db {
    /// Adds searches that found nothing, and keeps at most `most` texts: the rarest go, of those
    /// the ones that were asked for longest ago.
    ///
    /// # Errors
    ///
    /// When a statement fails; then none was added.
    pub async fn add_missed(&self, missed: &[MissedSearch], most: i64) -> Result<(), DbError> {
        let mut missed: Vec<&MissedSearch> = missed.iter().collect();
        // Replicas that lock the same rows in different orders would wait for each other.
        missed.sort_unstable_by(|left, right| left.text.cmp(&right.text));
        let mut change = self.change().await?;
        within!(&mut change, on => async {
            for search in missed {
                sqlx::query(ADD_MISSED)
                    .bind(&search.text)
                    .bind(int(search.times))
                    .bind(search.first_ms)
                    .bind(search.last_ms)
                    .execute(&mut *on)
                    .await?;
            }
            let texts: i64 = sqlx::query_scalar(COUNT_MISSED).fetch_one(&mut *on).await?;
            if texts > most {
                sqlx::query(DROP_RAREST).bind(texts - most).execute(&mut *on).await?;
            }
            Ok::<_, sqlx::Error>(())
        }
        .await)
        .doing("note what was not found")?;
        change.commit().await
    }

    /// Searches that found nothing, the most frequent first, those behind that number and text.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn missed(
        &self,
        after: Option<(u64, &str)>,
        limit: i64,
    ) -> Result<Vec<MissedSearch>, DbError> {
        let (times, text) = after.unwrap_or((u64::MAX, ""));
        let rows = read!(self, pool => {
            sqlx::query_as::<_, MissedRow>(MISSED)
                .bind(int(times))
                .bind(mark(text))
                .bind(limit)
                .fetch_all(pool)
                .await
        });
        rows.and_then(all).doing("list what was not found")
    }

    /// Number of texts that found nothing.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_missed(&self) -> Result<u64, DbError> {
        let texts = read!(self, pool => sqlx::query_scalar(COUNT_MISSED).fetch_one(pool).await);
        texts.and_then(count).doing("count what was not found")
    }

    /// Forgets what nobody asked for since `before_ms`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn drop_missed_before(&self, before_ms: i64) -> Result<(), DbError> {
        alone!(self, pool => sqlx::query(DROP_OLD).bind(before_ms).execute(pool).await.map(drop))
            .doing("forget what was not found long ago")
    }
}

impl Change {
    /// Forgets every search that found nothing; answers how many texts that were.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn drop_missed(&mut self) -> Result<u64, DbError> {
        within!(self, on => sqlx::query(DROP_MISSED).execute(on).await.map(|done| done.rows_affected()))
            .doing("forget what was not found")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    fn missed(text: &str, times: u64, last_ms: i64) -> MissedSearch {
        MissedSearch { text: text.to_owned(), times, first_ms: last_ms, last_ms }
    }

    async fn texts(db: &Db) -> Vec<String> {
        let found = db.missed(None, 100).await.unwrap();
        found.into_iter().map(|search| search.text).collect()
    }

    #[tokio::test]
    async fn searches_add_up_and_are_listed_in_parts() {
        for (db, _fresh) in engines().await {
            db.add_missed(&[missed("b", 2, 5), missed("消息", 1, 6)], 10).await.unwrap();
            db.add_missed(&[missed("b", 1, 4), missed("a", 3, 9)], 10).await.unwrap();
            let all = db.missed(None, 9).await.unwrap();
            let b = MissedSearch { text: "b".to_owned(), times: 3, first_ms: 5, last_ms: 5 };
            assert_eq!(all, [missed("a", 3, 9), b.clone(), missed("消息", 1, 6)]);
            assert_eq!(db.missed(Some((3, "a")), 1).await.unwrap(), [b]);
            assert_eq!(db.missed(Some((3, "b")), 9).await.unwrap(), [missed("消息", 1, 6)]);
            assert_eq!(db.missed(Some((1, "消息")), 9).await.unwrap(), []);
            assert_eq!(db.count_missed().await.unwrap(), 3);
        }
    }

    #[tokio::test]
    async fn the_rarest_and_oldest_go_when_there_are_too_many() {
        for (db, _fresh) in engines().await {
            let some = [missed("often", 5, 1), missed("old", 1, 1), missed("new", 1, 9)];
            db.add_missed(&some, 3).await.unwrap();
            db.add_missed(&[missed("newer", 1, 10)], 3).await.unwrap();
            assert_eq!(texts(&db).await, ["often", "new", "newer"]);
            db.drop_missed_before(9).await.unwrap();
            assert_eq!(texts(&db).await, ["new", "newer"]);
            let mut change = db.change().await.unwrap();
            assert_eq!(change.drop_missed().await.unwrap(), 2);
            change.commit().await.unwrap();
            assert_eq!(texts(&db).await, Vec::<String>::new());
        }
    }
}
