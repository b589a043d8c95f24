//! The second look at candidates, under a lock, and their end.

use hub_model::Digest;
use sqlx::QueryBuilder;

use super::{
    HELD, HELD_MANIFESTS, HOLD_MANIFEST, HOLDER, LEAVE_SINCE, LINK_SINCE, LOOSEN_CHILDREN,
    LOOSEN_REFERRERS, LOOSEN_SUBJECT, MANIFEST_SINCE, USE_LINK, Verdict, digests_and_sizes,
    digests_of,
};
use crate::lists::{LONGEST, push_in};
use crate::{Change, DbError, Doing};

impl Change {
    /// Takes a blob out of a repository, locked by this change, when no manifest there named it
    /// since `before_ms`.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn drop_unused(
        &mut self,
        repo_id: i64,
        digest: &Digest,
        before_ms: i64,
    ) -> Result<Verdict, DbError> {
        let (text, doing) = (digest.as_str(), "take the unused blob out of the repository");
        let since: Option<i64> = within!(&mut *self, on => {
            sqlx::query_scalar(LINK_SINCE).bind(repo_id).bind(text).fetch_optional(on).await
        })
        .doing(doing)?;
        let Some(since) = since.filter(|since| *since <= before_ms) else {
            return Ok(Verdict::Changed);
        };
        if self.blob_used(repo_id, digest).await? {
            within!(&mut *self, on => {
                sqlx::query(USE_LINK).bind(repo_id).bind(text).execute(on).await.map(drop)
            })
            .doing(doing)?;
            return Ok(Verdict::Needed);
        }
        self.drop_link(repo_id, text).await.doing(doing)?;
        within!(&mut *self, on => {
            // Not a second grace time: nobody needed it in the first one.
            sqlx::query(LEAVE_SINCE).bind(text).bind(since).execute(on).await.map(drop)
        })
        .doing(doing)?;
        self.note_unlinked(repo_id, text).await?;
        Ok(Verdict::Gone)
    }

    /// Decides which blobs go: those that no repository holds since `before_ms`, as many as
    /// `limit`. Answers them, and the number of those that are needed after all.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn condemn_blobs(
        &mut self,
        before_ms: i64,
        limit: i64,
    ) -> Result<(Vec<(Digest, u64)>, u64), DbError> {
        let doing = "condemn the blobs that nobody holds";
        let rows = self.lone_blobs(before_ms, limit).await;
        let mut lone = rows.and_then(digests_and_sizes).doing(doing)?;
        // A statement of its own: on PostgreSQL it then sees what was committed before the lock.
        let mut digests: Vec<_> = lone.iter().map(|(digest, _)| digest.clone()).collect();
        let held = self.among(HELD, &digests).await.doing(doing)?;
        lone.retain(|(digest, _)| !held.contains(digest));
        digests.retain(|digest| !held.contains(digest));
        let unmark = "UPDATE blob SET unreferenced_since_ms = NULL WHERE digest";
        self.with_list(unmark, &held).await.doing(doing)?;
        let condemn = "UPDATE blob SET state = 'deleting' WHERE digest";
        self.with_list(condemn, &digests).await.doing(doing)?;
        Ok((lone, held.len() as u64))
    }

    /// Removes the rows of blobs whose bytes are gone.
    pub(crate) async fn bury_blobs(&mut self, digests: &[Digest]) -> Result<(), DbError> {
        let bury = "DELETE FROM blob WHERE state = 'deleting' AND digest";
        self.with_list(bury, digests).await.doing("remove the rows of blobs")
    }

    /// Removes manifests that no repository holds, with what they linked to; looks at `limit` of
    /// them. Answers how many went, and how many are needed after all.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn drop_orphans(
        &mut self,
        before_ms: i64,
        limit: i64,
    ) -> Result<(u64, u64), DbError> {
        let doing = "remove the manifests that nobody holds";
        let rows = self.lone_manifests(before_ms, limit).await;
        let lone = rows.and_then(digests_and_sizes).doing(doing)?;
        let mut digests: Vec<_> = lone.into_iter().map(|(digest, _)| digest).collect();
        let held = self.among(HELD_MANIFESTS, &digests).await.doing(doing)?;
        digests.retain(|digest| !held.contains(digest));
        let unmark = "UPDATE manifest SET unreferenced_since_ms = NULL WHERE digest";
        self.with_list(unmark, &held).await.doing(doing)?;
        self.with_list("DELETE FROM manifest WHERE digest", &digests).await.doing(doing)?;
        Ok((digests.len() as u64, held.len() as u64))
    }

    /// Those of `digests` that a query with a list finds.
    pub(super) async fn among(
        &mut self,
        query: &'static str,
        digests: &[Digest],
    ) -> Result<Vec<Digest>, sqlx::Error> {
        let mut found = Vec::new();
        for some in digests.chunks(LONGEST) {
            let rows: Result<Vec<String>, _> = within!(&mut *self, on => {
                let mut query = QueryBuilder::new(query);
                push_in(&mut query, some.iter().map(Digest::as_str));
                query.build_query_scalar().persistent(false).fetch_all(on).await
            });
            found.extend(digests_of(&rows?)?);
        }
        Ok(found)
    }

    /// Runs a statement with a list.
    pub(super) async fn with_list(
        &mut self,
        statement: &'static str,
        digests: &[Digest],
    ) -> Result<(), sqlx::Error> {
        for some in digests.chunks(LONGEST) {
            within!(&mut *self, on => {
                let mut query = QueryBuilder::new(statement);
                push_in(&mut query, some.iter().map(Digest::as_str));
                query.build().persistent(false).execute(on).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Whether nothing holds a manifest in a repository, locked by this change, since
    /// `before_ms`; one that is held loses its mark. [`Verdict::Gone`] says that it may go: the
    /// caller takes it out.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn judge_untagged(
        &mut self,
        repo_id: i64,
        digest: &Digest,
        before_ms: i64,
    ) -> Result<Verdict, DbError> {
        let text = digest.as_str();
        within!(self, on => async {
            let since: Option<i64> = sqlx::query_scalar(MANIFEST_SINCE)
                .bind(repo_id)
                .bind(text)
                .fetch_optional(&mut *on)
                .await?;
            if since.is_none_or(|since| since > before_ms) {
                return Ok(Verdict::Changed);
            }
            let holder: String =
                sqlx::query_scalar(HOLDER).bind(repo_id).bind(text).fetch_one(&mut *on).await?;
            if holder.is_empty() {
                return Ok(Verdict::Gone);
            }
            sqlx::query(HOLD_MANIFEST).bind(repo_id).bind(text).execute(&mut *on).await?;
            Ok::<_, sqlx::Error>(Verdict::Needed)
        }
        .await)
        .doing("look for what holds the manifest")
    }

    /// Says that a tag holds a manifest.
    pub(crate) async fn hold_manifest(
        &mut self,
        repo_id: i64,
        digest: &Digest,
    ) -> Result<(), sqlx::Error> {
        within!(self, on => {
            let hold = sqlx::query(HOLD_MANIFEST).bind(repo_id).bind(digest.as_str());
            hold.execute(on).await.map(drop)
        })
    }

    /// Says that a manifest perhaps no longer holds others since `at_ms`: its children, what
    /// refers to it, and its subject.
    pub(crate) async fn loosen(
        &mut self,
        repo_id: i64,
        digest: &Digest,
        at_ms: i64,
    ) -> Result<(), DbError> {
        for statement in [LOOSEN_CHILDREN, LOOSEN_REFERRERS, LOOSEN_SUBJECT] {
            within!(&mut *self, on => {
                let loosen = sqlx::query(statement).bind(repo_id).bind(digest.as_str());
                loosen.bind(at_ms).execute(on).await.map(drop)
            })
            .doing("mark what the manifest held")?;
        }
        Ok(())
    }
}
