//! Names that clients could not write down.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::Bench;

#[tokio::test]
async fn s1_host_and_name_have_255_characters_together_at_most() {
    let host = "hub.example.com:8443";
    let url = format!("https://{host}");
    let bench =
        Bench::with(move |config| config.listen.public_url = Some(url.parse().unwrap())).await;
    let name = |length: usize| {
        let path = "x".repeat(length - host.len() - "/conformance/".len());
        format!("conformance/{path}")
    };
    let fits = name(255);
    assert_eq!(format!("{host}/{fits}").len(), 255);
    let status = bench.person.push_blob(&fits, &hub_tests::sha256(b"x"), b"x".to_vec()).await;
    assert_eq!(status, StatusCode::CREATED);

    let long = name(256);
    let path = format!("/v2/{long}/blobs/uploads/");
    let answer = bench.person.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], "NAME_INVALID");
    let (status, _) =
        bench.person.send(Method::POST, "/api/v1/repos", &json!({"name": long})).await;
    assert!(status.is_client_error(), "{status}");
    let (_, body) =
        bench.person.send(Method::GET, &format!("/api/v1/repos/{long}"), &json!(null)).await;
    assert_eq!(body["status"], 404, "{body}");
    bench.stop().await;
}
