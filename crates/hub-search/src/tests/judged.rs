//! Judged queries: over a small corpus of our own always, over the shared one when it is there.
//!
//! The floors keep the search from getting worse unseen. They lie a little under what is reached,
//! because one place in one query says nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::*;
use crate::judged::{self, Figures, Grades, NONSENSE};

/// nDCG@10 over our own corpus.
const OWN: [(&str, f64); 10] = [
    ("alias", 0.95),
    ("exact", 0.95),
    ("name-sep", 0.95),
    ("org+name", 0.95),
    ("prefix", 0.95),
    ("ref", 0.95),
    ("topic", 0.90),
    ("typo", 0.95),
    ("zh", 0.85),
    ("overall", 0.93),
];

/// nDCG@10 over the shared corpus.
const SHARED: [(&str, f64); 10] = [
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

#[derive(Deserialize)]
struct Image {
    id: String,
    description: String,
    description_en: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    readme: Option<String>,
    #[serde(default)]
    official: bool,
    #[serde(default)]
    deprecated: bool,
}

#[derive(Deserialize)]
pub(super) struct Judged {
    pub(super) query: String,
    kind: String,
    pub(super) qrels: Grades,
}

/// Documents with the queries that are judged over them; the row of a document is its place.
pub(super) struct Corpus {
    pub(super) docs: Vec<SearchDoc>,
    pub(super) queries: Vec<Judged>,
}

impl Corpus {
    /// The one in this folder.
    pub(super) fn own() -> Self {
        let mut docs = Vec::new();
        add(&mut docs, include_str!("own/images.jsonl"), Path::new(""));
        Self { docs, queries: lines(include_str!("own/queries.jsonl")) }
    }

    /// The shared one, beside the project or where `HUB_CORPUS` says; or a note that it is not
    /// there.
    pub(super) fn shared() -> Option<Self> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
        let folder = std::env::var_os("HUB_CORPUS").map_or(beside, PathBuf::from);
        if !folder.is_dir() {
            let note = b"skipped: HUB_CORPUS is not set, and no corpus lies beside the project\n";
            std::io::stderr().write_all(note).unwrap();
            return None;
        }
        let mut docs = Vec::new();
        for half in ["permissive", "gpl-3.0"] {
            let half = folder.join(half);
            add(&mut docs, &fs::read_to_string(half.join("images.jsonl")).unwrap(), &half);
        }
        let queries = lines(&fs::read_to_string(folder.join("queries.jsonl")).unwrap());
        Some(Self { docs, queries })
    }

    pub(super) fn index(&self, dictionary: Dictionary) -> Index {
        let index = Index::in_memory_with(dictionary).unwrap();
        put(&index, self.docs.clone(), 1);
        index
    }

    fn answer(&self, index: &Index, text: &str) -> Vec<&str> {
        self.names(&index.search(&SearchQuery { limit: 10, ..query(text) }).unwrap().hits)
    }

    pub(super) fn names(&self, hits: &[SearchHit]) -> Vec<&str> {
        let name = |row: i64| self.docs[usize::try_from(row).unwrap()].name.as_str();
        hits.iter().map(|hit| name(hit.repo_id)).collect()
    }

    /// Figures by kind and over all, of the queries that something fits.
    fn figures(&self, index: &Index) -> BTreeMap<&str, Figures> {
        let mut kinds: BTreeMap<&str, Vec<Figures>> = BTreeMap::new();
        for judged in self.queries.iter().filter(|judged| !judged.qrels.is_empty()) {
            let figures = judged::judge(&self.answer(index, &judged.query), &judged.qrels);
            for kind in [judged.kind.as_str(), "overall"] {
                kinds.entry(kind).or_default().push(figures);
            }
        }
        kinds.into_iter().map(|(kind, of)| (kind, judged::mean(&of).unwrap())).collect()
    }

    fn holds(&self, floors: &[(&str, f64)]) {
        let index = self.index(crate::dictionary::BUILT_IN.clone());
        let figures = self.figures(&index);
        for (kind, floor) in floors {
            let mean = figures[kind];
            assert!(mean.ndcg >= *floor, "{kind}: {mean:?} is below {floor}; {figures:#?}");
            assert!(mean.zero < 1e-9, "{kind}: a query was not answered");
        }
        assert!(figures["overall"].mrr >= 0.90, "{figures:#?}");
        let unfitting = self.queries.iter().filter(|judged| judged.qrels.is_empty());
        let nonsense = unfitting.map(|judged| judged.query.as_str()).chain(NONSENSE);
        for text in nonsense {
            assert_eq!(self.answer(&index, text), [""; 0], "{text}");
        }
    }
}

fn add(docs: &mut Vec<SearchDoc>, images: &str, folder: &Path) {
    for image in lines::<Image>(images) {
        let readme = image.readme.map(|file| fs::read_to_string(folder.join(file)).unwrap());
        let description = [image.description, image.description_en.unwrap_or_default()];
        docs.push(SearchDoc {
            repo_id: i64::try_from(docs.len()).unwrap(),
            name: image.id,
            visibility: Visibility::Public,
            description: description.join("\n"),
            keywords: image.keywords,
            categories: image.categories,
            readme: readme.unwrap_or_default(),
            official: image.official,
            deprecated: image.deprecated,
            ..SearchDoc::default()
        });
    }
}

fn lines<T: for<'de> Deserialize<'de>>(text: &str) -> Vec<T> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn queries_over_our_own_corpus_are_answered_as_well_as_before() {
    Corpus::own().holds(&OWN);
}

#[test]
fn queries_over_the_shared_corpus_are_answered_as_well_as_before() {
    if let Some(corpus) = Corpus::shared() {
        corpus.holds(&SHARED);
    }
}
