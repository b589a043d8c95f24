//! Tests of the store as a whole: both engines say the same, changes are all or nothing.

use std::collections::BTreeSet;
use std::path::Path;

use hub_model::{TokenScope, UserName};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use crate::fixtures::{digest, empty_engines, engines, org_name, tag, with_repo};
use crate::open::{LITE_MIGRATIONS, PG_MIGRATIONS};
use crate::{
    Db, DbError, RepoFilter, access_keys, audit, blobs, catalog, checks, details, dialect, garbage,
    gc_runs, grants, imgs, invitations, jobs, leases, manifests, missed, oidc, orgs, outbox,
    passwords, pulls, repos, robots, search_docs, served, settings, shares, times, tokens, uploads,
    usage, users,
};

const ALL_STATEMENTS: &[&[(&str, &str)]] = &[
    access_keys::STATEMENTS,
    audit::STATEMENTS,
    blobs::STATEMENTS,
    catalog::STATEMENTS,
    checks::STATEMENTS,
    details::STATEMENTS,
    garbage::STATEMENTS,
    gc_runs::STATEMENTS,
    grants::STATEMENTS,
    imgs::STATEMENTS,
    invitations::STATEMENTS,
    jobs::STATEMENTS,
    leases::STATEMENTS,
    manifests::STATEMENTS,
    missed::STATEMENTS,
    oidc::STATEMENTS,
    orgs::STATEMENTS,
    outbox::STATEMENTS,
    passwords::STATEMENTS,
    pulls::STATEMENTS,
    repos::STATEMENTS,
    robots::STATEMENTS,
    search_docs::STATEMENTS,
    served::STATEMENTS,
    settings::STATEMENTS,
    shares::STATEMENTS,
    times::STATEMENTS,
    tokens::STATEMENTS,
    uploads::STATEMENTS,
    usage::STATEMENTS,
    users::STATEMENTS,
];

async fn prepare(db: &Db, (name, sql): (&str, &str)) {
    let sql = AssertSqlSafe(sql).into_sql_str();
    let prepared = read!(db, pool => pool.prepare(sql).await.map(drop));
    assert!(prepared.is_ok(), "{name} on {}: {prepared:?}", db.engine());
}

#[tokio::test]
async fn every_statement_is_understood_by_every_engine() {
    for (db, _fresh) in engines().await {
        for statement in ALL_STATEMENTS.iter().copied().flatten() {
            prepare(&db, *statement).await;
        }
        let own = match db {
            Db::Lite(_) => dialect::LITE_STATEMENTS,
            Db::Pg(_) => dialect::PG_STATEMENTS,
        };
        let locks = match db {
            Db::Lite(_) => dialect::locks::LITE_STATEMENTS,
            Db::Pg(_) => dialect::locks::PG_STATEMENTS,
        };
        for statement in own.iter().chain(locks) {
            prepare(&db, *statement).await;
        }
    }
}

#[test]
fn every_file_with_statements_is_in_the_list() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let declaring = std::fs::read_dir(source)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| std::fs::read_to_string(path).unwrap())
        .filter(|text| text.lines().any(|line| line == "statements! {"))
        .count();
    assert_eq!(declaring, ALL_STATEMENTS.len());
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |migrations: &sqlx::migrate::Migrator| -> Vec<_> {
        migrations.iter().map(|one| (one.version, one.description.clone())).collect()
    };
    assert!(!names(&LITE_MIGRATIONS).is_empty());
    assert_eq!(names(&LITE_MIGRATIONS), names(&PG_MIGRATIONS));
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let mut seen: Vec<BTreeSet<(String, String)>> = Vec::new();
    for (db, _fresh) in engines().await {
        let columns = match &db {
            Db::Lite(lite) => {
                sqlx::query_as(
                    "SELECT t.name, c.name
                     FROM sqlite_schema t, pragma_table_info(t.name) c
                     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
                       AND t.name NOT LIKE '_sqlx%'",
                )
                .fetch_all(&lite.reader)
                .await
            }
            Db::Pg(pool) => {
                sqlx::query_as(
                    "SELECT table_name::TEXT, column_name::TEXT
                     FROM information_schema.columns
                     WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
                )
                .fetch_all(pool)
                .await
            }
        };
        seen.push(columns.unwrap().into_iter().collect());
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
}

#[tokio::test]
async fn migrating_twice_and_at_the_same_time_is_fine() {
    for (db, _fresh) in empty_engines().await {
        let (first, second) = futures::join!(db.migrate(), db.migrate());
        first.unwrap();
        second.unwrap();
        db.migrate().await.unwrap();
        db.ping().await.unwrap();
    }
}

#[tokio::test]
async fn documents_of_an_older_store_are_known_by_what_names_them() {
    for (db, _fresh) in empty_engines().await {
        match &db {
            Db::Lite(lite) => LITE_MIGRATIONS.run_to(6, &lite.writer).await.unwrap(),
            Db::Pg(pool) => PG_MIGRATIONS.run_to(6, pool).await.unwrap(),
        }
        let named = |number| format!(r#"{{"value": "{}", "source": "web"}}"#, digest(number));
        // Written out: functions write what the newest store takes.
        let no = if matches!(db, Db::Lite(_)) { "0" } else { "false" };
        let mut old = vec![
            "INSERT INTO org (id, name, display_name, description, created_at_ms)
             VALUES (1, 'labring', '', '', 1)"
                .to_owned(),
            format!(
                "INSERT INTO repo (id, org_id, name, visibility, latest_mode, keep, official, tags,
                                   stars, pulls, created_at_ms, updated_at_ms, pushed_at_ms)
                 VALUES (1, 1, 'labring/app', 'public', 'auto', {no}, {no}, 1, 0, 0, 1, 1, 1)"
            ),
            format!(
                r#"INSERT INTO img (repo_id, tag, base, detail, extraction, notes, pushed_at_ms,
                                    pushed_by)
                   VALUES (1, 'v1', '{{}}', '{{"icon": {}, "docsI18n": {{"value": {{"zh": "{}"}}}}}}',
                           'pending', '[]', 1, 'alice')"#,
                named(2),
                digest(3)
            ),
            format!(r#"INSERT INTO detail VALUES (1, 'repo', '{{"docs": {}}}', 1)"#, named(1)),
        ];
        for number in 1..=4 {
            let body = if matches!(db, Db::Lite(_)) { "x'00'" } else { "'\\x00'" };
            let digest = digest(number);
            old.push(format!("INSERT INTO document VALUES ('{digest}', 'text/markdown', {body})"));
        }
        for sql in old {
            alone!(&db, pool => pool.execute(AssertSqlSafe(sql)).await.map(drop)).unwrap();
        }
        db.migrate().await.unwrap();
        assert_eq!(db.unnamed_documents("", 9).await.unwrap(), [digest(4)]);
    }
}

#[tokio::test]
async fn tokens_of_an_older_store_go_on_to_delete_where_they_could_push() {
    for (db, _fresh) in empty_engines().await {
        match &db {
            Db::Lite(lite) => LITE_MIGRATIONS.run_to(8, &lite.writer).await.unwrap(),
            Db::Pg(pool) => PG_MIGRATIONS.run_to(8, pool).await.unwrap(),
        }
        let no = if matches!(db, Db::Lite(_)) { "0" } else { "false" };
        let mut old = vec![format!(
            "INSERT INTO user_account (id, name, admin, disabled, created_at_ms)
             VALUES (1, 'alice', {no}, {no}, 1)"
        )];
        for (id, scope) in [(1, "push"), (2, "pull"), (3, "admin")] {
            old.push(format!(
                "INSERT INTO token (id, user_id, kind, name, secret_hash, scope, created_at_ms)
                 VALUES ({id}, 1, 'personal', 'ci', '{scope}', '{scope}', 1)"
            ));
        }
        for sql in old {
            alone!(&db, pool => pool.execute(AssertSqlSafe(sql)).await.map(drop)).unwrap();
        }
        db.migrate().await.unwrap();
        for (was, is) in
            [("push", TokenScope::Delete), ("pull", TokenScope::Pull), ("admin", TokenScope::Admin)]
        {
            let (token, user) = db.token_by_hash(was).await.unwrap().unwrap();
            assert_eq!((token.scope, user.name.as_str()), (is, "alice"), "{was}");
            assert!(token.within.is_everywhere() && token.agent.is_empty(), "{was}");
        }
    }
}

#[tokio::test]
async fn a_change_that_is_not_committed_leaves_no_trace() {
    for (db, _fresh) in engines().await {
        let mut change = db.change().await.unwrap();
        change.an_org("labring").await;
        drop(change);
        assert_eq!(db.org(&org_name("labring")).await.unwrap(), None);
        // The connection that was left in the middle of a change serves the next one.
        let mut change = db.change().await.unwrap();
        change.an_org("labring").await;
        change.commit().await.unwrap();
        assert!(db.org(&org_name("labring")).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn changes_that_read_before_they_write_do_not_fail_under_load() {
    for (db, _fresh) in engines().await {
        let mut change = db.change().await.unwrap();
        let name = change.a_user("alice").await.name;
        change.commit().await.unwrap();

        let worker = async |worker: usize| {
            for turn in 0..10 {
                let mut change = db.change().await.unwrap();
                let key = format!("{worker}-{turn}");
                let user = db.user(&name).await.unwrap().unwrap();
                change.set_disabled(user.id, turn % 2 == 0).await.unwrap();
                change.init_setting(&key, b"1").await.unwrap();
                change.commit().await.unwrap();
            }
        };
        futures::future::join_all((0..8).map(worker)).await;
        assert_eq!(db.setting("7-9").await.unwrap().as_deref(), Some(b"1".as_slice()));
    }
}

#[tokio::test]
async fn an_address_of_something_else_is_refused_in_words() {
    for address in ["mysql://localhost/hub", "sqlite::memory:", "hub.db"] {
        let error = Db::open(address).await.unwrap_err();
        assert_eq!(error.to_string(), "could not read the address of the metadata store");
    }
}

#[tokio::test]
async fn a_record_that_does_not_parse_is_an_error_and_no_panic() {
    for (db, _fresh) in engines().await {
        let spoil = "INSERT INTO org (name, display_name, description, created_at_ms)
                     VALUES ('Not A Name', '', '', 0)";
        alone!(&db, pool => pool.execute(spoil).await.map(drop)).unwrap();
        let error = db.orgs(None, 10).await.unwrap_err();
        assert_eq!(error.to_string(), "could not list the organisations");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("an organisation's name"), "{cause}");
    }
}

#[tokio::test]
async fn text_with_a_zero_byte_is_no_failure() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        change.an_img(&repo, "v1", 1).await;
        change.commit().await.unwrap();

        assert_eq!(db.upload("\0").await.unwrap(), None);
        assert_eq!(db.orgs(Some("a\0z"), 9).await.unwrap().len(), 1);
        let repos = db.repos(&RepoFilter::All, None, Some("labring/app\0"), 9).await;
        assert!(repos.unwrap().is_empty());
        assert_eq!(db.tags(repo.id, Some("\0v2"), 9).await.unwrap(), [tag("v1")]);
        assert!(db.imgs(repo.id, Some((1, "v1\0")), 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_backup_is_a_store_of_its_own() {
    for (db, _fresh) in engines().await {
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("copy.db");
        let mut change = db.change().await.unwrap();
        change.a_user("alice").await;
        change.commit().await.unwrap();
        if db.backup(&copy).await.unwrap() {
            let copied = Db::open(&format!("sqlite:{}", copy.display())).await.unwrap();
            let alice = UserName::parse("alice").unwrap();
            assert!(copied.user(&alice).await.unwrap().is_some());
            assert!(db.backup(&copy).await.is_err(), "an old backup is not overwritten");
        } else {
            assert_eq!(db.engine(), "postgres");
        }
    }
}

/// Compiles only while these can be awaited on any thread, as handlers of the server must.
#[test]
fn what_the_store_promises_can_be_awaited_on_any_thread() {
    fn sendable<T: Send>(_: fn(Db) -> T) {}
    sendable(lists_and_loops);
}

async fn lists_and_loops(db: Db) -> Result<(), DbError> {
    let mut change = db.change().await?;
    change.blobs_in(1, &[]).await?;
    change.manifests_in(1, &[]).await?;
    change.star(1, 1).await?;
    change.img_before(1, 1, &tag("v1")).await?;
    change.commit().await?;
    db.repos_by_id(&[]).await?;
    db.repos(&RepoFilter::All, None, None, 1).await?;
    db.cards(&[]).await?;
    db.search_docs(0, 1).await?;
    db.base_of(&[], 1).await?;
    db.claim_job("", 1, 1).await.map(drop)
}
