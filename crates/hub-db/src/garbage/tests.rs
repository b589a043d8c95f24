//! Tests of marks and of what becomes of them, on both engines.

use hub_model::{BlobState, Link, LinkKind, Manifest, ManifestFacts, Repo, Visibility};

use super::*;
use crate::Change;
use crate::fixtures::{digest, engines, new_img, tag, with_repo};

/// An image manifest with these blobs, or an index when `kind` says so.
fn manifest(number: u64, kind: LinkKind, targets: &[u64], subject: Option<u64>) -> Manifest {
    let link = |target: &u64| Link { kind, digest: digest(*target), size: 1, elsewhere: false };
    Manifest {
        digest: digest(number),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        body: b"{}".to_vec(),
        facts: ManifestFacts {
            subject: subject.map(digest),
            annotations: "{}".to_owned(),
            links: targets.iter().map(link).collect(),
            ..ManifestFacts::default()
        },
    }
}

impl Change {
    async fn a_blob(&mut self, repo: &Repo, number: u64, at_ms: i64) {
        self.put_blob(&digest(number), number, at_ms).await.unwrap();
        self.link_blob(repo.id, &digest(number), at_ms).await.unwrap();
    }

    async fn a_manifest(&mut self, repo: &Repo, manifest: &Manifest, at_ms: i64) {
        self.put_manifest(manifest).await.unwrap();
        self.link_manifest(repo.id, manifest, at_ms, "alice").await.unwrap();
    }
}

async fn unused(db: &Db, before_ms: i64) -> Vec<Digest> {
    let found = db.unused_links(before_ms, &Place::default(), 100).await.unwrap();
    found.into_iter().map(|one| one.digest).collect()
}

async fn untagged(db: &Db, before_ms: i64) -> Vec<Digest> {
    let found = db.untagged_manifests(before_ms, &Place::default(), 100).await.unwrap();
    found.into_iter().map(|one| one.digest).collect()
}

#[tokio::test]
async fn a_blob_is_unused_until_a_manifest_names_it_and_again_afterwards() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        change.a_blob(&repo, 1, 10).await;
        change.a_blob(&repo, 2, 11).await;
        change.commit().await.unwrap();
        assert!(db.held_blob(repo.id, &digest(1)).await.unwrap().unwrap().unused);
        assert_eq!(unused(&db, 9).await, []);
        assert_eq!(unused(&db, 10).await, [digest(1)]);
        let first = db.unused_links(11, &Place::default(), 1).await.unwrap();
        let rest = db.unused_links(11, &first[0].place(), 9).await.unwrap();
        assert_eq!(rest.iter().map(|one| &one.digest).collect::<Vec<_>>(), [&digest(2)]);

        let image = manifest(50, LinkKind::Layer, &[1], None);
        let mut change = db.change().await.unwrap();
        change.a_manifest(&repo, &image, 20).await;
        change.commit().await.unwrap();
        assert_eq!(unused(&db, 99).await, [digest(2)]);
        assert!(!db.held_blob(repo.id, &digest(1)).await.unwrap().unwrap().unused);

        let mut change = db.change().await.unwrap();
        assert!(change.unlink_manifest(repo.id, &digest(50), 30).await.unwrap());
        change.commit().await.unwrap();
        assert_eq!(unused(&db, 29).await, [digest(2)]);
        assert_eq!(unused(&db, 30).await, [digest(2), digest(1)]);
        // Somebody asked for it.
        db.renew_links(&[(repo.id, digest(2), 40), (repo.id, digest(1), 25)]).await.unwrap();
        assert_eq!(unused(&db, 39).await, [digest(1)]);
    }
}

#[tokio::test]
async fn only_what_is_unused_is_taken_out_and_a_wrong_mark_is_taken_back() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        change.a_blob(&repo, 2, 10).await;
        // The blob comes behind the manifest that names it: its mark is wrong.
        let sparse = manifest(50, LinkKind::Layer, &[1], None);
        change.a_manifest(&repo, &sparse, 20).await;
        change.a_blob(&repo, 1, 30).await;
        change.commit().await.unwrap();
        assert_eq!(unused(&db, 99).await, [digest(2), digest(1)]);

        let mut change = db.change().await.unwrap();
        let judged = change.drop_unused(repo.id, &digest(2), 9).await.unwrap();
        assert_eq!(judged, Verdict::Changed, "within its grace");
        let judged = change.drop_unused(repo.id, &digest(1), 99).await.unwrap();
        assert_eq!(judged, Verdict::Needed);
        let judged = change.drop_unused(repo.id, &digest(2), 99).await.unwrap();
        assert_eq!(judged, Verdict::Gone);
        let judged = change.drop_unused(repo.id, &digest(2), 99).await.unwrap();
        assert_eq!(judged, Verdict::Changed, "gone already");
        change.commit().await.unwrap();
        assert_eq!(unused(&db, 99).await, []);
        let lone = db.lone_blobs(99, (i64::MIN, ""), 9).await.unwrap();
        assert_eq!(lone, [(10, digest(2), 2)], "no second grace time");
    }
}

#[tokio::test]
async fn a_blob_that_two_manifests_name_is_unused_when_the_second_one_goes() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        change.a_blob(&repo, 1, 10).await;
        for number in [50, 51] {
            let image = manifest(number, LinkKind::Layer, &[1], None);
            change.a_manifest(&repo, &image, 20).await;
        }
        change.unlink_manifest(repo.id, &digest(50), 30).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(unused(&db, 99).await, []);

        let mut change = db.change().await.unwrap();
        change.unlink_manifest(repo.id, &digest(51), 40).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(unused(&db, 39).await, []);
        assert_eq!(unused(&db, 40).await, [digest(1)]);
    }
}

#[tokio::test]
async fn a_blob_waits_for_its_manifest_until_the_grace_ends_or_that_went() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        assert!(!change.holds_manifests(repo.id).await.unwrap());
        change.a_blob(&repo, 1, 10).await;
        assert!(change.awaits_manifest(repo.id, 9).await.unwrap());
        assert!(!change.awaits_manifest(repo.id, 10).await.unwrap(), "long unused");
        change.a_manifest(&repo, &manifest(50, LinkKind::Layer, &[1], None), 20).await;
        assert!(change.holds_manifests(repo.id).await.unwrap());
        assert!(!change.awaits_manifest(repo.id, 9).await.unwrap());

        change.unlink_manifest(repo.id, &digest(50), 30).await.unwrap();
        assert!(!change.holds_manifests(repo.id).await.unwrap());
        assert!(!change.awaits_manifest(repo.id, 9).await.unwrap(), "it was left behind");
        change.link_blob(repo.id, &digest(1), 40).await.unwrap();
        assert!(change.awaits_manifest(repo.id, 9).await.unwrap(), "it came once more");
    }
}

#[tokio::test]
async fn a_blob_that_nobody_holds_is_condemned_then_buried() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        change.a_blob(&repo, 1, 10).await;
        change.put_blob(&digest(2), 2, 10).await.unwrap();
        change.put_blob(&digest(3), 3, 20).await.unwrap();
        change.commit().await.unwrap();
        let mut change = db.change().await.unwrap();
        // As two changes at once may leave it: marked, and held all the same.
        change.unlink_blob(repo.id, &digest(1), 5).await.unwrap();
        change.link_blob(repo.id, &digest(1), 10).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(db.count_garbage(15).await.unwrap(), 2);

        let mut change = db.change().await.unwrap();
        let (condemned, spared) = change.condemn_blobs(15, 9).await.unwrap();
        assert_eq!((condemned, spared), (vec![(digest(2), 2)], 0));
        change.commit().await.unwrap();
        assert_eq!(db.blob(&digest(2)).await.unwrap(), Some((2, BlobState::Deleting)));
        db.claim_blob(&digest(2), 99).await.unwrap();
        db.claim_blob(&digest(3), 99).await.unwrap();
        assert_eq!(db.lone_blobs(98, (i64::MIN, ""), 9).await.unwrap(), [], "claimed");

        let condemned = db.condemned_blobs("", 9).await.unwrap();
        assert_eq!(condemned.blobs, [(digest(2), 2)]);
        condemned.bury(&db, &[]).await.unwrap();
        let condemned = db.condemned_blobs("", 9).await.unwrap();
        condemned.bury(&db, &[digest(2), digest(3)]).await.unwrap();
        assert_eq!(db.blob(&digest(2)).await.unwrap(), None);
        assert!(db.blob(&digest(3)).await.unwrap().is_some(), "it was not condemned");
    }
}

#[tokio::test]
async fn what_two_repositories_leave_at_the_same_time_is_found() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let org = db.org(&repo.name.org()).await.unwrap().unwrap();
        let mut change = db.change().await.unwrap();
        let other = change.a_repo(&org, "other", Visibility::Public).await;
        let image = manifest(50, LinkKind::Layer, &[1, 2, 3], None);
        for repo in [&repo, &other] {
            for number in [1, 2, 3] {
                change.a_blob(repo, number, 10).await;
            }
            change.a_manifest(repo, &image, 20).await;
        }
        change.commit().await.unwrap();

        let delete = async |repo: &Repo| {
            let mut change = db.change().await.unwrap();
            change.delete_repo(repo.id, 30).await.unwrap();
            change.commit().await.unwrap();
        };
        futures::join!(delete(&repo), delete(&other));
        assert_eq!(db.lone_blobs(30, (i64::MIN, ""), 9).await.unwrap().len(), 3);
        assert_eq!(db.count_orphans().await.unwrap(), 1);
        let mut change = db.change().await.unwrap();
        assert_eq!(change.drop_orphans(30, 9).await.unwrap(), (1, 0));
        change.commit().await.unwrap();
        assert_eq!(db.count_orphans().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_manifest_that_comes_back_is_no_orphan() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let image = manifest(50, LinkKind::Layer, &[], None);
        let mut change = db.change().await.unwrap();
        change.a_manifest(&repo, &image, 20).await;
        change.unlink_manifest(repo.id, &digest(50), 30).await.unwrap();
        change.a_manifest(&repo, &image, 40).await;
        change.commit().await.unwrap();
        let mut change = db.change().await.unwrap();
        assert_eq!(change.drop_orphans(99, 9).await.unwrap(), (0, 0));
        change.commit().await.unwrap();
        assert!(db.manifest(repo.id, &digest(50)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_manifest_is_held_by_tags_indexes_subjects_and_referrers() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        let child = manifest(1, LinkKind::Layer, &[], None);
        let index = manifest(2, LinkKind::Manifest, &[1], None);
        let referrer = manifest(3, LinkKind::Layer, &[], Some(2));
        let alone = manifest(4, LinkKind::Layer, &[], Some(99));
        for one in [&child, &index, &referrer, &alone] {
            change.a_manifest(&repo, one, 10).await;
        }
        change.put_img(&new_img(&repo, "v1", Some(digest(2)), 11)).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(untagged(&db, 99).await, [digest(1), digest(3), digest(4)]);
        let holder = async |number| db.manifest_holder(repo.id, &digest(number)).await.unwrap();
        assert_eq!(holder(1).await.as_deref(), Some("index"));
        assert_eq!(holder(2).await.as_deref(), Some("tag"));
        assert_eq!(holder(3).await.as_deref(), Some("subject"));
        assert_eq!(holder(4).await, None);

        let judge = async |number, before_ms| {
            let mut change = db.change().await.unwrap();
            let judged = change.judge_untagged(repo.id, &digest(number), before_ms).await.unwrap();
            change.commit().await.unwrap();
            judged
        };
        assert_eq!(judge(1, 9).await, Verdict::Changed);
        assert_eq!(judge(1, 99).await, Verdict::Needed);
        assert_eq!(judge(3, 99).await, Verdict::Needed);
        assert_eq!(judge(4, 99).await, Verdict::Gone);
        assert_eq!(untagged(&db, 99).await, [digest(4)]);

        let mut change = db.change().await.unwrap();
        change.delete_img(repo.id, &tag("v1"), 20).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(untagged(&db, 99).await, [digest(4), digest(2)]);
        assert_eq!(judge(2, 99).await, Verdict::Needed, "something refers to it");
        assert_eq!(holder(2).await.as_deref(), Some("referrer"));

        let mut change = db.change().await.unwrap();
        change.unlink_manifest(repo.id, &digest(3), 30).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(untagged(&db, 99).await, [digest(4), digest(2)]);
        assert_eq!(judge(2, 99).await, Verdict::Gone);
        let mut change = db.change().await.unwrap();
        change.unlink_manifest(repo.id, &digest(2), 40).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(untagged(&db, 99).await, [digest(4), digest(1)], "its child is loose");
        assert_eq!(judge(1, 99).await, Verdict::Gone);
    }
}

#[tokio::test]
async fn a_tag_that_moves_lets_its_old_manifest_go() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        for number in [1, 2] {
            let image = manifest(number, LinkKind::Layer, &[], None);
            change.a_manifest(&repo, &image, 10).await;
            change.put_img(&new_img(&repo, "v1", Some(digest(number)), 11)).await.unwrap();
        }
        change.commit().await.unwrap();
        assert_eq!(untagged(&db, 99).await, [digest(1)]);
    }
}

#[tokio::test]
async fn what_one_collector_removes_no_other_one_touches_and_no_upload_links() {
    for (db, _fresh) in engines().await {
        // One process has a SQLite file, and one task of it collects.
        if matches!(db, Db::Lite(_)) {
            continue;
        }
        let mut change = db.change().await.unwrap();
        change.put_blob(&digest(1), 1, 10).await.unwrap();
        change.condemn_blobs(10, 9).await.unwrap();
        change.commit().await.unwrap();

        let first = db.condemned_blobs("", 9).await.unwrap();
        assert_eq!(first.blobs.len(), 1);
        let second = db.condemned_blobs("", 9).await.unwrap();
        assert_eq!(second.blobs, [], "it is in other hands");
        let upload = async {
            let mut change = db.change().await.unwrap();
            change.hold_blob(&digest(1)).await.unwrap()
        };
        let removal = async {
            tokio::task::yield_now().await;
            first.bury(&db, &[digest(1)]).await.unwrap();
        };
        let (held, ()) = futures::join!(upload, removal);
        assert!(
            held.is_none() || held == Some((1, BlobState::Deleting)),
            "an upload sees it deleted or gone, never live: {held:?}"
        );
    }
}

#[tokio::test]
async fn a_blob_that_an_upload_keeps_is_not_condemned() {
    for (db, _fresh) in engines().await {
        if matches!(db, Db::Lite(_)) {
            continue;
        }
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        change.put_blob(&digest(1), 1, 10).await.unwrap();
        change.commit().await.unwrap();
        let mut upload = db.change().await.unwrap();
        assert_eq!(upload.hold_blob(&digest(1)).await.unwrap(), Some((1, BlobState::Live)));
        let mut collector = db.change().await.unwrap();
        assert_eq!(collector.condemn_blobs(99, 9).await.unwrap(), (Vec::new(), 0));
        collector.commit().await.unwrap();
        upload.link_blob(repo.id, &digest(1), 20).await.unwrap();
        upload.commit().await.unwrap();
        let mut collector = db.change().await.unwrap();
        assert_eq!(collector.condemn_blobs(99, 9).await.unwrap(), (Vec::new(), 0));
        collector.commit().await.unwrap();
    }
}
