//! Uploads that change the replica, pause, or meet.

use futures::TryStreamExt as _;
use futures::future::join_all;
use hub_tests::{Person, TestHub, sha256};
use reqwest::{Method, Response, StatusCode};

/// Bytes without a period.
fn noise(size: usize) -> Vec<u8> {
    (0_u32..).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).take(size).collect()
}

async fn start(person: &Person, repo: &str) -> String {
    let path = format!("/v2/{repo}/blobs/uploads/");
    let answer = person.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn patch(person: &Person, at: &str, from: usize, bytes: &[u8]) -> Response {
    let range = format!("{from}-{}", from + bytes.len() - 1);
    let request = person.request(Method::PATCH, at).header("content-range", range);
    request.body(bytes.to_vec()).send().await.unwrap()
}

async fn finish(person: &Person, at: &str, bytes: &[u8]) -> StatusCode {
    let path = format!("{at}?digest={}", sha256(bytes));
    person.request(Method::PUT, &path).send().await.unwrap().status()
}

async fn range(person: &Person, at: &str) -> String {
    let answer = person.get(at).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    answer.headers()["range"].to_str().unwrap().to_owned()
}

async fn assert_pulls(person: &Person, repo: &str, bytes: &[u8]) {
    let blob = person.get(&format!("/v2/{repo}/blobs/{}", sha256(bytes))).await;
    assert_eq!(blob.status(), StatusCode::OK);
    assert!(blob.bytes().await.unwrap() == bytes, "the same bytes come out");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_back_and_forth_between_replicas_and_ends_at_the_other() {
    let Some([here, there]) = TestHub::replicas().await else { return };
    let alice = here.person("alice").await;
    let beside = alice.at(&there);
    let bytes = noise(13 << 20);
    let (first, rest) = bytes.split_at(9 << 20);
    let (second, third) = rest.split_at(100_001);

    let at = start(&alice, "alice/roaming").await;
    assert_eq!(patch(&alice, &at, 0, first).await.status(), StatusCode::ACCEPTED);
    assert_eq!(range(&beside, &at).await, format!("0-{}", first.len() - 1));
    let answer = patch(&beside, &at, first.len(), second).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let from = first.len() + second.len();
    assert_eq!(patch(&alice, &at, from, third).await.status(), StatusCode::ACCEPTED);
    assert_eq!(finish(&beside, &at, &bytes).await, StatusCode::CREATED);
    // Clients ask right away, and another replica may answer.
    assert_pulls(&alice, "alice/roaming", &bytes).await;
    assert_pulls(&beside, "alice/roaming", &bytes).await;
    there.stop().await;
    here.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_layer_pushed_to_both_at_once_is_there_once() {
    let Some([here, there]) = TestHub::replicas().await else { return };
    let alice = here.person("alice").await;
    let bytes = noise(2 << 20);
    let digest = sha256(&bytes);
    let pushes = (0..10).map(|n| {
        let person = if n % 2 == 0 { alice.clone() } else { alice.at(&there) };
        let (digest, bytes) = (digest.clone(), bytes.clone());
        let repo = format!("alice/r{}", n % 3);
        async move { person.push_blob(&repo, &digest, bytes).await }
    });
    for status in join_all(pushes).await {
        assert_eq!(status, StatusCode::CREATED);
    }
    for n in 0..3 {
        assert_pulls(&alice, &format!("alice/r{n}"), &bytes).await;
        assert_pulls(&alice.at(&there), &format!("alice/r{n}"), &bytes).await;
    }
    let stored: Vec<_> = there.app().blobs.list().try_collect().await.unwrap();
    assert_eq!(stored.len(), 1);
    there.stop().await;
    here.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_a_restart() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bytes = noise(11 << 20);
    let (first, rest) = bytes.split_at(9 << 20);
    let at = start(&alice, "alice/patient").await;
    assert_eq!(patch(&alice, &at, 0, first).await.status(), StatusCode::ACCEPTED);
    let hub = hub.restart().await;
    let alice = alice.at(&hub);
    assert_eq!(range(&alice, &at).await, format!("0-{}", first.len() - 1));
    assert_eq!(patch(&alice, &at, first.len(), rest).await.status(), StatusCode::ACCEPTED);
    assert_eq!(finish(&alice, &at, &bytes).await, StatusCode::CREATED);
    assert_pulls(&alice, "alice/patient", &bytes).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_layer_pushed_a_hundred_times_at_once_is_stored_once() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bytes = noise(300_000);
    let digest = sha256(&bytes);
    let pushes = (0..100).map(|n| {
        let (alice, bytes, digest) = (&alice, bytes.clone(), &digest);
        async move { alice.push_blob(&format!("alice/app{}", n % 10), digest, bytes).await }
    });
    for status in join_all(pushes).await {
        assert_eq!(status, StatusCode::CREATED);
    }
    for n in 0..10 {
        assert_pulls(&alice, &format!("alice/app{n}"), &bytes).await;
    }
    let stored: Vec<_> = hub.app().blobs.list().try_collect().await.unwrap();
    assert_eq!(stored.len(), 1);
    let left: Vec<_> = hub.app().blobs.list_leftovers(i64::MAX).try_collect().await.unwrap();
    assert_eq!(left, [], "no second copy, nothing staged");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_of_another_size_than_stated_is_cut_off_again() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bytes = noise(20_000);
    let at = start(&alice, "alice/exact").await;
    assert_eq!(patch(&alice, &at, 0, &bytes[..10_000]).await.status(), StatusCode::ACCEPTED);
    // A stream states no length, so that the range is all there is to compare with.
    for sent in [4_000, 6_000] {
        let body = bytes[10_000..10_000 + sent].to_vec();
        let body = futures::stream::iter([Ok::<_, std::io::Error>(body)]);
        let answer = alice
            .request(Method::PATCH, &at)
            .header("content-range", "10000-14999")
            .body(reqwest::Body::wrap_stream(body))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{sent}");
        assert_eq!(range(&alice, &at).await, "0-9999");
    }
    assert_eq!(patch(&alice, &at, 10_000, &bytes[10_000..]).await.status(), StatusCode::ACCEPTED);
    assert_eq!(finish(&alice, &at, &bytes).await, StatusCode::CREATED);
    assert_pulls(&alice, "alice/exact", &bytes).await;
    hub.stop().await;
}
