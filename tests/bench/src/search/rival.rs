//! What others search with: the full-text search of PostgreSQL, and that of SQLite.
//!
//! Both get the same records and are set up as their manuals advise: weights for name, keywords,
//! description and README, an index for words and one for filters, the last word as a prefix.
//! PostgreSQL looks for similar names by trigrams where words find nothing; SQLite has nothing for
//! slips.

mod postgres;
mod sqlite;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::asks::{Ask, Kind, PAGE};
use super::corpus::Image;
use super::variation::Variation;
use postgres::Postgres;
use sqlite::Sqlite;

/// Records that are written at a time.
const AT_ONCE: usize = 500;

/// Bytes of a README that are given to everybody: about as much as the hub reads.
const README_BYTES: usize = 4000;

/// A record as a rival gets it.
pub(crate) struct Row {
    id: i64,
    name: String,
    keywords: String,
    categories: Vec<String>,
    description: String,
    readme: String,
    pulls: i64,
}

impl Row {
    fn varied(variation: &Variation, number: usize) -> Self {
        let record = variation.record(number);
        Self {
            id: i64::try_from(number).unwrap_or(i64::MAX),
            name: record.name,
            keywords: record.keywords.join(" "),
            categories: record.categories,
            description: record.description,
            readme: cut(record.readme.map(|number| variation.readme(number)).unwrap_or_default()),
            pulls: i64::try_from(record.pulls).unwrap_or(i64::MAX),
        }
    }

    fn real(image: &Image, number: usize) -> Self {
        Self {
            id: i64::try_from(number).unwrap_or(i64::MAX),
            name: image.id.clone(),
            keywords: image.keywords.join(" "),
            categories: image.categories.clone(),
            description: image.description.clone(),
            readme: cut(image.readme.join("\n")),
            pulls: 0,
        }
    }
}

fn cut(mut readme: String) -> String {
    readme.truncate(readme.floor_char_boundary(README_BYTES));
    // Neither database keeps a text with it.
    readme.retain(|c| c != '\0');
    readme
}

/// A database that is asked the same.
pub(crate) enum Rival {
    /// Over a pool of one connection.
    Postgres(Postgres),
    /// A file.
    Sqlite(Sqlite),
}

impl Rival {
    /// PostgreSQL at `url`, a database of its own of that name in it.
    pub(crate) async fn postgres(url: &str, name: &str) -> Result<Self> {
        Ok(Self::Postgres(Postgres::open(url, name).await?))
    }

    /// SQLite in a file.
    pub(crate) async fn sqlite(file: &Path) -> Result<Self> {
        Ok(Self::Sqlite(Sqlite::open(file).await?))
    }

    /// How the report calls it.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Sqlite(_) => "SQLite FTS5",
        }
    }

    /// Gives it a large hub, unless it has it; answers how long that took.
    pub(crate) async fn fill(&mut self, variation: &Variation, repos: usize) -> Result<Duration> {
        self.take((0..repos).map(|number| Row::varied(variation, number)), repos).await
    }

    /// Gives it real images.
    pub(crate) async fn learn(&mut self, images: &[Image]) -> Result<Duration> {
        let rows = images.iter().enumerate().map(|(number, image)| Row::real(image, number));
        self.take(rows, images.len()).await
    }

    async fn take(&mut self, rows: impl Iterator<Item = Row>, all: usize) -> Result<Duration> {
        let began = Instant::now();
        let there = match self {
            Self::Postgres(rival) => rival.count().await?,
            Self::Sqlite(rival) => rival.count().await?,
        };
        if there == all {
            return Ok(Duration::ZERO);
        }
        // What was cut off, or made from other records.
        match self {
            Self::Postgres(rival) => rival.empty().await?,
            Self::Sqlite(rival) => rival.empty().await?,
        }
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let some: Vec<Row> = rows.by_ref().take(AT_ONCE).collect();
            match self {
                Self::Postgres(rival) => rival.add(&some).await?,
                Self::Sqlite(rival) => rival.add(&some).await?,
            }
        }
        match self {
            Self::Postgres(rival) => rival.finish().await?,
            Self::Sqlite(rival) => rival.finish().await?,
        }
        Ok(began.elapsed())
    }

    /// Names of the results of a page, and how long they took.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<(Vec<String>, Duration)> {
        let began = Instant::now();
        let names = match self {
            Self::Postgres(rival) => rival.ask(ask).await?,
            Self::Sqlite(rival) => rival.ask(ask).await?,
        };
        Ok((names, began.elapsed()))
    }

    /// Names of the best results of a text.
    pub(crate) async fn best(&mut self, text: &str) -> Result<Vec<String>> {
        let ask = Ask { kind: Kind::Topic, text: text.to_owned(), category: None };
        Ok(self.ask(&ask).await?.0)
    }
}

/// The words of a text.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Results of a page, and those before it.
fn page(ask: &Ask) -> (i64, i64) {
    let int = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    (int(PAGE), int(ask.kind.offset()))
}
