//! Tests of organisations.

use hub_model::{SignedIn, Standing};

use super::*;
use crate::services::accounts::{self, NewAccount};

async fn user(app: &App, name: &str) -> Actor {
    let name = name.parse().unwrap();
    let new = NewAccount { name, password: "correct horse".into(), admin: false };
    let user = accounts::add_user(app, &Actor::System, new).await.unwrap();
    Actor::User(SignedIn::by_password(user.into()))
}

fn org(name: &str) -> OrgName {
    name.parse().unwrap()
}

#[tokio::test]
async fn whoever_makes_an_organisation_owns_it() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana").await;
    create(&app, &ana, &org("labring"), "Labring", "").await.unwrap();
    let page = get(&app, &ana, &org("labring")).await.unwrap();
    assert_eq!((page.role, page.repos), (Some(Role::Owner), 0));
    assert_eq!(page.members.unwrap().len(), 1);

    let stranger = get(&app, &Actor::Anonymous, &org("labring")).await.unwrap();
    assert_eq!((stranger.role, stranger.members), (None, None));
    let mine = mine(&app, &ana).await.unwrap();
    assert_eq!(mine.len(), 2);
}

#[tokio::test]
async fn a_name_is_given_once() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana").await;
    for _ in 0..2 {
        let made = create(&app, &ana, &org("ana"), "", "").await;
        assert!(matches!(made, Err(OrgError::Taken { .. })));
    }
    let nobody = create(&app, &Actor::Anonymous, &org("labring"), "", "").await;
    assert!(matches!(nobody, Err(OrgError::Access(AccessError::Unauthenticated))));
}

#[tokio::test]
async fn the_last_owner_cannot_go() {
    let (app, _dir) = App::for_tests().await;
    let (ana, _bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let (ana_name, bob_name) = ("ana".parse().unwrap(), "bob".parse().unwrap());
    let labring = org("labring");
    create(&app, &ana, &labring, "", "").await.unwrap();
    let down = set_member(&app, &ana, &labring, &ana_name, Role::Reader).await;
    assert!(matches!(down, Err(OrgError::LastOwner { .. })));
    let away = remove_member(&app, &ana, &labring, &ana_name).await;
    assert!(matches!(away, Err(OrgError::LastOwner { .. })));

    set_member(&app, &ana, &labring, &bob_name, Role::Owner).await.unwrap();
    remove_member(&app, &ana, &labring, &ana_name).await.unwrap();
    assert_eq!(access::standing(&app, &ana, &labring).await.unwrap(), Standing::Stranger);
}

#[tokio::test]
async fn only_owners_decide_about_members_but_everybody_may_leave() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob, eve) =
        (user(&app, "ana").await, user(&app, "bob").await, user(&app, "eve").await);
    let bob_name = "bob".parse().unwrap();
    let labring = org("labring");
    create(&app, &ana, &labring, "", "").await.unwrap();
    set_member(&app, &ana, &labring, &bob_name, Role::Writer).await.unwrap();

    let up = set_member(&app, &bob, &labring, &bob_name, Role::Owner).await;
    assert!(matches!(up, Err(OrgError::Access(AccessError::Forbidden { .. }))));
    let seen = members(&app, &eve, &labring).await;
    assert!(matches!(seen, Err(OrgError::Access(AccessError::Forbidden { .. }))));
    assert_eq!(members(&app, &bob, &labring).await.unwrap().len(), 2);
    remove_member(&app, &bob, &labring, &bob_name).await.unwrap();
    let twice = remove_member(&app, &bob, &labring, &bob_name).await;
    assert!(matches!(twice, Err(OrgError::NotMember { .. })));
    let unknown = set_member(&app, &ana, &labring, &"zoe".parse().unwrap(), Role::Reader).await;
    assert!(matches!(unknown, Err(OrgError::UnknownUser { .. })));
}

#[tokio::test]
async fn an_organisation_with_repositories_stays() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana").await;
    let repo = "ana/app".parse().unwrap();
    let hidden = hub_model::Visibility::Private;
    crate::services::repos::create(&app, &ana, &repo, hidden).await.unwrap();
    let refused = delete(&app, &ana, &org("ana")).await;
    assert!(matches!(refused, Err(OrgError::NotEmpty { repos: 1, .. })));
    crate::services::repos::delete(&app, &ana, &repo).await.unwrap();
    delete(&app, &ana, &org("ana")).await.unwrap();
    let gone = get(&app, &ana, &org("ana")).await;
    assert!(matches!(gone, Err(OrgError::Access(AccessError::Hidden { .. }))));
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended() {
    let (app, _dir) = App::for_tests().await;
    for name in ["a1", "b2", "c3"] {
        create(&app, &Actor::System, &org(name), "", "").await.unwrap();
    }
    let first = list(&app, &Actor::Anonymous, None, 2).await.unwrap();
    assert_eq!((first.items.len(), first.total, first.next.as_deref()), (2, 3, Some("b2")));
    let rest = list(&app, &Actor::Anonymous, Some("b2"), 2).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
}

#[tokio::test]
async fn texts_have_an_end() {
    let (app, _dir) = App::for_tests().await;
    create(&app, &Actor::System, &org("labring"), "", "").await.unwrap();
    let long = "字".repeat(101);
    let edited = edit(&app, &Actor::System, &org("labring"), Some(&long), None).await;
    assert_eq!(
        edited.unwrap_err().to_string(),
        "a display name has at most 100 characters, this one has 101"
    );
    let edited = edit(&app, &Actor::System, &org("labring"), Some("Labring"), None).await.unwrap();
    assert_eq!(edited.display_name, "Labring");
}
