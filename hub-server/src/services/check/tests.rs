//! What checks find, what they set right, and what heals by itself.

use futures::StreamExt as _;
use hub_blobs::{Staged, digest_of, stream_of};
use hub_model::{Algorithm, BlobState, Digest};

use super::super::blobs::{self, BlobsError};
use super::super::damage::Damage;
use super::super::publish::fixtures::{Hub, image, repo, tag};
use super::super::{damage, uploads};
use super::*;

const FIX: Wish = Wish { fix: true, rehash: Rehash::All, index: true };
const LOOK: Wish = Wish { fix: false, ..FIX };

async fn run(hub: &Hub, wish: Wish) -> CheckReport {
    check(&hub.app, &Actor::System, wish, None).await.unwrap()
}

fn kinds(report: &CheckReport) -> Vec<(Kind, u64)> {
    report.counts.iter().map(|(kind, count)| (*kind, *count)).collect()
}

/// The file of a blob.
fn file(hub: &Hub, digest: &Digest) -> std::path::PathBuf {
    let hex = digest.hex();
    let blobs = hub.app.config.blobs_dir().join("blobs");
    blobs.join(digest.algorithm().as_str()).join(&hex[..2]).join(hex)
}

fn change_a_byte(hub: &Hub, digest: &Digest) {
    let path = file(hub, digest);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[0] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_hub_where_all_is_well_is_clean() {
    for hub in Hub::on_every_engine().await {
        hub.push("v1", &image("well")).await;
        hub.app.settle().await.unwrap();
        let report = run(&hub, LOOK).await;
        assert!(report.is_clean(), "{report:?}");
        assert!(report.index_checked && report.repos == 1 && report.blobs == report.rehashed);
    }
}

#[tokio::test]
async fn lost_and_changed_bytes_are_found_never_served_and_healed_by_a_push() {
    for hub in Hub::on_every_engine().await {
        let image = image("damaged");
        hub.push("v1", &image).await;
        hub.app.settle().await.unwrap();
        let [(gone, _), (changed, _), ..] = image.blobs.as_slice() else { panic!("two blobs") };
        std::fs::remove_file(file(&hub, gone)).unwrap();
        change_a_byte(&hub, changed);

        let found = [(Kind::BytesMissing, 1), (Kind::WrongDigest, 1)];
        let report = run(&hub, LOOK).await;
        assert_eq!(kinds(&report), found);
        let needed = format!("{}:v1", repo());
        assert!(report.findings.iter().all(|one| one.needed_by == [needed.clone()]), "{report:?}");
        assert!(report.findings.iter().all(|one| !one.fixed));
        let report = run(&hub, FIX).await;
        assert_eq!(kinds(&report), found);
        assert!(report.findings.iter().all(|one| one.fixed));
        assert_eq!(kinds(&run(&hub, LOOK).await), [(Kind::Damaged, 2)]);
        assert_eq!(hub.app.db.count_damaged().await.unwrap(), 2);

        for digest in [gone, changed] {
            let found = blobs::find(&hub.app, &hub.writer, &repo(), digest).await;
            assert!(matches!(found, Err(BlobsError::Damaged { .. })), "{found:?}");
            let other = "labring/other".parse().unwrap();
            let from = repo();
            let source = uploads::MountSource { from: Some(&from), token: None };
            let mounted = uploads::mount(&hub.app, &hub.writer, &other, digest, source).await;
            assert!(!mounted.unwrap());
        }
        assert!(!file(&hub, changed).exists(), "it was set aside");
        hub.push("v1", &image).await;
        hub.app.settle().await.unwrap();
        let report = run(&hub, LOOK).await;
        assert!(report.is_clean(), "{report:?}");
    }
}

#[tokio::test]
async fn a_file_that_was_cut_off_breaks_the_answer_and_is_recorded() {
    let hub = Hub::new().await;
    let image = image("cut off");
    hub.push("v1", &image).await;
    let (digest, bytes) = &image.blobs[0];
    std::fs::write(file(&hub, digest), &bytes[..bytes.len() / 2]).unwrap();
    let found = blobs::find(&hub.app, &hub.writer, &repo(), digest).await.unwrap();
    let pieces: Vec<_> = found.read(0..found.size).await.unwrap().collect().await;
    assert!(pieces.last().unwrap().is_err(), "it does not end as if it were whole");
    hub.app.flush().await;
    let state = hub.app.db.blob(digest).await.unwrap().unwrap().1;
    assert_eq!(state, BlobState::Damaged);

    // The same for one that is gone.
    let (digest, _) = &image.blobs[1];
    std::fs::remove_file(file(&hub, digest)).unwrap();
    let found = blobs::find(&hub.app, &hub.writer, &repo(), digest).await.unwrap();
    assert!(found.read(0..found.size).await.is_err());
    hub.app.flush().await;
    assert_eq!(hub.app.db.count_damaged().await.unwrap(), 2);
}

#[tokio::test]
async fn the_scrub_reads_what_was_not_read_for_long_and_finds_what_changed() {
    let hub = Hub::with(|config| {
        config.scrub.every_days = 0;
        config.scrub.bytes_per_second = u64::MAX;
    })
    .await;
    let image = image("scrubbed");
    hub.push("v1", &image).await;
    let blobs = image.blobs.len();
    assert_eq!(hub.app.scrub_some().await.unwrap(), blobs);
    let (digest, _) = &image.blobs[0];
    change_a_byte(&hub, digest);
    assert_eq!(hub.app.scrub_some().await.unwrap(), blobs);
    let state = hub.app.db.blob(digest).await.unwrap().unwrap().1;
    assert_eq!(state, BlobState::Damaged);
    assert_eq!(hub.app.scrub_some().await.unwrap(), blobs - 1);
}

#[tokio::test]
async fn a_blob_that_cannot_be_read_does_not_stop_the_scrub() {
    let hub = Hub::with(|config| {
        config.scrub.every_days = 0;
        config.scrub.bytes_per_second = u64::MAX;
    })
    .await;
    let image = image("unreadable");
    hub.push("v1", &image).await;
    let [(unreadable, _), (changed, _), ..] = image.blobs.as_slice() else { panic!("two blobs") };
    let path = file(&hub, unreadable);
    std::fs::remove_file(&path).unwrap();
    // A link to itself: neither absent nor readable.
    std::os::unix::fs::symlink(&path, &path).unwrap();
    change_a_byte(&hub, changed);
    let before = hub.app.db.blob_checked_at(unreadable).await.unwrap();
    assert_eq!(hub.app.scrub_some().await.unwrap(), image.blobs.len());
    assert_eq!(hub.app.db.blob(changed).await.unwrap().unwrap().1, BlobState::Damaged);
    assert_eq!(hub.app.db.blob(unreadable).await.unwrap().unwrap().1, BlobState::Live);
    assert!(hub.app.db.blob_checked_at(unreadable).await.unwrap() > before, "it has its turn");
}

#[tokio::test]
async fn damage_that_was_healed_meanwhile_is_not_recorded() {
    let hub = Hub::new().await;
    let image = image("healed");
    hub.push("v1", &image).await;
    let (digest, bytes) = &image.blobs[0];
    let size = bytes.len() as u64;
    for damage in [Damage::Missing, Damage::Size { found: 1 }, Damage::Changed] {
        assert!(!damage::record(&hub.app, digest, size, &damage).await.unwrap(), "{damage:?}");
    }
    assert_eq!(hub.app.db.count_damaged().await.unwrap(), 0);
}

#[tokio::test]
async fn bytes_and_uploads_that_nobody_knows_go_when_they_are_old() {
    let hub = Hub::with(|config| config.gc.grace_hours = 0).await;
    hub.push("v1", &image("known")).await;
    hub.app.settle().await.unwrap();
    let body = b"nobody knows me".to_vec();
    let digest = digest_of(&body, Algorithm::Sha256);
    let mut staged = Staged::new("unknown", Algorithm::Sha256);
    hub.app.blobs.append(&mut staged, stream_of(body)).await.unwrap();
    hub.app.blobs.publish(staged, &digest).await.unwrap();
    let mut staged = Staged::new("leftover", Algorithm::Sha256);
    hub.app.blobs.append(&mut staged, stream_of("half")).await.unwrap();
    let going_on = uploads::start(&hub.app, &hub.writer, &repo(), None).await.unwrap();
    let piece = stream_of("goes on");
    let appended = uploads::append(&hub.app, &hub.writer, &repo(), &going_on.id, None, piece).await;
    appended.unwrap();
    // What is as young as this millisecond is left alone.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;

    let found = [(Kind::UnknownBytes, 1), (Kind::Leftover, 1)];
    assert_eq!(kinds(&run(&hub, LOOK).await), found);
    assert_eq!(kinds(&run(&hub, FIX).await), found);
    assert_eq!(hub.app.blobs.stat(&digest).await.unwrap(), None);
    assert!(run(&hub, LOOK).await.is_clean());
    let upload = uploads::status(&hub.app, &hub.writer, &repo(), &going_on.id).await.unwrap();
    assert_eq!(upload.offset_bytes, 7);
}

#[tokio::test]
async fn wrong_latest_tags_lost_marks_and_a_wrong_index_are_set_right() {
    for hub in Hub::on_every_engine().await {
        hub.push("v1", &image("latest")).await;
        hub.app.settle().await.unwrap();
        let row = hub.app.db.repo(&repo()).await.unwrap().unwrap();
        let wrong = hub_db::Latest {
            tag: Some(tag("v9")),
            semver: None,
            tags: 7,
            pushed_at_ms: row.pushed_at_ms,
            updated_at_ms: row.updated_at_ms,
        };
        let mut change = hub.app.db.change().await.unwrap();
        change.set_latest(row.id, &wrong).await.unwrap();
        change.commit().await.unwrap();
        let batch = hub_search::Batch {
            put: vec![hub_model::SearchDoc {
                repo_id: 999,
                name: "labring/ghost".to_owned(),
                ..hub_model::SearchDoc::default()
            }],
            remove: vec![repo().to_string()],
            position: hub.app.index.position(),
        };
        hub.app.index.apply(&batch).unwrap();

        let found = [(Kind::WrongLatest, 1), (Kind::NotIndexed, 1), (Kind::IndexedTooMuch, 1)];
        assert_eq!(kinds(&run(&hub, LOOK).await), found);
        assert_eq!(kinds(&run(&hub, FIX).await), found);
        hub.app.settle().await.unwrap();
        let report = run(&hub, LOOK).await;
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(hub.latest().await.as_deref(), Some("v1"));
    }
}
