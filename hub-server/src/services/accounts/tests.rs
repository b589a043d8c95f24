//! Tests of accounts.

use hub_model::{Role, TokenScope, UserState};

use super::*;
use crate::app::Origin;
use crate::config::Registration;
use crate::services::sign_in::{Proof, SignInError, by_password, by_secret, sign_in};
use crate::services::tokens::{TokenError, TokenOrder, start_session};
use crate::services::{access, orgs, registry_tokens, repos, shares};

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
    let order = TokenOrder { name: "ci".to_owned(), scope: TokenScope::Pull, ..Default::default() };
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
    let session =
        super::super::tokens::start_session(&app, &Proof::Password(ana.clone()), "").await.unwrap();
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

async fn with_boss(app: &App) -> Actor {
    let boss = NewAccount { admin: true, ..account("boss", "correct horse") };
    let boss = add_user(app, &Actor::System, boss).await.unwrap();
    Actor::User(hub_model::SignedIn::by_password(boss.into()))
}

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let (app, _dir) = with_ana().await;
    let boss = with_boss(&app).await;
    let off = UserEdit { admin: Some(false), disabled: None };
    let closed = UserEdit { admin: None, disabled: Some(true) };
    for change in [off, closed] {
        let refused = edit(&app, &boss, &user("boss"), change).await;
        assert!(matches!(refused, Err(AccountError::LastAdministrator { .. })));
    }
    let refused = delete(&app, &boss, &user("boss")).await;
    assert!(matches!(refused, Err(AccountError::LastAdministrator { .. })));
    // A closed administrator is no help.
    let on = UserEdit { admin: Some(true), disabled: Some(true) };
    edit(&app, &boss, &user("ana"), on).await.unwrap();
    assert!(edit(&app, &boss, &user("boss"), off).await.is_err());
    let open = UserEdit { admin: None, disabled: Some(false) };
    edit(&app, &boss, &user("ana"), open).await.unwrap();
    let boss = edit(&app, &boss, &user("boss"), off).await.unwrap();
    assert!(!boss.admin && boss.is_open());
    let page = list(&app, &Actor::System, ("", UserState::Admin), None, 10).await.unwrap();
    assert_eq!((page.total, page.items[0].name.as_str()), (1, "ana"));
}

#[tokio::test]
async fn an_administrator_who_was_unmade_is_refused_at_once() {
    let (app, _dir) = with_ana().await;
    with_boss(&app).await;
    let on = UserEdit { admin: Some(true), disabled: None };
    edit(&app, &Actor::System, &user("ana"), on).await.unwrap();
    let ana = sign_in(&app, "ana", &"correct horse".into(), "").await.unwrap();
    assert!(list(&app, &ana, ("", UserState::Any), None, 1).await.is_ok());
    let off = UserEdit { admin: Some(false), disabled: None };
    edit(&app, &Actor::System, &user("ana"), off).await.unwrap();
    let ana = sign_in(&app, "ana", &"correct horse".into(), "").await.unwrap();
    let refused = list(&app, &ana, ("", UserState::Any), None, 1).await;
    assert!(matches!(refused, Err(AccountError::Access(AccessError::NotAdministrator))));
}

#[tokio::test]
async fn a_deleted_user_takes_empty_organisations_along_and_leaves_the_name() {
    let (app, _dir) = with_ana().await;
    let boss = with_boss(&app).await;
    let gone = delete(&app, &boss, &user("ana")).await.unwrap();
    assert_eq!(gone, ["ana".parse().unwrap()]);
    assert!(app.db.org(&"ana".parse().unwrap()).await.unwrap().is_none());
    let again = add_user(&app, &boss, account("ana", "correct horse")).await;
    assert!(matches!(again, Err(AccountError::Taken { .. })));
    let org = super::super::orgs::create(&app, &boss, &"ana".parse().unwrap(), "", "").await;
    assert!(org.is_err(), "nor as an organisation");
    let refused = sign_in(&app, "ana", &"correct horse".into(), "").await;
    assert!(matches!(refused, Err(SignInError::Wrong)));
    for outcome in [
        delete(&app, &boss, &user("ana")).await.map(drop),
        reset_password(&app, &boss, &user("ana"), &"new password".into()).await.map(drop),
        edit(&app, &boss, &user("ana"), UserEdit::default()).await.map(drop),
    ] {
        assert!(matches!(outcome, Err(AccountError::Unknown { .. })));
    }
    let kept = get(&app, &boss, &user("ana")).await.unwrap();
    assert!(kept.user.deleted_at_ms.is_some() && kept.orgs.is_empty());
}

#[tokio::test]
async fn a_closed_account_loses_its_sessions_and_gets_its_tokens_back() {
    let (app, _dir) = with_ana().await;
    let ana = by_password(&app, "ana", &"correct horse".into(), "").await.unwrap();
    let session =
        super::super::tokens::start_session(&app, &Proof::Password(ana.clone()), "").await.unwrap();
    let ana = Actor::User(ana);
    let made = super::super::tokens::create(
        &app,
        &ana,
        TokenOrder { name: "ci".to_owned(), scope: TokenScope::Pull, ..Default::default() },
    )
    .await;
    let (_, token) = made.unwrap();
    let closed = |disabled| UserEdit { admin: None, disabled: Some(disabled) };
    edit(&app, &Actor::System, &user("ana"), closed(true)).await.unwrap();
    for secret in [&session, &token] {
        assert!(by_secret(&app, secret).await.is_err());
    }
    edit(&app, &Actor::System, &user("ana"), closed(false)).await.unwrap();
    assert!(by_secret(&app, &token).await.is_ok());
    assert!(by_secret(&app, &session).await.is_err());
}

#[tokio::test]
async fn a_proof_with_the_old_password_starts_nothing_after_the_change() {
    let (app, _dir) = with_ana().await;
    let before = by_password(&app, "ana", &"correct horse".into(), "").await.unwrap();
    let ana = Actor::User(before.clone());
    let new = "new password".into();
    let after = change_password(&app, &ana, &"correct horse".into(), &new).await.unwrap();

    let late = start_session(&app, &Proof::Password(before), "").await;
    assert!(matches!(late, Err(TokenError::Access(AccessError::Unauthenticated))));
    let late = registry_tokens::refresh_token(&app, &ana, "docker").await;
    assert!(matches!(late, Err(registry_tokens::RefreshError::Unauthenticated)));
    let issued = registry_tokens::issue(&app, &ana, &[]).await.unwrap();
    assert!(registry_tokens::verify(&app, issued.jwt.expose_secret()).await.is_err());

    assert!(start_session(&app, &Proof::Password(after.clone()), "").await.is_ok());
    let after_all = Actor::User(after.clone());
    assert!(registry_tokens::refresh_token(&app, &after_all, "docker").await.is_ok());
    let issued = registry_tokens::issue(&app, &after_all, &[]).await.unwrap();
    assert!(registry_tokens::verify(&app, issued.jwt.expose_secret()).await.is_ok());

    let closed = UserEdit { disabled: Some(true), ..UserEdit::default() };
    edit(&app, &Actor::System, &user("ana"), closed).await.unwrap();
    assert!(start_session(&app, &Proof::Password(after), "").await.is_err(), "closed meanwhile");
}

#[tokio::test]
async fn only_a_password_gets_a_refresh_token_and_that_is_noted() {
    let (app, _dir) = with_ana().await;
    let ana = app.signed_in("ana").await;
    let order = TokenOrder { name: "ci".to_owned(), ..TokenOrder::default() };
    let (_, secret) = super::super::tokens::create(&app, &ana, order).await.unwrap();
    let by_token = by_secret(&app, &secret).await.unwrap();
    for other in [&by_token, &Actor::Anonymous] {
        let none = registry_tokens::refresh_token(&app, other, "docker").await;
        assert!(matches!(none, Err(registry_tokens::RefreshError::NoPassword)));
    }
    registry_tokens::refresh_token(&app, &ana, "docker").await.unwrap();
    let noted = app.db.audit(&hub_db::AuditFilter::default(), 1).await.unwrap();
    let entry = &noted[0].entry;
    assert_eq!((&*entry.action, &*entry.target), ("token.create", "ana"));
    assert!(entry.after.contains(r#""kind":"refresh""#), "{}", entry.after);
}

#[tokio::test]
async fn guesses_from_elsewhere_do_not_keep_the_owner_from_a_new_password() {
    let (app, _dir) = App::for_tests_with(|config| config.limits.wrong_passwords = 2).await;
    add_user(&app, &Actor::System, account("ana", "correct horse")).await.unwrap();
    let ana = app.signed_in("ana").await;
    let try_at = async |address: &str, old: &str| {
        let origin = Origin { address: address.to_owned(), request_id: String::new() };
        let (old, new) = (old.into(), "new password".into());
        origin.of(change_password(&app, &ana, &old, &new)).await
    };
    for _ in 0..2 {
        let wrong = try_at("2001:db8::1", "wrong horse").await;
        assert!(matches!(wrong, Err(AccountError::WrongPassword)));
    }
    let neighbour = try_at("2001:db8::2", "wrong horse").await;
    assert!(matches!(neighbour, Err(AccountError::TooMany(_))), "it is the same line");
    try_at("192.0.2.1", "correct horse").await.unwrap();
}

#[tokio::test]
async fn nobody_registers_where_people_sign_in_at_the_provider_only() {
    for (only, open) in [(false, true), (true, false)] {
        let (app, _dir) = App::for_tests_with(|config| {
            config.auth.registration = Registration::Open;
            config.oidc.issuer = Some("https://id.example.com".to_owned());
            config.oidc.client_id = "hub".to_owned();
            config.oidc.only = only;
        })
        .await;
        assert_eq!(takes_registrations(&app), open);
        let made = register(&app, user("eve"), "correct horse".into(), "192.0.2.1").await;
        assert_eq!(made.is_ok(), open);
        assert!(open || matches!(made, Err(AccountError::NoRegistration)));
    }
}

#[tokio::test]
async fn an_organisation_that_goes_with_its_owner_leaves_no_shares_to_the_next_one() {
    let (app, _dir) = with_ana().await;
    for name in ["bob", "eve"] {
        add_user(&app, &Actor::System, account(name, "correct horse")).await.unwrap();
    }
    let (ana, bob, eve) =
        (app.signed_in("ana").await, app.signed_in("bob").await, app.signed_in("eve").await);
    let (partner, vault) = ("partner".parse().unwrap(), "ana/vault".parse().unwrap());
    orgs::create(&app, &bob, &partner, "", "").await.unwrap();
    repos::create(&app, &ana, &vault, hub_model::Visibility::Private).await.unwrap();
    let until = (hub_model::Deadline::FOREVER, "");
    shares::create(&app, &ana, &vault, &partner, until).await.unwrap();
    let reads =
        async |who: &Actor| access::repo(&app, who, hub_model::Action::Pull, &vault).await.is_ok();
    // Both are asked for, so that what is known of the share stands in memory.
    assert!(reads(&bob).await && !reads(&eve).await);
    let gone = delete(&app, &Actor::System, &user("bob")).await.unwrap();
    assert!(gone.contains(&partner));
    orgs::create(&app, &eve, &partner, "", "").await.unwrap();
    assert!(!reads(&eve).await);
}

#[tokio::test]
async fn who_is_known_and_refused_is_noted_and_strangers_are_not() {
    let (app, _dir) = with_ana().await;
    let ana = app.signed_in("ana").await;
    for actor in [&ana, &ana, &Actor::Anonymous] {
        assert!(delete(&app, actor, &user("ana")).await.is_err());
        assert!(list(&app, actor, ("", UserState::Any), None, 1).await.is_err(), "only asked");
    }
    let order =
        TokenOrder { name: "ci".to_owned(), scope: TokenScope::Pull, ..TokenOrder::default() };
    let (_, secret) = super::super::tokens::create(&app, &ana, order).await.unwrap();
    let narrow = by_secret(&app, &secret).await.unwrap();
    let (old, new) = ("correct horse".into(), "new password".into());
    assert!(change_password(&app, &narrow, &old, &new).await.is_err());
    let refused = app.refused.take();
    let mut told: Vec<_> =
        refused.iter().map(|one| (one.action, &*one.target, one.times)).collect();
    told.sort_unstable();
    assert_eq!(told, [("user.delete", "ana", 2), ("user.password", "ana", 1)]);
}
