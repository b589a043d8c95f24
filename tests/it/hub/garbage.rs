//! The collector of garbage, asked over the API.

use std::time::{Duration, Instant};

use hub_tests::{Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Waits for the end of a run.
async fn ended(who: &Person, id: i64) -> Value {
    let began = Instant::now();
    loop {
        let run = who.json(&format!("/api/v1/gc/{id}")).await;
        if !matches!(run["state"].as_str(), Some("queued" | "running")) {
            return run;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{run}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_administrator_sees_what_would_go_lets_it_go_and_reads_the_report() {
    let hub = TestHub::start().await;
    let (root, alice) = (hub.administrator("root").await, hub.person("alice").await);
    let (kept, gone) = (readme_image("# kept"), readme_image("# gone"));
    alice.push_image("alice/x:v1", &kept).await;
    alice.push_image("alice/x:v2", &gone).await;
    let path = format!("/v2/alice/x/manifests/{}", gone.digest);
    let deleted = alice.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(deleted.status(), StatusCode::ACCEPTED);
    hub.settle().await;

    let ask = async |dry: bool| {
        let wish = json!({"dryRun": dry, "graceSeconds": 0});
        let (status, run) = root.send(Method::POST, "/api/v1/gc", &wish).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{run}");
        ended(&root, run["id"].as_i64().unwrap()).await
    };
    let (dry, wet) = (ask(true).await, ask(false).await);
    assert_eq!((&dry["state"], &wet["state"]), (&json!("done"), &json!("done")), "{dry} {wet}");
    assert!(dry["blobs"].as_u64().unwrap() > 0, "{dry}");
    for count in ["blobs", "bytes", "links", "orphans", "documents"] {
        assert_eq!(dry[count], wet[count], "{count}");
    }
    assert_eq!(wet["cause"], "root");
    let runs = root.json("/api/v1/gc").await;
    assert_eq!(runs["items"][0]["id"], wet["id"]);

    for (digest, bytes) in &kept.blobs {
        let blob = alice.get(&format!("/v2/alice/x/blobs/{digest}")).await;
        assert_eq!(blob.bytes().await.unwrap(), bytes);
    }
    let lost = gone.blobs.iter().find(|blob| !kept.blobs.contains(blob)).unwrap();
    let answer = alice.get(&format!("/v2/alice/x/blobs/{}", lost.0)).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    // It comes back as if it had never been here.
    alice.push_image("alice/x:v3", &gone).await;
    hub.stop().await;
}

#[tokio::test]
async fn nobody_else_sees_or_asks_for_runs_and_bad_wishes_are_refused() {
    let hub = TestHub::start().await;
    let (root, alice) = (hub.administrator("root").await, hub.person("alice").await);
    for (who, status) in [(&alice, 403), (&hub.nobody(), 401)] {
        assert_eq!(who.get("/api/v1/gc").await.status(), status);
        assert_eq!(who.get("/api/v1/gc/1").await.status(), status);
        assert_eq!(who.send(Method::POST, "/api/v1/gc", &json!({})).await.0, status);
    }
    assert_eq!(root.get("/api/v1/gc/99").await.status(), StatusCode::NOT_FOUND);
    for wish in
        [json!({"graceSeconds": -1}), json!({"grace": 1}), json!({"graceSeconds": u64::MAX})]
    {
        let (status, problem) = root.send(Method::POST, "/api/v1/gc", &wish).await;
        assert!(status.is_client_error(), "{wish}: {problem}");
    }
    hub.stop().await;
}
