//! A clock that jumps back by a day while the hub runs.

use std::time::{Duration, Instant};

use hub_server::app::Clock;
use hub_tests::{PASSWORD, TestHub, readme_image, sha256};
use reqwest::{Method, StatusCode};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn a_clock_that_jumps_back_stops_nothing_and_the_newest_push_is_the_latest() {
    let clock = Clock::standing_at(1_900_000_000_000);
    let hub = TestHub::by(clock.clone(), |_| ()).await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &readme_image("# One\n\nPushed before the jump.\n")).await;
    hub.settle().await;
    let token = token(&hub).await;
    let start = alice.request(Method::POST, "/v2/alice/x/blobs/uploads/").send().await.unwrap();
    let at = start.headers()["location"].to_str().unwrap().to_owned();
    alice.request(Method::PATCH, &at).body("first ").send().await.unwrap();
    // A writer that dies now holds the upload.
    let id = at.rsplit('/').next().unwrap();
    let now = hub.app().now_ms();
    assert!(hub.app().db.lease_upload(id, "dead", now, now + 30_000).await.unwrap());

    clock.advance_ms(-DAY_MS);
    let tags = async |token: &str| {
        let request = hub.nobody().request(Method::GET, "/v2/alice/x/tags/list");
        request.bearer_auth(token).send().await.unwrap().status()
    };
    let old = tags(&token).await;
    assert!(matches!(old.as_u16(), 200 | 401), "{old}: the client fetches another token, or not");
    assert_eq!(tags(&self::token(&hub).await).await, StatusCode::OK);

    alice.push_image("alice/x:v2", &readme_image("# Two\n\nPushed after the jump.\n")).await;
    hub.settle().await;
    assert_eq!(alice.json("/api/v1/repos/alice/x").await["latestTag"], "v2");
    let v2 = alice.json("/api/v1/repos/alice/x/-/tags/v2").await;
    assert_eq!(v2["detailInfo"]["description"], "Pushed after the jump.", "{v2}");
    alice.request(Method::DELETE, "/v2/alice/x/manifests/v2").send().await.unwrap();
    assert_eq!(alice.json("/api/v1/repos/alice/x").await["latestTag"], "v1");

    let begin = Instant::now();
    loop {
        let patch = alice.request(Method::PATCH, &at).body("second").send().await.unwrap();
        if patch.status() == StatusCode::ACCEPTED {
            assert_eq!(patch.headers()["range"], "0-11");
            break;
        }
        assert_eq!(patch.status(), StatusCode::CONFLICT);
        assert!(begin.elapsed() < Duration::from_secs(30), "a dead writer holds it for a day");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let end = format!("{at}?digest={}", sha256(b"first second"));
    let end = alice.request(Method::PUT, &end).send().await.unwrap();
    assert_eq!(end.status(), StatusCode::CREATED);
    hub.stop().await;
}

/// A token to pull with.
async fn token(hub: &TestHub) -> String {
    let path = "/api/v1/registry/token?service=hub&scope=repository:alice/x:pull";
    let request = hub.nobody().request(Method::GET, path);
    let answer = request.basic_auth("alice", Some(PASSWORD)).send().await.unwrap();
    let body: serde_json::Value = answer.json().await.unwrap();
    body["token"].as_str().unwrap().to_owned()
}
