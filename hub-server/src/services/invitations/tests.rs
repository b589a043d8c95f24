//! Tests of invitations.

use hub_model::{SignedIn, Standing};

use super::*;
use crate::services::accounts::{self, NewAccount};
use crate::services::orgs;

async fn user(app: &App, name: &str) -> Actor {
    let name = name.parse().unwrap();
    let new = NewAccount { name, password: "correct horse".into(), admin: false };
    let user = accounts::add_user(app, &Actor::System, new).await.unwrap();
    Actor::User(SignedIn::by_password(user.into()))
}

fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

/// A hub with the organisation `labring` of ana, and with bob.
async fn labring() -> (App, tempfile::TempDir, Actor, Actor, OrgName) {
    let (app, dir) = App::for_tests().await;
    let (ana, bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let org: OrgName = "labring".parse().unwrap();
    orgs::create(&app, &ana, &org, "", "").await.unwrap();
    (app, dir, ana, bob, org)
}

#[tokio::test]
async fn the_invited_decides_and_the_last_role_counts() {
    let (app, _dir, ana, bob, org) = labring().await;
    let first = invite(&app, &ana, &org, &name("bob"), Role::Reader).await.unwrap();
    assert_eq!(first.replaced, None);
    assert_eq!(waiting(&app, &bob).await.unwrap(), 1);
    let second = invite(&app, &ana, &org, &name("bob"), Role::Writer).await.unwrap();
    assert_eq!(second.replaced, Some(Role::Reader));
    assert_eq!(access::standing(&app, &bob, &org).await.unwrap(), Standing::Stranger);

    let member = accept(&app, &bob, &org).await.unwrap();
    assert_eq!(member.role, Role::Writer);
    assert_eq!(access::standing(&app, &bob, &org).await.unwrap(), Standing::Writer);
    assert_eq!(mine(&app, &bob).await.unwrap(), []);
    let again = accept(&app, &bob, &org).await;
    assert!(matches!(again, Err(OrgError::NotInvited { .. })));
    let member = invite(&app, &ana, &org, &name("bob"), Role::Owner).await;
    assert!(matches!(member, Err(OrgError::Member { .. })));
}

#[tokio::test]
async fn what_is_declined_or_withdrawn_is_gone() {
    let (app, _dir, ana, bob, org) = labring().await;
    invite(&app, &ana, &org, &name("bob"), Role::Reader).await.unwrap();
    decline(&app, &bob, &org).await.unwrap();
    assert!(matches!(accept(&app, &bob, &org).await, Err(OrgError::NotInvited { .. })));

    invite(&app, &ana, &org, &name("bob"), Role::Reader).await.unwrap();
    withdraw(&app, &ana, &org, &name("bob")).await.unwrap();
    assert!(matches!(accept(&app, &bob, &org).await, Err(OrgError::NotInvited { .. })));
    let twice = withdraw(&app, &ana, &org, &name("bob")).await;
    assert!(matches!(twice, Err(OrgError::NotInvited { .. })));
    // Who is made a member is invited no more.
    invite(&app, &ana, &org, &name("bob"), Role::Owner).await.unwrap();
    orgs::set_member(&app, &ana, &org, &name("bob"), Role::Reader).await.unwrap();
    assert!(matches!(accept(&app, &bob, &org).await, Err(OrgError::NotInvited { .. })));
}

#[tokio::test]
async fn only_owners_invite_and_only_whom_there_is() {
    let (app, _dir, ana, bob, org) = labring().await;
    let eve = user(&app, "eve").await;
    let stranger = invite(&app, &bob, &org, &name("eve"), Role::Reader).await;
    assert!(matches!(stranger, Err(OrgError::Access(_))));
    assert!(matches!(list(&app, &eve, &org).await, Err(OrgError::Access(_))));
    let direct = orgs::set_member(&app, &ana, &org, &name("nobody"), Role::Reader).await;
    let invited = invite(&app, &ana, &org, &name("nobody"), Role::Reader).await;
    assert_eq!(invited.unwrap_err().to_string(), direct.unwrap_err().to_string());
    let other = accept(&app, &eve, &org).await;
    assert!(matches!(other, Err(OrgError::NotInvited { .. })));
}

#[tokio::test]
async fn an_invitation_takes_nothing_from_who_became_more_meanwhile() {
    let (app, _dir, ana, bob, org) = labring().await;
    let id = app.db.org(&org).await.unwrap().unwrap().id;
    let bob_id = bob.user().unwrap().id;
    for (had, invited, want) in
        [(Role::Owner, Role::Reader, Role::Owner), (Role::Reader, Role::Writer, Role::Writer)]
    {
        invite(&app, &ana, &org, &name("bob"), invited).await.unwrap();
        let mut group = app.db.change().await.unwrap();
        group.set_member_by_group(id, bob_id, had, 5).await.unwrap();
        group.tell(LetterKind::Access, org.as_str(), 5).await.unwrap();
        group.commit().await.unwrap();
        assert_eq!(accept(&app, &bob, &org).await.unwrap().role, want);
        assert_eq!(app.db.role(&org, bob_id).await.unwrap().unwrap().role, want);
        assert_eq!(mine(&app, &bob).await.unwrap(), []);
        orgs::remove_member(&app, &bob, &org, &name("bob")).await.unwrap();
    }
}

#[tokio::test]
async fn a_narrow_credential_shows_no_invitations() {
    let (app, _dir, ana, bob, org) = labring().await;
    invite(&app, &ana, &org, &name("bob"), Role::Reader).await.unwrap();
    let Actor::User(whole) = &bob else { panic!("bob signed in") };
    let within = hub_model::Within::parse("bob").unwrap();
    let narrow = Actor::User(SignedIn { within, ..whole.clone() });
    assert!(matches!(mine(&app, &narrow).await, Err(OrgError::Access(_))));
    assert_eq!(waiting(&app, &narrow).await.unwrap(), 0);
    assert_eq!(mine(&app, &bob).await.unwrap().len(), 1);
}
