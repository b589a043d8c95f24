//! Tests of signing in at a provider.

use hub_model::{OrgName, Role};
use serde_json::{Value, json};

use super::*;
use crate::Config;
use crate::config::GroupRole;
use crate::services::{accounts, orgs, sessions, sign_in, tokens};

const DANA: &str = "https://id.example.com 1234";

async fn app(change: impl FnOnce(&mut Config)) -> (App, tempfile::TempDir) {
    App::for_tests_with(|config| {
        config.oidc.issuer = Some("https://id.example.com".to_owned());
        config.oidc.client_id = "hub".to_owned();
        let given = |group: &str, role| GroupRole {
            group: group.to_owned(),
            org: "labring".parse().unwrap(),
            role,
        };
        config.oidc.groups = vec![
            given("builders", Role::Writer),
            given("readers", Role::Reader),
            given("owners", Role::Owner),
        ];
        change(config);
    })
    .await
}

fn dana(claims: &Value) -> Vouched {
    Vouched::for_tests(DANA, claims)
}

fn in_groups(groups: &[&str]) -> Vouched {
    dana(&json!({"preferred_username": "dana", "groups": groups}))
}

async fn enter(app: &App, vouched: &Vouched) -> Result<User, OidcError> {
    admit(app, vouched, &Ticket::fresh(app.now_ms(), "/", None)).await
}

async fn local_user(app: &App, name: &str) -> User {
    let new = accounts::NewAccount {
        name: name.parse().unwrap(),
        password: "correct horse".into(),
        admin: false,
    };
    accounts::add_user(app, &Actor::System, new).await.unwrap()
}

async fn labring(app: &App) -> OrgName {
    let name: OrgName = "labring".parse().unwrap();
    orgs::create(app, &Actor::System, &name, "", "").await.unwrap();
    name
}

async fn role(app: &App, user: &User) -> Option<Role> {
    let org = "labring".parse().unwrap();
    app.db.role(&org, user.id).await.unwrap().map(|since| since.role)
}

async fn set_role(app: &App, user: &User, role: Role) {
    let org = "labring".parse().unwrap();
    orgs::set_member(app, &Actor::System, &org, &user.name, role).await.unwrap();
}

#[tokio::test]
async fn who_comes_for_the_first_time_gets_an_account_without_a_password() {
    let (app, _dir) = app(|_| ()).await;
    let user = enter(&app, &in_groups(&[])).await.unwrap();
    assert_eq!((user.name.as_str(), user.admin), ("dana", false));
    let own = app.db.role(&user.name.org(), user.id).await.unwrap().unwrap();
    assert_eq!(own.role, Role::Owner);

    // Somebody may be called otherwise later, and is still the same.
    let again = enter(&app, &dana(&json!({"preferred_username": "eve"}))).await.unwrap();
    assert_eq!(again.id, user.id);
    for password in ["", "correct horse"] {
        let refused = sign_in::sign_in(&app, "dana", &password.into(), "").await;
        let nobody = sign_in::sign_in(&app, "nobody", &password.into(), "").await;
        assert_eq!(refused.unwrap_err().to_string(), nobody.unwrap_err().to_string());
    }
}

#[tokio::test]
async fn a_name_that_is_somebodys_is_not_taken_over() {
    let (app, _dir) = app(|_| ()).await;
    let local = local_user(&app, "dana").await;
    let error = enter(&app, &in_groups(&["owners"])).await.unwrap_err();
    assert!(matches!(&error, OidcError::Taken { name } if name == &local.name), "{error}");
    assert_eq!(app.db.subject(local.id).await.unwrap(), None);

    labring(&app).await;
    let org = dana(&json!({"preferred_username": "labring"}));
    assert!(matches!(enter(&app, &org).await, Err(OidcError::Taken { .. })));
    assert_eq!(app.db.users().await.unwrap(), 1, "nothing of it is left");
}

#[tokio::test]
async fn no_account_is_made_where_none_is_to_be_made() {
    let (app, _dir) = app(|config| config.oidc.register = false).await;
    assert!(matches!(enter(&app, &in_groups(&[])).await, Err(OidcError::Unknown)));
    assert_eq!(app.db.users().await.unwrap(), 0);
}

#[tokio::test]
async fn an_account_is_named_after_the_claim_or_not_at_all() {
    for (said, want) in [
        ("Dana", Some("dana")),
        ("dana.doe@example.com", Some("dana.doe")),
        (" dana ", Some("dana")),
        ("login", None),
        ("dana doe", None),
        ("../etc", None),
        ("<script>", None),
        ("", None),
        ("@example.com", None),
    ] {
        assert_eq!(name(said).ok().map(|name| name.to_string()).as_deref(), want, "{said}");
    }
    let (app, _dir) = app(|config| config.oidc.username_claim = "login".to_owned()).await;
    let error = enter(&app, &in_groups(&[])).await.unwrap_err();
    assert!(matches!(&error, OidcError::Nameless { claim } if claim == "login"), "{error}");
    let odd = dana(&json!({"login": "<b>\u{7}dana</b>"}));
    let Err(OidcError::Name { found, .. }) = enter(&app, &odd).await else { panic!("no name") };
    assert_eq!(found, "<b>dana</b>");
}

#[tokio::test]
async fn a_disabled_user_stays_out() {
    let (app, _dir) = app(|_| ()).await;
    labring(&app).await;
    let user = enter(&app, &in_groups(&["readers"])).await.unwrap();
    let mut change = app.db.change().await.unwrap();
    change.set_disabled(user.id, true).await.unwrap();
    change.commit().await.unwrap();
    assert!(matches!(enter(&app, &in_groups(&["builders"])).await, Err(OidcError::Disabled)));
    assert_eq!(role(&app, &user).await, Some(Role::Reader), "and groups change nothing");
}

#[tokio::test]
async fn a_return_is_good_once() {
    let (app, _dir) = app(|_| ()).await;
    let ticket = Ticket::fresh(app.now_ms(), "/", None);
    admit(&app, &in_groups(&[]), &ticket).await.unwrap();
    let again = admit(&app, &in_groups(&[]), &ticket).await;
    assert!(matches!(again, Err(OidcError::Stray)));
}

#[tokio::test]
async fn groups_give_roles_and_take_back_what_they_gave() {
    let (app, _dir) = app(|_| ()).await;
    labring(&app).await;
    let keeper = local_user(&app, "keeper").await;
    set_role(&app, &keeper, Role::Owner).await;
    let user = enter(&app, &in_groups(&["readers", "builders", "others"])).await.unwrap();
    assert_eq!(role(&app, &user).await, Some(Role::Writer), "the best of them");
    for (groups, want) in [
        (&["owners"][..], Some(Role::Owner)),
        (&["readers"], Some(Role::Reader)),
        (&["others"], None),
        (&["builders"], Some(Role::Writer)),
        (&[], None),
    ] {
        enter(&app, &in_groups(groups)).await.unwrap();
        assert_eq!(role(&app, &user).await, want, "{groups:?}");
    }
}

#[tokio::test]
async fn what_was_given_by_hand_stays_whatever_groups_say() {
    let (app, _dir) = app(|_| ()).await;
    labring(&app).await;
    let keeper = local_user(&app, "keeper").await;
    set_role(&app, &keeper, Role::Owner).await;
    let user = enter(&app, &in_groups(&[])).await.unwrap();
    set_role(&app, &user, Role::Reader).await;
    for groups in [&["owners"][..], &[]] {
        enter(&app, &in_groups(groups)).await.unwrap();
        assert_eq!(role(&app, &user).await, Some(Role::Reader), "{groups:?}");
    }
    assert_eq!(role(&app, &keeper).await, Some(Role::Owner));
}

#[tokio::test]
async fn an_organisation_keeps_its_last_owner() {
    let (app, _dir) = app(|_| ()).await;
    labring(&app).await;
    let user = enter(&app, &in_groups(&["owners"])).await.unwrap();
    for groups in [&["readers"][..], &[]] {
        enter(&app, &in_groups(groups)).await.unwrap();
        assert_eq!(role(&app, &user).await, Some(Role::Owner), "{groups:?}");
    }
    let keeper = local_user(&app, "keeper").await;
    set_role(&app, &keeper, Role::Owner).await;
    enter(&app, &in_groups(&["readers"])).await.unwrap();
    assert_eq!(role(&app, &user).await, Some(Role::Reader), "now there is another one");
}

#[tokio::test]
async fn an_organisation_that_is_not_there_is_passed_over() {
    let (app, _dir) = app(|_| ()).await;
    let user = enter(&app, &in_groups(&["builders"])).await.unwrap();
    labring(&app).await;
    assert_eq!(role(&app, &user).await, None);
    enter(&app, &in_groups(&["builders"])).await.unwrap();
    assert_eq!(role(&app, &user).await, Some(Role::Writer));
}

#[tokio::test]
async fn a_group_makes_administrators_and_unmakes_those_it_made() {
    let (app, _dir) = app(|config| config.oidc.admin_group = "admins".to_owned()).await;
    let admin =
        async |name: &str| app.db.user(&name.parse().unwrap()).await.unwrap().unwrap().admin;
    let root = accounts::NewAccount {
        name: "root".parse().unwrap(),
        password: "correct horse".into(),
        admin: true,
    };
    accounts::add_user(&app, &Actor::System, root).await.unwrap();
    enter(&app, &in_groups(&["admins"])).await.unwrap();
    assert!(admin("dana").await);
    enter(&app, &in_groups(&["builders"])).await.unwrap();
    assert!(!admin("dana").await);
}

#[tokio::test]
async fn who_is_signed_in_may_link_their_account_and_nobody_elses() {
    let (app, _dir) = app(|_| ()).await;
    let local = local_user(&app, "local").await;
    let actor = app.signed_in("local").await;
    let ticket = || Ticket::fresh(app.now_ms(), "/", Some(local.id));
    let other = link(&app, &actor, local.id + 1, &in_groups(&[]), &ticket()).await;
    assert!(matches!(other, Err(OidcError::Stray)));
    let nobody = link(&app, &Actor::Anonymous, local.id, &in_groups(&[]), &ticket()).await;
    assert!(matches!(nobody, Err(OidcError::Access(_))));

    link(&app, &actor, local.id, &in_groups(&[]), &ticket()).await.unwrap();
    let linked = Tie { subject: Some(DANA.to_owned()), password: true };
    assert_eq!(tie(&app, &actor).await.unwrap(), linked);
    assert_eq!(enter(&app, &in_groups(&[])).await.unwrap().id, local.id);

    local_user(&app, "second").await;
    let second = app.signed_in("second").await;
    let row = second.user().unwrap().id;
    let taken = link(&app, &second, row, &in_groups(&[]), &ticket()).await;
    assert!(matches!(taken, Err(OidcError::LinkedElsewhere)));
    let eve = Vouched::for_tests("https://id.example.com eve", &json!({}));
    let twice = link(&app, &actor, local.id, &eve, &ticket()).await;
    assert!(matches!(twice, Err(OidcError::LinkedAlready)), "and nothing is replaced");
    let again = depart_to_link(&app, &actor, ("/", "back"), &"correct horse".into()).await;
    assert!(matches!(again, Err(OidcError::LinkedAlready)));
}

#[tokio::test]
async fn who_took_over_a_session_links_nothing_without_the_password() {
    let (app, _dir) = app(|_| ()).await;
    local_user(&app, "local").await;
    let actor = app.signed_in("local").await;
    for wrong in ["", "wrong horse"] {
        let refused = depart_to_link(&app, &actor, ("/", "back"), &wrong.into()).await;
        assert!(matches!(refused, Err(OidcError::Account(AccountError::WrongPassword))));
    }
    // From here on only the provider is missing.
    let away = depart_to_link(&app, &actor, ("/", "back"), &"correct horse".into()).await;
    assert!(matches!(away, Err(OidcError::Provider(_))), "{away:?}");
}

#[tokio::test]
async fn what_is_unlinked_lets_nobody_in_and_keeps_nothing_that_groups_gave() {
    let (app, _dir) = app(|_| ()).await;
    labring(&app).await;
    let keeper = local_user(&app, "keeper").await;
    set_role(&app, &keeper, Role::Owner).await;
    let local = local_user(&app, "local").await;
    let password = app.proof("local").await;
    let here = tokens::start_session(&app, &password, "here").await.unwrap();
    let here = sign_in::by_secret(&app, &here).await.unwrap();
    let ticket = Ticket::fresh(app.now_ms(), "/", Some(local.id));
    link(&app, &here, local.id, &in_groups(&["builders"]), &ticket).await.unwrap();
    assert_eq!(role(&app, &local).await, Some(Role::Writer));
    let proof = Proof::Provider { user: local.clone().into(), subject: DANA.to_owned() };
    let there = tokens::start_session(&app, &proof, "there").await.unwrap();
    assert!(sign_in::by_secret(&app, &there).await.is_ok());

    unlink(&app, &here).await.unwrap();
    unlink(&app, &here).await.unwrap();
    assert_eq!(tie(&app, &here).await.unwrap().subject, None);
    assert_eq!(role(&app, &local).await, None);
    assert!(sign_in::by_secret(&app, &there).await.is_err());
    assert_eq!(sessions::list(&app, &here).await.unwrap().len(), 1, "this browser stays");
    let late = tokens::start_session(&app, &proof, "there").await;
    assert!(late.is_err(), "what was vouched for before is no longer good");
    assert!(matches!(enter(&app, &dana(&json!({}))).await, Err(OidcError::Nameless { .. })));
}

#[tokio::test]
async fn a_password_by_an_administrator_ends_the_link_and_nobody_unlinks_without_one() {
    let (app, _dir) = app(|_| ()).await;
    let user = enter(&app, &in_groups(&[])).await.unwrap();
    let proof = Proof::Provider { user: user.clone().into(), subject: DANA.to_owned() };
    let session = tokens::start_session(&app, &proof, "").await.unwrap();
    let actor = sign_in::by_secret(&app, &session).await.unwrap();
    assert!(matches!(unlink(&app, &actor).await, Err(OidcError::NoPassword)));

    let new = "correct horse".into();
    accounts::reset_password(&app, &Actor::System, &user.name, &new).await.unwrap();
    assert_eq!(app.db.subject(user.id).await.unwrap(), None);
    let signed_in = app.signed_in("dana").await;
    assert_eq!(tie(&app, &signed_in).await.unwrap(), Tie { subject: None, password: true });
    let noted = app.db.audit(&hub_db::AuditFilter::default(), 100).await.unwrap();
    let how: Vec<_> = noted
        .iter()
        .filter(|act| ["auth.sign_in", "user.unlink"].contains(&&*act.entry.action))
        .map(|act| (&*act.entry.action, &*act.entry.credential))
        .collect();
    assert_eq!(how, [("user.unlink", ""), ("auth.sign_in", "oidc")]);
}

#[tokio::test]
async fn who_was_vouched_for_and_not_let_in_is_noted() {
    let (app, _dir) = app(|config| config.oidc.register = false).await;
    assert!(enter(&app, &in_groups(&[])).await.is_err());
    let local = local_user(&app, "local").await;
    let mut change = app.db.change().await.unwrap();
    change.set_subject(local.id, Some(DANA)).await.unwrap();
    change.set_disabled(local.id, true).await.unwrap();
    change.commit().await.unwrap();
    assert!(enter(&app, &in_groups(&[])).await.is_err());
    let refused = app.refused.take();
    let mut told: Vec<_> =
        refused.iter().map(|one| (one.action, &*one.credential, &*one.target)).collect();
    told.sort_unstable();
    assert_eq!(told, [("auth.sign_in", "oidc", ""), ("auth.sign_in", "oidc", "local")]);
}

#[tokio::test]
async fn the_last_administrator_stays_one_whatever_groups_say() {
    let (app, _dir) = app(|config| config.oidc.admin_group = "admins".to_owned()).await;
    let admin = async || app.db.user(&"dana".parse().unwrap()).await.unwrap().unwrap().admin;
    enter(&app, &in_groups(&["admins"])).await.unwrap();
    enter(&app, &in_groups(&[])).await.unwrap();
    assert!(admin().await, "nobody else could administer the hub");
    let root = accounts::NewAccount {
        name: "root".parse().unwrap(),
        password: "correct horse".into(),
        admin: true,
    };
    accounts::add_user(&app, &Actor::System, root).await.unwrap();
    enter(&app, &in_groups(&[])).await.unwrap();
    assert!(!admin().await, "a group made them one, and still may unmake them");
}

#[tokio::test]
async fn an_administrator_by_group_stays_one_by_group_until_somebody_says_otherwise() {
    let (app, _dir) = app(|config| config.oidc.admin_group = "admins".to_owned()).await;
    let root = accounts::NewAccount {
        name: "root".parse().unwrap(),
        password: "correct horse".into(),
        admin: true,
    };
    accounts::add_user(&app, &Actor::System, root).await.unwrap();
    let dana = enter(&app, &in_groups(&["admins"])).await.unwrap().name;
    let edit = async |admin, disabled| {
        let edit = accounts::UserEdit { admin, disabled };
        accounts::edit(&app, &Actor::System, &dana, edit).await.unwrap()
    };
    edit(None, Some(true)).await;
    assert!(edit(None, Some(false)).await.admin);
    enter(&app, &in_groups(&[])).await.unwrap();
    let admin = async || app.db.user(&dana).await.unwrap().unwrap().admin;
    assert!(!admin().await, "the group took it back");

    enter(&app, &in_groups(&["admins"])).await.unwrap();
    // By hand, although they are one already.
    edit(Some(true), None).await;
    enter(&app, &in_groups(&[])).await.unwrap();
    assert!(admin().await);
}

#[tokio::test]
async fn an_invitation_is_done_with_when_a_group_makes_the_member() {
    let (app, _dir) = app(|_| ()).await;
    let org = labring(&app).await;
    let user = enter(&app, &in_groups(&[])).await.unwrap();
    let row = app.db.org(&org).await.unwrap().unwrap().id;
    let mut change = app.db.change().await.unwrap();
    let invited = hub_db::NewInvitation {
        org_id: row,
        user_id: user.id,
        role: Role::Owner,
        invited_by: "keeper",
        created_at_ms: 1,
        expires_at_ms: app.now_ms() + 60_000,
    };
    change.put_invitation(&invited).await.unwrap();
    change.commit().await.unwrap();
    enter(&app, &in_groups(&["readers"])).await.unwrap();
    assert!(app.db.invitations_of_org(row).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_happens_is_noted() {
    let (app, _dir) = app(|_| ()).await;
    labring(&app).await;
    let keeper = local_user(&app, "keeper").await;
    set_role(&app, &keeper, Role::Owner).await;
    enter(&app, &in_groups(&["builders"])).await.unwrap();
    enter(&app, &in_groups(&["builders"])).await.unwrap();
    enter(&app, &in_groups(&[])).await.unwrap();
    let noted = app.db.audit(&hub_db::AuditFilter::default(), 100).await.unwrap();
    let mut acts: Vec<_> = noted
        .iter()
        .map(|noted| &noted.entry)
        .filter(|entry| {
            let texts = [&entry.before, &entry.after];
            texts.iter().any(|text| text.contains("group") || text.contains(DANA))
        })
        .map(|entry| (entry.action.as_str(), entry.target.as_str()))
        .collect();
    acts.sort_unstable();
    assert_eq!(
        acts,
        [("member.remove", "labring"), ("member.set", "labring"), ("user.create", "dana")],
    );
}
