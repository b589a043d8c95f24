//! The benchmarks work: what they do to a hub is what a hub answers to.

use std::path::Path;
use std::process::Command;

use hub_tests::{binary, postgres_server};
use serde_json::{Value, json};

#[test]
fn the_benchmark_measures_a_push_a_pull_and_a_page_of_a_crowded_registry() {
    let scratch = tempfile::tempdir().unwrap();
    let ran = Command::new(binary("hub-bench"))
        .arg("--hub")
        .arg(binary("hub-server"))
        .args(["--quick", "--servers", "hub", "--many", "250", "--format", "json", "--scratch"])
        .arg(scratch.path())
        .args(["manifest get by tag", "monolith 1mb", "get tags, middle", "get catalog, middle"])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["scenario"].as_str().unwrap()).collect();
    let want = [
        "Manifest GET by tag",
        "Get Catalog, middle page",
        "Get Tags, middle page",
        "Push Monolith 1MB",
    ];
    assert_eq!(names, want);
    assert!(rows.iter().all(|row| row["figures"]["operations"].as_u64() > Some(0)), "{report:#}");
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "nothing stays behind");
}

#[test]
fn the_benchmark_of_search_makes_a_hub_out_of_a_corpus_and_asks_all_sides_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    let corpus = scratch.path().join("corpus");
    write_corpus(&corpus);
    let mut command = Command::new(binary("hub-bench-search"));
    command.arg("--hub").arg(binary("hub-server")).arg("--corpus").arg(&corpus);
    command.args(["--repos", "120", "--questions", "8", "--rounds", "1", "--pushes", "40"]);
    let postgres = postgres_server();
    if let Some(url) = &postgres {
        command.args(["--postgres", url]);
    }
    command.args(["--format", "json", "--scratch"]).arg(scratch.path());
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let sides = report["sides"].as_array().unwrap();
    assert_eq!(sides.len(), if postgres.is_some() { 3 } else { 2 });
    let kinds = ["exact", "prefix", "typo", "topic", "zh", "facet", "page50", "browse"];
    for side in sides {
        for kind in kinds {
            assert!(side["times"][kind]["p99_ms"].as_f64() > Some(0.0), "{kind}: {report:#}");
        }
        assert!(side["ndcg"]["exact"].as_f64() > Some(0.5), "{report:#}");
    }
    assert!(report["built"]["bytes"].as_u64() > Some(0), "{report:#}");
    assert!(report["freshness"]["p99_ms"].as_f64() > Some(0.0), "{report:#}");
}

/// A few images in each language, with two queries.
fn write_corpus(folder: &Path) {
    let images =
        [("redis", "缓存", "cache"), ("nginx", "网关", "web"), ("postgres", "数据库", "sql")];
    let images = images.map(|(name, zh, keyword)| {
        json!({
            "id": format!("base/{name}"), "description": format!("给大家用的{zh}"),
            "description_en": format!("{name} for everybody at home"), "keywords": [keyword, zh], "categories": [keyword],
            "readme": "readme.md", "tags": ["1.0", "latest"], "official": true,
        })
    });
    let lines =
        |values: &[Value]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    std::fs::create_dir_all(folder.join("own")).unwrap();
    std::fs::write(folder.join("own/images.jsonl"), lines(&images)).unwrap();
    std::fs::write(folder.join("own/readme.md"), "# How\nRun it, then ask it.\n").unwrap();
    let queries = ["redis", "nginx"].map(|name| {
        let fitting = format!("base/{name}");
        json!({"qid": name, "query": name, "kind": "exact", "lang": "en", "qrels": {fitting: 3}})
    });
    std::fs::write(folder.join("queries.jsonl"), lines(&queries)).unwrap();
}
