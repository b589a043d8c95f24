//! What people and images say, by scope, and the documents that it points at.

use hub_model::{Detail, DetailScope, Digest, Document};
use sqlx::FromRow;

use crate::rows::{json, json_text, one, parsed};
use crate::{Change, Db, DbError, Doing};

statements! {
    PUT_DETAILS =
        "INSERT INTO detail (repo_id, scope, fields, at_ms)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (repo_id, scope) DO UPDATE
         SET fields = excluded.fields, at_ms = excluded.at_ms";
    DROP_DETAILS =
        "DELETE FROM detail
         WHERE repo_id = $1 AND scope = $2";
    DETAILS =
        "SELECT fields
         FROM detail
         WHERE repo_id = $1 AND scope = $2";
    PUT_DOCUMENT =
        "INSERT INTO document (digest, media_type, body)
         VALUES ($1, $2, $3)
         ON CONFLICT (digest) DO UPDATE
         SET unreferenced_since_ms = NULL
         WHERE document.unreferenced_since_ms IS NOT NULL";
    FORGET_IN_DETAILS =
        "DELETE FROM detail_document
         WHERE repo_id = $1 AND scope = $2";
    NAME_IN_DETAILS =
        "INSERT INTO detail_document (repo_id, scope, digest)
         VALUES ($1, $2, $3)";
    FORGET_IN_IMG =
        "DELETE FROM img_document
         WHERE img_id = $1";
    NAME_IN_IMG =
        "INSERT INTO img_document (img_id, digest)
         VALUES ($1, $2)";
    DOCUMENT =
        "SELECT digest, media_type, body
         FROM document
         WHERE digest = $1";
}

#[derive(FromRow)]
struct DocumentRow {
    digest: String,
    media_type: String,
    body: Vec<u8>,
}

impl TryFrom<DocumentRow> for Document {
    type Error = sqlx::Error;

    fn try_from(row: DocumentRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            digest: parsed(Digest::parse(&row.digest))?,
            media_type: row.media_type,
            body: row.body,
        })
    }
}

fn detail(text: Option<&str>) -> Result<Option<Detail>, sqlx::Error> {
    text.map(json).transpose()
}

impl Db {
    /// What is said in one scope of a repository.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn details(
        &self,
        repo_id: i64,
        scope: &DetailScope,
    ) -> Result<Option<Detail>, DbError> {
        let text = read!(self, pool => {
            sqlx::query_scalar(DETAILS)
                .bind(repo_id)
                .bind(scope.key())
                .fetch_optional(pool)
                .await
        });
        text.and_then(|text: Option<String>| detail(text.as_deref())).doing("read the details")
    }

    /// A document.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn document(&self, digest: &Digest) -> Result<Option<Document>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, DocumentRow>(DOCUMENT)
                .bind(digest.as_str())
                .fetch_optional(pool)
                .await
        });
        row.and_then(one).doing("read the document")
    }
}

impl Change {
    /// Writes what is said in one scope, in place of what was said before.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn put_details(
        &mut self,
        repo_id: i64,
        scope: &DetailScope,
        detail: &Detail,
        at_ms: i64,
    ) -> Result<(), DbError> {
        let doing = "write the details";
        let fields = json_text(detail).doing(doing)?;
        let scope = scope.key();
        within!(self, on => async {
            let put = sqlx::query(PUT_DETAILS).bind(repo_id).bind(&scope).bind(fields).bind(at_ms);
            put.execute(&mut *on).await?;
            let forget = sqlx::query(FORGET_IN_DETAILS).bind(repo_id).bind(&scope);
            forget.execute(&mut *on).await?;
            for digest in detail.documents() {
                let name = sqlx::query(NAME_IN_DETAILS).bind(repo_id).bind(&scope);
                name.bind(digest.as_str()).execute(&mut *on).await?;
            }
            Ok::<_, sqlx::Error>(())
        }
        .await)
        .doing(doing)
    }

    /// Writes down which documents an image names, in place of those before.
    pub(crate) async fn name_documents(
        &mut self,
        img_id: i64,
        detail: &Detail,
    ) -> Result<(), sqlx::Error> {
        within!(self, on => async {
            sqlx::query(FORGET_IN_IMG).bind(img_id).execute(&mut *on).await?;
            for digest in detail.documents() {
                let name = sqlx::query(NAME_IN_IMG).bind(img_id).bind(digest.as_str());
                name.execute(&mut *on).await?;
            }
            Ok(())
        }
        .await)
    }

    /// Drops what is said in one scope.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn drop_details(&mut self, repo_id: i64, scope: &DetailScope) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(DROP_DETAILS).bind(repo_id).bind(scope.key()).execute(on).await.map(drop)
        })
        .doing("drop the details")
    }

    /// What is said in one scope, as this change leaves it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn details(
        &mut self,
        repo_id: i64,
        scope: &DetailScope,
    ) -> Result<Option<Detail>, DbError> {
        let text = within!(self, on => {
            sqlx::query_scalar(DETAILS).bind(repo_id).bind(scope.key()).fetch_optional(on).await
        });
        text.and_then(|text: Option<String>| detail(text.as_deref())).doing("read the details")
    }

    /// Stores documents; one that is known stays as it is. Until this change ends the collector
    /// leaves them alone, and then what this change says has to name them.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn put_documents(&mut self, documents: &[Document]) -> Result<(), DbError> {
        let mut documents: Vec<_> = documents.iter().collect();
        // Two changes that keep the same ones in different orders would wait for each other.
        documents.sort_unstable_by(|left, right| left.digest.cmp(&right.digest));
        for document in documents {
            within!(&mut *self, on => {
                sqlx::query(PUT_DOCUMENT)
                    .bind(document.digest.as_str())
                    .bind(&document.media_type)
                    .bind(&document.body)
                    .execute(on)
                    .await
                    .map(drop)
            })
            .doing("store the document")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{Field, Source, Tag, Value};

    use super::*;
    use crate::fixtures::{digest, engines, with_repo};

    #[tokio::test]
    async fn what_is_said_is_kept_by_scope() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let tag = DetailScope::Tag(Tag::parse("v1").unwrap());
            let mut detail = Detail::default();
            detail.set(Field::Keywords, vec!["数据库".to_owned()], Source::Web);
            detail.set(Field::Deprecated, Value::Flag(true), Source::Label("a:b".to_owned()));

            let mut change = db.change().await.unwrap();
            change.put_details(repo.id, &DetailScope::Repo, &Detail::default(), 1).await.unwrap();
            change.put_details(repo.id, &DetailScope::Repo, &detail, 2).await.unwrap();
            let said = change.details(repo.id, &DetailScope::Repo).await.unwrap();
            assert_eq!(said.as_ref(), Some(&detail));
            assert_eq!(change.details(repo.id, &tag).await.unwrap(), None);
            change.commit().await.unwrap();
            let said = db.details(repo.id, &DetailScope::Repo).await.unwrap();
            assert_eq!(said, Some(detail));

            let mut change = db.change().await.unwrap();
            change.drop_details(repo.id, &DetailScope::Repo).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.details(repo.id, &DetailScope::Repo).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_document_is_kept_once_by_its_digest() {
        for (db, _fresh) in engines().await {
            let media_type = "text/markdown".to_owned();
            let body = "# 你好\0".as_bytes().to_vec();
            let document = Document { digest: digest(1), media_type, body };
            let mut change = db.change().await.unwrap();
            let twice = [document.clone(), document.clone()];
            change.put_documents(&twice).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.document(&digest(1)).await.unwrap(), Some(document));
            assert_eq!(db.document(&digest(2)).await.unwrap(), None);
        }
    }
}
