//! Tests of what is noted, and of who reads it.

use hub_model::{NewAuditEntry, OrgName, Outcome, RepoName, SignedIn, Visibility};

use super::*;
use crate::app::Clock;
use crate::services::accounts::{self, NewAccount};
use crate::services::{orgs, repos};

const DAY_MS: i64 = 86_400_000;

async fn user(app: &App, name: &str, admin: bool) -> Actor {
    let name = name.parse().unwrap();
    let new = NewAccount { name, password: "correct horse".into(), admin };
    let user = accounts::add_user(app, &Actor::System, new).await.unwrap();
    Actor::User(SignedIn::by_password(user.into()))
}

fn org(name: &str) -> About {
    About::Org(name.parse().unwrap())
}

async fn actions(app: &App, who: &Actor, about: &About, wanted: &Wanted) -> Vec<String> {
    let part = list(app, who, about, wanted, 100).await.unwrap();
    let told = |act: hub_model::AuditEntry| format!("{} {}", act.entry.action, act.entry.target);
    part.items.into_iter().map(told).collect()
}

#[tokio::test]
async fn owners_read_what_concerns_their_organisation_and_administrators_all() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob, root) = (
        user(&app, "ana", false).await,
        user(&app, "bob", false).await,
        user(&app, "root", true).await,
    );
    let labring: OrgName = "labring".parse().unwrap();
    orgs::create(&app, &ana, &labring, "", "").await.unwrap();
    let (app_name, of_bob): (RepoName, RepoName) =
        ("labring/app".parse().unwrap(), "bob/app".parse().unwrap());
    repos::create(&app, &ana, &app_name, Visibility::Private).await.unwrap();
    repos::create(&app, &bob, &of_bob, Visibility::Private).await.unwrap();
    let refused = repos::delete(&app, &bob, &app_name).await;
    assert!(refused.is_err());
    flush(&app).await.unwrap();

    let everything = Wanted::default();
    let seen = actions(&app, &ana, &org("labring"), &everything).await;
    assert_eq!(seen, ["administer labring/app", "repo.create labring/app", "org.create labring"]);
    let denied = Wanted { outcome: Some(Outcome::Denied), ..Wanted::default() };
    let part = list(&app, &ana, &org("labring"), &denied, 9).await.unwrap();
    assert_eq!(part.items[0].entry.after, "`labring/app` was not found");
    assert_eq!(part.items[0].entry.actor, "bob");
    let of_repo = About::Repo(app_name.clone());
    assert_eq!(actions(&app, &ana, &of_repo, &everything).await.len(), 2);

    for about in [org("labring"), About::Hub, of_repo] {
        assert!(list(&app, &bob, &about, &everything, 9).await.is_err(), "{about:?}");
        assert!(list(&app, &Actor::Anonymous, &about, &everything, 9).await.is_err(), "{about:?}");
    }
    assert!(list(&app, &ana, &About::Hub, &everything, 9).await.is_err());
    let by_bob = Wanted { actor: Some("bob".to_owned()), ..Wanted::default() };
    let seen = actions(&app, &root, &About::Hub, &by_bob).await;
    assert_eq!(seen[..2], ["administer labring/app", "repo.create bob/app"]);
}

#[tokio::test]
async fn what_could_not_be_written_down_is_not_lost() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana", false).await;
    let labring: RepoName = "labring/app".parse().unwrap();
    assert!(repos::delete(&app, &ana, &labring).await.is_err());
    app.db.close().await;
    assert!(flush(&app).await.is_err());
    let kept = app.refused.take();
    assert_eq!(kept.iter().map(|one| &*one.target).collect::<Vec<_>>(), ["labring/app"]);
}

#[tokio::test]
async fn an_organisation_of_the_same_name_does_not_read_the_past_of_the_other() {
    let (app, _dir) = App::for_tests().await;
    let (ana, eve) = (user(&app, "ana", false).await, user(&app, "eve", false).await);
    let labring: OrgName = "labring".parse().unwrap();
    orgs::create(&app, &ana, &labring, "", "").await.unwrap();
    orgs::delete(&app, &ana, &labring).await.unwrap();
    orgs::create(&app, &eve, &labring, "", "").await.unwrap();
    let seen = list(&app, &eve, &org("labring"), &Wanted::default(), 9).await.unwrap();
    assert_eq!(seen.items.len(), 1);
    assert_eq!(seen.items[0].entry.actor, "eve");
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended_and_takes_no_other_place() {
    let (app, _dir) = App::for_tests().await;
    for name in ["a1", "b2", "c3"] {
        orgs::create(&app, &Actor::System, &name.parse().unwrap(), "", "").await.unwrap();
    }
    let orgs = Wanted { action: Some("org.create".to_owned()), ..Wanted::default() };
    let first = list(&app, &Actor::System, &About::Hub, &orgs, 2).await.unwrap();
    assert_eq!(first.items.len(), 2);
    let rest = Wanted { before: first.next, ..orgs.clone() };
    let rest = list(&app, &Actor::System, &About::Hub, &rest, 2).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    let lost = Wanted { before: Some("x".to_owned()), ..orgs };
    let lost = list(&app, &Actor::System, &About::Hub, &lost, 2).await;
    assert_eq!(lost.unwrap_err().to_string(), "`x` is no place in this list");
    let zero = Wanted { actor: Some("a\0b".to_owned()), ..Wanted::default() };
    assert!(list(&app, &Actor::System, &About::Hub, &zero, 2).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn what_is_older_than_the_set_time_is_forgotten_in_batches() {
    let clock = Clock::standing_at(1000 * DAY_MS);
    let (app, _dir) = App::for_tests_by(clock.clone()).await;
    let old = NewAuditEntry {
        at_ms: 1000 * DAY_MS,
        org_id: None,
        actor: "ana".to_owned(),
        credential: String::new(),
        address: String::new(),
        request_id: String::new(),
        action: "gc.start".to_owned(),
        target: String::new(),
        outcome: Outcome::Done,
        before: String::new(),
        after: String::new(),
    };
    app.db.add_audit(&vec![old.clone(); 1001]).await.unwrap();
    let young = NewAuditEntry { at_ms: old.at_ms + 1, ..old };
    app.db.add_audit(&[young]).await.unwrap();
    clock.advance_ms(365 * DAY_MS);
    forget(&app).await.unwrap();
    let all = Wanted::default();
    let left = list(&app, &Actor::System, &About::Hub, &all, 2000).await.unwrap();
    assert_eq!(left.items.len(), 1002, "the last moment of the last day is not over");
    clock.advance_ms(1);
    forget(&app).await.unwrap();
    let left = list(&app, &Actor::System, &About::Hub, &all, 2000).await.unwrap();
    assert_eq!(left.items.len(), 1);
}
