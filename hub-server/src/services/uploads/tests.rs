//! What uploads promise.

use std::io;

use bytes::Bytes;
use futures::{StreamExt, stream};
use hub_blobs::{ByteStream, digest_of, stream_of};
use hub_model::{Algorithm, Digest, Scope};

use super::super::blobs::{self, BlobsError};
use super::super::publish::fixtures::{Hub, image, repo};
use super::super::registry_tokens::Verified;
use super::{
    Chunk, MountSource, UploadError, append, cancel, expire, finish, mount, start, status, whole,
};

const HALVES: (&str, &str) = ("first half, ", "second half");

fn digest(algorithm: Algorithm) -> Digest {
    digest_of(format!("{}{}", HALVES.0, HALVES.1).as_bytes(), algorithm)
}

fn nothing() -> (Option<Chunk>, ByteStream<'static>) {
    (None, stream_of(""))
}

async fn begin(hub: &Hub) -> String {
    start(&hub.app, &hub.writer, &repo(), None).await.unwrap().id
}

async fn read(hub: &Hub, digest: &Digest) -> Result<Vec<u8>, BlobsError> {
    let blob = blobs::find(&hub.app, &hub.writer, &repo(), digest).await?;
    let pieces = blob.read(0..blob.size).await?;
    Ok(pieces.map(Result::unwrap).collect::<Vec<Bytes>>().await.concat())
}

#[tokio::test]
async fn an_upload_goes_on_where_it_broke_off() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    let broken = stream::iter([
        Ok(Bytes::from(HALVES.0)),
        Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    ]);
    let error = append(&hub.app, &hub.writer, &repo(), &id, None, broken.boxed()).await;
    let Err(UploadError::BrokeOff { offset, .. }) = error else { panic!("{error:?}") };
    assert_eq!(offset, HALVES.0.len() as u64);
    assert_eq!(status(&hub.app, &hub.writer, &repo(), &id).await.unwrap().offset_bytes, offset);

    let chunk = Chunk { start: Some(offset), length: Some(HALVES.1.len() as u64) };
    let last = (Some(chunk), stream_of(HALVES.1));
    let want = digest(Algorithm::Sha256);
    finish(&hub.app, &hub.writer, &repo(), &id, last, &want).await.unwrap();
    assert_eq!(read(&hub, &want).await.unwrap(), b"first half, second half");
    let ended = status(&hub.app, &hub.writer, &repo(), &id).await;
    assert!(matches!(ended, Err(UploadError::Unknown { .. })));
}

#[tokio::test]
async fn bytes_that_came_stay_when_the_request_is_dropped() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    let (sender, receiver) = futures::channel::mpsc::unbounded::<io::Result<Bytes>>();
    sender.unbounded_send(Ok(Bytes::from(HALVES.0))).unwrap();
    {
        let name = repo();
        let request = append(&hub.app, &hub.writer, &name, &id, None, receiver.boxed());
        let soon = tokio::time::timeout(std::time::Duration::from_millis(50), request);
        assert!(soon.await.is_err(), "the request waits for more");
    }
    // The connection goes after the request.
    drop(sender);
    hub.app.tasks.close();
    hub.app.tasks.wait().await;
    hub.app.tasks.reopen();
    let upload = status(&hub.app, &hub.writer, &repo(), &id).await.unwrap();
    assert_eq!(upload.offset_bytes, HALVES.0.len() as u64);
}

#[tokio::test]
async fn a_piece_out_of_order_is_refused_and_the_session_stays() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    for start in [5, 1024] {
        let chunk = Some(Chunk { start: Some(start), length: None });
        let body = stream_of("x");
        let error = append(&hub.app, &hub.writer, &repo(), &id, chunk, body).await.unwrap_err();
        assert!(matches!(error, UploadError::OutOfOrder { offset: 0, .. }), "{error}");
        let last = (chunk, stream_of("x"));
        let want = digest(Algorithm::Sha256);
        let error = finish(&hub.app, &hub.writer, &repo(), &id, last, &want).await.unwrap_err();
        assert!(matches!(error, UploadError::OutOfOrder { offset: 0, .. }), "{error}");
    }
    let chunk = Some(Chunk { start: Some(0), length: None });
    let body = stream_of(HALVES.0);
    append(&hub.app, &hub.writer, &repo(), &id, chunk, body).await.unwrap();
}

#[tokio::test]
async fn two_writers_never_mix() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    let (sender, receiver) = futures::channel::mpsc::unbounded::<io::Result<Bytes>>();
    let (reading, is_reading) = futures::channel::oneshot::channel();
    // Asked for its first piece, the body tells that its request holds the session.
    let holds = stream::once(async move {
        reading.send(()).unwrap();
        Ok(Bytes::new())
    });
    let name = repo();
    let body = holds.chain(receiver).boxed();
    let first = append(&hub.app, &hub.writer, &name, &id, None, body);
    let second = async {
        is_reading.await.unwrap();
        let body = stream_of("intruder");
        let error = append(&hub.app, &hub.writer, &name, &id, None, body).await.unwrap_err();
        assert!(matches!(error, UploadError::Busy { .. }), "{error}");
        sender.unbounded_send(Ok(Bytes::from(HALVES.0))).unwrap();
        drop(sender);
    };
    let (first, ()) = tokio::join!(first, second);
    assert_eq!(first.unwrap().offset_bytes, HALVES.0.len() as u64);
}

#[tokio::test]
async fn bytes_with_another_digest_are_dropped_with_their_session() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    let body = stream_of("something else");
    append(&hub.app, &hub.writer, &repo(), &id, None, body).await.unwrap();
    let want = digest(Algorithm::Sha256);
    let error = finish(&hub.app, &hub.writer, &repo(), &id, nothing(), &want).await.unwrap_err();
    assert!(matches!(error, UploadError::WrongDigest { .. }), "{error}");
    assert!(matches!(read(&hub, &want).await, Err(BlobsError::Access(_))));
    let ended = status(&hub.app, &hub.writer, &repo(), &id).await;
    assert!(matches!(ended, Err(UploadError::Unknown { .. })));
    let error = whole(&hub.app, &hub.writer, &repo(), &want, stream_of("x"), None).await;
    assert!(matches!(error, Err(UploadError::WrongDigest { .. })));
}

#[tokio::test]
async fn a_session_that_was_not_told_the_algorithm_ends_with_another_one() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    for half in [HALVES.0, HALVES.1] {
        append(&hub.app, &hub.writer, &repo(), &id, None, stream_of(half)).await.unwrap();
    }
    let want = digest(Algorithm::Sha512);
    finish(&hub.app, &hub.writer, &repo(), &id, nothing(), &want).await.unwrap();
    assert_eq!(read(&hub, &want).await.unwrap().len(), HALVES.0.len() + HALVES.1.len());
}

#[tokio::test]
async fn a_session_belongs_to_its_repository_and_ends_when_it_is_given_up() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    let other = hub_model::RepoName::parse("labring/other").unwrap();
    let foreign = status(&hub.app, &hub.writer, &other, &id).await;
    assert!(matches!(foreign, Err(UploadError::Unknown { .. })));
    cancel(&hub.app, &hub.writer, &repo(), &id).await.unwrap();
    let again = cancel(&hub.app, &hub.writer, &repo(), &id).await;
    assert!(matches!(again, Err(UploadError::Unknown { .. })));
    let denied = start(&hub.app, &hub.reader, &repo(), None).await;
    assert!(matches!(denied, Err(UploadError::Access(_))));
}

#[tokio::test]
async fn a_blob_is_mounted_only_from_where_the_caller_may_pull() {
    let hub = Hub::new().await;
    let image = image("private");
    hub.push("v1", &image).await;
    let row = hub.app.db.repo(&repo()).await.unwrap().unwrap();
    let mut change = hub.app.db.change().await.unwrap();
    let edit = hub_db::RepoEdit {
        visibility: hub_model::Visibility::Private,
        keep: false,
        official: false,
        latest_mode: row.latest_mode,
        updated_at_ms: 2,
    };
    change.edit_repo(row.id, &edit).await.unwrap();
    let sam = hub.stranger.user().unwrap();
    let org = hub_model::NewOrg {
        name: sam.name.org(),
        display_name: String::new(),
        description: String::new(),
        created_by: String::new(),
        created_at_ms: 1,
    };
    let org = change.add_org(&org).await.unwrap();
    change.set_member(org.id, sam.id, hub_model::Role::Owner, 1).await.unwrap();
    change.commit().await.unwrap();

    let own = hub_model::RepoName::parse("sam/copy").unwrap();
    let (blob, _) = &image.blobs[0];
    let source = |from| MountSource { from, token: None };
    let from = repo();
    for from in [Some(&from), None] {
        let mounted = mount(&hub.app, &hub.stranger, &own, blob, source(from)).await;
        assert!(!mounted.unwrap(), "{from:?}");
    }
    let target = hub_model::RepoName::parse("labring/copy").unwrap();
    for from in [Some(&from), None] {
        assert!(mount(&hub.app, &hub.writer, &target, blob, source(from)).await.unwrap());
        blobs::delete(&hub.app, &hub.writer, &target, blob).await.unwrap();
    }
    let elsewhere = Verified {
        actor: hub.writer.clone(),
        access: vec![Scope::repository("labring/copy", &["pull", "push"])].into(),
    };
    for from in [Some(&from), None] {
        let narrow = MountSource { from, token: Some(&elsewhere) };
        let mounted = mount(&hub.app, &hub.writer, &target, blob, narrow).await;
        assert!(!mounted.unwrap(), "the token is not for what is private: {from:?}");
    }
    assert!(blobs::find(&hub.app, &hub.writer, &repo(), blob).await.is_ok());
    let needed = blobs::delete(&hub.app, &hub.writer, &repo(), blob).await;
    assert!(matches!(needed, Err(BlobsError::InUse { .. })));
}

#[tokio::test]
async fn only_an_upload_that_nobody_goes_on_with_expires() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    let body = stream_of(HALVES.0);
    let upload = append(&hub.app, &hub.writer, &repo(), &id, None, body).await.unwrap();
    expire(&hub.app, &id, upload.updated_at_ms).await.unwrap();
    status(&hub.app, &hub.writer, &repo(), &id).await.unwrap();

    let lease = super::lease::Lease::take(&hub.app, &id).await.unwrap().unwrap();
    let later = upload.updated_at_ms + 1;
    expire(&hub.app, &id, later).await.unwrap();
    let kept = status(&hub.app, &hub.writer, &repo(), &id).await.unwrap();
    assert!(hub.app.db.save_upload(&kept, &lease.holder).await.unwrap(), "its writer still has it");

    expire(&hub.app, &id, later).await.unwrap();
    let ended = status(&hub.app, &hub.writer, &repo(), &id).await;
    assert!(matches!(ended, Err(UploadError::Unknown { .. })));
}

#[tokio::test]
async fn the_last_request_is_repeated_at_once_after_the_store_failed() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    // A file where a folder has to be.
    let in_the_way = hub.app.config.blobs_dir().join("blobs/sha256");
    std::fs::write(&in_the_way, "").unwrap();
    let want = digest(Algorithm::Sha256);
    let both = format!("{}{}", HALVES.0, HALVES.1);
    let last = (None, stream_of(both.clone()));
    let error = finish(&hub.app, &hub.writer, &repo(), &id, last, &want).await.unwrap_err();
    assert!(matches!(error, UploadError::Store(_)), "{error}");
    std::fs::remove_file(in_the_way).unwrap();
    let upload = status(&hub.app, &hub.writer, &repo(), &id).await.unwrap();
    assert_eq!(upload.offset_bytes, both.len() as u64);
    finish(&hub.app, &hub.writer, &repo(), &id, nothing(), &want).await.unwrap();
    assert_eq!(read(&hub, &want).await.unwrap(), both.as_bytes());
}

#[tokio::test]
async fn an_upload_that_cannot_be_dropped_does_not_keep_the_others() {
    let hub = Hub::with(|config| config.registry.upload_hours = 0).await;
    let ids = [begin(&hub).await, begin(&hub).await, begin(&hub).await];
    for id in &ids {
        append(&hub.app, &hub.writer, &repo(), id, None, stream_of("x")).await.unwrap();
    }
    // A folder where a file has to be.
    let in_the_way = hub.app.config.blobs_dir().join("uploads").join(&ids[0]);
    std::fs::remove_file(&in_the_way).unwrap();
    std::fs::create_dir(&in_the_way).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    hub.app.expire_uploads().await;
    let left = hub.app.db.upload_ids().await.unwrap();
    assert_eq!(left, [ids[0].clone()]);
}

#[tokio::test]
async fn a_request_that_is_dropped_early_leaves_nobody_waiting() {
    let hub = Hub::new().await;
    let id = begin(&hub).await;
    let name = repo();
    // Given up after every number of steps that it takes.
    for steps in 0..40 {
        let body = stream_of("");
        let request = append(&hub.app, &hub.writer, &name, &id, None, body);
        give_up_after(steps, request).await;
        hub.app.tasks.close();
        hub.app.tasks.wait().await;
        hub.app.tasks.reopen();
        let lease = super::lease::Lease::take(&hub.app, &id).await.unwrap();
        let lease = lease.expect("nobody holds it");
        let upload = status(&hub.app, &hub.writer, &name, &id).await.unwrap();
        assert!(hub.app.db.save_upload(&upload, &lease.holder).await.unwrap());
    }
}

/// Polls a request so many times, then drops it.
async fn give_up_after<T>(steps: usize, request: impl Future<Output = T>) {
    tokio::pin!(request);
    let mut left = steps;
    std::future::poll_fn(|cx| {
        if left == 0 || request.as_mut().poll(cx).is_ready() {
            return std::task::Poll::Ready(());
        }
        left -= 1;
        std::task::Poll::Pending
    })
    .await;
}
