//! Tests of accounts.

use hub_model::TokenScope;

use super::*;
use crate::services::sign_in::{SignInError, by_password, by_secret, sign_in};

fn account(name: &str, password: &str) -> NewAccount {
    NewAccount { name: name.parse().unwrap(), password: password.into(), admin: false }
}

async fn with_ana() -> (App, tempfile::TempDir) {
    let (app, dir) = App::for_tests().await;
    add_user(&app, &Actor::System, account("ana", "correct horse")).await.unwrap();
    (app, dir)
}

#[tokio::test]
async fn a_new_user_signs_in_and_owns_the_organisation_of_that_name() {
    let (app, _dir) = with_ana().await;
    let ana = by_password(&app, "ana", &"correct horse".into(), "").await.unwrap();
    assert_eq!(ana.scope, TokenScope::Admin);
    let role = app.db.role(&"ana".parse().unwrap(), ana.user.id).await.unwrap();
    assert_eq!(role.map(|role| role.role), Some(Role::Owner));
    // The second time out of memory.
    assert_eq!(by_password(&app, "ana", &"correct horse".into(), "").await.unwrap(), ana);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_look_the_same() {
    let (app, _dir) = with_ana().await;
    for (name, password) in [
        ("ana", "wrong horse"),
        ("bob", "correct horse"),
        ("NO NAME", "correct horse"),
        ("", ""),
        ("ana", ""),
        ("ana", "hub_pat_0000"),
    ] {
        let error = sign_in(&app, name, &password.into(), "").await.unwrap_err();
        assert!(matches!(error, SignInError::Wrong), "{name} {password}");
    }
    let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
    assert!(matches!(sign_in(&app, "ana", &long.into(), "").await, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn a_token_signs_in_its_owner_only() {
    let (app, _dir) = with_ana().await;
    add_user(&app, &Actor::System, account("bob", "battery staple")).await.unwrap();
    let bob = sign_in(&app, "bob", &"battery staple".into(), "").await.unwrap();
    let order = super::super::tokens::TokenOrder {
        name: "ci".to_owned(),
        scope: TokenScope::Pull,
        ..Default::default()
    };
    let made = super::super::tokens::create(&app, &bob, order).await;
    let (_, secret) = made.unwrap();
    assert!(sign_in(&app, "bob", &secret, "").await.is_ok());
    assert!(matches!(sign_in(&app, "ana", &secret, "").await, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn a_closed_account_is_closed_at_once() {
    let (app, _dir) = with_ana().await;
    let ana = by_password(&app, "ana", &"correct horse".into(), "").await.unwrap();
    let mut change = app.db.change().await.unwrap();
    change.set_disabled(ana.user.id, true).await.unwrap();
    change.tell(LetterKind::Credentials, "ana", app.now_ms()).await.unwrap();
    change.commit().await.unwrap();
    let refused = sign_in(&app, "ana", &"correct horse".into(), "").await;
    assert!(matches!(refused, Err(SignInError::Disabled)));
}

#[tokio::test]
async fn a_changed_password_ends_the_old_one_and_all_sessions() {
    let (app, _dir) = with_ana().await;
    let ana = by_password(&app, "ana", &"correct horse".into(), "").await.unwrap();
    let session = super::super::tokens::start_session(&app, &ana.user, "").await.unwrap();
    let ana = Actor::User(ana);

    let wrong = change_password(&app, &ana, &"guess work".into(), &"new password".into()).await;
    assert!(matches!(wrong, Err(AccountError::WrongPassword)));
    let short = change_password(&app, &ana, &"correct horse".into(), &"short".into()).await;
    let text = short.unwrap_err().to_string();
    assert_eq!(text, "a password has 8 to 256 bytes, this one has 5");

    change_password(&app, &ana, &"correct horse".into(), &"new password".into()).await.unwrap();
    assert!(sign_in(&app, "ana", &"correct horse".into(), "").await.is_err());
    assert!(sign_in(&app, "ana", &"new password".into(), "").await.is_ok());
    assert!(by_secret(&app, &session).await.is_err());
}

#[tokio::test]
async fn names_are_given_once_and_by_administrators() {
    let (app, _dir) = with_ana().await;
    let twice = add_user(&app, &Actor::System, account("ana", "another one")).await;
    assert!(matches!(twice, Err(AccountError::Taken { .. })));
    let ana = sign_in(&app, "ana", &"correct horse".into(), "").await.unwrap();
    for actor in [Actor::Anonymous, ana] {
        let made = add_user(&app, &actor, account("eve", "evil password")).await;
        assert!(matches!(made, Err(AccountError::Access(_))));
    }
    assert_eq!(app.db.users().await.unwrap(), 1);
}

#[tokio::test]
async fn guesses_are_counted_by_name_and_address_and_what_is_known_is_not_checked_again() {
    let (app, _dir) = App::for_tests_with(|config| config.limits.tokens_per_minute = 2).await;
    add_user(&app, &Actor::System, account("ana", "correct horse")).await.unwrap();
    let guess = async |from: &str| sign_in(&app, "ana", &"wrong horse".into(), from).await;
    assert!(sign_in(&app, "ana", &"correct horse".into(), "192.0.2.1").await.is_ok());
    assert!(matches!(guess("192.0.2.1").await, Err(SignInError::Wrong)));
    assert!(matches!(guess("192.0.2.1").await, Err(SignInError::TooMany(_))));
    assert!(matches!(guess("192.0.2.2").await, Err(SignInError::Wrong)));
    assert!(sign_in(&app, "ana", &"correct horse".into(), "192.0.2.1").await.is_ok());
}
