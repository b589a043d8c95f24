//! What the tests of every file stand on: a fresh store of each engine, and a few records.

use std::sync::Once;

use hub_model::{
    BaseInfo, Detail, Digest, Extraction, NewImg, NewOrg, NewRepo, Org, OrgName, Repo, RepoName,
    Tag, User, UserName, Visibility,
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{Change, Db, NewUser};

/// What is removed when a test ends, however it ends.
pub(crate) enum Fresh {
    /// The folder of a SQLite file.
    Folder { _dir: TempDir },
    /// A database of a PostgreSQL server.
    Database { server: String, name: String },
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let Self::Database { server, name } = self else { return };
        let (server, name) = (server.clone(), name.clone());
        // The test's own runtime cannot be waited for from here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(on_server(
                &server,
                format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            ));
        });
        let _ = dropping.join();
    }
}

/// Opens and migrates a fresh store of every engine that is at hand.
pub(crate) async fn engines() -> Vec<(Db, Fresh)> {
    let mut engines = empty_engines().await;
    for (db, _) in &mut engines {
        db.migrate().await.unwrap();
    }
    engines
}

/// Opens a fresh store, without tables, of every engine that is at hand.
pub(crate) async fn empty_engines() -> Vec<(Db, Fresh)> {
    let dir = tempfile::tempdir().unwrap();
    let lite = Db::open(&format!("sqlite:{}", dir.path().join("hub.db").display())).await;
    let mut engines = vec![(lite.unwrap(), Fresh::Folder { _dir: dir })];
    if let Some(server) = server() {
        let name = format!("hub_{}", Uuid::now_v7().simple());
        on_server(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let db = Db::open(&format!("{server}/{name}")).await.unwrap();
        engines.push((db, Fresh::Database { server, name }));
    }
    engines
}

static SAID: Once = Once::new();

#[expect(clippy::disallowed_methods, reason = "tests have no config to read the environment")]
#[expect(clippy::print_stderr, reason = "a skipped test says so aloud")]
fn server() -> Option<String> {
    let server = std::env::var("HUB_TEST_PG").ok();
    if server.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "HUB_TEST_PG is not set");
        SAID.call_once(|| eprintln!("skipped: HUB_TEST_PG is not set"));
    }
    server.map(|server| server.trim_end_matches('/').to_owned())
}

async fn on_server(server: &str, sql: String) {
    let mut connection = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

pub(crate) fn org_name(name: &str) -> OrgName {
    OrgName::parse(name).unwrap()
}

pub(crate) fn repo_name(name: &str) -> RepoName {
    RepoName::parse(name).unwrap()
}

pub(crate) fn tag(name: &str) -> Tag {
    Tag::parse(name).unwrap()
}

/// A digest that differs for every number.
pub(crate) fn digest(number: u64) -> Digest {
    Digest::parse(&format!("sha256:{number:064x}")).unwrap()
}

impl Change {
    pub(crate) async fn a_user(&mut self, name: &str) -> User {
        let name = UserName::parse(name).unwrap();
        let password_hash = Some("$argon2id$".to_owned());
        let user = NewUser { name, password_hash, admin: false, created_at_ms: 1 };
        self.add_user(&user).await.unwrap()
    }

    pub(crate) async fn an_org(&mut self, name: &str) -> Org {
        let org = NewOrg {
            name: org_name(name),
            display_name: "Labring".to_owned(),
            description: String::new(),
            created_by: "alice".to_owned(),
            created_at_ms: 1,
        };
        self.add_org(&org).await.unwrap()
    }

    /// Adds a repository of an organisation that is there.
    pub(crate) async fn a_repo(&mut self, org: &Org, path: &str, visibility: Visibility) -> Repo {
        let name = RepoName::new(&org.name, path).unwrap();
        let repo = NewRepo { org_id: org.id, name, visibility, keep: false, created_at_ms: 1 };
        self.add_repo(&repo).await.unwrap()
    }

    /// Writes an image that was pushed at that time.
    pub(crate) async fn an_img(&mut self, repo: &Repo, name: &str, at_ms: i64) -> i64 {
        self.put_img(&new_img(repo, name, Some(digest(1)), at_ms)).await.unwrap()
    }
}

pub(crate) fn new_img(repo: &Repo, name: &str, digest: Option<Digest>, at_ms: i64) -> NewImg {
    NewImg {
        repo_id: repo.id,
        tag: tag(name),
        digest,
        base: BaseInfo::default(),
        detail: Detail::default(),
        extraction: Extraction::Pending,
        pushed_at_ms: at_ms,
        pushed_by: "alice".to_owned(),
    }
}

/// A store with one public repository, `labring/app`.
pub(crate) async fn with_repo(db: &Db) -> Repo {
    let mut change = db.change().await.unwrap();
    let org = change.an_org("labring").await;
    let repo = change.a_repo(&org, "app", Visibility::Public).await;
    change.commit().await.unwrap();
    repo
}
