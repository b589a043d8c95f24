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

fn called(display_name: &str) -> OrgChanges<'_> {
    OrgChanges { display_name: Some(display_name), ..OrgChanges::default() }
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
    let edited = edit(&app, &Actor::System, &org("labring"), called(&long)).await;
    assert_eq!(
        edited.unwrap_err().to_string(),
        "a display name has at most 100 characters, this one has 101"
    );
    let edited = edit(&app, &Actor::System, &org("labring"), called("Labring")).await.unwrap();
    assert_eq!(edited.display_name, "Labring");
}

#[tokio::test]
async fn two_owners_who_leave_at_the_same_moment_leave_one_behind() {
    let mut hubs = vec![App::for_tests().await];
    let postgres = App::for_tests_on_postgres().await;
    let _database = postgres.map(|(app, dir, database)| {
        hubs.push((app, dir));
        database
    });
    for (app, _dir) in &hubs {
        let (ana, bob) = (user(app, "ana").await, user(app, "bob").await);
        let (ana_name, bob_name) = ("ana".parse().unwrap(), "bob".parse().unwrap());
        let labring = org("labring");
        create(app, &ana, &labring, "", "").await.unwrap();
        set_member(app, &ana, &labring, &bob_name, Role::Owner).await.unwrap();
        let (one, other) = futures::join!(
            remove_member(app, &ana, &labring, &ana_name),
            remove_member(app, &bob, &labring, &bob_name),
        );
        let refused: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
        assert!(matches!(refused[..], [OrgError::LastOwner { .. }]), "{refused:?}");
        let left = get(app, &Actor::System, &labring).await.unwrap().members.unwrap();
        assert_eq!((left.len(), left[0].role), (1, Role::Owner));
    }
}

#[tokio::test]
async fn who_hands_an_organisation_over_stays_as_a_writer() {
    let (app, _dir) = App::for_tests().await;
    let (ana, _bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let bob_name: UserName = "bob".parse().unwrap();
    let labring = org("labring");
    create(&app, &ana, &labring, "", "").await.unwrap();
    let stranger = transfer(&app, &ana, &labring, &bob_name).await;
    assert!(matches!(stranger, Err(OrgError::NotMember { .. })), "{stranger:?}");
    set_member(&app, &ana, &labring, &bob_name, Role::Reader).await.unwrap();
    transfer(&app, &ana, &labring, &bob_name).await.unwrap();
    let members = get(&app, &ana, &labring).await.unwrap().members.unwrap();
    let roles: Vec<_> = members.iter().map(|one| (one.user.as_str(), one.role)).collect();
    assert_eq!(roles, [("ana", Role::Writer), ("bob", Role::Owner)]);
    let again = transfer(&app, &ana, &labring, &"ana".parse().unwrap()).await;
    assert!(matches!(again, Err(OrgError::Access(AccessError::Forbidden { .. }))));
}

#[tokio::test]
async fn the_organisation_of_a_user_stays_theirs() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let (ana_name, bob_name): (UserName, UserName) =
        ("ana".parse().unwrap(), "bob".parse().unwrap());
    let own = org("ana");
    set_member(&app, &ana, &own, &bob_name, Role::Owner).await.unwrap();
    for refused in [
        remove_member(&app, &bob, &own, &ana_name).await.map(drop),
        remove_member(&app, &ana, &own, &ana_name).await.map(drop),
        set_member(&app, &bob, &own, &ana_name, Role::Reader).await.map(drop),
        set_member(&app, &Actor::System, &own, &ana_name, Role::Writer).await.map(drop),
        transfer(&app, &ana, &own, &bob_name).await,
    ] {
        assert!(matches!(refused, Err(OrgError::Personal { .. })), "{refused:?}");
    }
    remove_member(&app, &bob, &own, &bob_name).await.unwrap();
}

#[tokio::test]
async fn repositories_begin_as_their_organisation_says_unless_somebody_says_otherwise() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana").await;
    let private =
        OrgChanges { default_visibility: Some(Visibility::Private), ..OrgChanges::default() };
    create_as(&app, &ana, &org("labring"), private).await.unwrap();
    edit(&app, &ana, &org("ana"), private).await.unwrap();
    for (name, wanted, want) in [
        ("labring/a", None, Visibility::Private),
        ("labring/b", Some(Visibility::Public), Visibility::Public),
        ("ana/c", None, Visibility::Private),
    ] {
        let name = name.parse().unwrap();
        let repo = crate::services::repos::create(&app, &ana, &name, wanted).await.unwrap();
        assert_eq!(repo.visibility, want, "{name}");
    }
}

#[tokio::test]
async fn who_cannot_sign_in_is_made_no_more_than_they_are_and_is_no_owner_left_behind() {
    let (app, _dir) = App::for_tests().await;
    let (ana, _bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let (ana_name, bob_name): (UserName, UserName) =
        ("ana".parse().unwrap(), "bob".parse().unwrap());
    let labring = org("labring");
    create(&app, &ana, &labring, "", "").await.unwrap();
    let close = async |disabled| {
        let edit = accounts::UserEdit { admin: None, disabled: Some(disabled) };
        accounts::edit(&app, &Actor::System, &bob_name, edit).await.unwrap();
    };
    let set = async |role| set_member(&app, &ana, &labring, &bob_name, role).await;
    set(Role::Writer).await.unwrap();
    close(true).await;
    let up = set(Role::Owner).await;
    assert!(matches!(up, Err(OrgError::UnknownUser { .. })), "{up:?}");
    set(Role::Reader).await.unwrap();

    close(false).await;
    set(Role::Owner).await.unwrap();
    close(true).await;
    let away = remove_member(&app, &ana, &labring, &ana_name).await;
    assert!(matches!(away, Err(OrgError::LastOwner { .. })), "{away:?}");
    let down = set_member(&app, &ana, &labring, &ana_name, Role::Writer).await;
    assert!(matches!(down, Err(OrgError::LastOwner { .. })), "{down:?}");
    // The other way round somebody who can sign in stays.
    remove_member(&app, &ana, &labring, &bob_name).await.unwrap();
}

#[tokio::test]
async fn a_narrow_credential_ends_no_membership() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let bob_name = "bob".parse().unwrap();
    let labring = org("labring");
    create(&app, &ana, &labring, "", "").await.unwrap();
    set_member(&app, &ana, &labring, &bob_name, Role::Writer).await.unwrap();
    let Actor::User(whole) = &bob else { panic!("bob signed in") };
    let pull = SignedIn { scope: hub_model::TokenScope::Pull, ..whole.clone() };
    let elsewhere = SignedIn { within: hub_model::Within::parse("bob").unwrap(), ..whole.clone() };
    for narrow in [pull, elsewhere] {
        let left = remove_member(&app, &Actor::User(narrow), &labring, &bob_name).await;
        assert!(matches!(left, Err(OrgError::Access(AccessError::Narrow { .. }))), "{left:?}");
    }
    remove_member(&app, &bob, &labring, &bob_name).await.unwrap();
}

#[tokio::test]
async fn a_credential_for_some_places_tells_of_no_organisation_beyond_them() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana").await;
    create(&app, &ana, &org("labring"), "", "").await.unwrap();
    let Actor::User(whole) = &ana else { panic!("ana signed in") };
    for (places, seen) in [("", 2), ("ana", 1), ("labring/app", 0)] {
        let within = hub_model::Within::parse(places).unwrap();
        let bounded = Actor::User(SignedIn { within, ..whole.clone() });
        assert_eq!(mine(&app, &bounded).await.unwrap().len(), seen, "{places}");
        let role = get(&app, &bounded, &org("labring")).await.unwrap().role;
        assert_eq!(role.is_some(), seen == 2, "{places}");
    }
}

#[tokio::test]
async fn two_edits_of_one_organisation_both_count() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana").await;
    let labring = org("labring");
    create(&app, &ana, &labring, "", "").await.unwrap();
    let hidden =
        OrgChanges { default_visibility: Some(Visibility::Private), ..OrgChanges::default() };
    // Both have read what there is before either may write.
    let held = app.db.change().await.unwrap();
    let release = async {
        tokio::time::sleep(std::time::Duration::from_millis(80)).await;
        drop(held);
    };
    let (one, other, ()) = futures::join!(
        edit(&app, &ana, &labring, hidden),
        edit(&app, &ana, &labring, called("Labring")),
        release
    );
    one.unwrap();
    other.unwrap();
    let now = get(&app, &ana, &labring).await.unwrap().org;
    let found = (now.display_name.as_str(), now.default_visibility);
    assert_eq!(found, ("Labring", Visibility::Private));
}
