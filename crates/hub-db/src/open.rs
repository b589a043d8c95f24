//! Opening, migrating and closing the store.

use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor, PgPool, SqlitePool};

use crate::{DbError, Doing, Listener};

/// Tables of SQLite.
pub(crate) static LITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The same tables for PostgreSQL.
pub(crate) static PG_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a statement waits for the lock of the file: another program may hold it, for example
/// a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Pages that each reader keeps, in KiB (negative: SQLite counts pages otherwise). Twenty cards out
/// of a million then cost 91 reads of the file, with SQLite's own 2,000 KiB 119, with twice as much 83.
const READER_CACHE: &str = "-8192";

/// Most connections of one replica to PostgreSQL, whose server allows 100 by default.
const PG_CONNECTIONS: u32 = 16;

/// The metadata store.
#[derive(Debug, Clone)]
pub enum Db {
    /// A file in the data folder: one connection writes, several read.
    Lite(Lite),
    /// A PostgreSQL server, for more than one replica.
    Pg(PgPool),
}

/// The two pools of a SQLite file.
#[derive(Debug, Clone)]
pub struct Lite {
    pub(crate) reader: SqlitePool,
    pub(crate) writer: SqlitePool,
    pub(crate) listener: Arc<OnceLock<Arc<dyn Listener>>>,
}

impl Db {
    /// Opens the store at `url`: `sqlite:PATH`, whose folder must be there, or `postgres://…`.
    ///
    /// # Errors
    ///
    /// When the address is neither, or the store does not open.
    pub async fn open(url: &str) -> Result<Self, DbError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let pool = PgPoolOptions::new().max_connections(PG_CONNECTIONS).connect(url).await;
            return pool.map(Self::Pg).doing("open the metadata store");
        }
        open_file(url).await.map(Self::Lite)
    }

    /// Brings the tables up to date. Replicas that start together take turns.
    ///
    /// # Errors
    ///
    /// When a migration fails, or the tables are newer than this program.
    pub async fn migrate(&self) -> Result<(), DbError> {
        match self {
            Self::Lite(Lite { writer, .. }) => LITE_MIGRATIONS.run(writer).await,
            // Takes PostgreSQL's advisory lock of the database while it works.
            Self::Pg(pool) => PG_MIGRATIONS.run(pool).await,
        }
        .doing("bring the tables up to date")
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn ping(&self) -> Result<(), DbError> {
        read!(self, pool => pool.execute("SELECT 1").await.map(drop))
            .doing("reach the metadata store")
    }

    /// Closes every connection, once what they do is done.
    pub async fn close(&self) {
        match self {
            Self::Lite(Lite { reader, writer, .. }) => {
                // The last connection to close empties the write-ahead log, and only a writer may.
                reader.close().await;
                writer.close().await;
            }
            Self::Pg(pool) => pool.close().await,
        }
    }

    /// The word for the engine: `sqlite` or `postgres`.
    #[must_use]
    pub const fn engine(&self) -> &'static str {
        match self {
            Self::Lite(_) => "sqlite",
            Self::Pg(_) => "postgres",
        }
    }
}

async fn open_file(url: &str) -> Result<Lite, DbError> {
    let reading = "read the address of the metadata store";
    if !url.starts_with("sqlite:") || url.contains(":memory:") {
        let help = "an address begins with sqlite: and a path, or with postgres://";
        return Err(sqlx::Error::Configuration(help.into())).doing(reading);
    }
    let file = url
        .parse::<SqliteConnectOptions>()
        .doing(reading)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged is there after a power cut. With less, the end of the log is lost
        // then: pushes that were answered, or the end of a blob whose bytes are gone.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .pragma("journal_size_limit", "67108864");

    // The writer first: it makes the file, and readers cannot. Asking a connection whether it still
    // lives is for networks: here it is a way to another thread and back, before every statement.
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .connect_with(file.clone().optimize_on_close(true, None))
        .await
        .doing("open the metadata store")?;
    let cores = available_parallelism().map_or(2, usize::from);
    let readers = u32::try_from(2 * cores).unwrap_or(u32::MAX).clamp(4, 32);
    let reader = SqlitePoolOptions::new()
        .max_connections(readers)
        .test_before_acquire(false)
        .connect_with(file.read_only(true).pragma("cache_size", READER_CACHE))
        .await
        .doing("open the metadata store for reading")?;
    Ok(Lite { reader, writer, listener: Arc::default() })
}
