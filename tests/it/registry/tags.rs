//! Tags: lists, `latest`, deletes, and what becomes of an empty repository.

use hub_tests::{Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn latest(person: &Person, repo: &str) -> Value {
    person.json(&format!("/api/v1/repos/{repo}")).await["latestTag"].clone()
}

async fn delete(person: &Person, path: &str) -> StatusCode {
    person.request(Method::DELETE, path).send().await.unwrap().status()
}

#[tokio::test]
async fn tags_come_in_byte_order_and_in_pages() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = readme_image("# tags");
    for tag in ["v10", "v2", "V1", "_x", "latest"] {
        alice.push_image(&format!("alice/x:{tag}"), &image).await;
    }
    let all = alice.json("/v2/alice/x/tags/list").await;
    assert_eq!(all, json!({"name": "alice/x", "tags": ["V1", "_x", "latest", "v10", "v2"]}));

    let page = alice.get("/v2/alice/x/tags/list?n=2&last=V1").await;
    assert_eq!(page.headers()["link"], r#"</v2/alice/x/tags/list?last=latest&n=2>; rel="next""#);
    assert_eq!(page.json::<Value>().await.unwrap()["tags"], json!(["_x", "latest"]));
    assert_eq!(alice.json("/v2/alice/x/tags/list?n=0").await["tags"], json!([]));
    assert_eq!(alice.get("/v2/alice/x/tags/list?n=-1").await.status(), StatusCode::BAD_REQUEST);
    hub.stop().await;
}

#[tokio::test]
async fn latest_is_the_tag_uploaded_last_until_a_real_one_is_pushed() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let (old, new) = (readme_image("# old"), readme_image("# new"));
    alice.push_image("alice/x:v2", &new).await;
    alice.push_image("alice/x:v1", &old).await;

    assert_eq!(latest(&alice, "alice/x").await, "v1");
    let repo = alice.json("/api/v1/repos/alice/x").await;
    assert_eq!(repo["latestSemver"], "v2");
    let digest = async |reference: &str| {
        let answer = alice.get(&format!("/v2/alice/x/manifests/{reference}")).await;
        answer.headers()["docker-content-digest"].to_str().unwrap().to_owned()
    };
    assert_eq!(digest("latest").await, old.digest.as_str());
    assert!(!alice.json("/v2/alice/x/tags/list").await.to_string().contains("latest"));
    let gone = delete(&alice, "/v2/alice/x/manifests/latest").await;
    assert_eq!(gone, StatusCode::NOT_FOUND, "it is no tag");

    alice.push_image("alice/x:latest", &new).await;
    assert_eq!(digest("latest").await, new.digest.as_str());
    assert_eq!(delete(&alice, "/v2/alice/x/manifests/latest").await, StatusCode::ACCEPTED);
    let real = alice.get("/v2/alice/x/manifests/latest").await;
    assert_eq!(
        real.status(),
        StatusCode::NOT_FOUND,
        "the rule stays off once a real one was pushed"
    );
    hub.stop().await;
}

#[tokio::test]
async fn the_latest_tag_moves_on_when_it_is_deleted_and_the_last_takes_its_repository_along() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    for tag in ["v1", "v2"] {
        alice.push_image(&format!("alice/x:{tag}"), &readme_image(tag)).await;
    }
    assert_eq!(delete(&alice, "/v2/alice/x/manifests/v2").await, StatusCode::ACCEPTED);
    assert_eq!(latest(&alice, "alice/x").await, "v1");
    hub.settle().await;
    assert_eq!(alice.json("/api/v1/search?q=alice/x").await["total"], 1);

    let last = delete(&alice, "/api/v1/repos/alice/x/-/tags/v1").await;
    assert_eq!(last, StatusCode::NO_CONTENT);
    assert_eq!(alice.get("/api/v1/repos/alice/x").await.status(), StatusCode::NOT_FOUND);
    hub.settle().await;
    assert_eq!(alice.json("/api/v1/search?q=alice/x").await["total"], 0);
    hub.stop().await;
}

#[tokio::test]
async fn an_empty_repository_stays_when_anybody_said_anything_about_it() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    for repo in ["described", "starred", "kept", "private", "plain"] {
        alice.push_image(&format!("alice/{repo}:v1"), &readme_image(repo)).await;
    }
    let said = json!({"set": {"description": "said by a person"}});
    let (status, _) =
        alice.send(Method::PATCH, "/api/v1/repos/alice/described/-/detail", &said).await;
    assert_eq!(status, StatusCode::OK);
    let star = alice.request(Method::PUT, "/api/v1/repos/alice/starred/-/star");
    assert!(star.send().await.unwrap().status().is_success());
    let private = json!({"visibility": "private"});
    let (status, _) = alice.send(Method::PATCH, "/api/v1/repos/alice/private", &private).await;
    assert_eq!(status, StatusCode::OK);
    let keep = json!({"keep": true});
    let (status, _) = alice.send(Method::PATCH, "/api/v1/repos/alice/kept", &keep).await;
    assert_eq!(status, StatusCode::OK);

    let left = [("described", true), ("starred", true), ("kept", true), ("private", true)];
    for (repo, stays) in left.into_iter().chain([("plain", false)]) {
        // As skopeo deletes: the manifest, with every tag that names it.
        let path = format!("/v2/alice/{repo}/manifests/{}", readme_image(repo).digest);
        assert_eq!(delete(&alice, &path).await, StatusCode::ACCEPTED);
        let there = alice.get(&format!("/api/v1/repos/alice/{repo}")).await.status();
        assert_eq!(there == StatusCode::OK, stays, "{repo}");
    }
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test]
async fn a_tag_deleted_alone_leaves_its_manifest_to_be_pulled_by_digest() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = readme_image("# untagged");
    alice.push_image("alice/x:v1", &image).await;
    assert_eq!(delete(&alice, "/v2/alice/x/manifests/v1").await, StatusCode::ACCEPTED);
    assert_eq!(alice.get("/v2/alice/x/manifests/v1").await.status(), StatusCode::NOT_FOUND);
    let by_digest = alice.get(&format!("/v2/alice/x/manifests/{}", image.digest)).await;
    assert_eq!(by_digest.status(), StatusCode::OK, "the repository is not empty yet");
    hub.stop().await;
}
