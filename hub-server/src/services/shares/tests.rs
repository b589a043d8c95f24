//! Tests of shares.

use hub_model::{Org, User, Within};

use super::*;
use crate::app::Clock;
use crate::services::accounts::{self, NewAccount};
use crate::services::{orgs, repos};

const DAY_MS: i64 = 86_400_000;

/// The day 2100-01-01, and the moment it begins.
const LATER: (&str, i64) = ("2100-01-01T00:00:00Z", 4_102_444_800_000);

async fn user(app: &App, name: &str) -> Actor {
    let name = name.parse().unwrap();
    let new = NewAccount { name, password: "correct horse".into(), admin: false };
    let user: User = accounts::add_user(app, &Actor::System, new).await.unwrap();
    Actor::User(SignedIn::by_password(user.into()))
}

async fn org(app: &App, owner: &Actor, name: &str) -> Org {
    orgs::create(app, owner, &name.parse().unwrap(), "", "").await.unwrap()
}

async fn vault(app: &App, owner: &Actor) -> RepoName {
    let name: RepoName = format!("{}/vault", owner.name()).parse().unwrap();
    repos::create(app, owner, &name, Visibility::Private).await.unwrap();
    name
}

fn name(text: &str) -> OrgName {
    text.parse().unwrap()
}

fn all() -> Wanted {
    Wanted { good: None, before: None, limit: 10 }
}

async fn reads(app: &App, who: &Actor, repo: &RepoName) -> bool {
    access::repo(app, who, Action::Pull, repo).await.is_ok()
}

#[tokio::test]
async fn whom_it_is_shared_with_reads_and_nothing_else() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob, eve) =
        (user(&app, "ana").await, user(&app, "bob").await, user(&app, "eve").await);
    let repo = vault(&app, &ana).await;
    assert!(!reads(&app, &bob, &repo).await);
    let until = Deadline::at(LATER.0, LATER.1);
    create(&app, &ana, &repo, &name("bob"), (until, "for the audit")).await.unwrap();
    assert!(reads(&app, &bob, &repo).await && !reads(&app, &eve, &repo).await);

    let on = create(&app, &bob, &repo, &name("eve"), (Deadline::FOREVER, "")).await;
    let told = on.unwrap_err().to_string();
    assert_eq!(told, "you may not administer `ana/vault`: it is shared with you for reading only");
    let pushed = access::repo(&app, &bob, Action::Push, &repo).await;
    assert!(matches!(pushed, Err(AccessError::Forbidden { .. })));
    let hidden = of_repo(&app, &eve, &repo, &all()).await;
    assert!(matches!(hidden, Err(ShareError::Access(AccessError::Hidden { .. }))));

    let to_bob = with_me(&app, &bob, &all()).await.unwrap();
    assert_eq!((to_bob.total, to_bob.items[0].repo.as_str()), (1, "ana/vault"));
    assert_eq!(to_bob.items[0].until.given, LATER.0);
    assert_eq!(by_me(&app, &ana, &all()).await.unwrap().items, to_bob.items);
    assert_eq!(of_org(&app, &ana, &name("ana"), &all()).await.unwrap().items, to_bob.items);
    assert_eq!(with_me(&app, &eve, &all()).await.unwrap().total, 0);
    assert_eq!(by_me(&app, &bob, &all()).await.unwrap().total, 0);

    delete(&app, &ana, &repo, &name("bob")).await.unwrap();
    assert!(!reads(&app, &bob, &repo).await, "at once");
    let twice = delete(&app, &ana, &repo, &name("bob")).await;
    assert!(matches!(twice, Err(ShareError::Unknown { .. })));
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_which() {
    let (app, _dir) = App::for_tests().await;
    let (ana, _bob) = (user(&app, "ana").await, user(&app, "bob").await);
    org(&app, &ana, "labring").await;
    let repo = vault(&app, &ana).await;
    let open: RepoName = "ana/open".parse().unwrap();
    repos::create(&app, &ana, &open, Visibility::Public).await.unwrap();
    let past = Deadline { until_ms: Some(app.now_ms()), given: "now".to_owned() };
    let long = "字".repeat(1001);
    for (repo, with, until, description, told) in [
        (
            &open,
            "bob",
            Deadline::FOREVER,
            "",
            "`ana/open` is public, everybody may read it: only a private repository is shared",
        ),
        (&repo, "zoe", Deadline::FOREVER, "", "there is neither a user nor an organisation `zoe`"),
        (
            &repo,
            "ana",
            Deadline::FOREVER,
            "",
            "`ana` may read `ana/vault` anyway: a repository is shared with others",
        ),
        (&repo, "bob", past, "", "the share would have ended already"),
        (
            &repo,
            "bob",
            Deadline::FOREVER,
            &long,
            "a description has at most 1000 characters, this one has 1001",
        ),
    ] {
        let made = create(&app, &ana, repo, &name(with), (until, description)).await;
        assert_eq!(made.unwrap_err().to_string(), told);
    }
    create(&app, &ana, &repo, &name("labring"), (Deadline::FOREVER, "")).await.unwrap();
    let again = create(&app, &ana, &repo, &name("labring"), (Deadline::FOREVER, "")).await;
    assert!(matches!(again, Err(ShareError::Taken { .. })));
    let nobody = of_repo(&app, &Actor::Anonymous, &repo, &all()).await;
    assert!(matches!(nobody, Err(ShareError::Access(AccessError::Unauthenticated))));
    let cursor = Wanted { before: Some("x".to_owned()), ..all() };
    let lost = of_repo(&app, &ana, &repo, &cursor).await;
    assert!(matches!(lost, Err(ShareError::Cursor { .. })));
}

#[tokio::test]
async fn a_share_that_ended_stays_listed_and_grants_nothing_until_it_goes_on() {
    let clock = Clock::standing_at(LATER.1 - 1);
    let (app, _dir) = App::for_tests_by(clock.clone()).await;
    let (ana, bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let repo = vault(&app, &ana).await;
    let until = Deadline::at(LATER.0, LATER.1);
    create(&app, &ana, &repo, &name("bob"), (until, "")).await.unwrap();
    clock.advance_ms(DAY_MS);
    assert!(reads(&app, &bob, &repo).await, "the last day counts as a whole");
    clock.advance_ms(1);
    assert!(!reads(&app, &bob, &repo).await);
    assert_eq!(with_me(&app, &bob, &all()).await.unwrap().total, 1);
    for (good, want) in [(true, 0), (false, 1)] {
        let wanted = Wanted { good: Some(good), ..all() };
        assert_eq!(of_repo(&app, &ana, &repo, &wanted).await.unwrap().total, want, "{good}");
    }
    let why = ShareChanges { until: None, description: Some("over".to_owned()) };
    let over = edit(&app, &ana, &repo, &name("bob"), why).await.unwrap();
    assert_eq!((&over.description[..], &over.until.given[..]), ("over", LATER.0));
    let on = ShareChanges { until: Some(Deadline::FOREVER), description: None };
    let on = edit(&app, &ana, &repo, &name("bob"), on).await.unwrap();
    assert_eq!(on.description, "over");
    assert!(reads(&app, &bob, &repo).await);
}

#[tokio::test]
async fn an_organisation_made_again_does_not_inherit_what_was_shared_with_the_one_before() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob, eve) =
        (user(&app, "ana").await, user(&app, "bob").await, user(&app, "eve").await);
    org(&app, &bob, "partner").await;
    let repo = vault(&app, &ana).await;
    create(&app, &ana, &repo, &name("partner"), (Deadline::FOREVER, "")).await.unwrap();
    // Both are asked for, so that what is known of the share stands in memory.
    assert!(reads(&app, &bob, &repo).await && !reads(&app, &eve, &repo).await);
    orgs::delete(&app, &bob, &name("partner")).await.unwrap();
    org(&app, &eve, "partner").await;
    assert!(!reads(&app, &eve, &repo).await && !reads(&app, &bob, &repo).await);
    assert_eq!(of_repo(&app, &ana, &repo, &all()).await.unwrap().total, 0);
}

#[tokio::test]
async fn a_credential_for_some_places_shows_the_shares_of_these_only() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let repo = vault(&app, &ana).await;
    create(&app, &ana, &repo, &name("bob"), (Deadline::FOREVER, "")).await.unwrap();
    for (places, seen) in [("bob", 0), ("ana", 1), ("ana/vault", 1), ("ana/other", 0)] {
        let Actor::User(mut bounded) = bob.clone() else { panic!("bob signed in") };
        bounded.within = Within::parse(places).unwrap();
        let listed = with_me(&app, &Actor::User(bounded), &all()).await.unwrap();
        assert_eq!(listed.total, seen, "{places}");
    }
    let Actor::User(mut narrow) = ana.clone() else { panic!("ana signed in") };
    narrow.scope = hub_model::TokenScope::Pull;
    let refused = by_me(&app, &Actor::User(narrow), &all()).await;
    assert!(matches!(refused, Err(ShareError::Access(AccessError::Narrow { .. }))));
}
