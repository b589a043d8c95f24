//! Repositories and images through the API.

use hub_tests::{TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_pushed_image_is_a_record_with_facts_and_details() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = hub_oci::ImageBuilder::new()
        .layer([("README.md", "# Thing\n\nIt keeps things in order, day and night.\n")])
        .label("org.opencontainers.image.title", "The Thing")
        .annotation("io.artifacthub.package.keywords", "order, things")
        .platform("linux", "arm64")
        .build();
    alice.push_image("alice/thing:v1", &image).await;
    hub.settle().await;

    let img = alice.json("/api/v1/repos/alice/thing/-/tags/v1").await;
    assert_eq!(img["digest"], image.digest.as_str());
    assert_eq!(img["baseInfo"]["platforms"][0]["arch"], "arm64");
    assert_eq!(img["detailInfo"]["title"], "The Thing");
    assert_eq!(img["sources"]["title"], "label:org.opencontainers.image.title");
    assert_eq!(img["detailInfo"]["keywords"], json!(["order", "things"]));
    assert_eq!(img["detailInfo"]["description"], "It keeps things in order, day and night.");
    let layer = &image.blobs.last().unwrap().0;
    assert_eq!(img["sources"]["docs"], format!("file:{layer}:/README.md"));

    let docs = alice.get("/api/v1/repos/alice/thing/-/tags/v1/docs").await;
    assert_eq!(docs.headers()["content-type"], "text/markdown; charset=utf-8");
    assert!(docs.text().await.unwrap().starts_with("# Thing"));
    let repo = alice.json("/api/v1/repos/alice/thing").await;
    assert_eq!(repo["latestTag"], "v1");
    assert_eq!(repo["description"], "It keeps things in order, day and night.");
    hub.stop().await;
}

#[tokio::test]
async fn an_image_that_lives_elsewhere_is_declared_and_never_pullable() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let wish = json!({"name": "alice/elsewhere"});
    let (status, _) = alice.send(Method::POST, "/api/v1/repos", &wish).await;
    assert_eq!(status, StatusCode::CREATED);

    let path = "/api/v1/repos/alice/elsewhere/-/tags/v1";
    let detail = json!({"detail": {
        "description": "lives on another registry",
        "alternativeLocations": ["quay.io/alice/elsewhere:v1"],
    }});
    let (status, img) = alice.send(Method::PUT, path, &detail).await;
    assert!(status.is_success(), "{status} {img}");
    assert_eq!(img["state"], "declared");
    assert_eq!(img["digest"], Value::Null);

    let repo = alice.json("/api/v1/repos/alice/elsewhere").await;
    assert_eq!(repo["latestTag"], Value::Null, "a declared image is never latest");
    let pull = alice.get("/v2/alice/elsewhere/manifests/v1").await;
    assert_eq!(pull.status(), StatusCode::NOT_FOUND);

    alice.push_image("alice/elsewhere:v1", &readme_image("# here now")).await;
    hub.settle().await;
    let img = alice.json(path).await;
    assert_eq!(img["state"], "pushed");
    assert_eq!(img["detailInfo"]["description"], "lives on another registry");
    hub.stop().await;
}

#[tokio::test]
async fn lists_have_totals_and_pages_that_follow_each_other() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    for n in 0..5 {
        alice.push_image(&format!("alice/r{n}:v{n}"), &readme_image("# same")).await;
    }
    let mut names = Vec::new();
    let mut path = "/api/v1/repos?org=alice&limit=2".to_owned();
    loop {
        let page = alice.json(&path).await;
        assert_eq!(page["total"], 5);
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/repos?org=alice&limit=2&after={next}");
    }
    assert_eq!(names, ["alice/r0", "alice/r1", "alice/r2", "alice/r3", "alice/r4"]);

    for tag in ["a", "b", "c"] {
        alice.push_image(&format!("alice/r0:{tag}"), &readme_image(tag)).await;
    }
    let first = alice.json("/api/v1/repos/alice/r0/-/tags?limit=3").await;
    let tags = |page: &Value| {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|img| img["tag"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (tags(&first), &first["total"]),
        (vec!["c".into(), "b".into(), "a".into()], &json!(4))
    );
    let next = first["next"].as_str().unwrap();
    let rest = alice.json(&format!("/api/v1/repos/alice/r0/-/tags?limit=3&before={next}")).await;
    assert_eq!(tags(&rest), ["v0"]);
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test]
async fn a_repository_with_slashes_in_its_name_is_reached_whole() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/team/tags/list:v1", &readme_image("# deep")).await;
    hub.settle().await;
    assert_eq!(alice.json("/api/v1/repos/alice/team/tags/list").await["latestTag"], "v1");
    assert_eq!(alice.json("/v2/alice/team/tags/list/tags/list").await["tags"], json!(["v1"]));
    let page = alice.get("/r/alice/team/tags/list").await;
    assert_eq!(page.status(), StatusCode::OK);
    hub.stop().await;
}

#[tokio::test]
async fn deleting_a_repository_takes_everything_of_it() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &readme_image("# x")).await;
    hub.settle().await;
    let (status, _) = alice.send(Method::DELETE, "/api/v1/repos/alice/x", &Value::Null).await;
    assert!(status.is_success(), "{status}");
    for path in ["/api/v1/repos/alice/x", "/v2/alice/x/manifests/v1", "/r/alice/x"] {
        assert_eq!(alice.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    hub.settle().await;
    assert_eq!(alice.json("/api/v1/search?q=x").await["total"], 0);
    hub.stop().await;
}
