//! Repositories with the image that speaks for each of them, as lists show them.

use hub_model::{Img, Repo};
use sqlx::{FromRow, QueryBuilder};

use crate::imgs::ImgRow;
use crate::lists::{LONGEST, push_in};
use crate::repos::{RepoRow, columns};
use crate::rows::all;
use crate::{Db, DbError, Doing};

/// Repositories, each with the image that speaks for it: that of the latest tag, or while none was
/// pushed, the newest that was declared.
macro_rules! with_shown_img {
    () => {
        " FROM repo r
          LEFT JOIN img i ON i.repo_id = r.id AND i.tag = COALESCE(r.latest_tag,
              (SELECT d.tag FROM img d WHERE d.repo_id = r.id AND d.digest IS NULL
               ORDER BY d.pushed_at_ms DESC, d.tag LIMIT 1))
         "
    };
}
pub(crate) use with_shown_img;

/// One statement for both: a page of results is the same number of rows as it has results, and each
/// row of SQLite comes from another thread.
const SELECT: &str = concat!(
    "SELECT ",
    columns!(),
    ", i.id AS img_id, i.tag, i.digest, i.base, i.detail, i.extraction, i.notes,
       i.pushed_at_ms AS img_pushed_at_ms, i.pushed_by, i.pulled_at_ms AS img_pulled_at_ms",
    with_shown_img!(),
    "WHERE r.id"
);

#[derive(FromRow)]
struct CardRow {
    #[sqlx(flatten)]
    repo: RepoRow,
    img_id: Option<i64>,
    tag: Option<String>,
    digest: Option<String>,
    base: Option<String>,
    detail: Option<String>,
    extraction: Option<String>,
    notes: Option<String>,
    img_pushed_at_ms: Option<i64>,
    pushed_by: Option<String>,
    img_pulled_at_ms: Option<i64>,
}

impl CardRow {
    fn img(&mut self) -> Option<ImgRow> {
        Some(ImgRow {
            id: self.img_id?,
            repo: self.repo.name.clone(),
            tag: self.tag.take()?,
            digest: self.digest.take(),
            base: self.base.take()?,
            detail: self.detail.take()?,
            extraction: self.extraction.take()?,
            notes: self.notes.take()?,
            pushed_at_ms: self.img_pushed_at_ms?,
            pushed_by: self.pushed_by.take()?,
            pulled_at_ms: self.img_pulled_at_ms?,
        })
    }
}

impl TryFrom<CardRow> for (Repo, Option<Img>) {
    type Error = sqlx::Error;

    fn try_from(mut row: CardRow) -> Result<Self, sqlx::Error> {
        let img = row.img().map(Img::try_from).transpose()?;
        Ok((row.repo.try_into()?, img))
    }
}

impl Db {
    /// The repositories of those rows, in that order, each with the image that speaks for it; the
    /// ones that are gone are left out.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn cards(&self, ids: &[i64]) -> Result<Vec<(Repo, Option<Img>)>, DbError> {
        let mut cards: Vec<(Repo, Option<Img>)> = Vec::with_capacity(ids.len());
        for some in ids.chunks(LONGEST) {
            let rows = read!(self, pool => {
                let mut query = QueryBuilder::new(SELECT);
                push_in(&mut query, some.iter().copied());
                query.build_query_as::<CardRow>().fetch_all(pool).await
            });
            cards.extend(rows.and_then(all).doing("read the repositories and their images")?);
        }
        cards.sort_by_key(|(repo, _)| ids.iter().position(|id| *id == repo.id));
        Ok(cards)
    }
}
