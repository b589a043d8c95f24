//! Garbage: what perhaps nothing needs any more, and its end.
//!
//! Every change leaves marks (`migrations/*/0005`), candidates come from the indexes over them,
//! and the functions of [`Change`](crate::Change) look again, under a lock, before anything goes.

mod documents;
mod verdicts;

use hub_model::{Digest, RepoName};
use sqlx::{FromRow, QueryBuilder};

use crate::lists::{LONGEST, push_in};
use crate::rows::{count, parsed};
use crate::{Db, DbError, Doing};

statements! {
    UNUSED_LINKS =
        "SELECT l.unused_since_ms AS since_ms, l.repo_id, r.name, l.digest, b.size_bytes
         FROM repo_blob l
         JOIN repo r ON r.id = l.repo_id
         JOIN blob b ON b.digest = l.digest
         WHERE l.unused_since_ms IS NOT NULL AND l.unused_since_ms <= $1
           AND (l.unused_since_ms, l.repo_id, l.digest) > ($2, $3, $4)
         ORDER BY l.unused_since_ms, l.repo_id, l.digest
         LIMIT $5";
    UNTAGGED =
        "SELECT l.untagged_since_ms AS since_ms, l.repo_id, r.name, l.digest, m.size_bytes
         FROM repo_manifest l
         JOIN repo r ON r.id = l.repo_id
         JOIN manifest m ON m.digest = l.digest
         WHERE l.untagged_since_ms IS NOT NULL AND l.untagged_since_ms <= $1
           AND (l.untagged_since_ms, l.repo_id, l.digest) > ($2, $3, $4)
         ORDER BY l.untagged_since_ms, l.repo_id, l.digest
         LIMIT $5";
    LONE_BLOBS =
        "SELECT b.unreferenced_since_ms, b.digest, b.size_bytes
         FROM blob b
         WHERE b.unreferenced_since_ms IS NOT NULL AND b.unreferenced_since_ms <= $1
           AND b.state <> 'deleting' AND (b.unreferenced_since_ms, b.digest) > ($2, $3)
         ORDER BY b.unreferenced_since_ms, b.digest
         LIMIT $4";
    COUNT_GARBAGE =
        "SELECT (SELECT COUNT(*)
                 FROM repo_blob
                 WHERE unused_since_ms IS NOT NULL AND unused_since_ms <= $1)
              + (SELECT COUNT(*)
                 FROM blob
                 WHERE unreferenced_since_ms IS NOT NULL AND unreferenced_since_ms <= $1
                   AND state <> 'deleting')
              + (SELECT COUNT(*) FROM blob WHERE state <> 'live' AND state = 'deleting')
              + (SELECT COUNT(*) FROM manifest WHERE unreferenced_since_ms IS NOT NULL)";
    ANY_CONDEMNED =
        "SELECT EXISTS (SELECT 1 FROM blob WHERE state <> 'live' AND state = 'deleting')";
    COUNT_UNTAGGED =
        "SELECT COUNT(*)
         FROM repo_manifest
         WHERE untagged_since_ms IS NOT NULL AND untagged_since_ms <= $1";
    COUNT_ORPHANS =
        "SELECT COUNT(*)
         FROM manifest m
         WHERE m.unreferenced_since_ms IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM repo_manifest r WHERE r.digest = m.digest)";
    UNNAMED =
        "SELECT d.digest
         FROM document d
         WHERE d.unreferenced_since_ms IS NULL AND d.digest > $1
           AND NOT EXISTS (SELECT 1 FROM detail_document n WHERE n.digest = d.digest)
           AND NOT EXISTS (SELECT 1 FROM img_document n WHERE n.digest = d.digest)
         ORDER BY d.digest
         LIMIT $2";
    COUNT_UNNAMED =
        "SELECT COUNT(*)
         FROM document d
         WHERE COALESCE(d.unreferenced_since_ms, $2) <= $1
           AND NOT EXISTS (SELECT 1 FROM detail_document n WHERE n.digest = d.digest)
           AND NOT EXISTS (SELECT 1 FROM img_document n WHERE n.digest = d.digest)";
    LINK_SINCE =
        "SELECT unused_since_ms
         FROM repo_blob
         WHERE repo_id = $1 AND digest = $2 AND unused_since_ms IS NOT NULL";
    USE_LINK =
        "UPDATE repo_blob
         SET unused_since_ms = NULL
         WHERE repo_id = $1 AND digest = $2";
    LEAVE_SINCE =
        "UPDATE blob
         SET unreferenced_since_ms = $2
         WHERE digest = $1 AND (unreferenced_since_ms IS NULL OR unreferenced_since_ms < $2)";
    OTHER_LINKS =
        "SELECT COUNT(*)
         FROM (SELECT 1
               FROM repo_blob
               WHERE digest = $1
                 AND (unused_since_ms IS NULL OR unused_since_ms > $2 OR repo_id > $3)
               LIMIT 1) AS first";
    MANIFEST_SINCE =
        "SELECT untagged_since_ms
         FROM repo_manifest
         WHERE repo_id = $1 AND digest = $2 AND untagged_since_ms IS NOT NULL";
    HOLDER =
        "SELECT CASE
             WHEN EXISTS (SELECT 1 FROM img WHERE repo_id = $1 AND digest = $2) THEN 'tag'
             WHEN EXISTS (SELECT 1
                          FROM manifest_link l
                          JOIN repo_manifest p ON p.digest = l.parent
                          WHERE l.target = $2 AND l.kind = 'manifest' AND p.repo_id = $1)
                 THEN 'index'
             WHEN EXISTS (SELECT 1
                          FROM manifest m
                          JOIN repo_manifest s ON s.digest = m.subject
                          WHERE m.digest = $2 AND s.repo_id = $1)
                 THEN 'subject'
             WHEN EXISTS (SELECT 1
                          FROM manifest m
                          JOIN repo_manifest r ON r.digest = m.digest
                          WHERE m.subject = $2 AND r.repo_id = $1)
                 THEN 'referrer'
             ELSE '' END";
    HOLD_MANIFEST =
        "UPDATE repo_manifest
         SET untagged_since_ms = NULL
         WHERE repo_id = $1 AND digest = $2 AND untagged_since_ms IS NOT NULL";
    LOOSEN_CHILDREN =
        "UPDATE repo_manifest
         SET untagged_since_ms = $3
         WHERE repo_id = $1 AND (untagged_since_ms IS NULL OR untagged_since_ms < $3)
           AND digest IN (SELECT target
                          FROM manifest_link
                          WHERE parent = $2 AND kind = 'manifest')";
    LOOSEN_REFERRERS =
        "UPDATE repo_manifest
         SET untagged_since_ms = $3
         WHERE repo_id = $1 AND (untagged_since_ms IS NULL OR untagged_since_ms < $3)
           AND digest IN (SELECT digest FROM manifest WHERE subject = $2)";
    LOOSEN_SUBJECT =
        "UPDATE repo_manifest
         SET untagged_since_ms = $3
         WHERE repo_id = $1 AND (untagged_since_ms IS NULL OR untagged_since_ms < $3)
           AND digest IN (SELECT subject
                          FROM manifest
                          WHERE digest = $2 AND subject IS NOT NULL)";
}

/// Something in a repository that perhaps nothing needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Since when, in milliseconds.
    pub since_ms: i64,
    /// Row of the repository.
    pub repo_id: i64,
    /// Its name.
    pub repo: RepoName,
    /// The blob or manifest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

impl Candidate {
    /// Its place in the order of candidates.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { since_ms: self.since_ms, repo_id: self.repo_id, digest: self.digest.to_string() }
    }
}

/// A place in the order of candidates: the list goes on behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    since_ms: i64,
    repo_id: i64,
    digest: String,
}

impl Default for Place {
    /// In front of everything.
    fn default() -> Self {
        Self { since_ms: i64::MIN, repo_id: 0, digest: String::new() }
    }
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is gone.
    Gone,
    /// It is needed after all; its mark is taken back.
    Needed,
    /// Somebody renewed or removed it meanwhile.
    Changed,
}

#[derive(FromRow)]
struct CandidateRow {
    since_ms: i64,
    repo_id: i64,
    name: String,
    digest: String,
    size_bytes: i64,
}

impl TryFrom<CandidateRow> for Candidate {
    type Error = sqlx::Error;

    fn try_from(row: CandidateRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            since_ms: row.since_ms,
            repo_id: row.repo_id,
            repo: parsed(RepoName::stored(&row.name))?,
            digest: parsed(Digest::parse(&row.digest))?,
            size: count(row.size_bytes)?,
        })
    }
}

/// Blobs as the engine answers them.
pub(crate) fn digests_and_sizes(
    rows: Vec<(String, i64)>,
) -> Result<Vec<(Digest, u64)>, sqlx::Error> {
    rows.into_iter()
        .map(|(digest, size)| Ok((parsed(Digest::parse(&digest))?, count(size)?)))
        .collect()
}

impl Db {
    /// Blobs in repositories that perhaps no manifest there names since `before_ms`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn unused_links(
        &self,
        before_ms: i64,
        after: &Place,
        limit: i64,
    ) -> Result<Vec<Candidate>, DbError> {
        self.candidates(UNUSED_LINKS, before_ms, after, limit).await.doing("list the unused blobs")
    }

    /// Manifests in repositories that perhaps nothing holds since `before_ms`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn untagged_manifests(
        &self,
        before_ms: i64,
        after: &Place,
        limit: i64,
    ) -> Result<Vec<Candidate>, DbError> {
        let listed = self.candidates(UNTAGGED, before_ms, after, limit).await;
        listed.doing("list the untagged manifests")
    }

    async fn candidates(
        &self,
        statement: &'static str,
        before_ms: i64,
        after: &Place,
        limit: i64,
    ) -> Result<Vec<Candidate>, sqlx::Error> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, CandidateRow>(statement)
                .bind(before_ms)
                .bind(after.since_ms)
                .bind(after.repo_id)
                .bind(&after.digest)
                .bind(limit)
                .fetch_all(pool)
                .await
        });
        rows.and_then(crate::rows::all)
    }

    /// Blobs that perhaps no repository holds since `before_ms`: since when, digest, bytes; those
    /// behind `after`.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn lone_blobs(
        &self,
        before_ms: i64,
        after: (i64, &str),
        limit: i64,
    ) -> Result<Vec<(i64, Digest, u64)>, DbError> {
        let doing = "list the blobs that nobody holds";
        let rows: Vec<(i64, String, i64)> = read!(self, pool => {
            sqlx::query_as(LONE_BLOBS)
                .bind(before_ms)
                .bind(after.0)
                .bind(after.1)
                .bind(limit)
                .fetch_all(pool)
                .await
        })
        .doing(doing)?;
        let blob = |(since, digest, size): (i64, String, i64)| {
            Ok((since, parsed(Digest::parse(&digest))?, count(size)?))
        };
        rows.into_iter().map(blob).collect::<Result<_, sqlx::Error>>().doing(doing)
    }

    /// Those of `digests` that some repository holds.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn held_blobs(&self, digests: &[Digest]) -> Result<Vec<Digest>, DbError> {
        let mut held = Vec::new();
        for some in digests.chunks(LONGEST) {
            let rows = read!(self, pool => {
                let mut query = QueryBuilder::new(HELD);
                push_in(&mut query, some.iter().map(Digest::as_str));
                query.build_query_scalar().persistent(false).fetch_all(pool).await
            });
            held.extend(
                rows.and_then(|rows: Vec<String>| digests_of(&rows))
                    .doing("look for holders of blobs")?,
            );
        }
        Ok(held)
    }

    /// Number of marks that the collector has to look at: unused blobs, blobs that nobody holds,
    /// manifests that nobody holds.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_garbage(&self, before_ms: i64) -> Result<u64, DbError> {
        let found = read!(self, pool => {
            sqlx::query_scalar(COUNT_GARBAGE).bind(before_ms).fetch_one(pool).await
        });
        found.and_then(count).doing("count the garbage")
    }

    /// Whether blobs are condemned whose rows are still there.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn any_condemned(&self) -> Result<bool, DbError> {
        read!(self, pool => sqlx::query_scalar(ANY_CONDEMNED).fetch_one(pool).await)
            .doing("look for condemned blobs")
    }

    /// Number of manifests that perhaps nothing holds since `before_ms`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_untagged(&self, before_ms: i64) -> Result<u64, DbError> {
        let found = read!(self, pool => {
            sqlx::query_scalar(COUNT_UNTAGGED).bind(before_ms).fetch_one(pool).await
        });
        found.and_then(count).doing("count the untagged manifests")
    }

    /// Number of manifests that no repository holds.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_orphans(&self) -> Result<u64, DbError> {
        let found = read!(self, pool => sqlx::query_scalar(COUNT_ORPHANS).fetch_one(pool).await);
        found.and_then(count).doing("count the manifests that nobody holds")
    }

    /// Whether a blob, unused in the repository, stays for the sake of another one: one that uses
    /// it, or took it up after `before_ms`, or comes later in the order of rows.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn stays_elsewhere(
        &self,
        repo_id: i64,
        digest: &Digest,
        before_ms: i64,
    ) -> Result<bool, DbError> {
        let links: Result<i64, _> = read!(self, pool => {
            let others = sqlx::query_scalar(OTHER_LINKS).bind(digest.as_str());
            others.bind(before_ms).bind(repo_id).fetch_one(pool).await
        });
        links.map(|links| links > 0).doing("look for other holders of the blob")
    }

    /// What holds a manifest in its repository, if anything does: `tag`, `index`, `subject` or
    /// `referrer`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn manifest_holder(
        &self,
        repo_id: i64,
        digest: &Digest,
    ) -> Result<Option<String>, DbError> {
        let word: Result<String, _> = read!(self, pool => {
            sqlx::query_scalar(HOLDER).bind(repo_id).bind(digest.as_str()).fetch_one(pool).await
        });
        word.map(|word| Some(word).filter(|word| !word.is_empty()))
            .doing("look for what holds the manifest")
    }
}

/// Followed by a list: those blobs of it that some repository holds.
const HELD: &str = "SELECT b.digest
                    FROM blob b
                    WHERE EXISTS (SELECT 1 FROM repo_blob r WHERE r.digest = b.digest)
                      AND b.digest";

/// Followed by a list: those manifests of it that some repository holds.
const HELD_MANIFESTS: &str = "SELECT m.digest
                              FROM manifest m
                              WHERE EXISTS (SELECT 1
                                            FROM repo_manifest r
                                            WHERE r.digest = m.digest)
                                AND m.digest";

fn digests_of(rows: &[String]) -> Result<Vec<Digest>, sqlx::Error> {
    rows.iter().map(|digest| parsed(Digest::parse(digest))).collect()
}

#[cfg(test)]
mod tests;
