//! A database of its own for one test.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Executor};

/// A fresh, empty PostgreSQL database.
#[derive(Debug)]
pub struct PgDatabase {
    server: String,
    name: String,
}

impl PgDatabase {
    /// Makes a database on `server`, `postgres://user@host:port`.
    pub async fn create(server: &str) -> Self {
        let name = format!("hub_{}", uuid::Uuid::now_v7().simple());
        run(server, &format!("CREATE DATABASE {name}")).await;
        Self { server: server.to_owned(), name }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.server.trim_end_matches('/'), self.name)
    }

    /// Drops it, whoever is still connected.
    pub async fn remove(self) {
        run(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(server: &str, sql: &str) {
    let url = format!("{}/postgres", server.trim_end_matches('/'));
    let pool = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    pool.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    pool.close().await;
}
