//! A digest in the search box: who holds that manifest, as far as the caller may know.

use hub_tests::{PASSWORD, Person, Terminal, TestHub, readme_image};
use reqwest::Method;
use serde_json::{Value, json};

/// Names and tags of what is found.
async fn found(person: &Person, text: &str) -> Vec<(String, Value)> {
    let request = person.request(Method::GET, "/api/v1/search").query(&[("q", text)]);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["total"], answer["items"].as_array().unwrap().len(), "{answer}");
    let item =
        |item: &Value| (item["name"].as_str().unwrap().to_owned(), item["image"]["tags"].clone());
    answer["items"].as_array().unwrap().iter().map(item).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_leads_to_the_repositories_that_hold_it_and_nobody_learns_of_private_ones() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    let image = readme_image("# The same everywhere");
    let digest = image.digest.to_string();
    for reference in ["alice/one:v1", "alice/one:v2", "alice/two:v1", "bob/copy:v9"] {
        let owner = if reference.starts_with("bob") { &bob } else { &alice };
        owner.push_image(reference, &image).await;
    }
    let private = json!({"visibility": "private"});
    alice.send(Method::PATCH, "/api/v1/repos/alice/two", &private).await;
    alice.push_image("alice/one:v3", &readme_image("# Another")).await;
    hub.settle().await;

    let one = ("alice/one".to_owned(), json!(["v2", "v1"]));
    let two = ("alice/two".to_owned(), json!(["v1"]));
    let copy = ("bob/copy".to_owned(), json!(["v9"]));
    let public = [one.clone(), copy.clone()];
    for who in [&bob, &hub.nobody()] {
        assert_eq!(found(who, &digest).await, public);
        // A name in front is first, when it holds the manifest and may be seen.
        let pasted = format!("docker pull {}/bob/copy:v9@{digest}", hub.host());
        assert_eq!(found(who, &pasted).await, [copy.clone(), one.clone()]);
        assert_eq!(found(who, &format!("alice/two@{digest}")).await, public);
        let shown = who.get(&format!("/search?q={digest}")).await.text().await.unwrap();
        assert!(shown.contains("/r/bob/copy/-/tags/v9") && !shown.contains("alice/two"), "{shown}");
        assert!(shown.contains(&format!("/r/bob/copy/-/digest/{digest}")), "{shown}");
        assert_eq!(who.json(&format!("/v1/search?q={digest}")).await["num_results"], 2);
        let narrowed = who.json(&format!("/api/v1/search?q={digest}&org=alice&facets=true")).await;
        assert_eq!(
            (&narrowed["total"], &narrowed["items"][0]["name"]),
            (&json!(1), &json!("alice/one"))
        );
        for (filter, total) in [
            ("readme=true", 2),
            ("readme=false", 0),
            ("official=true", 0),
            ("keyword=none", 0),
            ("updated=2001-01-01T00:00:00Z", 2),
            ("updated=2999-01-01T00:00:00Z", 0),
        ] {
            let some = who.json(&format!("/api/v1/search?q={digest}&{filter}")).await;
            assert_eq!(some["total"], total, "{filter}");
        }
        let in_words = who.json(&format!("/api/v1/search?q=org:bob%20{digest}")).await;
        assert_eq!(
            (&in_words["total"], &in_words["items"][0]["name"]),
            (&json!(1), &json!("bob/copy"))
        );
        let explained = who.json(&format!("/api/v1/search?q={digest}&explain=true")).await;
        assert_eq!(explained["items"][0]["why"]["parts"][0]["field"], "digest");
        let second = who.json(&format!("/api/v1/search?q={digest}&limit=1&page=2")).await;
        assert_eq!(
            (&second["total"], &second["items"][0]["name"]),
            (&json!(2), &json!("bob/copy"))
        );
    }
    assert_eq!(found(&alice, &digest).await, [one, two, copy]);

    // A manifest that nobody holds, or only others do, looks the same.
    let absent = hub_tests::sha256(b"nobody has this");
    assert_eq!(found(&alice, &absent).await, []);
    let by_name = found(&alice, &format!("alice/one@{absent}")).await;
    assert_eq!(by_name[0], ("alice/one".to_owned(), Value::Null));
    let secret = readme_image("# Only in private");
    alice.push_image("alice/two:v2", &secret).await;
    hub.settle().await;
    assert_eq!(found(&bob, secret.digest.as_str()).await, []);
    assert_eq!(found(&alice, secret.digest.as_str()).await.len(), 1);

    let desk = Terminal::at(&hub);
    desk.ok(["login", &hub.url, "-u", "alice", "-p", PASSWORD]).await;
    let table = desk.ok(["search", &digest, "--sort", "recent"]).await;
    assert!(table.contains("DIGEST") && table.contains("v2, v1"), "{table}");
    hub.stop().await;
}
