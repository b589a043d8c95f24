//! What the collector promises.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};

use hub_blobs::{BlobError, stream_of};
use hub_model::{BlobState, Digest, GcRun, GcState};
use hub_oci::BuiltImage;

use super::super::publish::fixtures::{Hub, image, repo, tag};
use super::super::publish::{ManifestRef, PublishError};
use super::super::uploads::{self, UploadError};
use super::super::{blobs, images, repos};
use super::*;

/// Everything at once: no grace at all.
const NOW: GcOrder = GcOrder { dry_run: false, grace_ms: Some(0), untagged_ms: None };

async fn collect(hub: &Hub, order: GcOrder, stop_at: Option<Stop>) -> GcRun {
    let id = write_down(&hub.app, "test", &order.wish(&hub.app)).await.unwrap();
    run(&hub.app, id, stop_at).await.unwrap()
}

/// Whether the store holds the bytes of a blob, and whether there is a row.
async fn traces(hub: &Hub, digest: &Digest) -> (bool, bool) {
    let bytes = hub.app.blobs.stat(digest).await.unwrap().is_some();
    (bytes, hub.app.db.blob(digest).await.unwrap().is_some())
}

#[tokio::test]
async fn what_an_image_needs_stays_and_what_a_deleted_one_needed_goes() {
    let hub = Hub::new().await;
    let (kept, gone) = (image("kept"), image("gone"));
    hub.push("v1", &kept).await;
    hub.push("v2", &gone).await;
    let report = collect(&hub, NOW, None).await.report;
    assert_eq!((report.blobs, report.links, report.orphans), (0, 0, 0));

    let (app, writer) = (&hub.app, &hub.writer);
    let digest = gone.digest.to_string();
    images::delete_manifest(app, writer, &repo(), &digest).await.unwrap();
    let dry = collect(&hub, GcOrder { dry_run: true, ..NOW }, None).await.report;
    let run = collect(&hub, NOW, None).await;
    let report = &run.report;
    assert_eq!((run.state, report.errors), (GcState::Done, 0));
    assert_eq!(report.links, gone.blobs.len() as u64);
    assert_eq!(
        (dry.blobs, dry.bytes, dry.links, dry.orphans),
        (report.blobs, report.bytes, report.links, report.orphans),
        "a dry run says what would go"
    );
    for (digest, bytes) in &kept.blobs {
        assert!(blobs::find(app, writer, &repo(), digest).await.is_ok());
        assert_eq!(app.blobs.stat(digest).await.unwrap(), Some(bytes.len() as u64));
    }
    for (digest, _) in gone.blobs.iter().filter(|blob| !kept.blobs.contains(blob)) {
        assert_eq!(traces(&hub, digest).await, (false, false));
    }
}

#[tokio::test]
async fn the_readme_of_a_deleted_image_goes_and_that_of_another_one_stays() {
    let hub = Hub::new().await;
    let (kept, gone) = (image("kept"), image("gone"));
    hub.push("v1", &kept).await;
    hub.push("v2", &gone).await;
    hub.app.settle().await.unwrap();
    let docs = hub.img("v2").await.detail.documents();
    let docs = docs.first().unwrap();
    assert_eq!(collect(&hub, NOW, None).await.report.documents, 0);

    let digest = gone.digest.to_string();
    images::delete_manifest(&hub.app, &hub.writer, &repo(), &digest).await.unwrap();
    hub.app.settle().await.unwrap();
    let order = GcOrder { grace_ms: None, ..NOW };
    assert_eq!(collect(&hub, order, None).await.report.documents, 0, "its grace begins");
    assert_eq!(collect(&hub, GcOrder { dry_run: true, ..NOW }, None).await.report.documents, 1);
    assert!(hub.app.db.document(docs).await.unwrap().is_some());
    assert_eq!(collect(&hub, NOW, None).await.report.documents, 1);
    assert!(hub.app.db.document(docs).await.unwrap().is_none());
    assert_eq!(hub.readme("v1").await.as_deref(), Some("kept"));

    // It comes back with its image.
    hub.push("v3", &gone).await;
    hub.app.settle().await.unwrap();
    assert_eq!(hub.readme("v3").await.as_deref(), Some("gone"));
}

#[tokio::test]
async fn nothing_goes_within_its_grace_and_who_asks_renews_it() {
    let hub = Hub::new().await;
    let image = image("half pushed");
    hub.upload(&image).await;
    let order = GcOrder { grace_ms: None, ..NOW };
    assert_eq!(collect(&hub, order, None).await.report.candidates, 0);
    let order = GcOrder { grace_ms: Some(-7), ..NOW };
    assert_eq!(order.wish(&hub.app).grace_ms, 0, "a grace is not negative");

    // A HEAD is as good as a new upload.
    let (digest, _) = &image.blobs[0];
    let asked_at = hub.app.now_ms() + 60_000;
    let row = hub.app.db.repo(&repo()).await.unwrap().unwrap();
    blobs::find(&hub.app, &hub.writer, &repo(), digest).await.unwrap();
    hub.app.asked.note(row.id, digest, asked_at);
    hub.app.flush().await;
    let report = collect(&hub, NOW, None).await.report;
    assert_eq!(report.links, image.blobs.len() as u64 - 1);
    assert_eq!(traces(&hub, digest).await, (true, true));
}

#[tokio::test]
async fn a_run_that_is_cut_off_anywhere_is_ended_by_the_next_one() {
    let stops = [Stop::Manifests, Stop::Unlinked, Stop::Condemned, Stop::BytesGone, Stop::Buried];
    for stop in stops {
        let hub = Hub::new().await;
        let (kept, gone) = (image("kept"), image("gone"));
        hub.push("v1", &kept).await;
        hub.push("v2", &gone).await;
        let digest = gone.digest.to_string();
        images::delete_manifest(&hub.app, &hub.writer, &repo(), &digest).await.unwrap();
        let run = collect(&hub, NOW, Some(stop)).await;
        assert_eq!(run.state, GcState::Interrupted, "{stop:?}");
        // No row points at bytes that are not there, unless the bytes are known to be going.
        for (digest, _) in &gone.blobs {
            let state = hub.app.db.blob(digest).await.unwrap().map(|(_, state)| state);
            let bytes = hub.app.blobs.stat(digest).await.unwrap();
            assert!(bytes.is_some() || state != Some(BlobState::Live), "{stop:?}");
        }
        let run = collect(&hub, NOW, None).await;
        assert_eq!((run.state, run.report.errors), (GcState::Done, 0), "{stop:?}");
        for (digest, _) in gone.blobs.iter().filter(|blob| !kept.blobs.contains(blob)) {
            assert_eq!(traces(&hub, digest).await, (false, false), "{stop:?}");
        }
        for (digest, _) in &kept.blobs {
            assert_eq!(traces(&hub, digest).await, (true, true), "{stop:?}");
        }
    }
}

#[tokio::test]
async fn a_deleted_repository_leaves_nothing_behind_but_what_others_hold() {
    let hub = Hub::new().await;
    let image = image("two homes");
    hub.push("v1", &image).await;
    let other = "labring/copy".parse().unwrap();
    let (shared, _) = &image.blobs[0];
    let from = repo();
    let source = uploads::MountSource { from: Some(&from), token: None };
    let mounted = uploads::mount(&hub.app, &hub.writer, &other, shared, source).await;
    assert!(mounted.unwrap());
    repos::delete(&hub.app, &hub.owner, &repo()).await.unwrap();
    // The mount is unused, too, but young enough for a grace of an hour.
    let order = GcOrder { grace_ms: Some(3_600_000), ..NOW };
    let report = collect(&hub, order, None).await.report;
    assert_eq!((report.orphans, report.blobs), (1, 0), "a manifest needs no grace");
    let row = hub.app.db.repo(&other).await.unwrap().unwrap();
    hub.app.db.renew_links(&[(row.id, shared.clone(), i64::MAX)]).await.unwrap();

    let report = collect(&hub, NOW, None).await.report;
    assert_eq!(report.blobs, image.blobs.len() as u64 - 1);
    assert_eq!(traces(&hub, shared).await, (true, true));
}

#[tokio::test]
async fn untagged_manifests_go_only_when_the_policy_says_so_and_nothing_holds_them() {
    let hub = Hub::new().await;
    let (first, second) = (image("first"), image("second"));
    hub.push("v1", &first).await;
    hub.push("v1", &second).await;
    assert_eq!(collect(&hub, NOW, None).await.report.manifests, 0, "the default keeps them");
    let held = async |digest: &Digest| {
        let row = hub.app.db.repo(&repo()).await.unwrap().unwrap();
        hub.app.db.manifest_head(row.id, digest).await.unwrap().is_some()
    };
    assert!(held(&first.digest).await);

    let order = GcOrder { untagged_ms: Some(1), ..NOW };
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let dry = collect(&hub, GcOrder { dry_run: true, ..order }, None).await.report;
    assert_eq!(dry.manifests, 1);
    let report = collect(&hub, order, None).await.report;
    assert_eq!((report.manifests, report.errors), (1, 0));
    assert!(!held(&first.digest).await && held(&second.digest).await);
    let report = collect(&hub, NOW, None).await.report;
    assert_eq!(report.errors, 0);
    for (digest, _) in first.blobs.iter().filter(|blob| !second.blobs.contains(blob)) {
        assert_eq!(traces(&hub, digest).await, (false, false));
    }
}

#[tokio::test]
async fn one_collector_works_at_a_time_and_only_administrators_ask() {
    let hub = Hub::new().await;
    let busy = hub.app.collecting.lock().await;
    let id = write_down(&hub.app, "test", &NOW.wish(&hub.app)).await.unwrap();
    assert!(matches!(run(&hub.app, id, None).await, Err(GcError::Busy)));
    drop(busy);
    assert_eq!(run(&hub.app, id, None).await.unwrap().state, GcState::Done);
    assert!(matches!(run(&hub.app, id, None).await, Err(GcError::Busy)), "done already");

    for actor in [&hub.owner, &hub.stranger, &Actor::Anonymous] {
        assert!(matches!(ask(&hub.app, actor, NOW).await, Err(GcError::Access(_))));
        assert!(matches!(list(&hub.app, actor).await, Err(GcError::Access(_))));
    }
    let asked = ask(&hub.app, &Actor::System, NOW).await.unwrap();
    assert_eq!(asked.state, GcState::Queued);
    assert!(hub.app.collect_one().await.unwrap());
    assert!(!hub.app.collect_one().await.unwrap(), "the interval is not over");
    let run = get(&hub.app, &Actor::System, asked.id).await.unwrap();
    assert_eq!(run.state, GcState::Done);
}

#[tokio::test]
async fn a_blob_that_is_being_deleted_is_absent_and_its_upload_comes_again() {
    let hub = Hub::new().await;
    let body = b"a layer".to_vec();
    let digest = hub_blobs::digest_of(&body, hub_model::Algorithm::Sha256);
    let upload = async || {
        let body = stream_of(body.clone());
        uploads::whole(&hub.app, &hub.writer, &repo(), &digest, body, None).await
    };
    upload().await.unwrap();
    blobs::delete(&hub.app, &hub.writer, &repo(), &digest).await.unwrap();
    let run = collect(&hub, NOW, Some(Stop::Condemned)).await;
    assert_eq!(run.state, GcState::Interrupted);
    let found = blobs::find(&hub.app, &hub.writer, &repo(), &digest).await;
    assert!(matches!(found, Err(blobs::BlobsError::Unknown { .. })));
    // Nobody ends the deletion while the upload waits for it.
    let refused = upload().await;
    assert!(matches!(refused, Err(UploadError::Collected { .. })), "{refused:?}");

    let (uploaded, run) = futures::join!(upload(), collect(&hub, NOW, None));
    uploaded.unwrap();
    assert_eq!(run.report.errors, 0);
    assert_eq!(traces(&hub, &digest).await, (true, true));
}

#[tokio::test]
async fn what_a_run_that_was_cut_off_had_condemned_goes_at_once_and_can_be_pushed_again() {
    let hub = Hub::new().await;
    let image = image("gone");
    let (digest, body) = &image.blobs[0];
    let upload = async || {
        let body = stream_of(body.clone());
        uploads::whole(&hub.app, &hub.writer, &repo(), digest, body, None).await
    };
    for (stop, goes_on) in [
        (Stop::Unlinked, false),
        (Stop::Condemned, true),
        (Stop::BytesGone, true),
        (Stop::Buried, false),
    ] {
        upload().await.unwrap();
        assert_eq!(collect(&hub, NOW, Some(stop)).await.state, GcState::Interrupted, "{stop:?}");
        assert_eq!(hub.app.collect_one().await.unwrap(), goes_on, "{stop:?}");
        assert!(!hub.app.collect_one().await.unwrap(), "{stop:?}: nothing is left to do");
        upload().await.unwrap();
        collect(&hub, NOW, None).await;
    }
    let runs = list(&hub.app, &Actor::System).await.unwrap();
    assert_eq!(runs.iter().filter(|run| run.cause == "unfinished").count(), 2);
}

/// Pushes an image until the hub takes it: with no grace, a blob may go before its manifest comes.
async fn push_until_taken(hub: &Hub, name: &str, image: &BuiltImage) {
    for _ in 0..200 {
        let mut whole = true;
        for (digest, bytes) in &image.blobs {
            let body = stream_of(bytes.clone());
            match uploads::whole(&hub.app, &hub.writer, &repo(), digest, body, None).await {
                Ok(_) => {}
                Err(UploadError::Collected { .. }) => whole = false,
                Err(error) => panic!("{error:?}"),
            }
        }
        if !whole {
            continue;
        }
        match hub.put(&hub.writer, ManifestRef::Tag(tag(name)), image).await {
            Ok(_) => return,
            Err(PublishError::Missing { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("{name} was never taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_and_deletes_of_the_same_blobs_lose_nothing_to_a_collector_without_grace() {
    for hub in Hub::on_every_engine().await {
        let (done, removed) = (AtomicBool::new(false), AtomicU64::new(0));
        let pushers = async {
            let push = async |worker: usize| {
                // On a busy machine the collector may come late: nobody stops before it was there.
                for turn in (0..300).take_while(|turn| *turn < 6 || removed.load(Relaxed) == 0) {
                    // The same few images from everybody.
                    let image = image(&format!("image {}", (worker + turn) % 3));
                    let name = format!("w{worker}-{turn}");
                    push_until_taken(&hub, &name, &image).await;
                    if turn % 2 == 0 {
                        let reference = image.digest.to_string();
                        let (app, writer) = (&hub.app, &hub.writer);
                        // Somebody else may have been faster.
                        let _ = images::delete_manifest(app, writer, &repo(), &reference).await;
                    }
                }
            };
            futures::future::join_all((0..4).map(push)).await;
            done.store(true, Relaxed);
        };
        let collector = async {
            while !done.load(Relaxed) {
                let run = collect(&hub, NOW, None).await;
                assert_eq!(run.report.errors, 0, "{:?}", run.report);
                removed.fetch_add(run.report.blobs, Relaxed);
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(pushers, collector);
        assert!(removed.into_inner() > 0, "the collector had something to do");

        let row = hub.app.db.repo(&repo()).await.unwrap().unwrap();
        let tags = hub.app.db.tags(row.id, None, 1000).await.unwrap();
        for tag in &tags {
            let digest = hub.app.db.tag_digest(row.id, tag).await.unwrap().unwrap();
            let manifest = hub.app.db.manifest(row.id, &digest).await.unwrap().unwrap();
            for link in &manifest.facts.links {
                let held = hub.app.db.blob_in(row.id, &link.digest).await.unwrap();
                assert_eq!(held, Some(link.size), "{tag}");
                let stored = hub.app.blobs.stat(&link.digest).await;
                assert!(!matches!(stored, Err(BlobError::NotFound { .. })));
                assert_eq!(stored.unwrap(), Some(link.size), "{tag}");
            }
        }
    }
}
