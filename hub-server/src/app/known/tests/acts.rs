//! Every act that takes a right away, one by one: what was allowed out of memory before is refused
//! at the next request.

use futures::future::BoxFuture;
use hub_model::{AccessKeyId, Deadline, RobotName};

use super::*;
use crate::services::accounts::UserEdit;
use crate::services::robots::{RobotChange, RobotOrder};
use crate::services::sign_in::Proof;
use crate::services::tokens::TokenOrder;
use crate::services::{access_keys, grants, robots, sessions, shares};

/// What the act is done to: a row of a credential, or its name.
#[derive(Default)]
struct Made {
    /// A registry token that was asked for with it. Without one it is about what sam may pull.
    jwt: Option<String>,
    row: i64,
    name: String,
    secret: Option<secrecy::SecretString>,
}

type Give = for<'a> fn(&'a Hub) -> BoxFuture<'a, Made>;
type Take = for<'a> fn(&'a Hub, &'a Made) -> BoxFuture<'a, ()>;

fn sam() -> UserName {
    "sam".parse().unwrap()
}

async fn of(hub: &Hub, actor: &Actor) -> Option<String> {
    let issued = registry_tokens::issue(&hub.app, actor, &[]).await.unwrap();
    Some(issued.jwt.expose_secret().to_owned())
}

fn member(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        let org = repo().org();
        orgs::set_member(&hub.app, &hub.owner, &org, &sam(), Role::Reader).await.unwrap();
        Made::default()
    }
    .boxed()
}

fn member_by_group(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        let org = hub.app.db.org(&repo().org()).await.unwrap().unwrap();
        let mut change = hub.app.db.change().await.unwrap();
        let id = hub.stranger.user().unwrap().id;
        change.set_subject(id, Some("https://id.example.com sam")).await.unwrap();
        change.set_member_by_group(org.id, id, Role::Reader, 1).await.unwrap();
        change.tell(LetterKind::Access, org.name.as_str(), 1).await.unwrap();
        change.commit().await.unwrap();
        Made::default()
    }
    .boxed()
}

fn grant(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        grants::set(&hub.app, &hub.owner, &repo(), &sam(), Role::Reader).await.unwrap();
        Made::default()
    }
    .boxed()
}

fn share(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        let (with, until) = ("sam".parse().unwrap(), (Deadline::FOREVER, ""));
        shares::create(&hub.app, &hub.owner, &repo(), &with, until).await.unwrap();
        Made::default()
    }
    .boxed()
}

fn public(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        show(hub, Visibility::Public).await;
        Made::default()
    }
    .boxed()
}

async fn show(hub: &Hub, visibility: Visibility) {
    let changes = RepoChanges { visibility: Some(visibility), ..RepoChanges::default() };
    repos::edit(&hub.app, &hub.owner, &repo(), changes).await.unwrap();
}

fn robot(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        let order = RobotOrder {
            name: RobotName::parse("labring+ci").unwrap(),
            description: String::new(),
            scope: TokenScope::Pull,
            within: Vec::new(),
            expires_at_ms: None,
        };
        let (_, secret) = robots::create(&hub.app, &hub.owner, order).await.unwrap();
        let robot = sign_in::by_secret(&hub.app, &secret).await.unwrap();
        Made { jwt: of(hub, &robot).await, ..Made::default() }
    }
    .boxed()
}

fn key(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        let sam = &hub.stranger;
        let (key, _) = access_keys::create(&hub.app, sam, "ci", None).await.unwrap();
        let user = sam.user().unwrap().clone();
        let by_key = Actor::User(sign_in::with_key(user.into(), &key));
        Made {
            jwt: of(hub, &by_key).await,
            name: key.key_id.as_str().to_owned(),
            ..Made::default()
        }
    }
    .boxed()
}

fn token(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        let order = TokenOrder { name: "ci".to_owned(), ..TokenOrder::default() };
        let (token, secret) = tokens::create(&hub.app, &hub.stranger, order).await.unwrap();
        let by_token = sign_in::by_secret(&hub.app, &secret).await.unwrap();
        Made { jwt: of(hub, &by_token).await, row: token.id, ..Made::default() }
    }
    .boxed()
}

fn session(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        let Actor::User(sam) = hub.stranger.clone() else { panic!("sam signed in") };
        let secret = tokens::start_session(&hub.app, &Proof::Password(sam), "").await.unwrap();
        let by_session = sign_in::by_secret(&hub.app, &secret).await.unwrap();
        let Actor::User(SignedIn { by: Credential::Token(row), .. }) = by_session else {
            panic!("a session is a row")
        };
        let jwt = of(hub, &by_session).await;
        Made { jwt, row, secret: Some(secret), ..Made::default() }
    }
    .boxed()
}

fn refresh(hub: &Hub) -> BoxFuture<'_, Made> {
    async move {
        let secret = registry_tokens::refresh_token(&hub.app, &hub.stranger, "").await.unwrap();
        let sam = registry_tokens::by_refresh_token(&hub.app, &secret).await.unwrap();
        Made { jwt: of(hub, &Actor::User(sam)).await, ..Made::default() }
    }
    .boxed()
}

fn password(hub: &Hub) -> BoxFuture<'_, Made> {
    async move { Made { jwt: of(hub, &hub.stranger).await, ..Made::default() } }.boxed()
}

/// The acts: what is given first, and the act that takes it away.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn rows() -> Vec<(&'static str, Give, Take)> {
    fn ci() -> RobotName {
        RobotName::parse("labring+ci").unwrap()
    }
    fn end_all<'a>(hub: &'a Hub, _: &'a Made) -> BoxFuture<'a, ()> {
        async move {
            let what = sessions::Everywhere { keep_this: false, tokens: true };
            sessions::end_all(&hub.app, &hub.stranger, what).await.unwrap();
        }
        .boxed()
    }
    fn close<'a>(hub: &'a Hub, _: &'a Made) -> BoxFuture<'a, ()> {
        async move {
            let closed = UserEdit { disabled: Some(true), ..UserEdit::default() };
            accounts::edit(&hub.app, &Actor::System, &sam(), closed).await.unwrap();
        }
        .boxed()
    }
    fn delete<'a>(hub: &'a Hub, _: &'a Made) -> BoxFuture<'a, ()> {
        async move {
            accounts::delete(&hub.app, &Actor::System, &sam()).await.unwrap();
        }
        .boxed()
    }
    fn reset<'a>(hub: &'a Hub, _: &'a Made) -> BoxFuture<'a, ()> {
        async move {
            let new = "battery staple".into();
            accounts::reset_password(&hub.app, &Actor::System, &sam(), &new).await.unwrap();
        }
        .boxed()
    }
    vec![
        ("orgs::remove_member", member, |hub, _| {
            async move {
                let org = repo().org();
                orgs::remove_member(&hub.app, &hub.owner, &org, &sam()).await.unwrap();
            }
            .boxed()
        }),
        ("accounts::delete of a member", member, delete),
        ("accounts::untie, by reset_password", member_by_group, reset),
        ("grants::remove", grant, |hub, _| {
            async move { grants::remove(&hub.app, &hub.owner, &repo(), &sam()).await.unwrap() }
                .boxed()
        }),
        ("accounts::delete with a grant", grant, delete),
        ("shares::delete", share, |hub, _| {
            async move {
                let with = "sam".parse().unwrap();
                shares::delete(&hub.app, &hub.owner, &repo(), &with).await.unwrap();
            }
            .boxed()
        }),
        ("accounts::delete with a share", share, delete),
        ("repos::edit", public, |hub, _| show(hub, Visibility::Private).boxed()),
        ("repos::delete", public, |hub, _| {
            async move { repos::delete(&hub.app, &hub.owner, &repo()).await.map(drop).unwrap() }
                .boxed()
        }),
        ("robots::delete", robot, |hub, _| {
            async move { robots::delete(&hub.app, &hub.owner, &ci()).await.unwrap() }.boxed()
        }),
        ("robots::rotate", robot, |hub, _| {
            async move {
                // The time of the secret tells it from the next one.
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                robots::rotate(&hub.app, &hub.owner, &ci()).await.unwrap();
            }
            .boxed()
        }),
        ("robots::edit", robot, |hub, _| {
            async move {
                let closed = RobotChange { disabled: Some(true), ..RobotChange::default() };
                robots::edit(&hub.app, &hub.owner, &ci(), closed).await.unwrap();
            }
            .boxed()
        }),
        ("access_keys::delete", key, |hub, made| {
            async move {
                let id = AccessKeyId::parse(&made.name).unwrap();
                access_keys::delete(&hub.app, &hub.stranger, &id).await.unwrap();
            }
            .boxed()
        }),
        ("access_keys::close", key, |hub, made| {
            async move {
                let id = AccessKeyId::parse(&made.name).unwrap();
                access_keys::close(&hub.app, &hub.stranger, &id, true).await.unwrap();
            }
            .boxed()
        }),
        ("accounts::delete with a key", key, delete),
        ("tokens::revoke", token, |hub, made| {
            async move { tokens::revoke(&hub.app, &hub.stranger, made.row).await.unwrap() }.boxed()
        }),
        ("tokens::rotate", token, |hub, made| {
            async move {
                tokens::rotate(&hub.app, &hub.stranger, made.row).await.unwrap();
            }
            .boxed()
        }),
        ("accounts::delete with a token", token, delete),
        ("accounts::edit with a token", token, close),
        ("sessions::end", session, |hub, made| {
            async move { sessions::end(&hub.app, &hub.stranger, made.row).await.unwrap() }.boxed()
        }),
        ("tokens::end_session", session, |hub, made| {
            async move {
                tokens::end_session(&hub.app, made.secret.as_ref().unwrap()).await.unwrap();
            }
            .boxed()
        }),
        ("sessions::end_all", session, end_all),
        ("sessions::end_all with a refresh token", refresh, end_all),
        ("sessions::end_all with a token", token, end_all),
        ("accounts::reset_password with a session", session, reset),
        ("accounts::reset_password with a refresh token", refresh, reset),
        ("accounts::reset_password", password, reset),
        ("accounts::edit", password, close),
        ("accounts::delete", password, delete),
    ]
}

#[tokio::test]
async fn what_an_act_takes_away_is_refused_at_the_next_request() {
    for (act, give, take) in rows() {
        let hub = Hub::new().await;
        hub.push("v1", &image("one")).await;
        show(&hub, Visibility::Private).await;
        let made = give(&hub).await;
        let allowed = async || {
            if let Some(jwt) = &made.jwt {
                return registry_tokens::verify(&hub.app, jwt).await.is_ok();
            }
            // Every request asks first whether its user is still there.
            let known = hub.app.known().await.unwrap();
            known.user(&sam()).await.unwrap().is_some_and(|sam| sam.is_open())
                && access::pull(&hub.app, &hub.stranger, &repo()).await.is_ok()
        };
        // Twice: the second time out of memory.
        assert!(allowed().await && allowed().await, "{act}: what is to be taken away is not there");
        take(&hub, &made).await;
        assert!(!allowed().await && !allowed().await, "{act}");
    }
}
