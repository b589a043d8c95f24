//! What organisations hold, and how much they may.
//!
//! A push appends a row that says what it added; nobody updates a row that another push needs.
//! The use of an organisation is the sum of its rows, a job folds them into one. Two changes that
//! link one new blob to two repositories of an organisation at the same moment both count it,
//! until everything is counted anew.

use hub_model::{OrgUsage, Quota, QuotaOverride};
use sqlx::FromRow;

use crate::rows::int;
use crate::{Change, Db, DbError, Doing};

statements! {
    BLOB_COMES_OR_GOES =
        "INSERT INTO org_usage (org_id, bytes, repos, tags, counted_at_ms)
         SELECT r.org_id, CAST($3 AS BIGINT) * b.size_bytes, 0, 0, 0
         FROM repo r
         JOIN blob b ON b.digest = $2
         WHERE r.id = $1
           AND NOT EXISTS (SELECT 1
                           FROM repo_blob h
                           JOIN repo o ON o.id = h.repo_id
                           WHERE h.digest = $2 AND o.org_id = r.org_id AND o.id <> r.id)";
    REPO_ADDED =
        "INSERT INTO org_usage (org_id, bytes, repos, tags, counted_at_ms)
         VALUES ($1, 0, 1, 0, 0)";
    REPO_GOES =
        "INSERT INTO org_usage (org_id, bytes, repos, tags, counted_at_ms)
         SELECT r.org_id,
                -COALESCE((SELECT CAST(SUM(b.size_bytes) AS BIGINT)
                           FROM repo_blob h
                           JOIN blob b ON b.digest = h.digest
                           WHERE h.repo_id = r.id
                             AND NOT EXISTS (SELECT 1
                                             FROM repo_blob e
                                             JOIN repo o ON o.id = e.repo_id
                                             WHERE e.digest = h.digest
                                               AND o.org_id = r.org_id
                                               AND o.id <> r.id)), 0),
                -1, -r.tags, 0
         FROM repo r
         WHERE r.id = $1";
    TAGS_CHANGE =
        "INSERT INTO org_usage (org_id, bytes, repos, tags, counted_at_ms)
         SELECT r.org_id, 0, 0, CAST($2 AS BIGINT) - r.tags, 0
         FROM repo r
         WHERE r.id = $1 AND r.tags <> $2";
    USAGE =
        "SELECT COALESCE(CAST(SUM(bytes) AS BIGINT), 0) AS bytes,
                COALESCE(CAST(SUM(repos) AS BIGINT), 0) AS repos,
                COALESCE(CAST(SUM(tags) AS BIGINT), 0) AS tags
         FROM org_usage
         WHERE org_id = $1";
    ORG_HOLDS =
        "SELECT COUNT(*)
         FROM repo_blob h
         JOIN repo r ON r.id = h.repo_id
         WHERE h.digest = $2 AND r.org_id = $1";
    QUOTA =
        "SELECT bytes, repos, tags
         FROM org_quota
         WHERE org_id = $1";
    SET_QUOTA =
        "INSERT INTO org_quota (org_id, bytes, repos, tags)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (org_id) DO UPDATE
         SET bytes = excluded.bytes, repos = excluded.repos, tags = excluded.tags";
    TO_FOLD =
        "SELECT org_id, MAX(counted_at_ms) AS counted_at_ms
         FROM org_usage
         WHERE org_id > $1
         GROUP BY org_id
         HAVING COUNT(*) > 1 OR MAX(counted_at_ms) <= $2
         ORDER BY org_id
         LIMIT $3";
    RECOUNT =
        "INSERT INTO org_usage (org_id, bytes, repos, tags, counted_at_ms)
         SELECT o.id,
                COALESCE((SELECT CAST(SUM(b.size_bytes) AS BIGINT)
                          FROM blob b
                          WHERE b.digest IN (SELECT h.digest
                                             FROM repo_blob h
                                             JOIN repo r ON r.id = h.repo_id
                                             WHERE r.org_id = o.id)), 0)
                - COALESCE((SELECT CAST(SUM(u.bytes) AS BIGINT)
                            FROM org_usage u
                            WHERE u.org_id = o.id), 0),
                (SELECT COUNT(*) FROM repo r WHERE r.org_id = o.id)
                - COALESCE((SELECT CAST(SUM(u.repos) AS BIGINT)
                            FROM org_usage u
                            WHERE u.org_id = o.id), 0),
                COALESCE((SELECT CAST(SUM(r.tags) AS BIGINT)
                          FROM repo r
                          WHERE r.org_id = o.id), 0)
                - COALESCE((SELECT CAST(SUM(u.tags) AS BIGINT)
                            FROM org_usage u
                            WHERE u.org_id = o.id), 0),
                CAST($2 AS BIGINT)
         FROM org o
         WHERE o.id = $1";
    TAKE_ROWS =
        "DELETE FROM org_usage
         WHERE org_id = $1
         RETURNING bytes, repos, tags, counted_at_ms";
    PUT_SUM =
        "INSERT INTO org_usage (org_id, bytes, repos, tags, counted_at_ms)
         SELECT id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT)
         FROM org
         WHERE id = $1";
}

#[derive(FromRow)]
struct UsageRow {
    bytes: i64,
    repos: i64,
    tags: i64,
}

impl From<UsageRow> for OrgUsage {
    fn from(row: UsageRow) -> Self {
        // Drift may pass through zero until everything is counted anew.
        let least = |number: i64| u64::try_from(number).unwrap_or(0);
        Self { bytes: least(row.bytes), repos: least(row.repos), tags: least(row.tags) }
    }
}

type QuotaRow = (Option<i64>, Option<i64>, Option<i64>);

impl Db {
    /// What an organisation holds.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn org_usage(&self, org_id: i64) -> Result<OrgUsage, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, UsageRow>(USAGE).bind(org_id).fetch_one(pool).await
        });
        row.map(Into::into).doing("add up what the organisation holds")
    }

    /// What an administrator set for an organisation.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn org_quota(&self, org_id: i64) -> Result<QuotaOverride, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, QuotaRow>(QUOTA).bind(org_id).fetch_optional(pool).await
        });
        let (bytes, repos, tags) = row.doing("read the quota")?.unwrap_or_default();
        let number = |stored: Option<i64>| stored.and_then(|number| u64::try_from(number).ok());
        Ok(QuotaOverride { bytes: number(bytes), repos: number(repos), tags: number(tags) })
    }

    /// What an organisation may hold, where the hub's settings say `settings`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn quota_of(&self, org_id: i64, settings: Quota) -> Result<Quota, DbError> {
        Ok(self.org_quota(org_id).await?.over(settings))
    }

    /// Whether a repository of the organisation holds the blob: it is counted already then.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn org_holds(
        &self,
        org_id: i64,
        digest: &hub_model::Digest,
    ) -> Result<bool, DbError> {
        let held = read!(self, pool => {
            sqlx::query_scalar::<_, i64>(ORG_HOLDS)
                .bind(org_id)
                .bind(digest.as_str())
                .fetch_one(pool)
                .await
        });
        held.map(|held| held > 0).doing("look for the blob in the organisation")
    }

    /// Organisations that changed since they were folded, or that were last counted anew up to
    /// `due_ms`; those behind `after`, by their rows: which, and when each was last counted anew,
    /// in milliseconds.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn usage_to_fold(
        &self,
        after: i64,
        due_ms: i64,
        limit: i64,
    ) -> Result<Vec<(i64, i64)>, DbError> {
        read!(self, pool => {
            sqlx::query_as(TO_FOLD).bind(after).bind(due_ms).bind(limit).fetch_all(pool).await
        })
        .doing("list the organisations to be counted")
    }
}

impl Change {
    /// Sets what an organisation may hold.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_quota(&mut self, org_id: i64, quota: QuotaOverride) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(SET_QUOTA)
                .bind(org_id)
                .bind(quota.bytes.map(int))
                .bind(quota.repos.map(int))
                .bind(quota.tags.map(int))
                .execute(on)
                .await
                .map(drop)
        })
        .doing("set the quota")
    }

    /// Counts what an organisation holds anew, and notes by how much that differs. One statement,
    /// so that it sees records and notes of one moment.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn recount_usage(&mut self, org_id: i64, at_ms: i64) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(RECOUNT).bind(org_id).bind(at_ms).execute(on).await.map(drop)
        })
        .doing("count anew what the organisation holds")
    }

    /// Makes one row of the rows of an organisation; of one that is gone, none.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn fold_usage(&mut self, org_id: i64) -> Result<(), DbError> {
        let doing = "fold what the organisation holds";
        let rows: Result<Vec<(i64, i64, i64, i64)>, _> = within!(&mut *self, on => {
            sqlx::query_as(TAKE_ROWS).bind(org_id).fetch_all(on).await
        });
        let rows = rows.doing(doing)?;
        if rows.is_empty() {
            return Ok(());
        }
        let sum = |part: fn(&(i64, i64, i64, i64)) -> i64| rows.iter().map(part).sum::<i64>();
        let counted_at_ms = rows.iter().map(|row| row.3).max().unwrap_or(0);
        within!(self, on => {
            sqlx::query(PUT_SUM)
                .bind(org_id)
                .bind(sum(|row| row.0))
                .bind(sum(|row| row.1))
                .bind(sum(|row| row.2))
                .bind(counted_at_ms)
                .execute(on)
                .await
                .map(drop)
        })
        .doing(doing)
    }

    /// Notes that a repository holds a blob that it did not hold before.
    pub(crate) async fn note_linked(&mut self, repo_id: i64, digest: &str) -> Result<(), DbError> {
        self.note_blob(1, repo_id, digest).await
    }

    /// Notes that a repository no longer holds a blob.
    pub(crate) async fn note_unlinked(
        &mut self,
        repo_id: i64,
        digest: &str,
    ) -> Result<(), DbError> {
        self.note_blob(-1, repo_id, digest).await
    }

    async fn note_blob(&mut self, times: i64, repo_id: i64, digest: &str) -> Result<(), DbError> {
        within!(self, on => {
            let note = sqlx::query(BLOB_COMES_OR_GOES).bind(repo_id).bind(digest).bind(times);
            note.execute(on).await.map(drop)
        })
        .doing("note what the organisation holds")
    }

    /// Notes that an organisation has one more repository.
    pub(crate) async fn note_added_repo(&mut self, org_id: i64) -> Result<(), DbError> {
        within!(self, on => sqlx::query(REPO_ADDED).bind(org_id).execute(on).await.map(drop))
            .doing("note what the organisation holds")
    }

    /// Notes that a repository, which is still there, goes with everything in it.
    pub(crate) async fn note_going_repo(&mut self, repo_id: i64) -> Result<(), DbError> {
        within!(self, on => sqlx::query(REPO_GOES).bind(repo_id).execute(on).await.map(drop))
            .doing("note what the organisation holds")
    }

    /// Notes how many tags a repository is about to have.
    pub(crate) async fn note_tags(&mut self, repo_id: i64, tags: u64) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(TAGS_CHANGE).bind(repo_id).bind(int(tags)).execute(on).await.map(drop)
        })
        .doing("note what the organisation holds")
    }
}

#[cfg(test)]
mod tests {
    use hub_model::Visibility;

    use super::*;
    use crate::Latest;
    use crate::fixtures::{digest, engines};

    async fn usage(db: &Db, org_id: i64) -> (u64, u64, u64) {
        let usage = db.org_usage(org_id).await.unwrap();
        (usage.bytes, usage.repos, usage.tags)
    }

    fn tagged(tags: u64) -> Latest {
        Latest { tag: None, semver: None, tags, pushed_at_ms: 1, updated_at_ms: 1 }
    }

    #[tokio::test]
    async fn a_blob_counts_once_in_an_organisation_and_in_each_organisation() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let (one, two) = (change.an_org("one").await, change.an_org("two").await);
            let a = change.a_repo(&one, "a", Visibility::Public).await;
            let b = change.a_repo(&one, "b", Visibility::Public).await;
            let c = change.a_repo(&two, "c", Visibility::Public).await;
            for (number, size) in [(1, 100), (2, 20)] {
                change.put_blob(&digest(number), size, 1).await.unwrap();
            }
            // The second time it comes, at another time, it is there already.
            for (repo, number, at_ms) in
                [(&a, 1, 1), (&a, 1, 2), (&b, 1, 3), (&b, 2, 4), (&c, 2, 5)]
            {
                change.link_blob(repo.id, &digest(number), at_ms).await.unwrap();
            }
            change.set_latest(a.id, &tagged(3)).await.unwrap();
            change.set_latest(a.id, &tagged(2)).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(usage(&db, one.id).await, (120, 2, 2));
            assert_eq!(usage(&db, two.id).await, (20, 1, 0));
            assert!(db.org_holds(one.id, &digest(2)).await.unwrap());
            assert!(!db.org_holds(two.id, &digest(1)).await.unwrap());

            let mut change = db.change().await.unwrap();
            change.unlink_blob(b.id, &digest(1), 1).await.unwrap();
            change.unlink_blob(b.id, &digest(1), 1).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(usage(&db, one.id).await, (120, 2, 2), "the other repository holds it");

            let mut change = db.change().await.unwrap();
            change.delete_repo(a.id, 1).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(usage(&db, one.id).await, (20, 1, 0));
        }
    }

    #[tokio::test]
    async fn folding_keeps_the_sum_and_counting_anew_heals_it() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let org = change.an_org("one").await;
            let repo = change.a_repo(&org, "a", Visibility::Public).await;
            change.put_blob(&digest(1), 100, 1).await.unwrap();
            change.link_blob(repo.id, &digest(1), 1).await.unwrap();
            // As two changes do that do not see each other.
            change.note_linked(repo.id, digest(1).as_str()).await.unwrap();
            change.note_added_repo(org.id).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(usage(&db, org.id).await, (200, 2, 0));
            assert_eq!(db.usage_to_fold(0, -1, 10).await.unwrap(), [(org.id, 0)]);

            let mut change = db.change().await.unwrap();
            change.fold_usage(org.id).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(usage(&db, org.id).await, (200, 2, 0));
            assert!(db.usage_to_fold(0, -1, 10).await.unwrap().is_empty());
            let due = db.usage_to_fold(0, 50, 10).await.unwrap();
            assert_eq!(due, [(org.id, 0)], "what is folded may be wrong as well");

            let mut change = db.change().await.unwrap();
            change.recount_usage(org.id, 77).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(usage(&db, org.id).await, (100, 1, 0));
            assert_eq!(db.usage_to_fold(0, -1, 10).await.unwrap(), [(org.id, 77)]);

            let mut change = db.change().await.unwrap();
            change.fold_usage(org.id).await.unwrap();
            change.commit().await.unwrap();
            assert!(db.usage_to_fold(0, 76, 10).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn what_an_administrator_set_goes_before_the_settings() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let org = change.an_org("one").await;
            change.commit().await.unwrap();
            let settings = Quota { bytes: 5, repos: 6, tags: 7 };
            assert_eq!(db.quota_of(org.id, settings).await.unwrap(), settings);
            for bytes in [Some(9), Some(0), None] {
                let own = QuotaOverride { bytes, ..QuotaOverride::default() };
                let mut change = db.change().await.unwrap();
                change.set_quota(org.id, own).await.unwrap();
                change.commit().await.unwrap();
                assert_eq!(db.org_quota(org.id).await.unwrap(), own);
            }
        }
    }
}
