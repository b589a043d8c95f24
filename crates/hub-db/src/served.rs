//! Manifests as a pull gets them, without what they link to.

use hub_model::Digest;

use crate::rows::count;
use crate::{Db, DbError, Doing};

statements! {
    SERVED_MANIFEST =
        "SELECT r.media_type, m.body
         FROM repo_manifest r
         JOIN manifest m ON m.digest = r.digest
         WHERE r.repo_id = $1 AND r.digest = $2";
    MANIFEST_HEAD =
        "SELECT r.media_type, m.size_bytes
         FROM repo_manifest r
         JOIN manifest m ON m.digest = r.digest
         WHERE r.repo_id = $1 AND r.digest = $2";
}

impl Db {
    /// Media type and bytes of a manifest that a repository holds: what a pull gets.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn served_manifest(
        &self,
        repo_id: i64,
        digest: &Digest,
    ) -> Result<Option<(String, Vec<u8>)>, DbError> {
        read!(self, pool => {
            sqlx::query_as(SERVED_MANIFEST)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_optional(pool)
                .await
        })
        .doing("read the manifest")
    }

    /// Media type and size in bytes of a manifest that a repository holds.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn manifest_head(
        &self,
        repo_id: i64,
        digest: &Digest,
    ) -> Result<Option<(String, u64)>, DbError> {
        let row: Result<Option<(String, i64)>, _> = read!(self, pool => {
            sqlx::query_as(MANIFEST_HEAD)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_optional(pool)
                .await
        });
        row.and_then(|row| row.map(|(media, size)| Ok((media, count(size)?))).transpose())
            .doing("read the size of the manifest")
    }
}
