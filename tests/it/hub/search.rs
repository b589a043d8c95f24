//! Search through the API, and as podman and docker ask.

use hub_tests::{Person, TestHub, readme_image};
use reqwest::Method;
use serde_json::json;

async fn names(person: &Person, query: &str) -> Vec<String> {
    let found = person.json(&format!("/api/v1/search?q={query}")).await;
    let items = found["items"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_push_is_found_by_name_prefix_keyword_and_readme_within_a_second() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = hub_oci::ImageBuilder::new()
        .layer([("README.md", "# Store\n\nKeeps parcels of marzipan until somebody asks.\n")])
        .annotation("io.artifacthub.package.keywords", "warehouse")
        .build();
    alice.push_image("alice/parcelstore:v1", &image).await;

    let begin = std::time::Instant::now();
    while names(&alice, "marzipan").await.is_empty() {
        assert!(begin.elapsed().as_secs() < 20, "never found");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for query in [
        "parcelstore",
        "parcel",
        "warehouse",
        "alice/parcelstore",
        "docker%20pull%20alice/parcelstore:v1",
    ] {
        assert_eq!(names(&alice, query).await, ["alice/parcelstore"], "{query}");
    }
    assert_eq!(names(&alice, "xyzzyq").await, Vec::<String>::new());
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test]
async fn the_exact_name_comes_first_and_chinese_words_find_chinese_text() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice
        .push_image("alice/redis-exporter:v1", &readme_image("# redis redis redis\n\nredis"))
        .await;
    alice.push_image("alice/redis:v1", &readme_image("# A store of values")).await;
    alice
        .push_image(
            "alice/duilie:v1",
            &readme_image("# 队列\n\n一个分布式消息队列，稳定可靠，开箱即用。"),
        )
        .await;
    hub.settle().await;

    assert_eq!(names(&alice, "redis").await[0], "alice/redis");
    assert_eq!(names(&alice, "%E6%B6%88%E6%81%AF%E9%98%9F%E5%88%97").await, ["alice/duilie"]);
    hub.stop().await;
}

#[tokio::test]
async fn what_is_private_is_neither_found_nor_counted() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    alice.push_image("alice/ledger:v1", &readme_image("# ledger")).await;
    let private = json!({"visibility": "private"});
    alice.send(Method::PATCH, "/api/v1/repos/alice/ledger", &private).await;
    hub.settle().await;

    assert_eq!(names(&alice, "ledger").await, ["alice/ledger"]);
    for who in [&bob, &hub.nobody()] {
        let found = who.json("/api/v1/search?q=ledger").await;
        assert_eq!((&found["total"], &found["items"]), (&json!(0), &json!([])));
        assert_eq!(who.json("/v1/search?q=ledger").await["num_results"], 0);
        assert_eq!(who.json("/api/v1/repos?org=alice").await["total"], 0);
    }
    hub.stop().await;
}

#[tokio::test]
async fn an_index_that_was_deleted_is_built_again_from_the_records() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/phoenix:v1", &readme_image("# ashes")).await;
    hub.settle().await;
    let index = hub.data().join("index");
    let hub = hub.restart_after(|| std::fs::remove_dir_all(index).unwrap()).await;
    let alice = alice.at(&hub);
    hub.settle().await;
    assert_eq!(names(&alice, "phoenix").await, ["alice/phoenix"]);
    hub.stop().await;
}

#[tokio::test]
async fn what_is_found_is_counted_explained_marked_and_suggested() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    for (name, keyword) in [("queue-one", "fast"), ("queue-two", "fast"), ("kettle", "slow")] {
        let readme =
            "# Thing\n\nMoves parcels of marzipan from shelf to shelf.\n\nNeeds a *ladder*.\n";
        let image = hub_oci::ImageBuilder::new()
            .layer([("README.md", readme)])
            .annotation("io.artifacthub.package.keywords", keyword)
            .build();
        alice.push_image(&format!("alice/{name}:v1"), &image).await;
    }
    hub.settle().await;
    let nobody = hub.nobody();

    let found = nobody.json("/api/v1/search?q=parcels&facets=true&explain=true").await;
    assert_eq!(found["total"], 3);
    let keywords = json!([{"value": "fast", "count": 2}, {"value": "slow", "count": 1}]);
    assert_eq!(found["facets"]["keywords"], keywords);
    assert_eq!(found["facets"]["readme"], 3);
    let first = &found["items"][0];
    let marked = json!({"text": "parcels", "marked": true});
    assert_eq!(first["highlights"]["description"][1], marked, "{first}");
    assert_eq!(first["why"]["words"], 1);
    assert_eq!(first["why"]["parts"][0]["field"], "description");

    // What stands in the README only is shown from there, to who asks for it.
    let found = nobody.json("/api/v1/search?q=ladders").await;
    assert_eq!(found["items"][0].get("highlights"), None, "{found}");
    let found = nobody.json("/api/v1/search?q=ladders&passages=true").await;
    let passage = json!([{"text": "Needs a "}, {"text": "ladder", "marked": true}, {"text": "."}]);
    assert_eq!(found["items"][0]["highlights"], json!({ "readme": passage }));
    let page = nobody.get("/search?q=ladders").await.text().await.unwrap();
    assert!(page.contains("Needs a <mark>ladder</mark>."), "{page}");

    let slip = nobody.json("/api/v1/search?q=ketle").await;
    assert_eq!((&slip["corrected"], &slip["total"]), (&json!("kettle"), &json!(1)));
    assert_eq!(nobody.json("/api/v1/search?q=ketle&correct=false").await["total"], 0);
    assert_eq!(names(&nobody, "parcels&sort=name").await[0], "alice/kettle");
    assert_eq!(names(&nobody, "keyword:slow").await, ["alice/kettle"]);

    let suggested = nobody.json("/api/v1/suggest?q=que").await["repos"].to_string();
    assert!(suggested.contains("alice/queue-one") && suggested.contains("alice/queue-two"));
    let tags = nobody.json("/api/v1/suggest?q=alice/kettle:").await;
    assert_eq!(tags["references"], json!(["alice/kettle:v1"]));
    hub.stop().await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_is_refused_with_its_name() {
    let hub = TestHub::start().await;
    let nobody = hub.nobody();
    for (query, field) in [
        ("sort=best", "sort"),
        ("size=huge", "size"),
        ("updated=yesterday", "updated"),
        ("org=No", "org"),
    ] {
        let answer = nobody.get(&format!("/api/v1/search?{query}")).await;
        assert_eq!(answer.status(), 400, "{query}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(&format!("\"{field}\"")), "{query}: {text}");
    }
    for query in ["q=%F0%9F%A6%80", "q=%00%07", "q=org:NO!", "q=x&page=4000000000", "q=%2D%2D"] {
        assert_eq!(nobody.json(&format!("/api/v1/search?{query}")).await["items"], json!([]));
    }
    let long = "word ".repeat(1000);
    assert_eq!(nobody.json(&format!("/api/v1/search?q={long}")).await["total"], 0);
    hub.stop().await;
}

#[tokio::test]
async fn a_star_moves_a_repository_up_and_taking_it_back_down() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    for name in ["alice/one", "alice/two", "alice/three"] {
        alice.push_image(&format!("{name}:v1"), &readme_image("# starred")).await;
    }
    let star = async |who: &Person, method: Method, name: &str, stars: u64| {
        let path = format!("/api/v1/repos/{name}/-/star");
        let answer = who.request(method, &path).send().await.unwrap();
        assert!(answer.status().is_success(), "{name}: {}", answer.status());
        assert_eq!(who.json(&format!("/api/v1/repos/{name}")).await["stars"], stars, "{name}");
    };
    // Three and two have as many binary digits: the index is told of every one.
    star(&alice, Method::PUT, "alice/two", 1).await;
    star(&bob, Method::PUT, "alice/two", 2).await;
    star(&bob, Method::PUT, "alice/two", 2).await;
    star(&alice, Method::PUT, "alice/three", 1).await;
    hub.settle().await;
    let order = ["alice/two", "alice/three", "alice/one"];
    assert_eq!(names(&bob, "starred&sort=stars").await, order);
    star(&alice, Method::DELETE, "alice/two", 1).await;
    star(&bob, Method::DELETE, "alice/two", 0).await;
    hub.settle().await;
    assert_eq!(names(&bob, "starred&sort=stars").await, ["alice/three", "alice/one", "alice/two"]);
    hub.stop().await;
}
