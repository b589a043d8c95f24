//! Upload sessions: how far each has come, and who is appending to it.
//!
//! The lease is there because two requests for one session may reach two replicas at once: only
//! its holder may move the offset and the state of the hash.

use hub_model::{Algorithm, Upload};
use sqlx::FromRow;

use crate::rows::{count, int, known, one};
use crate::{Change, Db, DbError, Doing};

statements! {
    ADD_UPLOAD =
        "INSERT INTO upload (id, repo, user_name, offset_bytes, algorithm, hash_state,
                             store_state, started_at_ms, updated_at_ms, holder, until_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 0)";
    UPLOAD =
        "SELECT id, repo, user_name, offset_bytes, algorithm, hash_state, store_state,
                started_at_ms, updated_at_ms
         FROM upload
         WHERE id = $1";
    LEASE_UPLOAD =
        "UPDATE upload
         SET holder = $2, until_ms = $4
         WHERE id = $1 AND (holder = '' OR holder = $2 OR until_ms < $3)";
    SAVE_UPLOAD =
        "UPDATE upload
         SET offset_bytes = $3, hash_state = $4, store_state = $5, updated_at_ms = $6,
             holder = '', until_ms = 0
         WHERE id = $1 AND holder = $2";
    DELETE_UPLOAD =
        "DELETE FROM upload
         WHERE id = $1";
    UPLOADS_OF =
        "SELECT COUNT(*)
         FROM upload
         WHERE user_name = $1";
    STALE_UPLOADS =
        "SELECT updated_at_ms, id
         FROM upload
         WHERE updated_at_ms < $1 AND until_ms < $1 AND (updated_at_ms, id) > ($2, $3)
         ORDER BY updated_at_ms, id
         LIMIT $4";
}

#[derive(FromRow)]
struct UploadRow {
    id: String,
    repo: String,
    user_name: String,
    offset_bytes: i64,
    algorithm: String,
    hash_state: Vec<u8>,
    store_state: Vec<u8>,
    started_at_ms: i64,
    updated_at_ms: i64,
}

impl TryFrom<UploadRow> for Upload {
    type Error = sqlx::Error;

    fn try_from(row: UploadRow) -> Result<Self, sqlx::Error> {
        let algorithm = [Algorithm::Sha256, Algorithm::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.as_str() == row.algorithm);
        Ok(Self {
            id: row.id,
            repo: row.repo,
            user: row.user_name,
            offset_bytes: count(row.offset_bytes)?,
            algorithm: known(&row.algorithm, algorithm)?,
            hash_state: row.hash_state,
            store_state: row.store_state,
            started_at_ms: row.started_at_ms,
            updated_at_ms: row.updated_at_ms,
        })
    }
}

impl Db {
    /// The upload of that id, which may be any text.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn upload(&self, id: &str) -> Result<Option<Upload>, DbError> {
        // PostgreSQL takes a zero byte for an error rather than for an unknown id.
        if id.contains('\0') {
            return Ok(None);
        }
        let row = read!(self, pool => {
            sqlx::query_as::<_, UploadRow>(UPLOAD).bind(id).fetch_optional(pool).await
        });
        row.and_then(one).doing("read the upload")
    }

    /// Takes or renews the lease on an upload; tells whether `holder` has it now. Nobody has a
    /// lease on an upload that is gone.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn lease_upload(
        &self,
        id: &str,
        holder: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<bool, DbError> {
        alone!(self, pool => {
            let done = sqlx::query(LEASE_UPLOAD)
                .bind(id)
                .bind(holder)
                .bind(now_ms)
                .bind(until_ms)
                .execute(pool)
                .await;
            done.map(|done| done.rows_affected() == 1)
        })
        .doing("take the lease on the upload")
    }

    /// Saves how far an upload has come and gives its lease back; tells whether `holder` still
    /// had it. Otherwise nothing was saved.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn save_upload(&self, upload: &Upload, holder: &str) -> Result<bool, DbError> {
        alone!(self, pool => {
            let done = sqlx::query(SAVE_UPLOAD)
                .bind(&upload.id)
                .bind(holder)
                .bind(int(upload.offset_bytes))
                .bind(&upload.hash_state)
                .bind(&upload.store_state)
                .bind(upload.updated_at_ms)
                .execute(pool)
                .await;
            done.map(|done| done.rows_affected() == 1)
        })
        .doing("save the upload")
    }

    /// Number of uploads that a user has open.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn uploads_of(&self, user: &str) -> Result<u64, DbError> {
        let open = read!(self, pool => {
            sqlx::query_scalar(UPLOADS_OF).bind(user).fetch_one(pool).await
        });
        open.and_then(count).doing("count the uploads of the user")
    }

    /// Uploads that nobody went on with since then, the oldest first, those behind `after`: time
    /// of the last byte, and id.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn stale_uploads(
        &self,
        before_ms: i64,
        after: (i64, &str),
        limit: i64,
    ) -> Result<Vec<(i64, String)>, DbError> {
        read!(self, pool => {
            sqlx::query_as(STALE_UPLOADS)
                .bind(before_ms)
                .bind(after.0)
                .bind(after.1)
                .bind(limit)
                .fetch_all(pool)
                .await
        })
        .doing("list the uploads that nobody went on with")
    }
}

impl Change {
    /// Adds an upload.
    ///
    /// # Errors
    ///
    /// When the id is taken ([`DbError::is_conflict`]), or the statement fails.
    pub async fn add_upload(&mut self, upload: &Upload) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(ADD_UPLOAD)
                .bind(&upload.id)
                .bind(&upload.repo)
                .bind(&upload.user)
                .bind(int(upload.offset_bytes))
                .bind(upload.algorithm.as_str())
                .bind(&upload.hash_state)
                .bind(&upload.store_state)
                .bind(upload.started_at_ms)
                .bind(upload.updated_at_ms)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("begin the upload")
    }

    /// Deletes an upload; tells whether there was one.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn delete_upload(&mut self, id: &str) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(DELETE_UPLOAD).bind(id).execute(on).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("end the upload")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    fn upload() -> Upload {
        Upload {
            id: "u1".to_owned(),
            repo: "labring/app".to_owned(),
            user: "alice".to_owned(),
            offset_bytes: 0,
            algorithm: Algorithm::Sha512,
            hash_state: Vec::new(),
            store_state: Vec::new(),
            started_at_ms: 10,
            updated_at_ms: 10,
        }
    }

    async fn begin(db: &Db) -> Upload {
        let mut change = db.change().await.unwrap();
        change.add_upload(&upload()).await.unwrap();
        change.commit().await.unwrap();
        upload()
    }

    #[tokio::test]
    async fn only_the_holder_of_the_lease_moves_an_upload_on() {
        for (db, _fresh) in engines().await {
            let mut upload = begin(&db).await;
            assert_eq!(db.upload("u1").await.unwrap().as_ref(), Some(&upload));
            upload.offset_bytes = 5;
            upload.hash_state = vec![0, 1, 255];
            upload.store_state = vec![255, 0];
            upload.updated_at_ms = 20;

            assert!(!db.save_upload(&upload, "a").await.unwrap(), "nobody leased it");
            assert!(db.lease_upload("u1", "a", 10, 30).await.unwrap());
            assert!(!db.lease_upload("u1", "b", 30, 50).await.unwrap());
            assert!(!db.save_upload(&upload, "b").await.unwrap());
            assert!(db.save_upload(&upload, "a").await.unwrap());
            assert_eq!(db.upload("u1").await.unwrap(), Some(upload));
            assert!(db.lease_upload("u1", "b", 11, 12).await.unwrap(), "it was given back");
        }
    }

    #[tokio::test]
    async fn a_lease_ends_by_itself() {
        for (db, _fresh) in engines().await {
            let upload = begin(&db).await;
            assert!(db.lease_upload("u1", "a", 10, 30).await.unwrap());
            assert!(db.lease_upload("u1", "a", 30, 40).await.unwrap());
            assert!(db.lease_upload("u1", "b", 41, 60).await.unwrap());
            assert!(!db.save_upload(&upload, "a").await.unwrap());
            assert!(!db.lease_upload("none", "a", 1, 2).await.unwrap());
        }
    }

    #[tokio::test]
    async fn an_upload_that_somebody_holds_is_not_stale() {
        for (db, _fresh) in engines().await {
            begin(&db).await;
            let first = (i64::MIN, "");
            assert_eq!(db.stale_uploads(10, first, 9).await.unwrap(), []);
            let stale = db.stale_uploads(11, first, 9).await.unwrap();
            assert_eq!(stale, [(10, "u1".to_owned())]);
            assert_eq!(db.stale_uploads(11, (10, "u1"), 9).await.unwrap(), [], "that was the last");
            db.lease_upload("u1", "a", 10, 30).await.unwrap();
            assert_eq!(db.stale_uploads(30, first, 9).await.unwrap(), []);

            let mut change = db.change().await.unwrap();
            assert!(change.delete_upload("u1").await.unwrap());
            assert!(!change.delete_upload("u1").await.unwrap());
            change.commit().await.unwrap();
            assert_eq!(db.upload("u1").await.unwrap(), None);
        }
    }
}
