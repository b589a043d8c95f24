//! Full-text search of PostgreSQL, with trigrams for names.

use anyhow::{Context as _, Result};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection as _, PgConnection};

use super::{Row, page, words};
use crate::search::asks::{Ask, Kind};

const TABLES: &str = "
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE UNLOGGED TABLE IF NOT EXISTS repo (
        id BIGINT PRIMARY KEY, name TEXT NOT NULL, categories TEXT[] NOT NULL,
        pulls BIGINT NOT NULL, words TSVECTOR NOT NULL
    )";

const ADD: &str = "
    INSERT INTO repo (id, name, categories, pulls, words)
    SELECT id, name, string_to_array(categories, '|'), pulls,
           setweight(to_tsvector('simple', translate(name, '/-_.', '    ')), 'A')
           || setweight(to_tsvector('english', keywords), 'B')
           || setweight(to_tsvector('english', description), 'C')
           || setweight(to_tsvector('english', readme), 'D')
    FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                $7::text[]) AS t (id, name, categories, pulls, keywords, description, readme)";

const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS repo_words ON repo USING gin (words);
    CREATE INDEX IF NOT EXISTS repo_names ON repo USING gin (name gin_trgm_ops);
    CREATE INDEX IF NOT EXISTS repo_categories ON repo USING gin (categories);
    CREATE INDEX IF NOT EXISTS repo_pulls ON repo (pulls DESC, id);
    ANALYZE repo";

const BY_WORDS: &str = "
    SELECT name FROM repo, to_tsquery('english', $1) AS asked
    WHERE words @@ asked AND ($2::text IS NULL OR categories @> ARRAY[$2])
    ORDER BY ts_rank_cd(words, asked) DESC, pulls DESC, id LIMIT $3 OFFSET $4";

const BY_TRIGRAMS: &str = "
    SELECT name FROM repo WHERE $1 <% name ORDER BY word_similarity($1, name) DESC, pulls DESC
    LIMIT $2";

const BROWSE: &str = "
    SELECT name FROM repo WHERE categories @> ARRAY[$1] ORDER BY pulls DESC, id LIMIT $2";

const FACETS: &str = "
    SELECT category, count(*)
    FROM (SELECT UNNEST(categories) AS category FROM repo
          WHERE ($1 = '' OR words @@ to_tsquery('english', $1)) AND categories @> ARRAY[$2]) AS found
    GROUP BY category ORDER BY count(*) DESC LIMIT 30";

/// A database of ours in a server.
pub(crate) struct Postgres(PgPool);

impl Postgres {
    pub(super) async fn open(url: &str, name: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let mut first = PgConnection::connect_with(&options.clone().database("postgres"))
            .await
            .context("could not reach PostgreSQL")?;
        // It may be there from the run before.
        let _ = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut first)
            .await;
        let pool = PgPoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options.database(name)).await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        Ok(Self(pool))
    }

    pub(super) async fn count(&self) -> Result<usize> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM repo").fetch_one(&self.0).await?;
        Ok(usize::try_from(count)?)
    }

    pub(super) async fn empty(&self) -> Result<()> {
        sqlx::raw_sql("TRUNCATE repo").execute(&self.0).await?;
        Ok(())
    }

    pub(super) async fn add(&self, rows: &[Row]) -> Result<()> {
        let texts = |text: fn(&Row) -> String| rows.iter().map(text).collect::<Vec<_>>();
        let numbers = |number: fn(&Row) -> i64| rows.iter().map(number).collect::<Vec<_>>();
        sqlx::query(ADD)
            .bind(numbers(|row| row.id))
            .bind(texts(|row| row.name.clone()))
            .bind(texts(|row| row.categories.join("|")))
            .bind(numbers(|row| row.pulls))
            .bind(texts(|row| row.keywords.clone()))
            .bind(texts(|row| row.description.clone()))
            .bind(texts(|row| row.readme.clone()))
            .execute(&self.0)
            .await?;
        Ok(())
    }

    pub(super) async fn finish(&self) -> Result<()> {
        sqlx::raw_sql(INDEXES).execute(&self.0).await?;
        Ok(())
    }

    pub(super) async fn ask(&self, ask: &Ask) -> Result<Vec<String>> {
        let (limit, offset) = page(ask);
        let query = query(&ask.text);
        if let Some(category) = &ask.category {
            let facets = sqlx::query(FACETS).bind(&query).bind(category);
            facets.fetch_all(&self.0).await?;
        }
        if ask.kind == Kind::Browse {
            let browse = sqlx::query_scalar(BROWSE).bind(&ask.category).bind(limit);
            return Ok(browse.fetch_all(&self.0).await?);
        }
        let found = sqlx::query_scalar(BY_WORDS).bind(&query).bind(&ask.category);
        let found: Vec<String> = found.bind(limit).bind(offset).fetch_all(&self.0).await?;
        if !found.is_empty() || offset > 0 || ask.category.is_some() {
            return Ok(found);
        }
        let found = sqlx::query_scalar(BY_TRIGRAMS).bind(&ask.text).bind(limit);
        Ok(found.fetch_all(&self.0).await?)
    }
}

/// All words, the last one as a prefix.
fn query(text: &str) -> String {
    let words = words(text);
    if words.is_empty() { String::new() } else { format!("{}:*", words.join(" & ")) }
}
