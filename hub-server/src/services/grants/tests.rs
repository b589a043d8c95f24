//! Tests of roles on single repositories.

use hub_model::{SignedIn, Visibility};

use super::*;
use crate::services::access::{Subject, why};
use crate::services::accounts::{self, NewAccount};
use crate::services::{orgs, repos};

async fn user(app: &App, name: &str) -> Actor {
    let name = name.parse().unwrap();
    let new = NewAccount { name, password: "correct horse".into(), admin: false };
    let user = accounts::add_user(app, &Actor::System, new).await.unwrap();
    Actor::User(SignedIn::by_password(user.into()))
}

fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

/// A hub with a private repository of ana's organisation `labring`, and with bob.
async fn labring() -> (App, tempfile::TempDir, Actor, Actor, RepoName) {
    let (app, dir) = App::for_tests().await;
    let (ana, bob) = (user(&app, "ana").await, user(&app, "bob").await);
    orgs::create(&app, &ana, &"labring".parse().unwrap(), "", "").await.unwrap();
    let repo: RepoName = "labring/vault".parse().unwrap();
    repos::create(&app, &ana, &repo, Visibility::Private).await.unwrap();
    (app, dir, ana, bob, repo)
}

async fn may(app: &App, actor: &Actor, action: Action, repo: &RepoName) -> bool {
    access::may(app, actor, action, (repo, Visibility::Private)).await.unwrap()
}

#[tokio::test]
async fn a_role_on_a_repository_counts_there_and_nowhere_else() {
    let (app, _dir, ana, bob, repo) = labring().await;
    let other: RepoName = "labring/other".parse().unwrap();
    repos::create(&app, &ana, &other, Visibility::Private).await.unwrap();
    assert!(!may(&app, &bob, Action::Pull, &repo).await);

    set(&app, &ana, &repo, &name("bob"), Role::Writer).await.unwrap();
    assert!(may(&app, &bob, Action::Push, &repo).await);
    assert!(!may(&app, &bob, Action::Administer, &repo).await);
    assert!(!may(&app, &bob, Action::Pull, &other).await);

    remove(&app, &ana, &repo, &name("bob")).await.unwrap();
    assert!(!may(&app, &bob, Action::Pull, &repo).await);
    let twice = remove(&app, &ana, &repo, &name("bob")).await;
    assert!(matches!(twice, Err(GrantError::NotGranted { .. })));
}

#[tokio::test]
async fn who_was_granted_to_own_it_grants_and_nobody_widens_their_own_role() {
    let (app, _dir, ana, bob, repo) = labring().await;
    let eve = user(&app, "eve").await;
    set(&app, &ana, &repo, &name("bob"), Role::Writer).await.unwrap();
    let writer = set(&app, &bob, &repo, &name("eve"), Role::Reader).await;
    assert!(matches!(writer, Err(GrantError::Access(AccessError::Forbidden { .. }))));

    set(&app, &ana, &repo, &name("bob"), Role::Owner).await.unwrap();
    set(&app, &bob, &repo, &name("eve"), Role::Owner).await.unwrap();
    let own = set(&app, &ana, &repo, &name("ana"), Role::Reader).await;
    assert!(matches!(own, Err(GrantError::Oneself { .. })), "it would outlive the membership");
    set(&app, &bob, &repo, &name("bob"), Role::Reader).await.unwrap();
    let up = set(&app, &bob, &repo, &name("bob"), Role::Owner).await;
    assert!(matches!(up, Err(GrantError::Access(AccessError::Forbidden { .. }))));
    remove(&app, &bob, &repo, &name("bob")).await.unwrap();
    assert!(matches!(
        remove(&app, &bob, &repo, &name("bob")).await,
        Err(GrantError::Access(AccessError::Hidden { .. }))
    ));
    assert!(may(&app, &eve, Action::Administer, &repo).await);
}

#[tokio::test]
async fn those_who_decide_see_every_rule_and_others_their_own() {
    let (app, _dir, ana, bob, repo) = labring().await;
    let eve = user(&app, "eve").await;
    set(&app, &ana, &repo, &name("bob"), Role::Reader).await.unwrap();
    set(&app, &ana, &repo, &name("eve"), Role::Reader).await.unwrap();
    let all = access(&app, &ana, &repo).await.unwrap();
    assert_eq!((all.administer, all.members.len(), all.grants.len()), (true, 1, 2));
    let own = access(&app, &bob, &repo).await.unwrap();
    assert_eq!((own.administer, own.members.len()), (false, 0));
    let users: Vec<_> = own.grants.iter().map(|grant| grant.user.as_str()).collect();
    assert_eq!(users, ["bob"]);
    assert!(matches!(
        in_org(&app, &eve, &"labring".parse().unwrap()).await,
        Err(GrantError::Access(_))
    ));
}

#[tokio::test]
async fn a_role_on_a_repository_outlives_the_membership() {
    let (app, _dir, ana, bob, repo) = labring().await;
    let org = "labring".parse().unwrap();
    orgs::set_member(&app, &ana, &org, &name("bob"), Role::Writer).await.unwrap();
    set(&app, &ana, &repo, &name("bob"), Role::Reader).await.unwrap();
    orgs::remove_member(&app, &ana, &org, &name("bob")).await.unwrap();
    assert!(may(&app, &bob, Action::Pull, &repo).await);
    assert!(!may(&app, &bob, Action::Push, &repo).await);
    assert_eq!(in_org(&app, &ana, &org).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_question_why_names_the_best_ground_and_those_that_were_looked_at() {
    let (app, _dir, ana, bob, repo) = labring().await;
    let org = "labring".parse().unwrap();
    orgs::set_member(&app, &ana, &org, &name("bob"), Role::Reader).await.unwrap();
    set(&app, &ana, &repo, &name("bob"), Role::Writer).await.unwrap();
    let place = hub_model::Place::Repo(repo);
    let push = why(&app, &bob, &place, Action::Push, &Subject::Oneself).await.unwrap();
    assert!(push.answer.is_ok() && push.line.starts_with("allowed by: writer granted on"));
    assert!(matches!(push.considered[..], [(Ground::Member(_), _), (Ground::Grant(_), _)]));
    assert_eq!(push.ask, [], "nothing is missing");
    let all = why(&app, &bob, &place, Action::Administer, &Subject::Oneself).await.unwrap();
    assert!(all.line.starts_with("denied: writer granted on labring/vault"), "{}", all.line);
    assert_eq!(all.ask, [name("ana")], "a member may know who the owners are");
    let about = Subject::User(name("bob"));
    let asked = why(&app, &ana, &place, Action::Push, &about).await.unwrap();
    assert_eq!(asked.line, push.line);
    let others = why(&app, &bob, &place, Action::Push, &Subject::User(name("ana"))).await;
    assert!(matches!(others, Err(AccessError::Forbidden { .. })));
}

#[tokio::test]
async fn a_narrow_credential_gives_up_no_role_and_who_is_closed_gets_none() {
    let (app, _dir, ana, bob, repo) = labring().await;
    set(&app, &ana, &repo, &name("bob"), Role::Reader).await.unwrap();
    let Actor::User(whole) = &bob else { panic!("bob signed in") };
    let narrow = SignedIn { scope: hub_model::TokenScope::Pull, ..whole.clone() };
    let given_up = remove(&app, &Actor::User(narrow), &repo, &name("bob")).await;
    let refused = matches!(given_up, Err(GrantError::Access(AccessError::Narrow { .. })));
    assert!(refused, "{given_up:?}");
    let closed = accounts::UserEdit { admin: None, disabled: Some(true) };
    accounts::edit(&app, &Actor::System, &name("bob"), closed).await.unwrap();
    let up = set(&app, &ana, &repo, &name("bob"), Role::Owner).await;
    assert!(matches!(up, Err(GrantError::UnknownUser { .. })), "{up:?}");
    set(&app, &ana, &repo, &name("bob"), Role::Reader).await.unwrap();
}

#[tokio::test]
async fn the_question_why_about_somebody_names_them() {
    let (app, _dir, ana, bob, repo) = labring().await;
    let with = "bob".parse().unwrap();
    let forever = (hub_model::Deadline::FOREVER, "");
    crate::services::shares::create(&app, &ana, &repo, &with, forever).await.unwrap();
    let place = hub_model::Place::Repo(repo);
    let about = Subject::User(name("bob"));
    let asked = why(&app, &ana, &place, Action::Pull, &about).await.unwrap();
    assert_eq!(asked.line, "allowed by: labring/vault is shared with bob for ever");
    for about in [about, Subject::Oneself] {
        let own = why(&app, &bob, &place, Action::Pull, &about).await.unwrap();
        assert_eq!(own.line, "allowed by: labring/vault is shared with you for ever");
    }
}
