//! Tests of repositories.

use hub_model::{SignedIn, TokenScope};

use super::*;
use crate::services::accounts::{self, NewAccount};

async fn user(app: &App, name: &str) -> Actor {
    let name = name.parse().unwrap();
    let new = NewAccount { name, password: "correct horse".into(), admin: false };
    let user = accounts::add_user(app, &Actor::System, new).await.unwrap();
    Actor::User(SignedIn::by_password(user.into()))
}

fn repo(name: &str) -> RepoName {
    name.parse().unwrap()
}

#[tokio::test]
async fn a_private_repository_is_not_there_for_others() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob) = (user(&app, "ana").await, user(&app, "bob").await);
    create(&app, &ana, &repo("ana/app"), Visibility::Private).await.unwrap();
    for actor in [&bob, &Actor::Anonymous] {
        let hidden = get(&app, actor, &repo("ana/app")).await.unwrap_err().to_string();
        let absent = get(&app, actor, &repo("ana/xyz")).await.unwrap_err().to_string();
        assert_eq!(hidden.replace("app", "xyz"), absent);
        assert_eq!(list(&app, actor, None, None, 10).await.unwrap().total, 0);
        assert!(recent(&app, actor, 10).await.unwrap().is_empty());
    }
    let page = get(&app, &ana, &repo("ana/app")).await.unwrap();
    assert_eq!(page.may, May { push: true, delete: true, administer: true });
    assert_eq!(list(&app, &ana, None, None, 10).await.unwrap().total, 1);
}

#[tokio::test]
async fn a_change_of_visibility_counts_at_once_and_leaves_a_letter() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana").await;
    create(&app, &ana, &repo("ana/app"), Visibility::Private).await.unwrap();
    let before = app.db.last_letter().await.unwrap();
    let changes = RepoChanges { visibility: Some(Visibility::Public), ..RepoChanges::default() };
    edit(&app, &ana, &repo("ana/app"), changes).await.unwrap();
    let seen = get(&app, &Actor::Anonymous, &repo("ana/app")).await.unwrap();
    assert_eq!(seen.may, May::default());
    let letters = app.db.letters_after(before, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].kind, letters[0].subject.as_str()), (LetterKind::Repo, "ana/app"));
}

#[tokio::test]
async fn only_administrators_of_the_hub_vouch_for_a_repository() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana").await;
    create(&app, &ana, &repo("ana/app"), Visibility::Public).await.unwrap();
    let changes = RepoChanges { official: Some(true), ..RepoChanges::default() };
    let refused = edit(&app, &ana, &repo("ana/app"), changes).await;
    assert!(matches!(refused, Err(RepoError::Access(AccessError::NotAdministrator))));
    assert!(edit(&app, &Actor::System, &repo("ana/app"), changes).await.unwrap().official);
}

#[tokio::test]
async fn a_name_is_given_once_and_comes_back_after_deletion() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let name = repo("ana/app");
    create(&app, &ana, &name, Visibility::Public).await.unwrap();
    let twice = create(&app, &ana, &name, Visibility::Public).await;
    assert!(matches!(twice, Err(RepoError::Taken { .. })));
    let other = delete(&app, &bob, &name).await;
    assert!(matches!(other, Err(RepoError::Access(AccessError::Forbidden { .. }))));
    delete(&app, &ana, &name).await.unwrap();
    create(&app, &ana, &name, Visibility::Public).await.unwrap();
}

#[tokio::test]
async fn a_star_counts_once_per_person() {
    let (app, _dir) = App::for_tests().await;
    let (ana, bob) = (user(&app, "ana").await, user(&app, "bob").await);
    let name = repo("ana/app");
    create(&app, &ana, &name, Visibility::Public).await.unwrap();
    let counts = [
        star(&app, &ana, &name).await.unwrap(),
        star(&app, &ana, &name).await.unwrap(),
        star(&app, &bob, &name).await.unwrap(),
        unstar(&app, &ana, &name).await.unwrap(),
        unstar(&app, &ana, &name).await.unwrap(),
    ];
    assert_eq!(counts, [1, 1, 2, 1, 1]);
    assert!(get(&app, &bob, &name).await.unwrap().starred);
    let nobody = star(&app, &Actor::Anonymous, &name).await;
    assert!(matches!(nobody, Err(RepoError::Access(AccessError::Unauthenticated))));
}

#[tokio::test]
async fn a_narrow_token_offers_less_than_its_owner_may() {
    let (app, _dir) = App::for_tests().await;
    let ana = user(&app, "ana").await;
    let name = repo("ana/app");
    create(&app, &ana, &name, Visibility::Public).await.unwrap();
    let Actor::User(mut signed_in) = ana else { unreachable!() };
    signed_in.scope = TokenScope::Push;
    let narrow = Actor::User(signed_in);
    let page = get(&app, &narrow, &name).await.unwrap();
    assert_eq!(page.may, May { push: true, delete: false, administer: false });
    let refused = delete(&app, &narrow, &name).await.unwrap_err().to_string();
    assert_eq!(refused, "this credential is for push, it may not administer `ana/app`");
}
