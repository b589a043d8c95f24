//! What robots may, and what their secrets open.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hub_model::{Scope, SignedIn, Visibility};
use jsonwebtoken::{Algorithm, Header, encode};
use secrecy::ExposeSecret as _;

use super::super::publish::fixtures::{Hub, image, repo};
use super::super::registry_tokens::{self, VerifyError};
use super::super::sign_in::{self, SignInError};
use super::super::tokens::{self, TokenOrder};
use super::super::{orgs, repos};
use super::*;

fn name(text: &str) -> RobotName {
    RobotName::parse(text).unwrap()
}

fn places(text: &str) -> Vec<Place> {
    text.split_whitespace().map(|place| Place::parse(place).unwrap()).collect()
}

fn order(text: &str, scope: TokenScope, within: &str) -> RobotOrder {
    RobotOrder {
        name: name(text),
        description: String::new(),
        scope,
        within: places(within),
        expires_at_ms: None,
    }
}

async fn signed_in(hub: &Hub, name: &str, secret: &SecretString) -> Actor {
    sign_in::sign_in(&hub.app, name, secret, "").await.unwrap()
}

async fn jwt(hub: &Hub, actor: &Actor, scope: &str) -> String {
    let issued = registry_tokens::issue(&hub.app, actor, &Scope::parse_all(scope)).await.unwrap();
    issued.jwt.expose_secret().to_owned()
}

#[tokio::test]
async fn only_owners_make_robots_and_only_inside_their_organisation() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let ci = || order("labring+ci", TokenScope::Push, "labring/mysql-op");
    for actor in [&hub.writer, &hub.reader, &hub.stranger] {
        let refused = create(app, actor, ci()).await;
        assert!(matches!(refused, Err(RobotError::Access(AccessError::Forbidden { .. }))));
        assert!(list(app, actor, &repo().org()).await.is_err());
    }
    let nobody = create(app, &Actor::Anonymous, ci()).await;
    assert!(matches!(nobody, Err(RobotError::Access(AccessError::Unauthenticated))));
    let outside = order("labring+ci", TokenScope::Push, "labring/a other");
    let outside = create(app, &hub.owner, outside).await.unwrap_err();
    assert_eq!(outside.to_string(), "a robot of `labring` reaches nothing in `other`");

    let (robot, secret) = create(app, &hub.owner, ci()).await.unwrap();
    assert!(secret.expose_secret().starts_with("hub_bot_"));
    assert_eq!(robot.created_by, "olga");
    let twice = create(app, &hub.owner, ci()).await;
    assert!(matches!(twice, Err(RobotError::Taken { .. })));
    assert_eq!(list(app, &hub.owner, &repo().org()).await.unwrap(), [robot]);
    delete(app, &hub.owner, &name("labring+ci")).await.unwrap();
    let gone = sign_in::sign_in(app, "labring+ci", &secret, "").await;
    assert!(matches!(gone, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn a_robots_secret_opens_nothing_under_another_name() {
    let hub = Hub::new().await;
    let (app, owner) = (&hub.app, &hub.owner);
    let (_, secret) = create(app, owner, order("labring+ci", TokenScope::Push, "")).await.unwrap();
    create(app, owner, order("labring+cd", TokenScope::Push, "")).await.unwrap();
    let token = TokenOrder { name: "t".to_owned(), ..TokenOrder::default() };
    let (_, token) = tokens::create(app, owner, token).await.unwrap();
    assert_eq!(signed_in(&hub, "labring+ci", &secret).await.name(), "labring+ci");
    for (who, secret) in [
        ("labring+cd", &secret),
        ("olga", &secret),
        ("labring", &secret),
        ("", &secret),
        ("x@labring+ci", &secret),
        ("labring+ci", &token),
        ("wei", &token),
    ] {
        let refused = sign_in::sign_in(app, who, secret, "").await;
        assert!(matches!(refused, Err(SignInError::Wrong)), "{who}");
    }
}

#[tokio::test]
async fn a_narrow_robot_sees_of_other_places_only_what_is_public() {
    let hub = Hub::new().await;
    let app = &hub.app;
    hub.push("v1", &image("one")).await;
    let (private, public) = ("labring/vault".parse().unwrap(), "labring/open".parse().unwrap());
    repos::create(app, &hub.owner, &private, Visibility::Private).await.unwrap();
    repos::create(app, &hub.owner, &public, Visibility::Public).await.unwrap();
    let narrow = order("labring+ci", TokenScope::Delete, "labring/mysql-op");
    let (_, secret) = create(app, &hub.owner, narrow).await.unwrap();
    let robot = signed_in(&hub, "labring+ci", &secret).await;

    let granted = async |scope: &str| {
        let issued = registry_tokens::issue(app, &robot, &Scope::parse_all(scope)).await.unwrap();
        issued.access.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let all = "repository:labring/mysql-op:delete,pull,push";
    assert_eq!(granted("repository:labring/mysql-op:*").await, all);
    assert_eq!(granted("repository:labring/vault:*").await, "");
    assert_eq!(granted("repository:labring/open:*").await, "repository:labring/open:pull");
    assert_eq!(granted("repository:labring/absent:*").await, "");
    let hidden = repos::get(app, &robot, &private).await.unwrap_err().to_string();
    let absent = repos::get(app, &robot, &"labring/absent".parse().unwrap()).await;
    assert_eq!(hidden.replace("vault", "absent"), absent.unwrap_err().to_string());
    let names = registry_tokens::catalog(app, &robot, None, 100).await.unwrap();
    assert!(!names.contains(&private) && names.contains(&public), "{names:?}");
}

#[tokio::test]
async fn a_robot_makes_no_robot_that_goes_beyond_it() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let end = app.now_ms() + 60_000;
    let boss = RobotOrder {
        expires_at_ms: Some(end),
        ..order("labring+boss", TokenScope::Admin, "labring")
    };
    let (_, secret) = create(app, &hub.owner, boss).await.unwrap();
    let boss = signed_in(&hub, "labring+boss", &secret).await;
    let (child, _) = create(app, &boss, order("labring+a", TokenScope::Admin, "")).await.unwrap();
    assert_eq!(child.expires_at_ms, Some(end), "as late as may be");
    let later =
        RobotOrder { expires_at_ms: Some(end + 1), ..order("labring+b", TokenScope::Pull, "") };
    let later = create(app, &boss, later).await;
    assert!(matches!(later, Err(RobotError::Reach(ReachError::Time { .. }))));
    let longer = RobotChange { ends: Some(Ends::At(end + 1)), ..RobotChange::default() };
    let longer = edit(app, &boss, &name("labring+boss"), longer).await;
    assert!(matches!(longer, Err(RobotError::Reach(ReachError::Time { .. }))));

    // One that reaches only a repository administers no organisation.
    let local = order("labring+local", TokenScope::Admin, "labring/mysql-op");
    let (_, secret) = create(app, &hub.owner, local).await.unwrap();
    let local = signed_in(&hub, "labring+local", &secret).await;
    let refused = create(app, &local, order("labring+c", TokenScope::Pull, "")).await;
    assert!(matches!(refused, Err(RobotError::Access(_))), "{refused:?}");
    let widened = RobotChange { within: Some(Vec::new()), ..RobotChange::default() };
    assert!(edit(app, &local, &name("labring+local"), widened).await.is_err());
    // Nor does one of another organisation.
    let elsewhere = create(app, &boss, order("other+ci", TokenScope::Pull, "")).await;
    assert!(matches!(elsewhere, Err(RobotError::Access(AccessError::Forbidden { .. }))));
}

#[tokio::test]
async fn what_belongs_to_people_is_not_for_robots() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let (_, secret) =
        create(app, &hub.owner, order("labring+ci", TokenScope::Admin, "")).await.unwrap();
    let robot = signed_in(&hub, "labring+ci", &secret).await;
    let token = tokens::create(app, &robot, TokenOrder::default()).await.unwrap_err();
    assert_eq!(token.to_string(), "this is for people: a robot has no account");
    let org = orgs::create(app, &robot, &"ours".parse().unwrap(), "", "").await.unwrap_err();
    assert_eq!(org.to_string(), "this is for people: a robot has no account");
    assert!(super::super::access_keys::create(app, &robot, "k", None).await.is_err());
    assert!(super::super::access::require_administrator(&robot).is_err());
    let refresh = registry_tokens::refresh_token(app, &robot, "docker").await;
    assert!(refresh.is_err(), "a refresh token is a person's");
}

#[tokio::test]
async fn what_was_issued_to_a_robot_ends_when_it_is_rotated_disabled_or_narrowed() {
    let hub = Hub::new().await;
    let app = &hub.app;
    hub.push("v1", &image("one")).await;
    let (robot, first) =
        create(app, &hub.owner, order("labring+ci", TokenScope::Push, "")).await.unwrap();
    let scope = "repository:labring/mysql-op:push";
    let actor = signed_in(&hub, "labring+ci", &first).await;
    let old = jwt(&hub, &actor, scope).await;
    assert!(registry_tokens::verify(app, &old).await.is_ok());

    // By itself, as a pipeline does.
    let (rotated, second) = rotate(app, &actor, &robot.name).await.unwrap();
    assert!(rotated.secret_at_ms > robot.secret_at_ms);
    let ended = registry_tokens::verify(app, &old).await;
    assert!(matches!(ended, Err(VerifyError::Invalid)));
    assert!(sign_in::sign_in(app, "labring+ci", &first, "").await.is_err());

    let actor = signed_in(&hub, "labring+ci", &second).await;
    let live = jwt(&hub, &actor, scope).await;
    let close = |disabled| RobotChange { disabled: Some(disabled), ..RobotChange::default() };
    edit(app, &hub.owner, &robot.name, close(true)).await.unwrap();
    assert!(registry_tokens::verify(app, &live).await.is_err());
    let closed = sign_in::sign_in(app, "labring+ci", &second, "").await;
    assert!(matches!(closed, Err(SignInError::Disabled)));
    edit(app, &hub.owner, &robot.name, close(false)).await.unwrap();
    assert!(registry_tokens::verify(app, &live).await.is_ok(), "the same secret, open again");

    let narrow = RobotChange { scope: Some(TokenScope::Pull), ..RobotChange::default() };
    edit(app, &hub.owner, &robot.name, narrow).await.unwrap();
    let Ok(verified) = registry_tokens::verify(app, &live).await else { panic!("still its own") };
    assert_eq!(verified.actor.scope(), TokenScope::Pull, "asked anew at each request");
}

#[tokio::test]
async fn when_a_robot_last_signed_in_is_written_down_later() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let (robot, secret) =
        create(app, &hub.owner, order("labring+ci", TokenScope::Pull, "")).await.unwrap();
    signed_in(&hub, "labring+ci", &secret).await;
    assert_eq!(get(app, &hub.owner, &robot.name).await.unwrap().used_at_ms, None);
    app.flush().await;
    assert!(get(app, &hub.owner, &robot.name).await.unwrap().used_at_ms.is_some());
    // A person's narrow credential makes none.
    let Actor::User(olga) = &hub.owner else { panic!("a person") };
    let narrow = Actor::User(SignedIn { scope: TokenScope::Push, ..olga.clone() });
    assert!(create(app, &narrow, order("labring+x", TokenScope::Pull, "")).await.is_err());
}

#[tokio::test]
async fn altered_claims_of_a_robot_or_an_access_key_are_refused() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let (_, secret) =
        create(app, &hub.owner, order("labring+ci", TokenScope::Pull, "")).await.unwrap();
    create(app, &hub.owner, order("labring+cd", TokenScope::Admin, "")).await.unwrap();
    let robot = signed_in(&hub, "labring+ci", &secret).await;
    let (key, _) = super::super::access_keys::create(app, &hub.owner, "k", None).await.unwrap();
    let by_key = Actor::User(sign_in::with_key(hub.owner.user().unwrap().clone().into(), &key));
    for (actor, claim, value, bounded) in [
        (&robot, "sub", json!("labring+cd"), false),
        (&robot, "sub", json!("olga"), false),
        (&robot, "robot", json!(0), false),
        (&robot, "robot", Value::Null, false),
        (&robot, "credential_scope", json!("admin"), true),
        (&by_key, "sub", json!("wei"), false),
        (&by_key, "key", json!(key.id + 1), false),
        (&by_key, "key", Value::Null, false),
    ] {
        let good = jwt(&hub, actor, "repository:labring/mysql-op:pull").await;
        assert!(registry_tokens::verify(app, &good).await.is_ok());
        let parts: Vec<_> = good.split('.').collect();
        let claims = BASE64_URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
        let mut claims: Value = serde_json::from_slice(&claims).unwrap();
        claims[claim] = value;
        // By whoever has no key to sign with.
        let body = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        let altered = format!("{}.{body}.{}", parts[0], parts[2]);
        let refused = registry_tokens::verify(app, &altered).await;
        assert!(matches!(refused, Err(VerifyError::Invalid)), "{claim}");
        // Even signed: no record fits what they say.
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(app.keys.kid.clone());
        let signed = encode(&header, &claims, &app.keys.encoding).unwrap();
        match registry_tokens::verify(app, &signed).await {
            Err(VerifyError::Invalid) => assert!(!bounded, "{claim}"),
            // What a token says of its credential only ever narrows.
            Ok(verified) => assert_eq!((bounded, verified.actor.scope()), (true, TokenScope::Pull)),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn who_stole_a_secret_does_not_get_the_next_one() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let (robot, stolen) =
        create(app, &hub.owner, order("labring+ci", TokenScope::Admin, "")).await.unwrap();
    // The request of the thief was let in before the owner replaced the secret.
    let thief = signed_in(&hub, "labring+ci", &stolen).await;
    let (_, fresh) = rotate(app, &hub.owner, &robot.name).await.unwrap();
    let stolen_on = rotate(app, &thief, &robot.name).await;
    let refused = matches!(stolen_on, Err(RobotError::Access(AccessError::Unauthenticated)));
    assert!(refused, "{stolen_on:?}");
    assert!(create(app, &thief, order("labring+x", TokenScope::Pull, "")).await.is_err());
    signed_in(&hub, "labring+ci", &fresh).await;
}

#[tokio::test]
async fn two_edits_of_one_robot_both_count() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let (robot, _) =
        create(app, &hub.owner, order("labring+ci", TokenScope::Push, "")).await.unwrap();
    let close = RobotChange { disabled: Some(true), ..RobotChange::default() };
    let text = RobotChange { description: Some("builds".to_owned()), ..RobotChange::default() };
    // Both have read what there is before either may write.
    let held = app.db.change().await.unwrap();
    let release = async {
        tokio::time::sleep(std::time::Duration::from_millis(80)).await;
        drop(held);
    };
    let (one, other, ()) = futures::join!(
        edit(app, &hub.owner, &robot.name, close),
        edit(app, &hub.owner, &robot.name, text),
        release
    );
    one.unwrap();
    other.unwrap();
    let now = get(app, &hub.owner, &robot.name).await.unwrap();
    assert_eq!((now.disabled, now.description.as_str()), (true, "builds"));
}

#[tokio::test]
async fn an_organisation_has_an_end_of_robots_and_a_user_of_tokens() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let (first, _) =
        create(app, &hub.owner, order("labring+ci", TokenScope::Pull, "")).await.unwrap();
    let named = |name: &str| TokenOrder { name: name.to_owned(), ..TokenOrder::default() };
    let (token, _) = tokens::create(app, &hub.owner, named("t")).await.unwrap();
    let mut more = app.db.change().await.unwrap();
    for number in 1..MOST {
        let robot = NewRobot {
            org_id: first.org_id,
            name: name(&format!("labring+r{number}")),
            description: String::new(),
            secret_hash: format!("robot {number}"),
            scope: TokenScope::Pull,
            within: Within::EVERYWHERE,
            created_at_ms: 1,
            created_by: String::new(),
            expires_at_ms: None,
        };
        more.add_robot(&robot).await.unwrap();
        let token = hub_model::NewToken {
            user_id: token.user_id,
            kind: token.kind,
            name: format!("t{number}"),
            secret_hash: format!("token {number}"),
            scope: token.scope,
            within: Within::EVERYWHERE,
            agent: String::new(),
            address: String::new(),
            created_at_ms: 1,
            expires_at_ms: None,
        };
        more.add_token(&token).await.unwrap();
    }
    more.commit().await.unwrap();
    let robot = create(app, &hub.owner, order("labring+cd", TokenScope::Pull, "")).await;
    let told = robot.unwrap_err().to_string();
    assert_eq!(told, "an organisation has at most 200 robots: delete one that nobody uses");
    let another = tokens::create(app, &hub.owner, named("u")).await.unwrap_err();
    let told = another.to_string();
    assert_eq!(told, "a user has at most 200 tokens: revoke one that nobody uses");
    delete(app, &hub.owner, &first.name).await.unwrap();
    create(app, &hub.owner, order("labring+cd", TokenScope::Pull, "")).await.unwrap();
    tokens::revoke(app, &hub.owner, token.id).await.unwrap();
    tokens::create(app, &hub.owner, named("u")).await.unwrap();
}
