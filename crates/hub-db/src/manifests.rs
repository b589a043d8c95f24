//! Manifests, what they link to, and which repositories hold them.

use hub_model::{
    Digest, Link, LinkKind, Manifest, ManifestFacts, Referrer, ReferrersAsked, RepoName, Tag,
    Visibility,
};
use sqlx::{FromRow, QueryBuilder};

use crate::lists::{LONGEST, push_in};
use crate::repos::visibility;
use crate::rows::{all, count, int, known, mark, maybe, one, parsed};
use crate::{Change, Db, DbError, Doing};

statements! {
    PUT_MANIFEST =
        "INSERT INTO manifest (digest, media_type, artifact_type, config_digest, subject,
                               layer_chain, annotations, size_bytes, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (digest) DO NOTHING";
    LINK_MANIFEST =
        "INSERT INTO repo_manifest (repo_id, digest, media_type, pushed_at_ms, pushed_by,
                                    untagged_since_ms)
         VALUES ($1, $2, $3, $4, $5, $4)
         ON CONFLICT (repo_id, digest) DO UPDATE
         SET media_type = excluded.media_type,
             pushed_at_ms = excluded.pushed_at_ms,
             pushed_by = excluded.pushed_by,
             untagged_since_ms = CASE
                 WHEN repo_manifest.untagged_since_ms IS NULL THEN NULL
                 ELSE excluded.untagged_since_ms END";
    KEEP_MANIFEST =
        "UPDATE manifest
         SET unreferenced_since_ms = NULL
         WHERE digest = $1 AND unreferenced_since_ms IS NOT NULL";
    USE_BLOBS =
        "UPDATE repo_blob
         SET unused_since_ms = NULL
         WHERE repo_id = $1 AND unused_since_ms IS NOT NULL
           AND digest IN (SELECT target
                          FROM manifest_link
                          WHERE parent = $2 AND kind <> 'manifest')";
    LEAVE_BLOBS =
        "UPDATE repo_blob
         SET unused_since_ms = $3
         WHERE repo_id = $1
           AND digest IN (SELECT target
                          FROM manifest_link
                          WHERE parent = $2 AND kind <> 'manifest')
           AND NOT EXISTS (SELECT 1
                           FROM manifest_link l
                           JOIN repo_manifest r ON r.digest = l.parent
                           WHERE r.repo_id = $1 AND l.target = repo_blob.digest
                             AND l.kind <> 'manifest')";
    LEAVE_MANIFEST =
        "UPDATE manifest
         SET unreferenced_since_ms = $2
         WHERE digest = $1";
    UNLINK_MANIFEST =
        "DELETE FROM repo_manifest
         WHERE repo_id = $1 AND digest = $2";
    MANIFEST =
        "SELECT m.digest, r.media_type, m.artifact_type, m.config_digest, m.subject,
                m.layer_chain, m.annotations, m.body
         FROM repo_manifest r
         JOIN manifest m ON m.digest = r.digest
         WHERE r.repo_id = $1 AND r.digest = $2";
    LINKS =
        "SELECT kind, target, size_bytes, elsewhere
         FROM manifest_link
         WHERE parent = $1
         ORDER BY position";
    REFERRER_SIZES =
        "SELECT m.digest, m.size_bytes
         FROM manifest m
         JOIN repo_manifest r ON r.digest = m.digest
         WHERE m.subject = $2 AND r.repo_id = $1 AND m.digest > $3
           AND ($4 = '' OR m.artifact_type = $4)
         ORDER BY m.digest
         LIMIT $5";
    REFERRERS =
        "SELECT m.digest, r.media_type, m.artifact_type, m.size_bytes, m.annotations
         FROM manifest m
         JOIN repo_manifest r ON r.digest = m.digest
         WHERE m.subject = $2 AND r.repo_id = $1 AND m.digest > $3
           AND ($4 = '' OR m.artifact_type = $4) AND m.digest <= $5
         ORDER BY m.digest";
    INDEX_WITH =
        "SELECT l.parent
         FROM manifest_link l
         JOIN repo_manifest r ON r.digest = l.parent
         WHERE r.repo_id = $1 AND l.target = $2 AND l.kind = 'manifest'
         ORDER BY l.parent
         LIMIT 1";
    BASE =
        "SELECT r.name, r.visibility, m.digest, m.layer_chain,
                (SELECT i.tag
                 FROM img i
                 WHERE i.repo_id = r.id
                   AND (i.digest = m.digest
                        OR i.digest IN (SELECT l.parent
                                        FROM manifest_link l
                                        WHERE l.target = m.digest AND l.kind = 'manifest'))
                 ORDER BY i.pushed_at_ms DESC, i.tag DESC
                 LIMIT 1) AS tag
         FROM manifest m
         JOIN repo_manifest h ON h.digest = m.digest
         JOIN repo r ON r.id = h.repo_id
         WHERE m.layer_chain = $1 AND r.id <> $2
         ORDER BY CASE r.visibility WHEN 'public' THEN 0 ELSE 1 END,
                  CASE WHEN r.official THEN 0 ELSE 1 END,
                  h.pushed_at_ms, r.name, m.digest
         LIMIT 1";
}

/// Followed by the rows.
const ADD_LINKS: &str =
    "INSERT INTO manifest_link (parent, position, kind, target, size_bytes, elsewhere) ";

/// An image whose layers are the lowest ones of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseImage {
    /// Where it lies.
    pub repo: RepoName,
    /// Who may see it there.
    pub visibility: Visibility,
    /// Its manifest.
    pub digest: Digest,
    /// Its list of layers, in one digest.
    pub chain: Digest,
    /// The tag that was uploaded last among those that lead to it.
    pub tag: Option<Tag>,
}

#[derive(FromRow)]
struct ManifestRow {
    digest: String,
    media_type: String,
    artifact_type: Option<String>,
    config_digest: Option<String>,
    subject: Option<String>,
    layer_chain: Option<String>,
    annotations: String,
    body: Vec<u8>,
}

impl TryFrom<ManifestRow> for Manifest {
    type Error = sqlx::Error;

    fn try_from(row: ManifestRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            digest: parsed(Digest::parse(&row.digest))?,
            media_type: row.media_type,
            body: row.body,
            facts: ManifestFacts {
                artifact_type: row.artifact_type,
                subject: maybe(row.subject.as_deref(), Digest::parse)?,
                annotations: row.annotations,
                config: maybe(row.config_digest.as_deref(), Digest::parse)?,
                layer_chain: maybe(row.layer_chain.as_deref(), Digest::parse)?,
                links: Vec::new(),
            },
        })
    }
}

#[derive(FromRow)]
struct LinkRow {
    kind: String,
    target: String,
    size_bytes: i64,
    elsewhere: bool,
}

impl TryFrom<LinkRow> for Link {
    type Error = sqlx::Error;

    fn try_from(row: LinkRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            kind: known(&row.kind, LinkKind::parse(&row.kind))?,
            digest: parsed(Digest::parse(&row.target))?,
            size: count(row.size_bytes)?,
            elsewhere: row.elsewhere,
        })
    }
}

#[derive(FromRow)]
struct ReferrerRow {
    digest: String,
    media_type: String,
    artifact_type: Option<String>,
    size_bytes: i64,
    annotations: String,
}

impl TryFrom<ReferrerRow> for Referrer {
    type Error = sqlx::Error;

    fn try_from(row: ReferrerRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            digest: parsed(Digest::parse(&row.digest))?,
            media_type: row.media_type,
            artifact_type: row.artifact_type,
            size: count(row.size_bytes)?,
            annotations: row.annotations,
        })
    }
}

#[derive(FromRow)]
struct BaseRow {
    name: String,
    visibility: String,
    digest: String,
    layer_chain: String,
    tag: Option<String>,
}

impl TryFrom<BaseRow> for BaseImage {
    type Error = sqlx::Error;

    fn try_from(row: BaseRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            repo: parsed(RepoName::stored(&row.name))?,
            visibility: visibility(&row.visibility)?,
            digest: parsed(Digest::parse(&row.digest))?,
            chain: parsed(Digest::parse(&row.layer_chain))?,
            tag: maybe(row.tag.as_deref(), Tag::parse)?,
        })
    }
}

impl Db {
    /// A manifest that a repository holds.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn manifest(
        &self,
        repo_id: i64,
        digest: &Digest,
    ) -> Result<Option<Manifest>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, ManifestRow>(MANIFEST)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_optional(pool)
                .await
        });
        let Some(mut manifest) = row.and_then(one::<_, Manifest>).doing("read the manifest")?
        else {
            return Ok(None);
        };
        let links = read!(self, pool => {
            sqlx::query_as::<_, LinkRow>(LINKS).bind(digest.as_str()).fetch_all(pool).await
        });
        manifest.facts.links = links.and_then(all).doing("read the links of the manifest")?;
        Ok(Some(manifest))
    }

    /// The manifests of a repository whose subject is `subject`, by digest, and whether more
    /// follow.
    ///
    /// Their sizes are read first: annotations may be as large as manifests, and a manifest may be
    /// referred to as often as anybody likes.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn referrers(
        &self,
        repo_id: i64,
        subject: &Digest,
        asked: ReferrersAsked<'_>,
    ) -> Result<(Vec<Referrer>, bool), DbError> {
        let doing = "list the referrers";
        let after = mark(asked.after.unwrap_or_default());
        let kind = asked.artifact_type.unwrap_or_default();
        if kind.contains('\0') {
            return Ok((Vec::new(), false));
        }
        let sizes: Vec<(String, i64)> = read!(self, pool => {
            sqlx::query_as(REFERRER_SIZES)
                .bind(repo_id)
                .bind(subject.as_str())
                .bind(after)
                .bind(kind)
                .bind(int(asked.limit).saturating_add(1))
                .fetch_all(pool)
                .await
        })
        .doing(doing)?;
        let mut bytes = 0_u64;
        let mut fits = 0_usize;
        for (at, (_, size)) in (0_u64..).zip(&sizes) {
            bytes = bytes.saturating_add(count(*size).doing(doing)?);
            if at >= asked.limit || (at > 0 && bytes > asked.bytes) {
                break;
            }
            fits += 1;
        }
        let more = fits < sizes.len();
        let Some((last, _)) = fits.checked_sub(1).and_then(|at| sizes.get(at)) else {
            return Ok((Vec::new(), false));
        };
        let rows = read!(self, pool => {
            sqlx::query_as::<_, ReferrerRow>(REFERRERS)
                .bind(repo_id)
                .bind(subject.as_str())
                .bind(after)
                .bind(kind)
                .bind(last)
                .fetch_all(pool)
                .await
        });
        Ok((rows.and_then(all).doing(doing)?, more))
    }

    /// An image outside of one repository whose list of layers is one of `chains`: the first of
    /// them that some image has. Public, official and old ones are preferred.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn base_of(
        &self,
        chains: &[Digest],
        not_repo: i64,
    ) -> Result<Option<BaseImage>, DbError> {
        let doing = "look for the base image";
        for some in chains.chunks(LONGEST) {
            let found: Vec<String> = read!(self, pool => {
                let mut query = QueryBuilder::new("SELECT DISTINCT layer_chain FROM manifest WHERE layer_chain");
                push_in(&mut query, some.iter().map(Digest::as_str));
                query.build_query_scalar().persistent(false).fetch_all(pool).await
            })
            .doing(doing)?;
            for chain in some.iter().filter(|chain| found.iter().any(|text| text == chain.as_str()))
            {
                let row = read!(self, pool => {
                    sqlx::query_as::<_, BaseRow>(BASE)
                        .bind(chain.as_str())
                        .bind(not_repo)
                        .fetch_optional(pool)
                        .await
                });
                if let Some(base) = row.and_then(one).doing(doing)? {
                    return Ok(Some(base));
                }
            }
        }
        Ok(None)
    }
}

impl Change {
    /// Stores a manifest with its links; one that is known stays as it is.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn put_manifest(&mut self, manifest: &Manifest) -> Result<(), DbError> {
        let doing = "store the manifest";
        while !self.insert_manifest(manifest).await? {
            // Kept now, unless it was collected between the two statements.
            if self.keep_manifest(&manifest.digest).await.doing(doing)? {
                return Ok(());
            }
        }
        let links: Vec<_> = (0_i64..).zip(&manifest.facts.links).collect();
        for some in links.chunks(LONGEST) {
            let added = self.add_links(&manifest.digest, some).await;
            added.doing("store the links of the manifest")?;
        }
        Ok(())
    }

    /// Tells whether the manifest is new.
    async fn insert_manifest(&mut self, manifest: &Manifest) -> Result<bool, DbError> {
        let facts = &manifest.facts;
        within!(self, on => {
            sqlx::query(PUT_MANIFEST)
                .bind(manifest.digest.as_str())
                .bind(&manifest.media_type)
                .bind(facts.artifact_type.as_deref())
                .bind(facts.config.as_ref().map(Digest::as_str))
                .bind(facts.subject.as_ref().map(Digest::as_str))
                .bind(facts.layer_chain.as_ref().map(Digest::as_str))
                .bind(&facts.annotations)
                .bind(int(manifest.body.len() as u64))
                .bind(&manifest.body)
                .execute(on)
                .await
                .map(|done| done.rows_affected() > 0)
        })
        .doing("store the manifest")
    }

    async fn add_links(
        &mut self,
        parent: &Digest,
        links: &[(i64, &Link)],
    ) -> Result<(), sqlx::Error> {
        within!(self, on => {
            let mut query = QueryBuilder::new(ADD_LINKS);
            query.push_values(links, |mut row, (position, link)| {
                row.push_bind(parent.as_str())
                    .push_bind(*position)
                    .push_bind(link.kind.as_str())
                    .push_bind(link.digest.as_str())
                    .push_bind(int(link.size))
                    .push_bind(link.elsewhere);
            });
            query.build().persistent(false).execute(on).await.map(drop)
        })
    }

    /// Puts a stored manifest into a repository, or renews as what, when and by whom it was
    /// pushed. The same bytes may be pushed elsewhere as another media type.
    ///
    /// # Errors
    ///
    /// When the manifest is not stored ([`DbError::is_in_use`]), or the statement fails.
    pub async fn link_manifest(
        &mut self,
        repo_id: i64,
        manifest: &Manifest,
        at_ms: i64,
        by: &str,
    ) -> Result<(), DbError> {
        let digest = manifest.digest.as_str();
        within!(self, on => async {
            sqlx::query(LINK_MANIFEST)
                .bind(repo_id)
                .bind(digest)
                .bind(&manifest.media_type)
                .bind(at_ms)
                .bind(by)
                .execute(&mut *on)
                .await?;
            sqlx::query(KEEP_MANIFEST).bind(digest).execute(&mut *on).await?;
            sqlx::query(USE_BLOBS).bind(repo_id).bind(digest).execute(&mut *on).await?;
            Ok::<_, sqlx::Error>(())
        }
        .await)
        .doing("put the manifest into the repository")
    }

    /// Those of `digests` that are manifests of the repository.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn manifests_in(
        &mut self,
        repo_id: i64,
        digests: &[Digest],
    ) -> Result<Vec<Digest>, DbError> {
        let doing = "read the manifests of the repository";
        let mut held = Vec::with_capacity(digests.len());
        for some in digests.chunks(LONGEST) {
            let found: Vec<String> = within!(&mut *self, on => {
                let mut query = QueryBuilder::new("SELECT digest FROM repo_manifest WHERE repo_id = ");
                query.push_bind(repo_id).push(" AND digest");
                push_in(&mut query, some.iter().map(Digest::as_str));
                query.build_query_scalar().persistent(false).fetch_all(on).await
            })
            .doing(doing)?;
            for digest in found {
                held.push(parsed(Digest::parse(&digest)).doing(doing)?);
            }
        }
        held.sort_unstable();
        held.dedup();
        Ok(held)
    }

    /// An index of the repository that lists the manifest.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn index_with(
        &mut self,
        repo_id: i64,
        digest: &Digest,
    ) -> Result<Option<Digest>, DbError> {
        let found: Result<Option<String>, _> = within!(self, on => {
            sqlx::query_scalar(INDEX_WITH)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_optional(on)
                .await
        });
        found
            .and_then(|found| maybe(found.as_deref(), Digest::parse))
            .doing("look for an index that lists the manifest")
    }

    /// Takes a manifest out of a repository, locked by this change; tells whether it was there.
    /// The blobs that only it named there count as perhaps unused from `at_ms` on. Its tags are
    /// another matter: see [`Change::delete_imgs_of`].
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn unlink_manifest(
        &mut self,
        repo_id: i64,
        digest: &Digest,
        at_ms: i64,
    ) -> Result<bool, DbError> {
        self.unlink_untagged(repo_id, digest, at_ms, at_ms).await
    }

    /// The same for a manifest that was untagged since `since_ms`: so long were the manifests
    /// that only it held, too.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn unlink_untagged(
        &mut self,
        repo_id: i64,
        digest: &Digest,
        since_ms: i64,
        at_ms: i64,
    ) -> Result<bool, DbError> {
        let text = digest.as_str();
        let was = within!(&mut *self, on => async {
            let unlink = sqlx::query(UNLINK_MANIFEST).bind(repo_id).bind(text);
            let was = unlink.execute(&mut *on).await?.rows_affected() > 0;
            if was {
                let leave = sqlx::query(LEAVE_BLOBS).bind(repo_id).bind(text).bind(at_ms);
                leave.execute(&mut *on).await?;
                let leave = sqlx::query(LEAVE_MANIFEST).bind(text).bind(at_ms);
                leave.execute(&mut *on).await?;
            }
            Ok::<_, sqlx::Error>(was)
        }
        .await)
        .doing("take the manifest out of the repository")?;
        if was {
            self.loosen(repo_id, digest, since_ms).await?;
        }
        Ok(was)
    }
}

#[cfg(test)]
mod tests;
