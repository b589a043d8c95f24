//! A database of its own for one test, and a whole server.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Stdio};

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
        run(server, "postgres", &format!("CREATE DATABASE {name}")).await;
        Self { server: server.to_owned(), name }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.server.trim_end_matches('/'), self.name)
    }

    /// Does a statement in it.
    pub(crate) async fn execute(&self, sql: &str) {
        run(&self.server, &self.name, sql).await;
    }

    /// Drops it, whoever is still connected.
    pub async fn remove(self) {
        run(&self.server, "postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(server: &str, database: &str, sql: &str) {
    let url = format!("{}/{database}", server.trim_end_matches('/'));
    let pool = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    pool.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    pool.close().await;
}

/// A PostgreSQL server of one test, which may be stopped without hurting others.
#[derive(Debug)]
pub struct PgServer {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl PgServer {
    /// Starts one; when PostgreSQL is not installed the test says so aloud and ends.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            crate::skip("PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let server = Self { folder, programs, port: crate::free_port() };
        fs::set_permissions(server.folder.path(), Permissions::from_mode(0o755)).unwrap();
        let data = server.data();
        fs::create_dir(&data).unwrap();
        if is_root() {
            crate::run(Command::new("chown").arg("postgres").arg(&data));
        }
        let data = data.to_str().unwrap();
        let locale = "--locale=C.UTF-8";
        let made = ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", locale];
        server.program("initdb", &made);
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off",
            server.port
        );
        let log = server.data().join("log");
        let log = log.to_str().unwrap();
        server.program("pg_ctl", &["-D", data, "-w", "-l", log, "-o", &options, "start"]);
        Some(server)
    }

    /// Address of its database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops it in a mode of `pg_ctl` (`fast`, or `immediate` as after a crash), and starts it.
    pub fn restart(&self, mode: &str) {
        let data = self.data();
        self.program("pg_ctl", &["-D", data.to_str().unwrap(), "-w", "-m", mode, "restart"]);
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs a program of PostgreSQL, which must not be root.
    fn program(&self, name: &str, args: &[&str]) {
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(self.programs.join(name));
            command
        } else {
            Command::new(self.programs.join(name))
        };
        command.args(args).current_dir(self.folder.path());
        // Not captured: the server would keep the pipe open.
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{name} {args:?} ended with {status}");
    }
}

impl Drop for PgServer {
    fn drop(&mut self) {
        let data = self.data();
        self.program("pg_ctl", &["-D", data.to_str().unwrap(), "-w", "-m", "immediate", "stop"]);
    }
}

/// The folder of PostgreSQL's programs, of the newest version that Debian installed.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").is_file()).max()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
