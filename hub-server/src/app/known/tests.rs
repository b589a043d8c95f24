//! What memory promises: it is never older than the request.

mod acts;

use futures::FutureExt;
use hub_blobs::stream_of;
use hub_model::{Actor, LatestMode, Role, SignedIn, TokenScope, Visibility};
use secrecy::ExposeSecret;

use super::cache::{Fact, Key};
use super::*;
use crate::services::publish::fixtures::{Hub, image, repo, tag};
use crate::services::repos::RepoChanges;
use crate::services::{
    access, accounts, blobs, images, orgs, registry_tokens, repos, sign_in, tokens,
};

fn cache(max_bytes: u64) -> Cache {
    Cache::new(max_bytes, std::time::Duration::from_mins(1))
}

#[test]
fn a_letter_ends_what_it_names_and_nothing_else() {
    let cache = cache(1 << 20);
    let fact = || Fact::Blob(7);
    let (a, b) = (cache.edition(LetterKind::Repo, "o/a"), cache.edition(LetterKind::Repo, "o/b"));
    for edition in [a, b] {
        cache.put(edition, Key::Record, fact());
    }
    cache.end(LetterKind::Access, "o/a");
    assert_eq!(cache.edition(LetterKind::Repo, "o/a"), a);
    cache.end(LetterKind::Repo, "o/a");
    let anew = cache.edition(LetterKind::Repo, "o/a");
    assert!(cache.get(anew, Key::Record).is_none());
    // Read before the letter came, filed after it.
    cache.put(a, Key::Record, fact());
    assert!(cache.get(anew, Key::Record).is_none());
    assert!(cache.get(cache.edition(LetterKind::Repo, "o/b"), Key::Record).is_some());
    cache.end_all();
    assert!(cache.get(cache.edition(LetterKind::Repo, "o/b"), Key::Record).is_none());
}

#[test]
fn memory_is_bounded_and_nothing_large_is_kept() {
    let cache = cache(1 << 20);
    let edition = cache.edition(LetterKind::Repo, "o/a");
    for id in 0..100_000 {
        cache.put(edition, Key::Role(id), Fact::Role(None));
    }
    assert!((100..3000).contains(&cache.len()), "{}", cache.len());
    assert!(cache.takes(1 << 16) && !cache.takes((1 << 16) + 1));
}

#[tokio::test]
async fn nothing_is_kept_when_nothing_may_be_kept() {
    let cache = cache(0);
    let edition = cache.edition(LetterKind::Repo, "o/a");
    cache.put(edition, Key::Record, Fact::Blob(1));
    assert_eq!(cache.len(), 0);
}

/// What a reader gets of the tag `v1`: the digest, or why not.
async fn pulled(hub: &Hub, actor: &Actor, reference: &str) -> Result<Digest, String> {
    let manifest = images::manifest(&hub.app, actor, &repo(), reference).await;
    let head = images::manifest_head(&hub.app, actor, &repo(), reference).await;
    let head = head.map(|(digest, ..)| digest).map_err(|error| error.to_string());
    let manifest = manifest.map(|manifest| manifest.digest.clone());
    let manifest = manifest.map_err(|error| error.to_string());
    assert_eq!(manifest, head);
    manifest
}

#[tokio::test]
async fn what_was_read_once_is_read_from_memory() {
    let hub = Hub::new().await;
    let digest = hub.push("v1", &image("one")).await;
    for _ in 0..2 {
        assert_eq!(pulled(&hub, &hub.reader, "v1").await.unwrap(), digest);
    }
    hub.app.db.close().await;
    assert_eq!(pulled(&hub, &hub.reader, "v1").await.unwrap(), digest);
    assert!(pulled(&hub, &hub.reader, "v2").await.is_err(), "the store is closed");
}

#[tokio::test]
async fn a_tag_that_moves_or_goes_is_seen_at_the_next_request() {
    let hub = Hub::new().await;
    for round in 0..5 {
        let digest = hub.push("v1", &image(&format!("round {round}"))).await;
        for reference in ["v1", "latest", digest.as_str()] {
            assert_eq!(pulled(&hub, &hub.reader, reference).await.as_ref(), Ok(&digest));
        }
    }
    let digest = pulled(&hub, &hub.reader, "v1").await.unwrap();
    images::delete_manifest(&hub.app, &hub.writer, &repo(), "v1").await.unwrap();
    assert!(pulled(&hub, &hub.reader, "v1").await.is_err());
    assert!(pulled(&hub, &hub.reader, "latest").await.is_err());
    assert!(pulled(&hub, &hub.reader, digest.as_str()).await.is_ok());
    images::delete_manifest(&hub.app, &hub.writer, &repo(), digest.as_str()).await.unwrap();
    assert!(pulled(&hub, &hub.reader, digest.as_str()).await.is_err());

    hub.push("v3", &image("three")).await;
    assert!(pulled(&hub, &hub.reader, "latest").await.is_ok());
    let off = RepoChanges { latest_mode: Some(LatestMode::Off), ..RepoChanges::default() };
    repos::edit(&hub.app, &hub.owner, &repo(), off).await.unwrap();
    assert!(pulled(&hub, &hub.reader, "latest").await.is_err());
    images::delete(&hub.app, &hub.writer, &repo(), &tag("v3")).await.unwrap();
    assert!(pulled(&hub, &hub.reader, "v3").await.is_err());
}

#[tokio::test]
async fn a_blob_and_a_repository_that_go_are_gone_at_once() {
    let hub = Hub::new().await;
    hub.push("v1", &image("one")).await;
    let digest = hub_blobs::digest_of(b"alone", hub_model::Algorithm::Sha256);
    let body = stream_of("alone");
    let (app, name) = (&hub.app, repo());
    crate::services::uploads::whole(app, &hub.writer, &name, &digest, body, None).await.unwrap();
    let found = async || blobs::find(app, &hub.reader, &name, &digest).await.map(|blob| blob.size);
    assert_eq!((found().await.unwrap(), found().await.unwrap()), (5, 5));
    blobs::delete(app, &hub.writer, &name, &digest).await.unwrap();
    assert!(found().await.is_err());

    assert!(pulled(&hub, &hub.reader, "v1").await.is_ok());
    repos::delete(app, &hub.owner, &name).await.unwrap();
    assert!(pulled(&hub, &hub.reader, "v1").await.is_err());
    let again = hub.push("v1", &image("again")).await;
    assert_eq!(pulled(&hub, &hub.reader, "v1").await, Ok(again));
}

#[tokio::test]
async fn a_right_that_is_given_or_taken_counts_at_once() {
    let hub = Hub::new().await;
    let app = &hub.app;
    hub.push("v1", &image("one")).await;
    assert!(pulled(&hub, &hub.stranger, "v1").await.is_ok());
    let hide = RepoChanges { visibility: Some(Visibility::Private), ..RepoChanges::default() };
    repos::edit(app, &hub.owner, &repo(), hide).await.unwrap();
    assert!(pulled(&hub, &hub.stranger, "v1").await.is_err());
    assert!(pulled(&hub, &hub.reader, "v1").await.is_ok());

    let (org, rosa, sam) =
        (repo().org(), "rosa".parse::<UserName>().unwrap(), "sam".parse::<UserName>().unwrap());
    orgs::remove_member(app, &hub.owner, &org, &rosa).await.unwrap();
    assert!(pulled(&hub, &hub.reader, "v1").await.is_err());
    orgs::set_member(app, &hub.owner, &org, &sam, Role::Reader).await.unwrap();
    assert!(pulled(&hub, &hub.stranger, "v1").await.is_ok());
    let (name, push) = (repo(), hub_model::Action::Push);
    let pushes = || access::repo(app, &hub.stranger, push, &name);
    assert!(pushes().await.is_err());
    orgs::set_member(app, &hub.owner, &org, &sam, Role::Writer).await.unwrap();
    assert!(pushes().await.is_ok());
    let show = RepoChanges { visibility: Some(Visibility::Public), ..RepoChanges::default() };
    repos::edit(app, &hub.owner, &repo(), show).await.unwrap();
    assert!(pulled(&hub, &Actor::Anonymous, "v1").await.is_ok());
}

#[tokio::test]
async fn a_credential_that_ends_ends_the_tokens_made_with_it() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let new = accounts::NewAccount {
        name: "ana".parse().unwrap(),
        password: "correct horse".into(),
        admin: false,
    };
    let user = accounts::add_user(app, &Actor::System, new).await.unwrap();
    let ana = app.signed_in("ana").await;
    let jwt = async |actor: &Actor| {
        let issued = registry_tokens::issue(app, actor, &[]).await.unwrap();
        issued.jwt.expose_secret().to_owned()
    };
    let good = async |jwt: &str| {
        let first = registry_tokens::verify(app, jwt).await.is_ok();
        assert_eq!(first, registry_tokens::verify(app, jwt).await.is_ok());
        first
    };

    let order =
        tokens::TokenOrder { name: "ci".to_owned(), scope: TokenScope::Pull, ..Default::default() };
    let (token, secret) = tokens::create(app, &ana, order).await.unwrap();
    let by_token = sign_in::by_secret(app, &secret).await.unwrap();
    let of_token = jwt(&by_token).await;
    assert!(good(&of_token).await);
    tokens::revoke(app, &ana, token.id).await.unwrap();
    assert!(!good(&of_token).await);

    let session = tokens::start_session(app, &app.proof("ana").await, "").await.unwrap();
    let by_session = sign_in::by_secret(app, &session).await.unwrap();
    let of_session = jwt(&by_session).await;
    assert!(good(&of_session).await);
    tokens::end_session(app, &session).await.unwrap();
    assert!(!good(&of_session).await);

    let refresh = registry_tokens::refresh_token(app, &ana, "docker").await.unwrap();
    let by_refresh = registry_tokens::by_refresh_token(app, &refresh).await.unwrap();
    let of_refresh = jwt(&Actor::User(by_refresh)).await;
    assert!(good(&of_refresh).await);
    let (old, new) = ("correct horse".into(), "battery staple".into());
    assert!(sign_in::sign_in(app, "ana", &old, "").await.is_ok());
    let of_old = jwt(&ana).await;
    assert!(good(&of_old).await);
    let ana_anew = accounts::change_password(app, &ana, &old, &new).await.unwrap();
    assert!(!good(&of_refresh).await);
    assert!(!good(&of_old).await);
    assert!(!good(&jwt(&ana).await).await, "what was proved with the old one");
    let of_new = jwt(&Actor::User(ana_anew)).await;
    assert!(good(&of_new).await);
    assert!(sign_in::sign_in(app, "ana", &old, "").await.is_err());
    let reset = "another staple".into();
    assert!(sign_in::sign_in(app, "ana", &new, "").await.is_ok());
    accounts::reset_password(app, &Actor::System, &user.name, &reset).await.unwrap();
    assert!(sign_in::sign_in(app, "ana", &new, "").await.is_err());
    assert!(!good(&of_new).await);
}

#[tokio::test]
async fn a_commit_that_nobody_waited_for_is_asked_about() {
    let hub = Hub::new().await;
    let app = &hub.app;
    hub.push("v1", &image("one")).await;
    let mut given_up = 0;
    for round in 0..40 {
        let known = access::pull(app, &hub.reader, &repo()).await.unwrap().1.visibility;
        let mut change = app.db.change().await.unwrap();
        let record = change.lock_repo(&repo()).await.unwrap().unwrap();
        assert_eq!(record.visibility, known);
        let other = match record.visibility {
            Visibility::Public => Visibility::Private,
            Visibility::Private => Visibility::Public,
        };
        let edit = hub_db::RepoEdit {
            visibility: other,
            keep: record.keep,
            official: record.official,
            latest_mode: record.latest_mode,
            updated_at_ms: round,
        };
        change.edit_repo(record.id, &edit).await.unwrap();
        change.tell(LetterKind::Repo, repo().as_str(), round).await.unwrap();
        // Polled once and dropped, as when the client goes away in the middle.
        given_up += usize::from(change.commit().now_or_never().is_none());
        let seen = access::pull(app, &hub.reader, &repo()).await.unwrap().1.visibility;
        let stored = app.db.repo(&repo()).await.unwrap().unwrap().visibility;
        assert_eq!(seen, stored, "round {round}");
    }
    assert!(given_up > 0, "every commit was faster than one look at it");
}

#[tokio::test]
async fn letters_that_were_dropped_unread_end_everything() {
    let (app, _dir) = App::for_tests().await;
    let cache = cache(1 << 20);
    let news = news::News::begin(&app.db, false).await.unwrap();
    let tell = async |name: &str, at_ms: i64| {
        let mut change = app.db.change().await.unwrap();
        change.tell(LetterKind::Repo, name, at_ms).await.unwrap();
        change.commit().await.unwrap();
    };
    let remember = || cache.put(cache.edition(LetterKind::Repo, "o/a"), Key::Record, Fact::Blob(7));
    let known = || cache.get(cache.edition(LetterKind::Repo, "o/a"), Key::Record).is_some();
    tell("o/b", 1).await;
    remember();
    news.catch_up(&app.db, &cache).await.unwrap();
    assert!(known());
    tell("o/a", 2).await;
    tell("o/b", 3).await;
    // The last letter stays.
    app.db.drop_letters_before(99).await.unwrap();
    news.catch_up(&app.db, &cache).await.unwrap();
    assert!(!known());
}
