//! Tests of repositories on both engines.

use super::*;
use crate::fixtures::{digest, engines, org_name, repo_name, tag, with_repo};

fn names(repos: Result<Vec<Repo>, DbError>) -> Vec<String> {
    repos.unwrap().into_iter().map(|repo| repo.name.into()).collect()
}

/// `one` and `two`, each with a public and a private repository.
async fn two_orgs(db: &Db) {
    let mut change = db.change().await.unwrap();
    for name in ["one", "two"] {
        let org = change.an_org(name).await;
        change.a_repo(&org, "open", Visibility::Public).await;
        change.a_repo(&org, "shut", Visibility::Private).await;
    }
    change.commit().await.unwrap();
}

#[tokio::test]
async fn a_list_shows_what_is_public_and_what_belongs_to_the_organisations() {
    for (db, _fresh) in engines().await {
        two_orgs(&db).await;
        let visible = |own: &[&str]| {
            let (repos, orgs): (Vec<_>, Vec<_>) = own.iter().partition(|name| name.contains('/'));
            RepoFilter::Visible(Own {
                orgs: orgs.into_iter().map(org_name).collect(),
                repos: repos.into_iter().map(repo_name).collect(),
            })
        };
        for (filter, want) in [
            (RepoFilter::All, &["one/open", "one/shut", "two/open", "two/shut"][..]),
            (visible(&[]), &["one/open", "two/open"]),
            (visible(&["two"]), &["one/open", "two/open", "two/shut"]),
            (visible(&["one", "two"]), &["one/open", "one/shut", "two/open", "two/shut"]),
            (visible(&["none"]), &["one/open", "two/open"]),
            (visible(&["one/shut", "one/open"]), &["one/open", "one/shut", "two/open"]),
            (visible(&["one", "two/shut"]), &["one/open", "one/shut", "two/open", "two/shut"]),
        ] {
            assert_eq!(names(db.repos(&filter, None, None, 10).await), want);
            let count = i64::try_from(want.len()).unwrap();
            assert_eq!(db.count_repos(&filter, None).await.unwrap(), count);
            assert_eq!(db.recent_repos(&filter, 10).await.unwrap().len(), want.len());
        }
        let one = org_name("one");
        let listed = db.repos(&visible(&[]), Some(&one), None, 10).await;
        assert_eq!(names(listed), ["one/open"]);
        assert_eq!(db.count_repos(&RepoFilter::All, Some(&one)).await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_list_goes_on_where_it_stopped() {
    for (db, _fresh) in engines().await {
        two_orgs(&db).await;
        let page = db.repos(&RepoFilter::All, None, Some("one/open"), 2).await;
        assert_eq!(names(page), ["one/shut", "two/open"]);
    }
}

#[tokio::test]
async fn names_are_in_the_order_of_their_bytes() {
    for (db, _fresh) in engines().await {
        let mut change = db.change().await.unwrap();
        let org = change.an_org("labring").await;
        for path in ["ab", "a/b", "a-b", "a.b", "a0", "a"] {
            change.a_repo(&org, path, Visibility::Public).await;
        }
        change.commit().await.unwrap();
        let listed = names(db.repos(&RepoFilter::All, None, None, 10).await);
        let mut sorted = listed.clone();
        sorted.sort_unstable();
        assert_eq!(listed, sorted);
        assert_eq!(listed[1], "labring/a-b");
    }
}

#[tokio::test]
async fn repositories_come_in_the_order_they_were_asked_for() {
    for (db, _fresh) in engines().await {
        two_orgs(&db).await;
        let all = db.repos(&RepoFilter::All, None, None, 10).await.unwrap();
        let ids = [all[2].id, 999, all[0].id];
        assert_eq!(names(db.repos_by_id(&ids).await), ["two/open", "one/open"]);
        assert!(db.repos_by_id(&[]).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_edit_and_a_new_latest_tag_are_read_back() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        assert_eq!(repo.latest_mode, LatestMode::Auto);
        let edit = RepoEdit {
            visibility: Visibility::Private,
            keep: true,
            official: true,
            latest_mode: LatestMode::Off,
            updated_at_ms: 7,
        };
        let latest = Latest {
            tag: Some(tag("v2")),
            semver: Some(tag("v10")),
            tags: 2,
            pushed_at_ms: 8,
            updated_at_ms: 9,
        };
        let mut change = db.change().await.unwrap();
        let locked = change.lock_repo(&repo.name).await.unwrap();
        assert_eq!(locked.as_ref(), Some(&repo));
        assert_eq!(change.lock_repo(&repo_name("labring/none")).await.unwrap(), None);
        change.edit_repo(repo.id, &edit).await.unwrap();
        change.set_latest(repo.id, &latest).await.unwrap();
        change.commit().await.unwrap();

        let want = Repo {
            visibility: Visibility::Private,
            latest_tag: Some(tag("v2")),
            latest_semver: Some(tag("v10")),
            latest_mode: LatestMode::Off,
            keep: true,
            official: true,
            tags: 2,
            pushed_at_ms: 8,
            updated_at_ms: 9,
            ..repo
        };
        assert_eq!(db.repo(&want.name).await.unwrap(), Some(want));
    }
}

#[tokio::test]
async fn a_locked_repository_waits_for_the_end_of_the_change() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let push = async || {
            let mut change = db.change().await.unwrap();
            let repo = change.lock_repo(&repo.name).await.unwrap().unwrap();
            let latest = Latest {
                tag: None,
                semver: None,
                tags: repo.tags + 1,
                pushed_at_ms: 0,
                updated_at_ms: 0,
            };
            change.set_latest(repo.id, &latest).await.unwrap();
            change.commit().await.unwrap();
        };
        futures::future::join_all((0..12).map(|_| push())).await;
        assert_eq!(db.repo(&repo.name).await.unwrap().unwrap().tags, 12);
    }
}

#[tokio::test]
async fn stars_are_counted_once_for_each_user() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        let alice = change.a_user("alice").await;
        let bob = change.a_user("bob").await;
        assert!(change.star(repo.id, alice.id).await.unwrap());
        assert!(!change.star(repo.id, alice.id).await.unwrap());
        assert!(change.star(repo.id, bob.id).await.unwrap());
        assert_eq!(change.stars(repo.id).await.unwrap(), 2);
        assert!(change.unstar(repo.id, bob.id).await.unwrap());
        assert!(!change.unstar(repo.id, bob.id).await.unwrap());
        change.commit().await.unwrap();

        assert!(db.starred(repo.id, alice.id).await.unwrap());
        assert!(!db.starred(repo.id, bob.id).await.unwrap());
        assert_eq!(db.repo(&repo.name).await.unwrap().unwrap().stars, 1);
    }
}

#[tokio::test]
async fn everything_in_a_repository_goes_with_it_and_its_row_is_never_reused() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        change.put_blob(&digest(1), 10, 1).await.unwrap();
        change.link_blob(repo.id, &digest(1), 1).await.unwrap();
        change.an_img(&repo, "v1", 1).await;
        let alice = change.a_user("alice").await;
        change.star(repo.id, alice.id).await.unwrap();
        change.delete_repo(repo.id, 5).await.unwrap();
        change.commit().await.unwrap();

        assert_eq!(db.repo(&repo.name).await.unwrap(), None);
        assert_eq!(db.count_imgs(repo.id).await.unwrap(), 0);
        assert_eq!(db.blob_in(repo.id, &digest(1)).await.unwrap(), None);
        assert_eq!(db.blob(&digest(1)).await.unwrap(), Some((10, hub_model::BlobState::Live)));

        let org = db.org(&repo.name.org()).await.unwrap().unwrap();
        let mut change = db.change().await.unwrap();
        assert!(change.a_repo(&org, "app", Visibility::Private).await.id > repo.id);
    }
}
