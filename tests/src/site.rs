//! The data of a hub that is served, killed and served again by real processes.

use std::path::PathBuf;
use std::process::{Command, Output};

use crate::{PgDatabase, Server, binary, environment, init_with};

/// A data folder, and a database of its own when the tests are on PostgreSQL.
#[derive(Debug)]
pub struct Site {
    data: tempfile::TempDir,
    database: Option<PgDatabase>,
    settings: String,
}

impl Site {
    /// A hub with the administrator `admin`, not served yet. `settings` is the file of settings,
    /// TOML.
    pub async fn new(settings: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let database = if environment::on_postgres() {
            let server = environment::postgres().expect("HUB_TEST_PG names the server");
            Some(PgDatabase::create(&server).await)
        } else {
            None
        };
        let site = Self { data, database, settings: settings.to_owned() };
        std::fs::write(site.settings_file(), &site.settings).unwrap();
        let made = init_with(&site.folder(), &site.arguments());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        site
    }

    /// The folder that the hub keeps its data in.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.data.path().join("data")
    }

    fn settings_file(&self) -> PathBuf {
        self.data.path().join("hub.toml")
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--config".to_owned(), self.settings_file().display().to_string()];
        if let Some(database) = &self.database {
            arguments.extend(["--database".to_owned(), database.url()]);
        }
        arguments
    }

    /// Begins to serve it, and waits for nothing.
    #[must_use]
    pub fn begin(&self) -> Server {
        Server::begin(&self.folder(), &self.arguments())
    }

    /// Serves it and waits until it is ready.
    pub async fn serve(&self) -> Server {
        let mut server = self.begin();
        server.wait_until_ready().await;
        server
    }

    /// Runs another verb of `hub-server` on it, for example `check`.
    #[must_use]
    pub fn run(&self, verb: &[&str]) -> Output {
        let mut command = Command::new(binary("hub-server"));
        command.args(verb).arg("--data").arg(self.folder()).args(self.arguments());
        crate::peers::output(&mut command)
    }

    /// Ends a lease whose holder is known to be dead; by itself it ends later. On SQLite a start
    /// does so.
    pub async fn end_lease(&self, name: &str) {
        if let Some(database) = &self.database {
            database.execute(&format!("DELETE FROM lease WHERE name = '{name}'")).await;
        }
    }

    /// Takes the database away; the folder goes by itself.
    pub async fn remove(self) {
        if let Some(database) = self.database {
            database.remove().await;
        }
    }
}
