//! Repositories as the index sees them.

use std::collections::HashMap;

use hub_model::{BaseInfo, Detail, Digest, Field, RepoName, SearchDoc};
use sqlx::{FromRow, QueryBuilder};

use crate::cards::with_shown_img;
use crate::lists::{LONGEST, push_in};
use crate::repos::visibility;
use crate::rows::{count, json, parsed};
use crate::{Db, DbError, Doing};

macro_rules! select {
    () => {
        concat!(
            "SELECT r.id, r.name, r.visibility, r.official, r.stars, r.pulls, r.recent_pulls,
                    r.created_at_ms, r.pushed_at_ms, i.base, i.detail",
            with_shown_img!()
        )
    };
}

statements! {
    SEARCH_DOC = concat!(select!(), "WHERE r.name = $1");
    SEARCH_DOCS = concat!(
        select!(),
        "WHERE r.id > $1
         ORDER BY r.id
         LIMIT $2"
    );
}

#[derive(FromRow)]
struct DocRow {
    id: i64,
    name: String,
    visibility: String,
    official: bool,
    stars: i64,
    pulls: i64,
    recent_pulls: i64,
    created_at_ms: i64,
    pushed_at_ms: i64,
    base: Option<String>,
    detail: Option<String>,
}

/// A document without its README, and the digest of that.
fn doc(row: &DocRow) -> Result<(SearchDoc, Option<Digest>), sqlx::Error> {
    let base: BaseInfo = row.base.as_deref().map(json).transpose()?.unwrap_or_default();
    let detail: Detail = row.detail.as_deref().map(json).transpose()?.unwrap_or_default();
    let text = |field| detail.text(field).unwrap_or_default().to_owned();

    let mut platforms: Vec<_> =
        base.platforms.iter().map(|one| format!("{}/{}", one.os, one.arch)).collect();
    platforms.sort_unstable();
    platforms.dedup();
    let labels = [Field::Vendor, Field::Authors, Field::Source].map(text);
    let doc = SearchDoc {
        repo_id: row.id,
        name: parsed(RepoName::stored(&row.name))?.into(),
        visibility: visibility(&row.visibility)?,
        title: text(Field::Title),
        description: text(Field::Description),
        keywords: detail.list(Field::Keywords).to_vec(),
        categories: detail.list(Field::Categories).to_vec(),
        aliases: detail.list(Field::Aliases).to_vec(),
        readme: String::new(),
        labels: labels.into_iter().filter(|label| !label.is_empty()).collect(),
        platforms,
        official: row.official,
        deprecated: detail.flag(Field::Deprecated),
        created_at_ms: row.created_at_ms,
        pushed_at_ms: row.pushed_at_ms,
        pulls: count(row.pulls)?,
        recent_pulls: count(row.recent_pulls)?,
        stars: count(row.stars)?,
        size: base.size,
    };
    Ok((doc, detail.docs()))
}

impl Db {
    /// What the index knows about a repository, by full name.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn search_doc(&self, name: &str) -> Result<Option<SearchDoc>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, DocRow>(SEARCH_DOC).bind(name).fetch_optional(pool).await
        });
        let row = row.doing("read the repository for the index")?;
        Ok(self.with_readmes(row.as_slice()).await?.pop())
    }

    /// What the index knows about repositories, by row, those behind `after`. In the order of their
    /// names a large file would be read here and there.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn search_docs(&self, after: i64, limit: i64) -> Result<Vec<SearchDoc>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, DocRow>(SEARCH_DOCS)
                .bind(after)
                .bind(limit)
                .fetch_all(pool)
                .await
        });
        self.with_readmes(&rows.doing("read the repositories for the index")?).await
    }

    async fn with_readmes(&self, rows: &[DocRow]) -> Result<Vec<SearchDoc>, DbError> {
        let docs: Result<Vec<_>, _> = rows.iter().map(doc).collect();
        let docs = docs.doing("read the repositories for the index")?;
        let wanted: Vec<_> = docs.iter().filter_map(|(_, readme)| readme.clone()).collect();
        let readmes = self.texts(&wanted).await?;
        let fill = |(mut doc, readme): (SearchDoc, Option<Digest>)| {
            let text = readme.and_then(|digest| readmes.get(digest.as_str()));
            doc.readme = text.cloned().unwrap_or_default();
            doc
        };
        Ok(docs.into_iter().map(fill).collect())
    }

    /// The texts of documents, by digest; those that are not there are left out.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn texts(&self, digests: &[Digest]) -> Result<HashMap<String, String>, DbError> {
        let mut texts = HashMap::with_capacity(digests.len());
        for some in digests.chunks(LONGEST) {
            let rows: Vec<(String, Vec<u8>)> = read!(self, pool => {
                let mut query = QueryBuilder::new("SELECT digest, body FROM document WHERE digest");
                push_in(&mut query, some.iter().map(Digest::as_str));
                query.build_query_as().persistent(false).fetch_all(pool).await
            })
            .doing("read the documents")?;
            let readable = |(digest, body): (String, Vec<u8>)| {
                (digest, String::from_utf8_lossy(&body).into_owned())
            };
            texts.extend(rows.into_iter().map(readable));
        }
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{Document, Platform, Source, Value, Visibility};

    use super::*;
    use crate::Latest;
    use crate::fixtures::{digest, engines, new_img, tag, with_repo};

    #[tokio::test]
    async fn the_index_sees_the_latest_image_with_its_readme() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let platform = |arch: &str, variant: Option<&str>| Platform {
                os: "linux".to_owned(),
                arch: arch.to_owned(),
                variant: variant.map(str::to_owned),
                digest: digest(5),
                size: 1,
            };
            let mut img = new_img(&repo, "v1", Some(digest(1)), 8);
            img.base.platforms = vec![
                platform("arm", Some("v7")),
                platform("arm", Some("v6")),
                platform("amd64", None),
            ];
            img.detail.set(Field::Docs, digest(7).to_string(), Source::Cli);
            img.detail.set(Field::Title, "MySQL", Source::Cli);
            img.detail.set(Field::Keywords, vec!["sql".to_owned()], Source::Cli);
            img.detail.set(Field::Deprecated, Value::Flag(true), Source::Cli);
            let latest = Latest {
                tag: Some(tag("v1")),
                semver: None,
                tags: 1,
                pushed_at_ms: 8,
                updated_at_ms: 8,
            };
            let readme = Document {
                digest: digest(7),
                media_type: "text/markdown".to_owned(),
                body: b"# MySQL \xff".to_vec(),
            };
            let mut change = db.change().await.unwrap();
            change.put_img(&img).await.unwrap();
            change.an_img(&repo, "v2", 9).await;
            change.set_latest(repo.id, &latest).await.unwrap();
            change.put_documents(&[readme]).await.unwrap();
            change.commit().await.unwrap();

            let want = SearchDoc {
                repo_id: repo.id,
                name: "labring/app".to_owned(),
                visibility: Visibility::Public,
                title: "MySQL".to_owned(),
                keywords: vec!["sql".to_owned()],
                readme: "# MySQL \u{fffd}".to_owned(),
                platforms: vec!["linux/amd64".to_owned(), "linux/arm".to_owned()],
                deprecated: true,
                created_at_ms: repo.created_at_ms,
                pushed_at_ms: 8,
                ..SearchDoc::default()
            };
            assert_eq!(db.search_doc("labring/app").await.unwrap(), Some(want));
            assert_eq!(db.search_doc("labring/none").await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn without_an_image_the_newest_that_was_only_declared_speaks() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let mut change = db.change().await.unwrap();
            for (version, title, at) in [("v1", "Old", 8), ("v2", "New", 9)] {
                let mut img = new_img(&repo, version, None, at);
                img.detail.set(Field::Title, title, Source::Api);
                change.put_img(&img).await.unwrap();
            }
            change.commit().await.unwrap();
            let doc = db.search_doc("labring/app").await.unwrap().unwrap();
            assert_eq!(doc.title, "New");
            let (_, shown) = db.cards(&[repo.id]).await.unwrap().remove(0);
            assert_eq!(shown.unwrap().tag.as_str(), "v2");
        }
    }

    #[tokio::test]
    async fn repositories_without_images_are_seen_too_page_by_page() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let org = db.org(&repo.name.org()).await.unwrap().unwrap();
            let mut change = db.change().await.unwrap();
            change.a_repo(&org, "b", Visibility::Private).await;
            change.a_repo(&org, "c", Visibility::Public).await;
            change.commit().await.unwrap();

            let first = db.search_docs(0, 2).await.unwrap();
            let names: Vec<_> = first.iter().map(|doc| doc.name.as_str()).collect();
            assert_eq!(names, ["labring/app", "labring/b"]);
            assert_eq!(first[1].visibility, Visibility::Private);
            let rest = db.search_docs(first[1].repo_id, 2).await.unwrap();
            assert_eq!(rest.len(), 1);
        }
    }
}
