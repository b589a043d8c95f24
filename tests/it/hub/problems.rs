//! Errors of the API: RFC 9457, and JSON wherever one looks.

use hub_tests::TestHub;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn every_wrong_turn_answers_problem_json() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    for (method, path, status, code) in [
        (Method::GET, "/api/v1/nothing", 404, "not_found"),
        (Method::GET, "/api", 404, "not_found"),
        (Method::GET, "/api/v2/orgs", 404, "not_found"),
        (Method::GET, "/api/v1/repos/alice/nothing", 404, "not_found"),
        (Method::DELETE, "/api/v1/version", 405, "method_not_allowed"),
        (Method::GET, "/api/v1/repos/NO/x", 400, "invalid"),
    ] {
        let answer = alice.request(method.clone(), path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&json!(code), &json!(status)),
            "{path}"
        );
    }
    let wrong = hub.nobody().request(Method::GET, "/api/v1/whoami").basic_auth("alice", Some("no"));
    let wrong = wrong.send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert!(wrong.headers().contains_key("www-authenticate"));
    hub.stop().await;
}

#[tokio::test]
async fn a_body_that_is_no_json_or_lacks_a_field_is_told_so() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    for body in ["{", "[]", r#"{"nam": "x"}"#] {
        let request = alice.request(Method::POST, "/api/v1/orgs");
        let answer =
            request.header("content-type", "application/json").body(body).send().await.unwrap();
        assert!(matches!(answer.status().as_u16(), 400 | 422), "{body}: {}", answer.status());
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "invalid", "{body}: {problem}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn the_openapi_document_names_every_path_of_the_api() {
    let hub = TestHub::start().await;
    let document = hub.nobody().json("/openapi.json").await;
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/api/v1/whoami",
        "/api/v1/tokens",
        "/api/v1/orgs/{org}/members/{user}",
        "/api/v1/repos",
        "/api/v1/repos/{org}/{repo}",
        "/api/v1/search",
    ] {
        assert!(paths.contains_key(path), "{path} is not among {:?}", paths.keys());
    }
    hub.stop().await;
}
