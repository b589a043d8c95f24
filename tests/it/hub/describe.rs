//! What people say about an image, and what it says itself.

use hub_tests::{Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn edit(person: &Person, path: &str, body: Value) -> (StatusCode, Value) {
    person.send(Method::PATCH, path, &body).await
}

async fn docs(person: &Person, tag: &str) -> String {
    let path = format!("/api/v1/repos/alice/x/-/tags/{tag}/docs");
    person.get(&path).await.text().await.unwrap()
}

#[tokio::test]
async fn what_a_person_said_survives_a_push_and_taking_it_back_shows_the_image_again() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &readme_image("# from the image")).await;
    hub.settle().await;
    assert_eq!(docs(&alice, "v1").await, "# from the image");

    let path = "/api/v1/repos/alice/x/-/tags/v1/detail";
    let (status, _) = edit(&alice, path, json!({"docs": "# said"})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(docs(&alice, "v1").await, "# said");
    alice.push_image("alice/x:v1", &readme_image("# pushed again")).await;
    hub.settle().await;
    assert_eq!(docs(&alice, "v1").await, "# said");

    let (status, _) = edit(&alice, path, json!({"unset": ["docs"]})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(docs(&alice, "v1").await, "# pushed again");
    hub.stop().await;
}

#[tokio::test]
async fn an_image_without_a_readme_takes_over_the_one_before_and_says_so() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &readme_image("# first")).await;
    hub.settle().await;
    let bare = hub_oci::ImageBuilder::new().layer([("bin/tool", "x")]).build();
    alice.push_image("alice/x:v2", &bare).await;
    hub.settle().await;

    let img = alice.json("/api/v1/repos/alice/x/-/tags/v2").await;
    assert_eq!(img["sources"]["docs"], "inherited:v1");
    assert_eq!(docs(&alice, "v2").await, "# first");
    hub.stop().await;
}

#[tokio::test]
async fn a_readme_of_the_base_image_is_marked_as_such() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let base = readme_image("# The base");
    alice.push_image("alice/base:v1", &base).await;
    hub.settle().await;
    let child = hub_oci::ImageBuilder::new()
        .layer([("README.md", "# The base")])
        .layer([("bin/tool", "x")])
        .build();
    alice.push_image("alice/child:v1", &child).await;
    hub.settle().await;

    let img = alice.json("/api/v1/repos/alice/child/-/tags/v1").await;
    let source = img["sources"]["docs"].as_str().unwrap();
    assert!(source.starts_with("base:sha256:"), "{source}");
    assert!(source.ends_with(":/README.md"), "{source}");
    hub.stop().await;
}

#[tokio::test]
async fn values_that_break_a_rule_are_refused_by_field_and_nothing_is_written() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &readme_image("# x")).await;
    hub.settle().await;
    let path = "/api/v1/repos/alice/x/-/tags/v1/detail";
    for (body, field) in [
        (json!({"set": {"url": "javascript:alert(1)"}}), "url"),
        (json!({"set": {"keywords": true}}), "keywords"),
        (json!({"set": {"nonsense": "x"}}), "nonsense"),
        (json!({"set": {"title": "good", "icon": "ftp://x"}}), "icon"),
        (json!({"docs": "x".repeat(1_048_577)}), "docs"),
    ] {
        let (status, problem) = edit(&alice, path, body).await;
        assert!(matches!(status.as_u16(), 400 | 413 | 422), "{field}: {status} {problem}");
        assert!(problem.to_string().contains(field), "{field}: {problem}");
    }
    let img = alice.json("/api/v1/repos/alice/x/-/tags/v1").await;
    assert_ne!(img["detailInfo"]["title"], "good");
    hub.stop().await;
}

#[tokio::test]
async fn a_reader_may_look_but_not_describe() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    alice.push_image("alice/x:v1", &readme_image("# x")).await;
    let path = "/api/v1/repos/alice/x/-/tags/v1/detail";
    let said = json!({"set": {"title": "mine"}});
    assert_eq!(edit(&bob, path, said.clone()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(edit(&hub.nobody(), path, said.clone()).await.0, StatusCode::UNAUTHORIZED);
    let hidden = "/api/v1/repos/alice/nothing/-/tags/v1/detail";
    assert_eq!(edit(&bob, hidden, said).await.0, StatusCode::NOT_FOUND);
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test]
async fn a_label_cannot_borrow_the_document_of_somebody_elses_private_image() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    alice.push_image("alice/x:v1", &readme_image("# for alice only")).await;
    alice.send(Method::PATCH, "/api/v1/repos/alice/x", &json!({"visibility": "private"})).await;
    hub.settle().await;
    let img = alice.json("/api/v1/repos/alice/x/-/tags/v1").await;
    let digest = img["detailInfo"]["docs"].as_str().unwrap();

    let thief = hub_oci::ImageBuilder::new()
        .layer([("bin/tool", "x")])
        .label("io.artifacthub.package.logo-url", digest)
        .label("com.docker.desktop.extension.icon", digest)
        .build();
    bob.push_image("bob/x:v1", &thief).await;
    hub.settle().await;
    let img = bob.json("/api/v1/repos/bob/x/-/tags/v1").await;
    assert_eq!(img["detailInfo"]["icon"], Value::Null, "{img}");
    let icon = bob.get("/r/bob/x/-/icon").await.text().await.unwrap();
    assert!(!icon.contains("for alice only"), "{icon}");
    hub.stop().await;
}
