//! Images that live elsewhere: written down with `hub-server import`, found, and judged.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use hub_tests::{Server, binary};
use serde_json::{Value, json};

fn run(data: &Path, words: &[&str]) -> Output {
    let program = Command::new(binary("hub-server")).args(words).arg("--data").arg(data).output();
    program.unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A small corpus: two folders, three images, one README.
fn corpus(folder: &Path) {
    let (one, two) = (folder.join("one"), folder.join("deep/two"));
    fs::create_dir_all(one.join("readme")).unwrap();
    fs::create_dir_all(&two).unwrap();
    fs::write(one.join("readme/kettle.md"), "# Kettle\n\nBoils water for **tea**.").unwrap();
    let images = [
        json!({"id": "1tea/kettle", "description": "水壶", "description_en": "A kettle",
            "keywords": ["kitchen"], "tags": ["v1", "v2"], "readme": "readme/kettle.md",
            "url": "https://tea.example/kettle", "somethingElse": 7}),
        json!({"id": "1tea/rabbitmq", "official": true}),
    ];
    let lines = images.map(|image| image.to_string()).join("\n");
    fs::write(one.join("images.jsonl"), lines).unwrap();
    let old = json!({"id": "attic/kettle", "deprecated": true}).to_string();
    fs::write(two.join("images.jsonl"), format!("\n{old}\n\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn images_that_live_elsewhere_are_imported_found_and_judged() {
    let dir = tempfile::tempdir().unwrap();
    let (data, from) = (dir.path().join("data"), dir.path().join("corpus"));
    corpus(&from);
    for again in ["imported 3 repositories with 4 tags; 2 organisations are new", "with 0 tags"] {
        let words = ["import", "corpus", from.to_str().unwrap()];
        assert!(said(&run(&data, &words)).contains(again), "{again}");
    }

    let queries = dir.path().join("queries.jsonl");
    let judged = [
        json!({"qid": "q1", "query": "kettle", "kind": "exact",
            "qrels": {"1tea/kettle": 3, "attic/kettle": 1}}),
        json!({"qid": "q2", "query": "消息队列", "kind": "zh", "qrels": {"1tea/rabbitmq": 3}}),
        json!({"qid": "q3", "query": "blåbær", "kind": "none", "qrels": {}}),
    ];
    fs::write(&queries, judged.map(|query| query.to_string()).join("\n")).unwrap();
    let out = dir.path().join("run.jsonl");
    let words = ["eval-search", "--queries", queries.to_str().unwrap(), "--format", "json"];
    let words = [&words[..], &["--run-out", out.to_str().unwrap()]].concat();
    let report: Value = serde_json::from_str(&said(&run(&data, &words))).unwrap();
    assert_eq!(report["overall"]["queries"], 2);
    assert_eq!(report["overall"]["ndcg"], 1.0, "{report}");
    assert_eq!(report["kinds"]["zh"]["mrr"], 1.0);
    assert_eq!(report["nonsense"], 0.0);
    let answered = fs::read_to_string(&out).unwrap();
    let first: Value = serde_json::from_str(answered.lines().next().unwrap()).unwrap();
    assert_eq!(first, json!({"qid": "q1", "results": ["1tea/kettle", "attic/kettle"]}));

    let server = Server::serve(&data).await;
    let client = hub_tests::plain_client().build().unwrap();
    let get = async |path: &str| {
        let answer = client.get(format!("{}{path}", server.url)).send().await.unwrap();
        answer.text().await.unwrap()
    };
    let page = get("/r/1tea/kettle").await;
    assert!(page.contains("Boils water for <strong>tea</strong>"), "{page}");
    let found: Value = serde_json::from_str(&get("/api/v1/search?q=tea").await).unwrap();
    assert_eq!(found["items"][0]["name"], "1tea/kettle");
    let pulled = client.get(format!("{}/v2/1tea/kettle/manifests/v1", server.url)).send().await;
    assert_ne!(pulled.unwrap().status(), 200, "there are no bytes");
}

#[test]
fn what_is_wrong_with_a_record_is_said_with_its_place_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (data, from) = (dir.path().join("data"), dir.path().join("corpus"));
    fs::create_dir_all(&from).unwrap();
    let good = json!({"id": "tea/cup"}).to_string();
    for (bad, want) in [
        (json!({"id": "Tea"}).to_string(), "`id`"),
        (json!({"id": "tea/pot", "tags": ["a b"]}).to_string(), "`tags`"),
        (json!({"id": "tea/pot", "readme": "../out.md"}).to_string(), "`readme`"),
        (json!({"id": "tea/pot", "readme": "none.md"}).to_string(), "`readme`"),
        ("{".to_owned(), "EOF"),
    ] {
        fs::write(from.join("images.jsonl"), format!("{good}\n{bad}\n")).unwrap();
        let output = run(&data, &["import", "corpus", from.to_str().unwrap()]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(error.contains("line 2") && error.contains(want), "{want}: {error}");
    }
    fs::write(from.join("images.jsonl"), &good).unwrap();
    let told = said(&run(&data, &["import", "corpus", from.to_str().unwrap()]));
    assert!(told.contains("1 repositories with 1 tags; 1 organisations are new"), "{told}");
}
