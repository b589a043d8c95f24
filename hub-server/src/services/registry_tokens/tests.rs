//! What registry tokens promise.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hub_model::{Action, Actor, LetterKind, Scope};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::super::publish::fixtures::{Hub, image, repo};
use super::{VerifyError, issue, verify};

async fn token(hub: &Hub, actor: &Actor, scope: &str) -> String {
    let issued = issue(&hub.app, actor, &Scope::parse_all(scope)).await.unwrap();
    issued.jwt.expose_secret().to_owned()
}

async fn granted(hub: &Hub, actor: &Actor, scope: &str) -> String {
    let issued = issue(&hub.app, actor, &Scope::parse_all(scope)).await.unwrap();
    issued.access.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn a_token_is_for_what_the_caller_may_do_and_no_more() {
    let hub = Hub::new().await;
    hub.push("v1", &image("one")).await;
    let all = "repository:labring/mysql-op:*";
    let (pull, missing) = ("repository:labring/mysql-op:pull", "repository:labring/none:pull");
    for (actor, asked, want) in [
        (&hub.owner, all, "repository:labring/mysql-op:delete,pull,push"),
        (&hub.writer, "repository:labring/mysql-op:push", "repository:labring/mysql-op:pull,push"),
        (&hub.reader, all, pull),
        (&hub.stranger, all, pull),
        (&Actor::Anonymous, all, pull),
        (&hub.writer, "repository:labring/none:push", "repository:labring/none:pull,push"),
        (&hub.stranger, missing, ""),
        (&Actor::Anonymous, missing, ""),
        (&hub.writer, "repository:NO:pull registry:catalog:*", "registry:catalog:*"),
    ] {
        assert_eq!(granted(&hub, actor, asked).await, want, "{} {asked}", actor.name());
    }
    let two = format!("{pull} repository:labring/mysql-op:delete");
    let merged = granted(&hub, &hub.writer, &two).await;
    assert_eq!(merged, "repository:labring/mysql-op:delete,pull");
}

#[tokio::test]
async fn what_was_issued_is_verified() {
    let hub = Hub::new().await;
    let jwt = token(&hub, &hub.writer, "repository:labring/mysql-op:push").await;
    let verified = verify(&hub.app, &jwt).await.unwrap();
    assert_eq!(verified.actor, hub.writer);
    assert!(verified.covers(Action::Push, &repo()) && verified.covers(Action::Pull, &repo()));
    assert!(!verified.covers(Action::Delete, &repo()));
    let nobody = verify(&hub.app, &token(&hub, &Actor::Anonymous, "").await).await.unwrap();
    assert_eq!(nobody.actor, Actor::Anonymous);
    let header = decoded(jwt.split('.').next().unwrap());
    assert_eq!((&header["typ"], &header["alg"]), (&json!("JWT"), &json!("EdDSA")));
}

#[tokio::test]
async fn an_altered_token_is_refused() {
    let hub = Hub::new().await;
    let jwt = token(&hub, &hub.reader, "repository:labring/mysql-op:pull").await;
    let parts: Vec<_> = jwt.split('.').collect();
    let mut claims = decoded(parts[1]);
    claims["sub"] = json!("olga");
    let header = decoded(parts[0]);
    let mut none = header.clone();
    none["alg"] = json!("none");
    let mut hmac = header.clone();
    hmac["alg"] = json!("HS256");
    let key = EncodingKey::from_secret(hub.app.keys.public.as_bytes());
    let mut head = Header::new(Algorithm::HS256);
    head.kid = Some(hub.app.keys.kid.clone());
    let confused = jsonwebtoken::encode(&head, &claims, &key).unwrap();
    let foreign = {
        let other = Hub::new().await;
        token(&other, &other.reader, "").await
    };
    for bad in [
        format!("{}.{}.{}", parts[0], encoded(&claims), parts[2]),
        format!("{}.{}.", encoded(&none), parts[1]),
        format!("{}.{}.{}", encoded(&hmac), parts[1], parts[2]),
        confused,
        foreign,
        "a.b.c".to_owned(),
        String::new(),
    ] {
        let error = verify(&hub.app, &bad).await;
        assert!(matches!(error, Err(VerifyError::Invalid)), "{bad}");
    }
}

#[tokio::test]
async fn a_token_ends_a_minute_of_skew_after_its_time() {
    let hub = Hub::new().await;
    let scopes = Scope::parse_all("repository:labring/mysql-op:pull");
    let now = hub.app.now_ms() / 1000;
    let service = hub.app.config.service();
    let reader = super::bearer(&hub.reader);
    for (begun_before, lifetime, good) in
        [(0, 300, true), (350, 300, true), (361, 300, false), (-50, 300, true), (-90, 300, false)]
    {
        let claims = super::Claims::new(&service, &reader, now - begun_before, lifetime);
        let claims = claims.good_for(&scopes, hub.reader.scope());
        let jwt = claims.sign(&hub.app.keys).unwrap();
        let outcome = verify(&hub.app, &jwt).await;
        assert_eq!(outcome.is_ok(), good, "{begun_before} {lifetime}");
    }
    let elsewhere = super::Claims::new("elsewhere", &reader, now, 300);
    let elsewhere = elsewhere.good_for(&scopes, hub.reader.scope());
    let jwt = elsewhere.sign(&hub.app.keys).unwrap();
    assert!(matches!(verify(&hub.app, &jwt).await, Err(VerifyError::Invalid)));
}

#[tokio::test]
async fn a_closed_account_ends_its_tokens_at_once() {
    let hub = Hub::new().await;
    let jwt = token(&hub, &hub.writer, "repository:labring/mysql-op:push").await;
    let mut change = hub.app.db.change().await.unwrap();
    let user = hub.writer.user().unwrap();
    change.set_disabled(user.id, true).await.unwrap();
    change.tell(LetterKind::Credentials, user.name.as_str(), 1).await.unwrap();
    change.commit().await.unwrap();
    assert!(matches!(verify(&hub.app, &jwt).await, Err(VerifyError::Invalid)));
}

#[tokio::test]
async fn a_refresh_token_stands_for_its_user_until_it_is_revoked() {
    let hub = Hub::new().await;
    let refresh = super::refresh_token(&hub.app, &hub.writer, "containerd").await.unwrap();
    let known = super::by_refresh_token(&hub.app, &refresh).await.unwrap();
    assert_eq!(Some(&*known.user), hub.writer.user());
    let actor = Actor::User(known);
    let jwt = token(&hub, &actor, "repository:labring/mysql-op:pull").await;
    assert!(verify(&hub.app, &jwt).await.is_ok());
    let user = hub.writer.user().unwrap();
    let mut change = hub.app.db.change().await.unwrap();
    change.delete_tokens(user.id, hub_model::TokenKind::Refresh).await.unwrap();
    change.tell(LetterKind::Credentials, user.name.as_str(), 1).await.unwrap();
    change.commit().await.unwrap();
    assert!(super::by_refresh_token(&hub.app, &refresh).await.is_err());
    assert!(matches!(verify(&hub.app, &jwt).await, Err(VerifyError::Invalid)));
    assert!(super::refresh_token(&hub.app, &Actor::Anonymous, "x").await.is_err());
}

#[tokio::test]
async fn of_many_refresh_tokens_the_oldest_end_with_what_was_made_with_them() {
    let hub = Hub::new().await;
    let oldest = super::refresh_token(&hub.app, &hub.writer, "docker").await.unwrap();
    let next = super::refresh_token(&hub.app, &hub.writer, "docker").await.unwrap();
    let actor = Actor::User(super::by_refresh_token(&hub.app, &oldest).await.unwrap());
    let jwt = token(&hub, &actor, "").await;
    assert!(verify(&hub.app, &jwt).await.is_ok());
    for _ in 0..99 {
        super::refresh_token(&hub.app, &hub.writer, "docker").await.unwrap();
    }
    assert!(super::by_refresh_token(&hub.app, &oldest).await.is_err());
    assert!(matches!(verify(&hub.app, &jwt).await, Err(VerifyError::Invalid)));
    assert!(super::by_refresh_token(&hub.app, &next).await.is_ok());
}
