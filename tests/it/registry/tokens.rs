//! The Docker token flow.

use hub_tests::{TestHub, readme_image};
use reqwest::StatusCode;
use serde_json::Value;

/// Where the challenge sends a client to.
fn realm(challenge: &str) -> String {
    challenge.split("realm=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_ping_challenges_whoever_shows_no_credentials() {
    let hub = TestHub::start().await;

    for path in ["/v2/", "/v2"] {
        let answer = hub.nobody().get(path).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert!(challenge.starts_with(&format!("Bearer realm=\"{}/", hub.url)), "{challenge}");
        assert!(challenge.contains("service=\""), "{challenge}");
        assert!(!challenge.to_lowercase().contains("basic"), "{challenge}");
        assert_eq!(answer.headers()["docker-distribution-api-version"], "registry/2.0");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["errors"][0]["code"], "UNAUTHORIZED");
    }
    hub.stop().await;
}

#[tokio::test]
async fn a_token_carries_what_was_asked_for_and_is_allowed() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    hub.person("bob").await;
    let ping = hub.nobody().get("/v2/").await;
    let realm = realm(ping.headers()["www-authenticate"].to_str().unwrap());
    let path = realm.strip_prefix(&hub.url).unwrap();

    let token = alice.json(&format!("{path}?service=hub&scope=repository:alice/x:pull,push")).await;
    assert_eq!(token["token"], token["access_token"]);
    assert!(token["expires_in"].as_i64().unwrap() >= 60);
    chrono::DateTime::parse_from_rfc3339(token["issued_at"].as_str().unwrap()).unwrap();

    let bearer = token["token"].as_str().unwrap();
    let nobody = hub.nobody();
    let start = |repo: &str| {
        let path = format!("/v2/{repo}/blobs/uploads/");
        nobody.request(reqwest::Method::POST, &path).bearer_auth(bearer).send()
    };
    assert_eq!(start("alice/x").await.unwrap().status(), StatusCode::ACCEPTED);
    let other = start("alice/y").await.unwrap();
    assert_eq!(other.status(), StatusCode::UNAUTHORIZED);
    let challenge = other.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains(r#"scope="repository:alice/y:pull,push""#), "{challenge}");
    assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
    hub.stop().await;
}

#[tokio::test]
async fn a_wrong_password_gets_no_token_and_a_token_from_elsewhere_opens_nothing() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let ping = hub.nobody().get("/v2/").await;
    let realm = realm(ping.headers()["www-authenticate"].to_str().unwrap());

    let client = hub.client().build().unwrap();
    let wrong = client.get(&realm).basic_auth("alice", Some("guess")).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);

    let nobody = client.get(&realm).basic_auth("", Some("")).send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::OK, "an empty name is nobody in particular");

    let forged = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbGljZSJ9.";
    let url = format!("{}/v2/", hub.url);
    let answer = client.get(url).bearer_auth(forged).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    hub.stop().await;
}

#[tokio::test]
async fn a_right_taken_away_ends_before_the_token_does() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    alice.push_image("alice/x:v1", &readme_image("# x")).await;
    let (status, _) = alice
        .send(
            reqwest::Method::PATCH,
            "/api/v1/repos/alice/x",
            &serde_json::json!({"visibility": "private"}),
        )
        .await;
    assert_eq!(status, StatusCode::OK);
    let member = "/api/v1/orgs/alice/members/bob";
    let (status, _) =
        alice.send(reqwest::Method::PUT, member, &serde_json::json!({"role": "reader"})).await;
    assert!(status.is_success(), "{status}");

    let ping = hub.nobody().get("/v2/").await;
    let realm = realm(ping.headers()["www-authenticate"].to_str().unwrap());
    let path = realm.strip_prefix(&hub.url).unwrap();
    let token = bob.json(&format!("{path}?service=hub&scope=repository:alice/x:pull")).await;
    let bearer = token["token"].as_str().unwrap().to_owned();
    let pull = || {
        let request = hub.nobody().request(reqwest::Method::GET, "/v2/alice/x/manifests/v1");
        request.bearer_auth(&bearer).send()
    };
    assert_eq!(pull().await.unwrap().status(), StatusCode::OK);

    let (status, _) = alice.send(reqwest::Method::DELETE, member, &Value::Null).await;
    assert!(status.is_success(), "{status}");
    assert_eq!(pull().await.unwrap().status(), StatusCode::NOT_FOUND);
    hub.stop().await;
}
