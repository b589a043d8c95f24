//! What access keys open, and what not.

use hub_model::Scope;

use super::super::publish::fixtures::{Hub, image};
use super::super::registry_tokens;
use super::super::sign_in::{self, SignInError};
use super::super::tokens::{self, TokenOrder};
use super::*;

async fn jwt(hub: &Hub, actor: &Actor) -> String {
    let asked = Scope::parse_all("repository:labring/mysql-op:push");
    let issued = registry_tokens::issue(&hub.app, actor, &asked).await.unwrap();
    issued.jwt.expose_secret().to_owned()
}

#[test]
fn the_password_of_an_access_key_is_the_signature_that_swr_documents() {
    let id = AccessKeyId::parse("AKTESTAKTESTAKTEST01").unwrap();
    let secret = SecretString::from("sk-test-secret-0123456789abcdefABCDEF");
    let password = registry_password(&id, &secret);
    let want = "450efa4df31f0027501e7176c0397c100c151498f85d8becc8abe7dd4e1d2b38";
    assert_eq!(password.expose_secret(), want);
}

#[test]
fn fresh_halves_follow_the_rules_and_differ() {
    let (one, two) = (fresh_id(), fresh_id());
    assert!(one.as_str().starts_with("HUB") && one != two);
    let secret = fresh_secret();
    assert_eq!(secret.expose_secret().len(), 40);
    assert_ne!(secret.expose_secret(), fresh_secret().expose_secret());
}

#[tokio::test]
async fn an_access_key_signs_in_by_its_signature_alone() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let (key, secret) = create(app, &hub.writer, "ci", None).await.unwrap();
    let id = &key.key_id;
    let password = registry_password(id, &secret);
    for name in [format!("cn-north-4@{id}"), format!("a@b@{id}"), format!("@{id}"), id.to_string()]
    {
        let Actor::User(who) = sign_in::sign_in(app, &name, &password, "").await.unwrap() else {
            panic!("an access key is somebody's");
        };
        assert_eq!((who.user.name.as_str(), who.scope), ("wei", TokenScope::Delete), "{name}");
    }
    let (other, others) = create(app, &hub.reader, "ci", None).await.unwrap();
    let upper = SecretString::from(password.expose_secret().to_uppercase());
    for (name, password) in [
        (format!("r@{id}"), &secret),
        (format!("r@{id}"), &registry_password(id, &others)),
        (format!("r@{}", other.key_id), &password),
        (format!("r@{id}"), &upper),
        (format!("r@{id}"), &SecretString::from("")),
        ("wei".to_owned(), &password),
        (format!("{id}@r"), &password),
        ("r@HUB00000000000000000".to_owned(), &password),
    ] {
        let refused = sign_in::sign_in(app, &name, password, "").await;
        assert!(matches!(refused, Err(SignInError::Wrong)), "{name}");
    }
}

#[tokio::test]
async fn an_access_key_is_for_the_registry_and_not_for_the_account() {
    let hub = Hub::new().await;
    let app = &hub.app;
    hub.push("v1", &image("one")).await;
    let (key, secret) = create(app, &hub.owner, "ci", None).await.unwrap();
    let password = registry_password(&key.key_id, &secret);
    let by_key = sign_in::sign_in(app, key.key_id.as_str(), &password, "").await.unwrap();
    assert!(matches!(create(app, &by_key, "more", None).await, Err(AccessKeyError::Access(_))));
    assert!(list(app, &by_key).await.is_err() && delete(app, &by_key, &key.key_id).await.is_err());
    let order =
        || TokenOrder { name: "t".to_owned(), scope: TokenScope::Pull, ..TokenOrder::default() };
    assert!(tokens::create(app, &by_key, order()).await.is_err());
    assert!(tokens::list(app, &by_key).await.is_err());
    let org = super::super::orgs::create(app, &by_key, &"ours".parse().unwrap(), "", "").await;
    assert!(org.is_err());
    // And none is made with a credential that reaches less.
    let (_, token) = tokens::create(app, &hub.owner, order()).await.unwrap();
    let narrow = sign_in::by_secret(app, &token).await.unwrap();
    let made = create(app, &narrow, "k", None).await.unwrap_err();
    let told = "this credential is for pull, it may not administer `your access keys`";
    assert_eq!(made.to_string(), told);
}

#[tokio::test]
async fn a_key_that_is_disabled_ended_or_deleted_opens_nothing_at_once() {
    let hub = Hub::new().await;
    let app = &hub.app;
    hub.push("v1", &image("one")).await;
    let end = app.now_ms() + 3_600_000;
    let (key, secret) = create(app, &hub.writer, "ci", Some(end)).await.unwrap();
    let (id, password) = (&key.key_id, registry_password(&key.key_id, &secret));
    let by_key = sign_in::sign_in(app, id.as_str(), &password, "").await.unwrap();
    let issued = jwt(&hub, &by_key).await;
    let Ok(verified) = registry_tokens::verify(app, &issued).await else { panic!("good") };
    assert_eq!(verified.actor, by_key);
    assert!(close(app, &hub.reader, id, true).await.is_err(), "it is not theirs");

    close(app, &hub.writer, id, true).await.unwrap();
    assert!(registry_tokens::verify(app, &issued).await.is_err());
    let closed = sign_in::sign_in(app, id.as_str(), &password, "").await;
    assert!(matches!(closed, Err(SignInError::Disabled)));
    close(app, &hub.writer, id, false).await.unwrap();
    assert!(registry_tokens::verify(app, &issued).await.is_ok());
    app.flush().await;
    assert!(list(app, &hub.writer).await.unwrap()[0].used_at_ms.is_some());
    delete(app, &hub.writer, id).await.unwrap();
    assert!(registry_tokens::verify(app, &issued).await.is_err());
    assert!(sign_in::sign_in(app, id.as_str(), &password, "").await.is_err());
}

#[tokio::test]
async fn the_database_holds_no_secret_half() {
    let hub = Hub::new().await;
    let (key, secret) = create(&hub.app, &hub.writer, "ci", None).await.unwrap();
    let stored = hub.app.db.access_key_by_id(&key.key_id).await.unwrap().unwrap();
    let secret = secret.expose_secret().as_bytes();
    assert!(!stored.sealed.windows(8).any(|part| secret.windows(8).any(|known| known == part)));
    let opened = hub.app.secrets.open(&record(&key.key_id), &stored.sealed).unwrap();
    assert_eq!(*opened, secret);
    // A row that was moved to another key does not open there.
    assert!(hub.app.secrets.open("access_key:HUB00000000000000000", &stored.sealed).is_err());
}
