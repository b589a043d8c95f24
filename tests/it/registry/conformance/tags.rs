//! Lists of tags and of repositories, whole and in pages.

use reqwest::Method;
use serde_json::{Value, json};

use super::sets::make;
use super::walk::push;
use super::{Bench, Run};

/// Makes one image with all these tags.
async fn tagged(run: &Run<'_>, tags: &[String]) {
    let set = make("no-layers", run.algorithm);
    push(run, &set).await;
    let item = &set.items[0];
    for some in tags.chunks(64) {
        let ask = run.suite.ask(Method::PUT, &run.manifest(&item.digest));
        let ask = some.iter().fold(ask, |ask, tag| ask.query("tag", tag));
        ask.manifest(&item.media_type, item.bytes.clone()).send().await.is(201);
    }
}

async fn list(run: &Run<'_>, query: &str) -> (Vec<String>, Option<String>) {
    let answer = run.suite.get(&format!("{}{query}", run.tags())).await;
    answer.is(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let json = answer.json();
    assert_eq!(json["name"], json!(run.repo));
    let tags: Vec<String> = serde_json::from_value(json["tags"].clone()).unwrap();
    (tags, answer.header("link").map(next))
}

/// Where the next page is, read as podman does: cut at `;`, without the angle brackets.
fn next(link: &str) -> String {
    let (path, rel) = link.split_once(';').unwrap();
    assert_eq!(rel.trim(), r#"rel="next""#);
    let path = path.trim_matches(['<', '>']);
    assert!(path.starts_with("/v2/"), "{path} is no path");
    path.to_owned()
}

fn names(count: usize) -> Vec<String> {
    let mut names: Vec<_> = (0..count).map(|n| format!("v{n:04}")).collect();
    // Byte order is not the order of any language.
    names.extend(["A", "B-1", "B.1", "B1", "B_1", "_", "a", "b"].map(str::to_owned));
    names.sort_unstable();
    names
}

#[tokio::test]
async fn c34_a_list_without_n_holds_a_thousand_tags_and_more() {
    let bench = Bench::start().await;
    for run in bench.runs().into_iter().take(2) {
        let tags = names(1100);
        tagged(&run, &tags).await;
        assert_eq!(list(&run, "").await, (tags, None));
    }
    bench.stop().await;
}

#[tokio::test]
async fn c35_last_begins_right_after_a_tag_in_byte_order() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let tags = names(5);
        tagged(&run, &tags).await;
        for (at, tag) in tags.iter().enumerate() {
            assert_eq!(list(&run, &format!("?last={tag}")).await, (tags[at + 1..].to_vec(), None));
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s5_pages_follow_each_other_by_their_links() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let tags = names(12);
        tagged(&run, &tags).await;
        let mut seen = Vec::new();
        let mut path = format!("{}?n=7", run.tags());
        loop {
            let query = path.strip_prefix(&run.tags()).unwrap().to_owned();
            let (page, link) = list(&run, &query).await;
            seen.extend(page.clone());
            let Some(link) = link else { break };
            assert_eq!(page.len(), 7);
            path = link;
        }
        assert_eq!(seen, tags);
        // A page that ends with the list has no link.
        assert_eq!(list(&run, "?n=20").await.1, None);
    }
    bench.stop().await;
}

#[tokio::test]
async fn s5_n_is_clamped_and_nonsense_is_refused() {
    let bench = Bench::start().await;
    let run = bench.run();
    let tags = names(3);
    tagged(&run, &tags).await;
    assert_eq!(list(&run, "?n=0").await, (Vec::new(), None));
    for n in ["10001", "99999999999999999999999999", ""] {
        assert_eq!(list(&run, &format!("?n={n}")).await, (tags.clone(), None), "{n}");
    }
    for n in ["-1", "x", "1.5", "%2B1", "0x1"] {
        let answer = run.suite.get(&format!("{}?n={n}", run.tags())).await;
        answer.is(400);
        assert!(!answer.code().is_empty());
    }
    assert_eq!(list(&run, "?last=v0000z&n=1").await.0, ["v0001"]);
    assert_eq!(list(&run, "?last=%ff").await.0.len(), 0);
    assert_eq!(list(&run, "?ns=docker.io&foreign=1").await.0, tags);
    bench.stop().await;
}

#[tokio::test]
async fn s5_the_catalog_comes_in_pages_and_shows_each_what_they_may_pull() {
    let bench = Bench::start().await;
    let run = bench.run();
    let mut want = Vec::new();
    for n in 0..5 {
        let repo = format!("conformance/r{n}");
        let start = format!("/v2/{repo}/blobs/uploads/");
        let digest = run.digest(b"x");
        run.suite.ask(Method::POST, &start).query("digest", &digest).body("x").send().await.is(201);
        want.push(repo);
    }
    let path = format!("/api/v1/repos/{}", want[4]);
    bench.person.send(Method::PATCH, &path, &json!({"visibility": "private"})).await;
    let catalog = async |suite: &hub_tests::Suite, n: usize| {
        let mut seen: Vec<Value> = Vec::new();
        let mut path = format!("/v2/_catalog?n={n}");
        loop {
            let answer = suite.get(&path).await;
            answer.is(200);
            let page = answer.json()["repositories"].as_array().unwrap().clone();
            assert!(page.len() <= n);
            seen.extend(page);
            let Some(link) = answer.header("link") else { break };
            path = next(link);
        }
        seen
    };
    assert_eq!(catalog(run.suite, 2).await, want);
    assert_eq!(catalog(run.suite, 1000).await, want);
    let nobody = hub_tests::Suite::new(&bench.hub, &bench.hub.nobody(), true);
    assert_eq!(catalog(&nobody, 3).await, want[..4]);
    let answer = run.suite.get("/v2/_catalog?n=0").await;
    assert_eq!((answer.json(), answer.header("link")), (json!({"repositories": []}), None));
    run.suite.get("/v2/_catalog?n=-1").await.is(400);
    bench.stop().await;
}
