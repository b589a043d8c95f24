//! Two replicas over one PostgreSQL and one folder of bytes.

use hub_tests::{Person, TestHub, readme_image, sha256};
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn status(person: &Person, method: Method, path: &str) -> StatusCode {
    person.request(method, path).send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_at_another_replica() {
    let Some([one, two]) = TestHub::replicas().await else { return };
    let alice = one.person("alice").await;
    let there = alice.at(&two);
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let digest = sha256(&bytes);
    let start = alice.request(Method::POST, "/v2/alice/x/blobs/uploads/").send().await.unwrap();
    let at = start.headers()["location"].to_str().unwrap().to_owned();
    for (who, part) in [(&alice, 0..100_000), (&there, 100_000..200_000)] {
        let piece = who.request(Method::PATCH, &at).body(bytes[part].to_vec());
        assert_eq!(piece.send().await.unwrap().status(), StatusCode::ACCEPTED);
    }
    let end = there.request(Method::PUT, &format!("{at}?digest={digest}"));
    let end = end.body(bytes[200_000..].to_vec()).send().await.unwrap();
    assert_eq!(end.status(), StatusCode::CREATED);
    // Clients ask right away, and another replica may answer.
    let path = format!("/v2/alice/x/blobs/{digest}");
    assert_eq!(status(&alice, Method::HEAD, &path).await, StatusCode::OK);
    assert_eq!(alice.get(&path).await.bytes().await.unwrap(), bytes);
    two.stop().await;
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_changes_the_other_shows_at_once() {
    let Some([one, two]) = TestHub::replicas().await else { return };
    let alice = one.person("alice").await;
    let (here, there) = (alice.clone(), alice.at(&two));
    let manifest = "/v2/alice/x/manifests/v1";
    for round in 0..5 {
        let image = readme_image(&format!("# Round {round}\n"));
        let (writer, reader) = if round % 2 == 0 { (&here, &there) } else { (&there, &here) };
        writer.push_image("alice/x:v1", &image).await;
        for person in [reader, writer] {
            let answer = person.get(manifest).await;
            assert_eq!(answer.headers()["docker-content-digest"], image.digest.as_str());
            assert_eq!(answer.bytes().await.unwrap(), image.manifest);
        }
    }
    assert_eq!(status(&two.nobody(), Method::GET, manifest).await, StatusCode::OK);
    let private = json!({"visibility": "private"});
    here.send(Method::PATCH, "/api/v1/repos/alice/x", &private).await;
    assert_eq!(status(&two.nobody(), Method::GET, manifest).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&there, Method::DELETE, manifest).await, StatusCode::ACCEPTED);
    assert_eq!(status(&here, Method::GET, manifest).await, StatusCode::NOT_FOUND);
    two.stop().await;
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_layer_pushed_to_both_at_once_is_there_once() {
    let Some([one, two]) = TestHub::replicas().await else { return };
    let alice = one.person("alice").await;
    let bytes = vec![9_u8; 2 << 20];
    let digest = sha256(&bytes);
    let mut pushing = tokio::task::JoinSet::new();
    for n in 0..10 {
        let person = if n % 2 == 0 { alice.clone() } else { alice.at(&two) };
        let (digest, bytes) = (digest.clone(), bytes.clone());
        let repo = format!("alice/r{}", n % 3);
        pushing.spawn(async move { person.push_blob(&repo, &digest, bytes).await });
    }
    for status in pushing.join_all().await {
        assert_eq!(status, StatusCode::CREATED);
    }
    for n in 0..3 {
        let answer = alice.at(&two).get(&format!("/v2/alice/r{n}/blobs/{digest}")).await;
        assert_eq!(answer.bytes().await.unwrap(), bytes);
    }
    two.stop().await;
    one.stop().await;
}
