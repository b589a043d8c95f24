//! Images: tags of repositories, with what is known about them.

use hub_model::{Detail, Digest, Extraction, Img, ImgState, NewImg, RepoName, Tag, is_candidate};
use sqlx::FromRow;

use crate::rows::{all, json, json_text, mark, maybe, one, parsed};
use crate::{Change, Db, DbError, Doing};

macro_rules! select {
    () => {
        "SELECT i.id, r.name AS repo, i.tag, i.digest, i.base, i.detail, i.extraction, i.notes,
                i.pushed_at_ms, i.pushed_by, i.pulled_at_ms
         FROM img i
         JOIN repo r ON r.id = i.repo_id
         "
    };
}

statements! {
    IMG = concat!(select!(), "WHERE i.repo_id = $1 AND i.tag = $2");
    IMGS = concat!(
        select!(),
        "WHERE i.repo_id = $1 AND (i.pushed_at_ms, i.tag) < ($2, $3)
         ORDER BY i.pushed_at_ms DESC, i.tag DESC
         LIMIT $4"
    );
    NEWEST_IMGS = concat!(
        select!(),
        "WHERE i.repo_id = $1
         ORDER BY i.pushed_at_ms DESC, i.tag DESC
         LIMIT $2"
    );
    IMGS_OF = concat!(
        select!(),
        "WHERE i.repo_id = $1 AND i.digest = $2
         ORDER BY i.pushed_at_ms DESC, i.tag DESC"
    );
    DETAILS_OF =
        "SELECT detail
         FROM img
         WHERE repo_id = $1 AND digest = $2";
    COUNT_IMGS =
        "SELECT COUNT(*)
         FROM img
         WHERE repo_id = $1";
    TAGS =
        "SELECT tag
         FROM img
         WHERE repo_id = $1 AND tag > $2 AND digest IS NOT NULL
         ORDER BY tag
         LIMIT $3";
    TAG_DIGEST =
        "SELECT digest
         FROM img
         WHERE repo_id = $1 AND tag = $2 AND digest IS NOT NULL";
    PUT_IMG =
        "INSERT INTO img (repo_id, tag, digest, base, detail, extraction, notes, pushed_at_ms,
                          pushed_by)
         VALUES ($1, $2, $3, $4, $5, $6, '[]', $7, $8)
         ON CONFLICT (repo_id, tag) DO UPDATE
         SET digest = excluded.digest, base = excluded.base, detail = excluded.detail,
             extraction = excluded.extraction, notes = excluded.notes,
             pushed_at_ms = excluded.pushed_at_ms, pushed_by = excluded.pushed_by
         RETURNING id";
    LOOSEN_TAG =
        "UPDATE repo_manifest
         SET untagged_since_ms = $3
         WHERE repo_id = $1
           AND digest = (SELECT digest FROM img WHERE repo_id = $1 AND tag = $2)";
    SET_DETAIL =
        "UPDATE img
         SET detail = $2, extraction = $3, notes = $4
         WHERE id = $1";
    ALL_IMGS =
        "SELECT i.tag, i.digest, i.pushed_at_ms, m.subject
         FROM img i
         LEFT JOIN manifest m ON m.digest = i.digest
         WHERE i.repo_id = $1
         ORDER BY i.pushed_at_ms DESC, i.tag DESC";
    PUSHED_BEFORE =
        "SELECT i.tag, i.pushed_at_ms
         FROM img i
         LEFT JOIN manifest m ON m.digest = i.digest
         WHERE i.repo_id = $1 AND i.digest IS NOT NULL AND m.subject IS NULL
           AND (i.pushed_at_ms, i.tag) < ($2, $3)
         ORDER BY i.pushed_at_ms DESC, i.tag DESC
         LIMIT 50";
    DELETE_IMG =
        "DELETE FROM img
         WHERE repo_id = $1 AND tag = $2
         RETURNING digest";
    HAS_IMGS =
        "SELECT COUNT(*)
         FROM (SELECT 1
               FROM img
               WHERE repo_id = $1
               LIMIT 1) AS first";
    DELETE_IMGS_OF =
        "DELETE FROM img
         WHERE repo_id = $1 AND digest = $2
         RETURNING tag";
}

#[derive(FromRow)]
pub(crate) struct ImgRow {
    pub(crate) id: i64,
    pub(crate) repo: String,
    pub(crate) tag: String,
    pub(crate) digest: Option<String>,
    pub(crate) base: String,
    pub(crate) detail: String,
    pub(crate) extraction: String,
    pub(crate) notes: String,
    pub(crate) pushed_at_ms: i64,
    pub(crate) pushed_by: String,
    pub(crate) pulled_at_ms: i64,
}

impl TryFrom<ImgRow> for Img {
    type Error = sqlx::Error;

    fn try_from(row: ImgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            repo: parsed(RepoName::stored(&row.repo))?,
            tag: parsed(Tag::parse(&row.tag))?,
            state: state(row.digest.as_deref()),
            digest: maybe(row.digest.as_deref(), Digest::parse)?,
            base: json(&row.base)?,
            detail: json(&row.detail)?,
            extraction: json(&row.extraction)?,
            notes: json(&row.notes)?,
            pushed_at_ms: row.pushed_at_ms,
            pushed_by: row.pushed_by,
            pulled_at_ms: row.pulled_at_ms,
        })
    }
}

const fn state(digest: Option<&str>) -> ImgState {
    if digest.is_some() { ImgState::Pushed } else { ImgState::Declared }
}

#[derive(FromRow)]
struct TagRow {
    tag: String,
    digest: Option<String>,
    pushed_at_ms: i64,
    subject: Option<String>,
}

fn tag_facts(row: &TagRow) -> Result<(Tag, ImgState, i64, bool), sqlx::Error> {
    let tag = parsed(Tag::parse(&row.tag))?;
    Ok((tag, state(row.digest.as_deref()), row.pushed_at_ms, row.subject.is_some()))
}

fn tags(rows: &[String]) -> Result<Vec<Tag>, sqlx::Error> {
    rows.iter().map(|tag| parsed(Tag::parse(tag))).collect()
}

impl Db {
    /// The image behind a tag.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn img(&self, repo_id: i64, tag: &Tag) -> Result<Option<Img>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, ImgRow>(IMG)
                .bind(repo_id)
                .bind(tag.as_str())
                .fetch_optional(pool)
                .await
        });
        row.and_then(one).doing("read the image")
    }

    /// Images of a repository, declared ones included, the newest first; those that come behind
    /// `before`, time and tag of the last one seen.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn imgs(
        &self,
        repo_id: i64,
        before: Option<(i64, &str)>,
        limit: i64,
    ) -> Result<Vec<Img>, DbError> {
        let rows = if let Some((pushed_at_ms, tag)) = before {
            read!(self, pool => {
                sqlx::query_as::<_, ImgRow>(IMGS)
                    .bind(repo_id)
                    .bind(pushed_at_ms)
                    .bind(mark(tag))
                    .bind(limit)
                    .fetch_all(pool)
                    .await
            })
        } else {
            read!(self, pool => {
                sqlx::query_as::<_, ImgRow>(NEWEST_IMGS)
                    .bind(repo_id)
                    .bind(limit)
                    .fetch_all(pool)
                    .await
            })
        };
        rows.and_then(all).doing("list the images")
    }

    /// Number of images of a repository, declared ones included.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_imgs(&self, repo_id: i64) -> Result<i64, DbError> {
        read!(self, pool => sqlx::query_scalar(COUNT_IMGS).bind(repo_id).fetch_one(pool).await)
            .doing("count the images")
    }

    /// Tags that were pushed, in the order of their bytes, those behind `last`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn tags(
        &self,
        repo_id: i64,
        last: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Tag>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_scalar(TAGS)
                .bind(repo_id)
                .bind(mark(last.unwrap_or_default()))
                .bind(limit)
                .fetch_all(pool)
                .await
        });
        rows.and_then(|rows: Vec<String>| tags(&rows)).doing("list the tags")
    }

    /// Digest of the manifest behind a pushed tag.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn tag_digest(&self, repo_id: i64, tag: &Tag) -> Result<Option<Digest>, DbError> {
        let text: Result<Option<String>, _> = read!(self, pool => {
            sqlx::query_scalar(TAG_DIGEST)
                .bind(repo_id)
                .bind(tag.as_str())
                .fetch_optional(pool)
                .await
        });
        text.and_then(|text| maybe(text.as_deref(), Digest::parse)).doing("resolve the tag")
    }

    /// The images of a repository that are this manifest, the newest first.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn imgs_of(&self, repo_id: i64, digest: &Digest) -> Result<Vec<Img>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, ImgRow>(IMGS_OF)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_all(pool)
                .await
        });
        rows.and_then(all).doing("list the images of the manifest")
    }

    /// Every tag of a repository, as [`Change::all_imgs`] answers them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn all_imgs(&self, repo_id: i64) -> Result<Vec<(Tag, ImgState, i64, bool)>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, TagRow>(ALL_IMGS).bind(repo_id).fetch_all(pool).await
        });
        rows.and_then(|rows| rows.iter().map(tag_facts).collect())
            .doing("list the tags of the repository")
    }

    /// What is said of each image of a repository that is this manifest, in no order.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn img_details_of(
        &self,
        repo_id: i64,
        digest: &Digest,
    ) -> Result<Vec<Detail>, DbError> {
        let rows: Result<Vec<String>, _> = read!(self, pool => {
            sqlx::query_scalar(DETAILS_OF)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_all(pool)
                .await
        });
        rows.and_then(|rows| rows.iter().map(|row| json(row)).collect())
            .doing("read what is said of the images of the manifest")
    }
}

impl Change {
    /// Writes what is known about a tag, in place of what was known before; answers its row.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn put_img(&mut self, img: &NewImg) -> Result<i64, DbError> {
        let doing = "record the image";
        let base = json_text(&img.base).doing(doing)?;
        let detail = json_text(&img.detail).doing(doing)?;
        let extraction = json_text(&img.extraction).doing(doing)?;
        self.loosen_tag(img.repo_id, &img.tag, img.pushed_at_ms).await.doing(doing)?;
        if let Some(digest) = &img.digest {
            self.hold_manifest(img.repo_id, digest).await.doing(doing)?;
        }
        let put: Result<i64, _> = within!(&mut *self, on => {
            sqlx::query_scalar(PUT_IMG)
                .bind(img.repo_id)
                .bind(img.tag.as_str())
                .bind(img.digest.as_ref().map(Digest::as_str))
                .bind(base)
                .bind(detail)
                .bind(extraction)
                .bind(img.pushed_at_ms)
                .bind(&img.pushed_by)
                .fetch_one(on)
                .await
        });
        let id = put.doing(doing)?;
        // What the image before named is forgotten when its details are set.
        if !img.detail.documents().is_empty() {
            self.name_documents(id, &img.detail).await.doing(doing)?;
        }
        Ok(id)
    }

    /// The image behind a tag, as this change leaves it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn img(&mut self, repo_id: i64, tag: &Tag) -> Result<Option<Img>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, ImgRow>(IMG)
                .bind(repo_id)
                .bind(tag.as_str())
                .fetch_optional(on)
                .await
        });
        row.and_then(one).doing("read the image")
    }

    /// The images of a repository that are this manifest, the newest first, as this change
    /// leaves them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn imgs_of(&mut self, repo_id: i64, digest: &Digest) -> Result<Vec<Img>, DbError> {
        let rows = within!(self, on => {
            sqlx::query_as::<_, ImgRow>(IMGS_OF)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_all(on)
                .await
        });
        rows.and_then(all).doing("list the images of the manifest")
    }

    /// Every tag of a repository, the newest first: whether it was pushed, when, and whether its
    /// manifest has a subject.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn all_imgs(
        &mut self,
        repo_id: i64,
    ) -> Result<Vec<(Tag, ImgState, i64, bool)>, DbError> {
        let rows = within!(self, on => {
            sqlx::query_as::<_, TagRow>(ALL_IMGS).bind(repo_id).fetch_all(on).await
        });
        rows.and_then(|rows| rows.iter().map(tag_facts).collect())
            .doing("list the tags of the repository")
    }

    /// The newest image that was pushed earlier than that, may be latest
    /// ([`is_candidate`]), and has another tag than `not`.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn img_before(
        &mut self,
        repo_id: i64,
        pushed_at_ms: i64,
        not: &Tag,
    ) -> Result<Option<Img>, DbError> {
        let doing = "look for the image before";
        // No tag is empty, so this stands in front of every tag of that millisecond.
        let mut before = (String::new(), pushed_at_ms);
        loop {
            let rows: Vec<(String, i64)> = within!(&mut *self, on => {
                sqlx::query_as(PUSHED_BEFORE)
                    .bind(repo_id)
                    .bind(before.1)
                    .bind(&before.0)
                    .fetch_all(on)
                    .await
            })
            .doing(doing)?;
            let Some(last) = rows.last().cloned() else { return Ok(None) };
            for (text, _) in rows {
                let tag = parsed(Tag::parse(&text)).doing(doing)?;
                if tag != *not && is_candidate(&tag, false) {
                    return self.img(repo_id, &tag).await;
                }
            }
            before = last;
        }
    }

    /// Replaces what an image says, how far the reading of it has come, and the remarks on it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_detail(
        &mut self,
        img_id: i64,
        detail: &Detail,
        extraction: &Extraction,
        notes: &[String],
    ) -> Result<(), DbError> {
        let doing = "set the details of the image";
        let fields = json_text(detail).doing(doing)?;
        let extraction = json_text(extraction).doing(doing)?;
        let notes = json_text(&notes).doing(doing)?;
        within!(&mut *self, on => {
            sqlx::query(SET_DETAIL)
                .bind(img_id)
                .bind(fields)
                .bind(extraction)
                .bind(notes)
                .execute(on)
                .await
                .map(drop)
        })
        .doing(doing)?;
        self.name_documents(img_id, detail).await.doing(doing)
    }

    /// Says that the tag perhaps no longer holds its manifest since `at_ms`.
    async fn loosen_tag(&mut self, repo_id: i64, tag: &Tag, at_ms: i64) -> Result<(), sqlx::Error> {
        within!(self, on => {
            let loosen = sqlx::query(LOOSEN_TAG).bind(repo_id).bind(tag.as_str()).bind(at_ms);
            loosen.execute(on).await.map(drop)
        })
    }

    /// Whether the repository has any tag, pushed or declared.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn has_imgs(&mut self, repo_id: i64) -> Result<bool, DbError> {
        let found: Result<i64, _> = within!(self, on => {
            sqlx::query_scalar(HAS_IMGS).bind(repo_id).fetch_one(on).await
        });
        found.map(|found| found > 0).doing("look for tags of the repository")
    }

    /// Deletes a tag; tells whether it was pushed or declared, or `None` when there was none.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn delete_img(
        &mut self,
        repo_id: i64,
        tag: &Tag,
        at_ms: i64,
    ) -> Result<Option<ImgState>, DbError> {
        self.loosen_tag(repo_id, tag, at_ms).await.doing("delete the image")?;
        let gone: Result<Option<(Option<String>,)>, _> = within!(self, on => {
            let delete = sqlx::query_as(DELETE_IMG).bind(repo_id).bind(tag.as_str());
            delete.fetch_optional(on).await
        });
        gone.map(|gone| gone.map(|(digest,)| state(digest.as_deref()))).doing("delete the image")
    }

    /// Deletes every tag of a manifest; answers them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn delete_imgs_of(
        &mut self,
        repo_id: i64,
        digest: &Digest,
    ) -> Result<Vec<Tag>, DbError> {
        let rows = within!(self, on => {
            sqlx::query_scalar(DELETE_IMGS_OF)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_all(on)
                .await
        });
        rows.and_then(|rows: Vec<String>| tags(&rows)).doing("delete the images of the manifest")
    }
}

#[cfg(test)]
mod tests;
