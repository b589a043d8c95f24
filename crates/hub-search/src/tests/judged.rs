//! The judged queries over the shared corpus, when it is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::*;
use crate::judged::{self, Figures, Grades};

#[derive(Deserialize)]
struct Image {
    id: String,
    description: String,
    #[serde(default)]
    description_en: Option<String>,
    keywords: Vec<String>,
    categories: Vec<String>,
    readme: Option<String>,
    official: bool,
    deprecated: bool,
}

#[derive(Deserialize)]
struct Judged {
    query: String,
    kind: String,
    qrels: Grades,
}

/// The folder of the corpus: beside the project, or where `HUB_CORPUS` says.
fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("HUB_CORPUS").map_or(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn lines<T: for<'de> Deserialize<'de>>(file: &Path) -> Vec<T> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn docs(corpus: &Path) -> Vec<SearchDoc> {
    let mut docs = Vec::new();
    for half in ["permissive", "gpl-3.0"] {
        let folder = corpus.join(half);
        for image in lines::<Image>(&folder.join("images.jsonl")) {
            let readme = image.readme.map(|file| fs::read_to_string(folder.join(file)).unwrap());
            docs.push(SearchDoc {
                repo_id: i64::try_from(docs.len()).unwrap(),
                name: image.id,
                description: format!(
                    "{}\n{}",
                    image.description,
                    image.description_en.unwrap_or_default()
                ),
                keywords: image.keywords,
                categories: image.categories,
                readme: readme.unwrap_or_default(),
                official: image.official,
                deprecated: image.deprecated,
                visibility: Visibility::Public,
                ..SearchDoc::default()
            });
        }
    }
    docs
}

/// nDCG@10 that no kind may fall below, and the whole. A little under what is reached, because a
/// difference of one place in one query says nothing.
const FLOORS: [(&str, f64); 10] = [
    ("alias", 0.90),
    ("exact", 0.93),
    ("name-sep", 0.87),
    ("org+name", 0.80),
    ("prefix", 0.90),
    ("ref", 0.95),
    ("topic", 0.78),
    ("typo", 0.94),
    ("zh", 0.64),
    ("overall", 0.85),
];

/// What nobody means.
const NONSENSE: [&str; 8] =
    ["xyzzyq", "asdf", "qwertyuiop", "zzzzzz", "lorem ipsum", "哈哈哈哈", "fnord", "1234567"];

/// The shared corpus with the built-in dictionary, or a note that it is not there.
fn shelf() -> Option<(Index, Vec<String>, Vec<Judged>)> {
    let Some(corpus) = corpus() else {
        let words = b"skipped: HUB_CORPUS is not set, and there is no corpus beside the project\n";
        std::io::Write::write_all(&mut std::io::stderr(), words).unwrap();
        return None;
    };
    let docs = docs(&corpus);
    let names = docs.iter().map(|doc| doc.name.clone()).collect();
    let index = Index::in_memory().unwrap();
    put(&index, docs, 1);
    Some((index, names, lines(&corpus.join("queries.jsonl"))))
}

fn answer<'a>(index: &Index, names: &'a [String], text: &str) -> Vec<&'a str> {
    let hits = index.search(&SearchQuery { limit: 10, ..query(text) }).unwrap().hits;
    hits.iter().map(|hit| names[usize::try_from(hit.repo_id).unwrap()].as_str()).collect()
}

#[test]
fn judged_queries_are_answered_as_well_as_before() {
    let Some((index, names, queries)) = shelf() else { return };
    let mut kinds: BTreeMap<&str, Vec<Figures>> = BTreeMap::new();
    for judged in &queries {
        let figures = judged::judge(&answer(&index, &names, &judged.query), &judged.qrels);
        for kind in [judged.kind.as_str(), "overall"] {
            kinds.entry(kind).or_default().push(figures);
        }
    }
    for (kind, floor) in FLOORS {
        let mean = judged::mean(&kinds[kind]).unwrap();
        assert!(mean.ndcg >= floor, "{kind}: {mean:?} is below {floor}");
        assert!(mean.zero < 1e-9, "{kind}: a query was not answered");
    }
    assert!(judged::mean(&kinds["overall"]).unwrap().mrr >= 0.90);
}

#[test]
fn nonsense_stays_unanswered() {
    let Some((index, names, _)) = shelf() else { return };
    for text in NONSENSE {
        assert_eq!(answer(&index, &names, text), [""; 0], "{text}");
    }
}
