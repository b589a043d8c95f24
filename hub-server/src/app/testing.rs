//! An app on a temporary folder, for tests of services and doors.

use std::sync::Arc;

use hub_blobs::FsStore;
use hub_db::Db;
use hub_model::Actor;
use hub_search::Index;
use secrecy::ExposeSecret;

use super::{App, AppBuilder, Clock};
use crate::Config;
use crate::services::sign_in::{self, Proof};

/// A database of the PostgreSQL server for tests, dropped when this goes.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    #[expect(clippy::disallowed_methods, reason = "tests have no config to read the environment")]
    #[expect(clippy::print_stderr, reason = "a skipped test says so aloud")]
    fn create() -> Option<Self> {
        let Ok(server) = std::env::var("HUB_TEST_PG") else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "HUB_TEST_PG is not set");
            eprintln!("skipped: HUB_TEST_PG is not set");
            return None;
        };
        let server = server.trim_end_matches('/').to_owned();
        let database = Self { server, name: format!("hub_{}", uuid::Uuid::now_v7().simple()) };
        assert!(database.ask(&format!("CREATE DATABASE {}", database.name)), "psql makes it");
        Some(database)
    }

    fn ask(&self, sql: &str) -> bool {
        let server = format!("{}/postgres", self.server);
        let asked = std::process::Command::new("psql").args([&server, "-qc", sql]).status();
        asked.is_ok_and(|status| status.success())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.ask(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

impl App {
    /// What a user of the tests proved just now with the password that they all have.
    pub(crate) async fn proof(&self, name: &str) -> Proof {
        let password = "correct horse".into();
        Proof::Password(sign_in::by_password(self, name, &password, "").await.unwrap())
    }

    /// The same user, as who acts.
    pub(crate) async fn signed_in(&self, name: &str) -> Actor {
        sign_in::sign_in(self, name, &"correct horse".into(), "").await.unwrap()
    }

    /// Writes down what was counted in memory, and looks at suspicious blobs.
    pub(crate) async fn flush(&self) {
        crate::jobs::flush(self).await;
    }

    /// Does a run of the collector when one is due; answers whether it did.
    pub(crate) async fn collect_one(&self) -> Result<bool, crate::services::gc::GcError> {
        crate::jobs::collect_one(self).await
    }

    /// Drops uploads that nobody went on with.
    pub(crate) async fn expire_uploads(&self) {
        crate::jobs::expire_old_uploads(self).await;
    }

    /// Reads some stored bytes again; answers how many blobs.
    pub(crate) async fn scrub_some(&self) -> Result<usize, crate::services::damage::DamageError> {
        crate::jobs::scrub_some(self).await
    }

    /// An empty hub without workers: [`App::settle`] does what waits. It lives as long as the
    /// folder.
    pub(crate) async fn for_tests() -> (Self, tempfile::TempDir) {
        Self::for_tests_with(|_| ()).await
    }

    /// The same on a new database of the PostgreSQL server for tests, if there is one.
    pub(crate) async fn for_tests_on_postgres() -> Option<(Self, tempfile::TempDir, Database)> {
        let database = Database::create()?;
        let url = format!("{}/{}", database.server, database.name);
        let (app, dir) =
            Self::for_tests_with(|config| config.database.url = Some(url.into())).await;
        Some((app, dir, database))
    }

    /// The same with other settings.
    pub(crate) async fn for_tests_with(
        change: impl FnOnce(&mut Config),
    ) -> (Self, tempfile::TempDir) {
        Self::for_tests_of(Clock::system(), change).await
    }

    /// The same by a clock that the test sets.
    pub(crate) async fn for_tests_by(clock: Clock) -> (Self, tempfile::TempDir) {
        Self::for_tests_of(clock, |_| ()).await
    }

    async fn for_tests_of(
        clock: Clock,
        change: impl FnOnce(&mut Config),
    ) -> (Self, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::local(dir.path());
        change(&mut config);
        let db = Db::open(config.database_url().expose_secret()).await.unwrap();
        db.migrate().await.unwrap();
        let blobs = FsStore::open(dir.path()).await.unwrap();
        let index = Index::in_memory().unwrap();
        let builder = AppBuilder::new(config, db, Arc::new(blobs), index).clock(clock);
        let app = builder.build().await.unwrap();
        (app, dir)
    }
}
