//! The benchmark works: what it does to a hub is what a hub answers to.

use std::process::Command;

use hub_tests::binary;
use serde_json::Value;

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
