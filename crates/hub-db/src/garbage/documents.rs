//! Documents that nothing names: found, marked, and removed when their grace is over.

use hub_model::Digest;
use sqlx::QueryBuilder;

use super::{COUNT_UNNAMED, UNNAMED, digests_of};
use crate::lists::{LONGEST, push_in};
use crate::rows::count;
use crate::{Change, Db, DbError, Doing};

/// Followed by a list: those documents of it that something names.
const NAMED: &str = "SELECT d.digest
                     FROM document d
                     WHERE (EXISTS (SELECT 1 FROM detail_document n WHERE n.digest = d.digest)
                            OR EXISTS (SELECT 1 FROM img_document n WHERE n.digest = d.digest))
                       AND d.digest";

impl Db {
    /// Documents without a mark that nothing names, those behind `after`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn unnamed_documents(&self, after: &str, limit: i64) -> Result<Vec<Digest>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_scalar(UNNAMED).bind(after).bind(limit).fetch_all(pool).await
        });
        rows.and_then(|rows: Vec<String>| digests_of(&rows)).doing("list the unnamed documents")
    }

    /// Number of documents that nothing names since `before_ms`; those without a mark count since
    /// `now_ms`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_unnamed(&self, before_ms: i64, now_ms: i64) -> Result<u64, DbError> {
        let found = read!(self, pool => {
            sqlx::query_scalar(COUNT_UNNAMED).bind(before_ms).bind(now_ms).fetch_one(pool).await
        });
        found.and_then(count).doing("count the unnamed documents")
    }
}

impl Change {
    /// Marks documents that perhaps nothing names, unless they have a mark.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn mark_documents(&mut self, digests: &[Digest], at_ms: i64) -> Result<(), DbError> {
        for some in digests.chunks(LONGEST) {
            within!(&mut *self, on => {
                let mut query = QueryBuilder::new("UPDATE document SET unreferenced_since_ms = ");
                query.push_bind(at_ms).push(" WHERE unreferenced_since_ms IS NULL AND digest");
                push_in(&mut query, some.iter().map(Digest::as_str));
                query.build().persistent(false).execute(on).await.map(drop)
            })
            .doing("mark the unnamed documents")?;
        }
        Ok(())
    }

    /// Removes documents that nothing names since `before_ms`; looks at `limit` of them. Answers
    /// how many went, and how many are needed after all.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn drop_documents(
        &mut self,
        before_ms: i64,
        limit: i64,
    ) -> Result<(u64, u64), DbError> {
        let doing = "remove the documents that nothing names";
        let rows = self.lone_documents(before_ms, limit).await;
        let mut lone = rows.and_then(|rows| digests_of(&rows)).doing(doing)?;
        // A statement of its own: on PostgreSQL it then sees what was committed before the lock.
        let named = self.among(NAMED, &lone).await.doing(doing)?;
        lone.retain(|digest| !named.contains(digest));
        let unmark = "UPDATE document SET unreferenced_since_ms = NULL WHERE digest";
        self.with_list(unmark, &named).await.doing(doing)?;
        self.with_list("DELETE FROM document WHERE digest", &lone).await.doing(doing)?;
        Ok((lone.len() as u64, named.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{Detail, DetailScope, Document, Extraction, Field, Source};

    use super::*;
    use crate::fixtures::{digest, engines, with_repo};

    fn document(number: u64) -> Document {
        let media_type = "text/markdown".to_owned();
        Document { digest: digest(number), media_type, body: vec![0] }
    }

    fn naming(number: u64) -> Detail {
        let mut detail = Detail::default();
        detail.set(Field::Docs, digest(number).as_str(), Source::Web);
        detail
    }

    async fn collect(db: &Db, now_ms: i64, before_ms: i64) -> (u64, u64) {
        let unnamed = db.unnamed_documents("", 9).await.unwrap();
        let mut change = db.change().await.unwrap();
        change.mark_documents(&unnamed, now_ms).await.unwrap();
        let outcome = change.drop_documents(before_ms, 9).await.unwrap();
        change.commit().await.unwrap();
        outcome
    }

    #[tokio::test]
    async fn a_document_goes_a_grace_after_nothing_names_it_any_more() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let mut change = db.change().await.unwrap();
            change.put_documents(&[document(1), document(2), document(3)]).await.unwrap();
            change.put_details(repo.id, &DetailScope::Repo, &naming(1), 1).await.unwrap();
            let img = change.an_img(&repo, "v1", 1).await;
            change.set_detail(img, &naming(2), &Extraction::Done, &[]).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.unnamed_documents("", 9).await.unwrap(), [digest(3)]);
            assert_eq!(collect(&db, 10, 9).await, (0, 0), "its grace goes on");

            // Who stores it again and names it begins anew.
            let mut change = db.change().await.unwrap();
            change.put_documents(&[document(3)]).await.unwrap();
            change.set_detail(img, &naming(3), &Extraction::Done, &[]).await.unwrap();
            change.drop_details(repo.id, &DetailScope::Repo).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.count_unnamed(29, 30).await.unwrap(), 0);
            assert_eq!(db.count_unnamed(30, 30).await.unwrap(), 2);
            assert_eq!(collect(&db, 30, 30).await, (2, 0));
            for (number, there) in [(1, false), (2, false), (3, true)] {
                let found = db.document(&digest(number)).await.unwrap();
                assert_eq!(found.is_some(), there, "{number}");
            }

            // A mark that is wrong is taken back.
            let mut change = db.change().await.unwrap();
            change.mark_documents(&[digest(3)], 40).await.unwrap();
            assert_eq!(change.drop_documents(40, 9).await.unwrap(), (0, 1));
            assert_eq!(change.drop_documents(40, 9).await.unwrap(), (0, 0));
            change.delete_img(repo.id, &crate::fixtures::tag("v1"), 41).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(collect(&db, 50, 50).await, (1, 0));
        }
    }
}
