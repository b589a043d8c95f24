//! Who gets what from the registry, and what a refusal tells.

use hub_tests::{Person, TestHub, readme_image, sha256};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Status and error code of a request without a body.
async fn ask(person: &Person, method: Method, path: &str) -> (u16, String) {
    let answer = person.request(method, path).send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    (status, body["errors"][0]["code"].as_str().unwrap_or("").to_owned())
}

#[tokio::test]
async fn what_is_hidden_and_what_is_missing_look_alike() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    let image = readme_image("# secret");
    alice.push_image("alice/secret:v1", &image).await;
    let private = json!({"visibility": "private"});
    alice.send(Method::PATCH, "/api/v1/repos/alice/secret", &private).await;

    let layer = &image.blobs[0].0;
    for rest in [
        "manifests/v1".to_owned(),
        format!("manifests/{}", image.digest),
        format!("blobs/{layer}"),
        "tags/list".to_owned(),
    ] {
        for method in [Method::GET, Method::HEAD, Method::DELETE] {
            for who in [&bob, &hub.nobody()] {
                let hidden = ask(who, method.clone(), &format!("/v2/alice/secret/{rest}")).await;
                let missing = ask(who, method.clone(), &format!("/v2/alice/nothing/{rest}")).await;
                assert_eq!(hidden, missing, "{method} {rest} as {:?}", who.name);
                let want = if who.name.is_empty() { 401 } else { 404 };
                if method != Method::DELETE || rest != "tags/list" {
                    assert_eq!(hidden.0, want, "{method} {rest} as {:?}", who.name);
                }
            }
        }
    }
    let catalog = bob.json("/v2/_catalog").await;
    assert_eq!(catalog["repositories"], json!([]));
    assert_eq!(alice.json("/v2/_catalog").await["repositories"], json!(["alice/secret"]));
    hub.settle().await;
    assert_eq!(hub.nobody().json("/v1/search?q=secret").await["num_results"], 0);
    hub.stop().await;
}

#[tokio::test]
async fn nobody_pushes_into_the_organisation_of_another() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    alice.push_image("alice/open:v1", &readme_image("# open")).await;

    let digest = sha256(b"x");
    let known = bob.push_blob("alice/open", &digest, b"x".to_vec()).await;
    assert_eq!(known, StatusCode::FORBIDDEN, "the repository is public, so it may be known");
    let unknown = bob.push_blob("alice/new", &digest, b"x".to_vec()).await;
    let nowhere = bob.push_blob("no-such-org/new", &digest, b"x".to_vec()).await;
    assert_eq!(unknown, nowhere);
    assert!(unknown == StatusCode::NOT_FOUND || unknown == StatusCode::FORBIDDEN);
    let nobody = hub.nobody().push_blob("alice/open", &digest, b"x".to_vec()).await;
    assert_eq!(nobody, StatusCode::UNAUTHORIZED);
    hub.stop().await;
}

#[tokio::test]
async fn names_that_break_the_rules_are_told_which_rule() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    for (path, rule) in [
        ("/v2/Alice/x/tags/list", "lowercase"),
        ("/v2/alice/X/tags/list", "lowercase"),
        ("/v2/manage/x/tags/list", "reserved"),
        ("/v2/alice/a..b/tags/list", "may not stand"),
        ("/v2/alone/tags/list", "ORG/NAME"),
    ] {
        let answer = alice.get(path).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["errors"][0]["code"], "NAME_INVALID", "{path}");
        assert!(body["errors"][0]["message"].as_str().unwrap().contains(rule), "{body}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn public_images_are_pulled_by_anybody_with_an_anonymous_token() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/open:v1", &readme_image("# open")).await;

    let nobody = hub.nobody();
    let plain = nobody.get("/v2/alice/open/manifests/v1").await;
    assert_eq!(plain.status(), StatusCode::OK, "a person with curl needs no token");

    // The challenge of a route that nobody may use without a token names the realm.
    let challenge = nobody.get("/v2/alice/hidden/manifests/v1").await;
    let challenge = challenge.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let part = |name: &str| {
        let begin = format!("{name}=\"");
        challenge.split(&begin).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(part("scope"), "repository:alice/hidden:pull");
    let path = part("realm").strip_prefix(&hub.url).unwrap().to_owned();
    let token = nobody
        .json(&format!("{path}?service={}&scope=repository:alice/open:pull", part("service")))
        .await["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let pull = nobody.request(Method::GET, "/v2/alice/open/manifests/v1").bearer_auth(token);
    assert_eq!(pull.send().await.unwrap().status(), StatusCode::OK);
    hub.stop().await;
}
