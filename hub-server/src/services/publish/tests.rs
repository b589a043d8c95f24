//! What publishing promises.

use hub_blobs::stream_of;
use hub_model::{
    Actor, DetailScope, Extraction, Field, LatestMode, LetterKind, NewAuditEntry, Outcome, Place,
    RepoName, Role, SignedIn, Source, TokenScope, Value, Visibility, Within,
};
use hub_oci::ImageBuilder;

use super::super::images::{self, DetailTarget, Edit, ImageError};
use super::fixtures::{Hub, image, repo, tag};
use super::{ManifestRef, PublishError, ensure_repo, may_push};
use crate::services::access::AccessError;
use crate::services::audit::{self, About, Wanted};
use crate::services::{grants, repos, robots, sign_in, uploads};

fn by_tag(name: &str) -> ManifestRef {
    ManifestRef::Tag(tag(name))
}

/// What was noted of the organisation, the newest first.
async fn noted(hub: &Hub) -> Vec<NewAuditEntry> {
    let about = About::Org(repo().org());
    let part = audit::list(&hub.app, &hub.owner, &about, &Wanted::default(), 20).await.unwrap();
    part.items.into_iter().map(|act| act.entry).collect()
}

#[tokio::test]
async fn latest_is_the_tag_pushed_last_not_the_greatest() {
    let hub = Hub::new().await;
    hub.push("v2", &image("two")).await;
    hub.push("v1", &image("one")).await;
    assert_eq!(hub.latest().await.as_deref(), Some("v1"));
    let repo = hub.app.db.repo(&repo()).await.unwrap().unwrap();
    assert_eq!(repo.latest_semver, Some(tag("v2")));
    assert_eq!(repo.tags, 2);
    assert_eq!(hub.img("latest").await.tag, tag("v1"));
    hub.push("v2", &image("two")).await;
    assert_eq!(hub.latest().await.as_deref(), Some("v2"));
}

#[tokio::test]
async fn a_signature_pushed_behind_an_image_does_not_become_latest() {
    let hub = Hub::new().await;
    let digest = hub.push("v1", &image("one")).await;
    hub.push(&format!("sha256-{}.sig", digest.hex()), &image("signature")).await;
    assert_eq!(hub.latest().await.as_deref(), Some("v1"));
}

#[tokio::test]
async fn a_real_latest_turns_the_virtual_one_off_for_good() {
    let hub = Hub::new().await;
    hub.push("latest", &image("real")).await;
    hub.push("v1", &image("one")).await;
    assert_eq!(hub.img("latest").await.tag, tag("latest"));
    images::delete(&hub.app, &hub.writer, &repo(), &tag("latest")).await.unwrap();
    let gone = images::get(&hub.app, &hub.writer, &repo(), "latest").await;
    assert!(matches!(gone, Err(ImageError::Unknown { .. })));
    let repo = hub.app.db.repo(&repo()).await.unwrap().unwrap();
    assert_eq!((repo.latest_mode, repo.latest_tag), (LatestMode::Off, Some(tag("v1"))));
}

#[tokio::test]
async fn an_image_without_its_blobs_is_refused_and_leaves_no_trace() {
    let hub = Hub::new().await;
    let image = image("lost");
    let error = hub.put(&hub.writer, by_tag("v1"), &image).await.unwrap_err();
    let PublishError::Missing { digests } = error else { panic!("{error}") };
    assert_eq!(digests.len(), image.blobs.len());
    assert!(hub.app.db.repo(&repo()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_manifest_pushed_by_another_digest_is_refused() {
    let hub = Hub::new().await;
    let (one, other) = (image("one"), image("other"));
    hub.upload(&one).await;
    let reference = ManifestRef::Digest(other.digest);
    let error = hub.put(&hub.writer, reference, &one).await.unwrap_err();
    assert!(matches!(error, PublishError::WrongDigest { .. }));
}

#[tokio::test]
async fn who_may_not_push_cannot_tell_a_private_repository_from_a_missing_one() {
    let hub = Hub::new().await;
    let image = image("one");
    let before = hub.put(&hub.stranger, by_tag("v1"), &image).await.unwrap_err();
    assert!(matches!(before, PublishError::Access(AccessError::Hidden { .. })), "{before}");
    let nobody = hub.put(&Actor::Anonymous, by_tag("v1"), &image).await.unwrap_err();
    assert!(matches!(nobody, PublishError::Access(AccessError::Unauthenticated)));
    let reader = hub.put(&hub.reader, by_tag("v1"), &image).await.unwrap_err();
    assert!(matches!(reader, PublishError::Access(AccessError::Forbidden { .. })), "{reader}");
    assert!(hub.app.db.repo(&repo()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_last_tag_takes_an_empty_repository_with_it() {
    let hub = Hub::new().await;
    hub.push("v1", &image("one")).await;
    hub.push("v2", &image("two")).await;
    images::delete(&hub.app, &hub.writer, &repo(), &tag("v2")).await.unwrap();
    assert_eq!(hub.latest().await.as_deref(), Some("v1"));
    images::delete(&hub.app, &hub.writer, &repo(), &tag("v1")).await.unwrap();
    assert!(hub.app.db.repo(&repo()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_repository_outlives_its_last_tag_while_it_holds_a_manifest() {
    for hub in Hub::on_every_engine().await {
        let (tagged, other) = (image("tagged"), image("by digest"));
        hub.push("v1", &tagged).await;
        hub.upload(&other).await;
        let by_digest = ManifestRef::Digest(other.digest.clone());
        hub.put(&hub.writer, by_digest, &other).await.unwrap();
        let delete =
            async |what: &str| images::delete_manifest(&hub.app, &hub.writer, &repo(), what).await;
        delete(tagged.digest.as_str()).await.unwrap();
        let kept = images::manifest(&hub.app, &hub.writer, &repo(), other.digest.as_str()).await;
        assert_eq!(kept.unwrap().digest, other.digest);
        assert_eq!(hub.app.db.repo(&repo()).await.unwrap().unwrap().tags, 0);

        hub.put(&hub.writer, by_tag("v2"), &other).await.unwrap();
        delete(other.digest.as_str()).await.unwrap();
        assert!(hub.app.db.repo(&repo()).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_repository_outlives_its_last_tag_while_a_push_is_under_way() {
    for hub in Hub::on_every_engine().await {
        let (first, next) = (image("first"), image("next"));
        let digest = hub.push("v1", &first).await;
        hub.upload(&next).await;
        let (app, writer) = (&hub.app, &hub.writer);
        images::delete_manifest(app, writer, &repo(), digest.as_str()).await.unwrap();
        hub.put(writer, by_tag("v1"), &next).await.unwrap();
        // The other way a tag goes.
        hub.upload(&first).await;
        images::delete(app, writer, &repo(), &tag("v1")).await.unwrap();
        hub.put(writer, by_tag("v1"), &first).await.unwrap();
    }
}

#[tokio::test]
async fn who_makes_a_repository_takes_no_turn_in_the_outbox_before_the_end() {
    for hub in Hub::on_every_engine().await {
        // A file has one writer anyway.
        if hub.app.config.is_single() {
            continue;
        }
        let name = repo();
        let right = may_push(&hub.app, &hub.writer, &name).await.unwrap();
        let mut making = hub.app.db.change().await.unwrap();
        let made = ensure_repo(&hub.app, &mut making, &name, right, None).await.unwrap();
        assert!(made.made);
        let mut other = hub.app.db.change().await.unwrap();
        let telling = other.tell(LetterKind::Access, "labring", 1);
        let patience = std::time::Duration::from_secs(20);
        tokio::time::timeout(patience, telling).await.expect("it need not wait").unwrap();
    }
}

#[tokio::test]
async fn a_deleted_tag_is_counted_and_latest_moves_only_when_it_was_that() {
    let hub = Hub::new().await;
    for name in ["v3", "v1", "v2"] {
        hub.push(name, &image(name)).await;
    }
    let facts = async || {
        let repo = hub.app.db.repo(&repo()).await.unwrap().unwrap();
        let text = |tag: Option<hub_model::Tag>| tag.map(String::from).unwrap_or_default();
        (text(repo.latest_tag), text(repo.latest_semver), repo.tags)
    };
    let (app, writer) = (&hub.app, &hub.writer);
    images::delete(app, writer, &repo(), &tag("v1")).await.unwrap();
    assert_eq!(facts().await, ("v2".into(), "v3".into(), 2));
    images::delete(app, writer, &repo(), &tag("v3")).await.unwrap();
    assert_eq!(facts().await, ("v2".into(), "v2".into(), 1));
}

#[tokio::test]
async fn a_described_repository_outlives_its_last_tag() {
    let hub = Hub::new().await;
    hub.push("v1", &image("one")).await;
    let mut edit = Edit::new(Source::Web);
    edit.set.insert(Field::Description, Value::from("kept"));
    let target = DetailTarget::Repo;
    images::describe(&hub.app, &hub.writer, &repo(), &target, edit).await.unwrap();
    images::delete(&hub.app, &hub.writer, &repo(), &tag("v1")).await.unwrap();
    let repo = hub.app.db.repo(&repo()).await.unwrap().unwrap();
    assert_eq!((repo.tags, repo.latest_tag), (0, None));
}

#[tokio::test]
async fn a_tag_deleted_by_a_client_leaves_its_manifest() {
    let hub = Hub::new().await;
    let digest = hub.push("v1", &image("one")).await;
    images::delete_manifest(&hub.app, &hub.writer, &repo(), "v1").await.unwrap();
    let by_digest = images::manifest(&hub.app, &hub.writer, &repo(), digest.as_str()).await;
    assert_eq!(by_digest.unwrap().digest, digest);
    images::delete_manifest(&hub.app, &hub.writer, &repo(), digest.as_str()).await.unwrap();
    let gone = images::manifest(&hub.app, &hub.writer, &repo(), digest.as_str()).await;
    assert!(matches!(gone, Err(ImageError::Unknown { .. })));
}

#[tokio::test]
async fn the_readme_inside_an_image_is_on_its_record() {
    let hub = Hub::new().await;
    hub.push("v1", &image("# mysql operator")).await;
    assert_eq!(hub.img("v1").await.extraction, Extraction::Pending);
    hub.app.settle().await.unwrap();
    let img = hub.img("v1").await;
    assert_eq!(img.extraction, Extraction::Done);
    assert_eq!(hub.readme("v1").await.as_deref(), Some("# mysql operator"));
    assert!(matches!(img.detail.get(Field::Docs).unwrap().source, Source::File { .. }));
}

#[tokio::test]
async fn what_people_said_survives_the_next_push_of_the_tag() {
    let hub = Hub::new().await;
    hub.push("v1", &image("from the image")).await;
    hub.app.settle().await.unwrap();
    let mut edit = Edit::new(Source::Cli);
    edit.docs = Some("said by a person".to_owned());
    edit.set.insert(Field::Title, Value::from("Said"));
    let target = DetailTarget::Tag(tag("v1"));
    images::describe(&hub.app, &hub.writer, &repo(), &target, edit).await.unwrap();
    hub.push("v1", &image("from the next image")).await;
    hub.app.settle().await.unwrap();
    assert_eq!(hub.readme("v1").await.as_deref(), Some("said by a person"));
    assert_eq!(hub.img("v1").await.detail.text(Field::Title), Some("Said"));

    let mut edit = Edit::new(Source::Cli);
    edit.unset = vec![Field::Docs];
    images::describe(&hub.app, &hub.writer, &repo(), &target, edit).await.unwrap();
    assert_eq!(hub.readme("v1").await.as_deref(), Some("from the next image"));
}

#[tokio::test]
async fn an_upload_without_a_readme_inherits_the_one_before() {
    let hub = Hub::new().await;
    let bare = |text: &str| ImageBuilder::new().layer([("opt/data", text)]).build();
    hub.push("v1", &image("from v1")).await;
    hub.push("v2", &bare("x")).await;
    hub.app.settle().await.unwrap();
    assert_eq!(hub.readme("v2").await.as_deref(), Some("from v1"));
    let source = hub.img("v2").await.detail.get(Field::Docs).unwrap().source.clone();
    assert_eq!(source, Source::Inherited("v1".to_owned()));

    let mut edit = Edit::new(Source::Web);
    edit.docs = Some("better".to_owned());
    let target = DetailTarget::Tag(tag("v1"));
    images::describe(&hub.app, &hub.writer, &repo(), &target, edit).await.unwrap();
    hub.app.settle().await.unwrap();
    assert_eq!(hub.readme("v2").await.as_deref(), Some("better"));
}

#[tokio::test]
async fn a_readme_above_the_limit_is_refused_and_the_limit_named() {
    let hub = Hub::new().await;
    hub.push("v1", &image("one")).await;
    let mut edit = Edit::new(Source::Api);
    edit.docs = Some("x".repeat((1 << 20) + 1));
    let error = images::describe(&hub.app, &hub.writer, &repo(), &DetailTarget::Repo, edit).await;
    let text = error.unwrap_err().to_string();
    assert_eq!(text, "`docs` may have 1048576 bytes, this one has 1048577");
    let row = hub.app.db.repo(&repo()).await.unwrap().unwrap();
    assert!(hub.app.db.details(row.id, &DetailScope::Repo).await.unwrap().is_none());
}

#[tokio::test]
async fn a_detail_artifact_speaks_for_the_image_it_refers_to() {
    use hub_oci::detail_artifact::{Said, Subject, build};
    let hub = Hub::new().await;
    let picture = image("from the image");
    let digest = hub.push("v1", &picture).await;
    let subject = Subject {
        media_type: picture.media_type.clone(),
        digest,
        size: picture.manifest.len() as u64,
    };
    let said = Said { docs: Some("from the artifact".to_owned()), ..Said::default() };
    let built = build(&subject, &said, "2026-01-02T03:04:05Z");
    let mut artifact = image("");
    (artifact.media_type, artifact.manifest, artifact.digest) = built.manifest;
    artifact.blobs = built.blobs;
    hub.upload(&artifact).await;
    let reference = ManifestRef::Digest(artifact.digest.clone());
    let published = hub.put(&hub.writer, reference, &artifact).await.unwrap();
    assert_eq!(published.subject, Some(subject.digest));
    hub.app.settle().await.unwrap();
    assert_eq!(hub.readme("v1").await.as_deref(), Some("from the artifact"));

    let gone = artifact.digest.as_str();
    images::delete_manifest(&hub.app, &hub.writer, &repo(), gone).await.unwrap();
    hub.app.settle().await.unwrap();
    assert_eq!(hub.readme("v1").await.as_deref(), Some("from the image"));
}

#[tokio::test]
async fn pushes_at_once_agree_about_the_latest_tag() {
    let hub = Hub::new().await;
    let image = image("shared");
    hub.upload(&image).await;
    let pushes = (0..20).map(|number| {
        let reference = by_tag(&format!("v{number}"));
        hub.put(&hub.writer, reference, &image)
    });
    for outcome in futures::future::join_all(pushes).await {
        outcome.unwrap();
    }
    let row = hub.app.db.repo(&repo()).await.unwrap().unwrap();
    let newest = hub.app.db.imgs(row.id, None, 1).await.unwrap().remove(0);
    assert_eq!(row.latest_tag, Some(newest.tag));
    assert_eq!(row.tags, 20);
}

#[tokio::test]
async fn a_credential_for_one_place_makes_the_repository_there_and_no_other() {
    let hub = Hub::new().await;
    let app = &hub.app;
    let place = |text: &str| vec![Place::parse(text).unwrap()];
    let robot = robots::RobotOrder {
        name: "labring+ci".parse().unwrap(),
        description: String::new(),
        scope: TokenScope::Push,
        within: place("labring/mysql-op"),
        expires_at_ms: None,
    };
    let (_, secret) = robots::create(app, &hub.owner, robot).await.unwrap();
    let robot = sign_in::sign_in(app, "labring+ci", &secret, "").await.unwrap();
    let elsewhere: RepoName = "labring/other".parse().unwrap();
    let refused = may_push(app, &robot, &elsewhere).await;
    assert!(matches!(refused, Err(AccessError::Hidden { .. })), "{refused:?}");
    app.flush().await;
    let noted = noted(&hub).await;
    let refusals = noted.iter().filter(|entry| entry.outcome == Outcome::Denied);
    let targets: Vec<_> = refusals.map(|entry| entry.target.as_str()).collect();
    assert_eq!(targets, ["labring/other"], "of one push one refusal");

    let image = image("one");
    for (digest, bytes) in &image.blobs {
        let body = stream_of(bytes.clone());
        uploads::whole(app, &robot, &repo(), digest, body, None).await.unwrap();
    }
    hub.put(&robot, by_tag("v1"), &image).await.unwrap();
    assert_eq!(hub.latest().await.as_deref(), Some("v1"));
    // A reader's credential for that place is no writer's.
    let Actor::User(reader) = &hub.reader else { panic!("a person") };
    let within = Within::of(place("labring/absent"));
    let reader = Actor::User(SignedIn { within, ..reader.clone() });
    assert!(may_push(app, &reader, &"labring/absent".parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn who_was_let_into_a_repository_alone_does_not_bring_it_back() {
    for hub in Hub::on_every_engine().await {
        let app = &hub.app;
        let name: RepoName = "labring/vault".parse().unwrap();
        repos::create(app, &hub.owner, &name, Visibility::Private).await.unwrap();
        let sam = hub.stranger.user().unwrap().name.clone();
        grants::set(app, &hub.owner, &name, &sam, Role::Writer).await.unwrap();
        let guest = may_push(app, &hub.stranger, &name).await.unwrap();
        let writer = may_push(app, &hub.writer, &name).await.unwrap();
        repos::delete(app, &hub.owner, &name).await.unwrap();
        let mut change = app.db.change().await.unwrap();
        let made = ensure_repo(app, &mut change, &name, guest.clone(), None).await;
        assert_eq!(made.unwrap_err().to_string(), "`labring/vault` was not found");
        let made = ensure_repo(app, &mut change, &name, writer, None).await.unwrap();
        assert_eq!((made.made, made.repo.visibility), (true, Visibility::Private));
        // Another one of that name is not the one the role was for.
        let made = ensure_repo(app, &mut change, &name, guest, None).await;
        assert_eq!(made.unwrap_err().to_string(), "`labring/vault` was not found");
    }
}

#[tokio::test]
async fn a_repository_that_comes_with_a_declared_image_is_noted() {
    let hub = Hub::new().await;
    let app = &hub.app;
    for tag_name in ["v1", "v2"] {
        let declaration = images::Declaration::default();
        images::declare(app, &hub.writer, &repo(), &tag(tag_name), declaration).await.unwrap();
    }
    let noted = noted(&hub).await;
    let made: Vec<_> = noted.iter().map(|one| one.after.contains("\"created\"")).collect();
    assert_eq!(made, [false, true], "the newest first: {noted:?}");
}
