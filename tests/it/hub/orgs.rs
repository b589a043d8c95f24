//! Organisations and their members.

use hub_tests::TestHub;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn every_user_owns_the_organisation_of_their_name_and_may_make_others() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    assert_eq!(alice.json("/api/v1/orgs/alice").await["role"], "owner");

    let (status, org) = alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "labring"})).await;
    assert_eq!(status, StatusCode::CREATED, "{org}");
    let (status, problem) =
        alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "labring"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("conflict")));
    let (status, problem) =
        alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "search"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("reserved"), "{problem}");
    hub.stop().await;
}

#[tokio::test]
async fn members_do_what_their_role_allows_and_the_last_owner_stays() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    let image = hub_tests::readme_image("# by bob");

    let digest = image.blobs[0].0.to_string();
    let refused = bob.push_blob("alice/x", &digest, image.blobs[0].1.clone()).await;
    assert!(refused.is_client_error());
    let path = "/api/v1/orgs/alice/members/bob";
    let (status, _) = alice.send(Method::PUT, path, &json!({"role": "push"})).await;
    assert!(status.is_success(), "{status}");
    bob.push_image("alice/x:v1", &image).await;
    let (status, _) = bob.send(Method::DELETE, "/api/v1/repos/alice/x", &Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a writer deletes tags, not repositories");

    let own = "/api/v1/orgs/alice/members/alice";
    let (status, problem) = alice.send(Method::DELETE, own, &Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    let (status, _) = alice.send(Method::PUT, own, &json!({"role": "reader"})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    hub.settle().await;
    hub.stop().await;
}
