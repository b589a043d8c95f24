//! The page that lists the requirements agrees with the tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Highest number of a requirement of the suite.
const LAST: usize = 43;

/// The names of all conformance tests, by the file they stand in.
fn tests() -> BTreeSet<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/registry/conformance");
    let mut tests = BTreeSet::new();
    for entry in fs::read_dir(here).unwrap() {
        let path = entry.unwrap().path();
        let room = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        for after in text.split("#[tokio::test]\nasync fn ").skip(1) {
            let name = after.split('(').next().unwrap();
            tests.insert(format!("{room}::{name}"));
        }
    }
    tests
}

/// The rows of the page: requirement and test.
fn rows() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = fs::read_to_string(root.join("docs/reference/oci-conformance.md")).unwrap();
    let rows = page.lines().filter(|line| line.ends_with("` |"));
    rows.map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let test = cells.last().unwrap().trim_end_matches(" |").trim_matches('`');
        (cells[0].to_owned(), test.to_owned())
    })
    .collect()
}

#[test]
fn every_requirement_names_its_test_and_every_test_its_requirement() {
    let (tests, rows) = (tests(), rows());
    for (requirement, test) in &rows {
        assert!(tests.contains(test), "{requirement} names `{test}`, which is no test");
        let name = test.split("::").nth(1).unwrap();
        let prefix = requirement.to_lowercase().replace('§', "s").replace('.', "_");
        assert!(name.starts_with(&format!("{prefix}_")), "{requirement} names `{test}`");
    }
    let listed: BTreeSet<_> = rows.iter().map(|(_, test)| test.clone()).collect();
    let unlisted: Vec<_> = tests.difference(&listed).collect();
    assert!(unlisted.is_empty(), "the page does not list {unlisted:#?}");
}

#[test]
fn no_requirement_of_the_suite_is_missing() {
    let rows = rows();
    for number in 1..=LAST {
        let requirement = format!("C{number}");
        assert!(rows.iter().any(|(row, _)| *row == requirement), "{requirement} has no test");
    }
}
