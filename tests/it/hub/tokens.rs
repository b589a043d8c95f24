//! Personal tokens.

use hub_tests::TestHub;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_is_shown_once_works_everywhere_and_ends_when_it_is_revoked() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let wish = json!({"name": "ci", "scope": "pull"});
    let (status, made) = alice.send(Method::POST, "/api/v1/tokens", &wish).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("hub_pat_"), "{secret}");
    let list = alice.json("/api/v1/tokens").await;
    assert!(!list.to_string().contains(&secret));

    let nobody = hub.nobody();
    let who = nobody.request(Method::GET, "/api/v1/whoami").bearer_auth(&secret);
    let who: Value = who.send().await.unwrap().json().await.unwrap();
    assert_eq!((&who["name"], &who["scope"]), (&json!("alice"), &json!("pull")));
    let ping = nobody.request(Method::GET, "/v2/").basic_auth("alice", Some(&secret));
    assert_eq!(ping.send().await.unwrap().status(), StatusCode::OK);
    let push = nobody.request(Method::POST, "/v2/alice/x/blobs/uploads/");
    let push = push.basic_auth("alice", Some(&secret)).send().await.unwrap();
    assert_eq!(push.status(), StatusCode::FORBIDDEN, "a token for pulling pushes nothing");

    let id = made["id"].as_i64().or(made["token"]["id"].as_i64()).unwrap();
    let (status, _) =
        alice.send(Method::DELETE, &format!("/api/v1/tokens/{id}"), &Value::Null).await;
    assert!(status.is_success());
    let who = nobody.request(Method::GET, "/api/v1/whoami").bearer_auth(&secret);
    assert_eq!(who.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    hub.stop().await;
}
