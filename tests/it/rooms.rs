//! Every line in its room: the layers of packages, the words of folders, the size of files.
use std::fs;
use std::path::{Path, PathBuf};

/// Packages from the ground up. A package may depend only on packages of lower rows.
const LAYERS: [&[&str]; 5] = [
    &["crates/hub-model"],
    &["crates/hub-oci", "crates/hub-api"],
    &[
        "crates/hub-db",
        "crates/hub-blobs",
        "crates/hub-search",
        "crates/hub-registry-client",
        "crates/hub-api-client",
    ],
    &["hub-server", "cli"],
    &["tests", "tests/bench"],
];

/// Folder, and the words its source may not contain.
const FOREIGN_WORDS: [(&str, &str); 11] = [
    ("crates/hub-model/src", "std::env std::fs axum kube:: reqwest sqlx tokio"),
    ("crates/hub-oci/src", "std::env axum kube:: reqwest sqlx tokio"),
    ("crates/hub-api/src", "std::env std::fs axum kube:: reqwest sqlx tokio"),
    ("crates/hub-db/src", "axum kube:: object_store tantivy"),
    ("crates/hub-blobs/src", "axum kube:: sqlx tantivy"),
    ("crates/hub-search/src", "axum kube:: object_store sqlx"),
    (
        "hub-server/src/services",
        "axum kube:: sqlx tantivy crate::http crate::controllers crate::jobs",
    ),
    (
        "hub-server/src/http",
        "hub_blobs hub_db hub_search kube:: sqlx crate::controllers crate::jobs",
    ),
    ("hub-server/src/jobs", "axum kube:: sqlx crate::http"),
    ("hub-server/src", "sqlx"),
    ("cli/src", "axum kube:: object_store sqlx tantivy"),
];

/// Longest source file, in lines.
const LONGEST: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Name of the package in `folder`.
fn package(folder: &str) -> &str {
    match folder {
        "cli" => "hub-cli",
        "tests" => "hub-tests",
        "tests/bench" => "hub-bench",
        path => path.rsplit('/').next().unwrap(),
    }
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("target"))
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        .collect()
}

#[test]
fn every_package_has_a_layer() {
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = format!("crates/{}", entry.unwrap().file_name().display());
        assert!(LAYERS.iter().any(|row| row.contains(&&*folder)), "{folder} is in no layer");
    }
}

#[test]
fn packages_depend_only_downwards() {
    for (height, row) in LAYERS.iter().enumerate() {
        for folder in *row {
            let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
            for other in LAYERS[height..].iter().copied().flatten().filter(|f| f != &folder) {
                let name = package(other);
                let used = manifest.lines().any(|line| {
                    line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
                        || line.ends_with(&format!("dependencies.{name}]"))
                });
                assert!(!used, "{folder} may not depend on {other}");
            }
        }
    }
}

#[test]
fn folders_hold_no_foreign_words() {
    for (folder, words) in FOREIGN_WORDS {
        for path in sources(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            for (number, line) in (1..).zip(text.lines()) {
                let code = line.split("//").next().unwrap();
                for word in words.split(' ') {
                    let at = path.strip_prefix(root()).unwrap().display();
                    assert!(!code.contains(word), "{at}:{number}: `{word}` does not belong here");
                }
            }
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for path in LAYERS.iter().copied().flatten().flat_map(|f| sources(&root().join(f))) {
        let text = fs::read_to_string(&path).unwrap();
        let at = path.strip_prefix(root()).unwrap().display();
        assert!(text.lines().count() <= LONGEST, "{at} is longer than {LONGEST} lines");
        assert!(text.starts_with("//!"), "{at} does not begin by saying what it is (`//! …`)");
    }
}

#[test]
fn every_source_that_a_comment_cites_exists() {
    let sources_page = fs::read_to_string(root().join("docs/sources.md")).unwrap();
    let anchors: Vec<_> =
        sources_page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    for path in LAYERS.iter().copied().flatten().flat_map(|f| sources(&root().join(f))) {
        let text = fs::read_to_string(&path).unwrap();
        for cited in text.split("docs/sources.md#").skip(1) {
            let end = cited.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let anchor = &cited[..end.unwrap_or(cited.len())];
            let at = path.strip_prefix(root()).unwrap().display();
            assert!(
                anchor.is_empty() || anchors.contains(&anchor),
                "{at} cites #{anchor}, which is nowhere"
            );
        }
    }
}
