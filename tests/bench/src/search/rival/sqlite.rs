//! Full-text search of SQLite: FTS5.

use std::path::Path;

use anyhow::Result;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

use super::{Row, page, words};
use crate::search::asks::{Ask, Kind};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS repo (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, pulls INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS category (
        name TEXT NOT NULL, pulls INTEGER NOT NULL, repo INTEGER NOT NULL,
        PRIMARY KEY (name, pulls DESC, repo)
    ) WITHOUT ROWID;
    CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
        name, keywords, description, readme,
        content = '', detail = column, prefix = '2 3 4', tokenize = 'unicode61 remove_diacritics 2'
    )";

const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS category_of ON category (repo, name);
    INSERT INTO words (words) VALUES ('optimize');
    ANALYZE";

const BY_WORDS: &str = "
    SELECT repo.name FROM words JOIN repo ON repo.id = words.rowid
    WHERE words MATCH $1
      AND ($2 IS NULL OR EXISTS (SELECT 1 FROM category WHERE repo = words.rowid AND name = $2))
    ORDER BY bm25(words, 10.0, 5.0, 3.0, 1.0) LIMIT $3 OFFSET $4";

const BROWSE: &str = "
    SELECT repo.name FROM category JOIN repo ON repo.id = category.repo
    WHERE category.name = $1 ORDER BY category.pulls DESC, category.repo LIMIT $2";

const FACETS_OF_WORDS: &str = "
    SELECT other.name, count(*)
    FROM words JOIN category ON category.repo = words.rowid AND category.name = $2
    JOIN category AS other ON other.repo = words.rowid
    WHERE words MATCH $1 GROUP BY other.name ORDER BY count(*) DESC LIMIT 30";

const FACETS: &str = "
    SELECT other.name, count(*)
    FROM category JOIN category AS other ON other.repo = category.repo
    WHERE category.name = $1 GROUP BY other.name ORDER BY count(*) DESC LIMIT 30";

/// A file of ours.
pub(crate) struct Sqlite(SqlitePool);

impl Sqlite {
    pub(super) async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        // It is filled once and then read: nothing has to survive a crash.
        let options = options.synchronous(SqliteSynchronous::Off).pragma("cache_size", "-65536");
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        Ok(Self(pool))
    }

    pub(super) async fn count(&self) -> Result<usize> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM repo").fetch_one(&self.0).await?;
        Ok(usize::try_from(count)?)
    }

    pub(super) async fn empty(&self) -> Result<()> {
        let all = "DELETE FROM category; DELETE FROM repo;
                   INSERT INTO words (words) VALUES ('delete-all')";
        sqlx::raw_sql(all).execute(&self.0).await?;
        Ok(())
    }

    pub(super) async fn add(&self, rows: &[Row]) -> Result<()> {
        let mut change = self.0.begin().await?;
        for row in rows {
            sqlx::query("INSERT INTO repo (id, name, pulls) VALUES ($1, $2, $3)")
                .bind(row.id)
                .bind(&row.name)
                .bind(row.pulls)
                .execute(&mut *change)
                .await?;
            sqlx::query(
                "INSERT INTO words (rowid, name, keywords, description, readme)
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(row.id)
            .bind(&row.name)
            .bind(&row.keywords)
            .bind(&row.description)
            .bind(&row.readme)
            .execute(&mut *change)
            .await?;
            for category in &row.categories {
                sqlx::query(
                    "INSERT OR IGNORE INTO category (name, pulls, repo) VALUES ($1, $2, $3)",
                )
                .bind(category)
                .bind(row.pulls)
                .bind(row.id)
                .execute(&mut *change)
                .await?;
            }
        }
        Ok(change.commit().await?)
    }

    pub(super) async fn finish(&self) -> Result<()> {
        sqlx::raw_sql(INDEXES).execute(&self.0).await?;
        Ok(())
    }

    pub(super) async fn ask(&self, ask: &Ask) -> Result<Vec<String>> {
        let (limit, offset) = page(ask);
        if ask.kind == Kind::Browse {
            sqlx::query(FACETS).bind(&ask.category).fetch_all(&self.0).await?;
            let browse = sqlx::query_scalar(BROWSE).bind(&ask.category).bind(limit);
            return Ok(browse.fetch_all(&self.0).await?);
        }
        let query = query(&ask.text);
        if query.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(category) = &ask.category {
            let facets = sqlx::query(FACETS_OF_WORDS).bind(&query).bind(category);
            facets.fetch_all(&self.0).await?;
        }
        let found = sqlx::query_scalar(BY_WORDS).bind(&query).bind(&ask.category);
        Ok(found.bind(limit).bind(offset).fetch_all(&self.0).await?)
    }
}

/// All words, the last one as a prefix.
fn query(text: &str) -> String {
    let quoted: Vec<String> = words(text).iter().map(|word| format!("\"{word}\"")).collect();
    if quoted.is_empty() { String::new() } else { format!("{}*", quoted.join(" ")) }
}
