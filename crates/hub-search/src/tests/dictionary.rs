//! The dictionary holds concepts, not queries: no entry of it decides how good the search is.
//!
//! An entry is what somebody adds: one name of a concept, or one program with its names. Each is
//! taken out in turn. Only what it changes is done anew, the documents that lose a concept and the
//! queries that ask for it: everything else stays as it was.

use std::collections::BTreeSet;

use super::judged::{Corpus, Judged};
use super::*;
use crate::ask::Ask;
use crate::dictionary::{BUILT_IN, CONCEPTS, SOFTWARE};
use crate::judged;
use crate::node::Node;
use crate::plan::{self, Plan};
use crate::{ranking, text};

/// The dictionary without one entry.
struct Without {
    entry: String,
    dictionary: Dictionary,
    /// How it is called.
    names: Vec<String>,
}

fn without_each() -> impl Iterator<Item = Without> {
    let concepts = CONCEPTS.lines().filter_map(told).flat_map(|(head, names)| {
        let names = names.split(['|', ';']).map(str::trim).filter(|name| !name.is_empty());
        names.map(move |name| Without {
            entry: format!("{head}: {name}"),
            dictionary: BUILT_IN.without_name(name),
            names: vec![name.to_owned()],
        })
    });
    let programs = SOFTWARE.lines().filter_map(told).flat_map(|(programs, _)| {
        programs.split(',').map(|program| {
            let names =
                program.split('=').map(|name| name.trim().trim_start_matches('~').to_owned());
            let names: Vec<String> = names.collect();
            let dictionary = BUILT_IN.without_program(&names);
            Without { entry: program.trim().to_owned(), dictionary, names }
        })
    });
    concepts.chain(programs)
}

/// What stands before and behind the colon of a line.
fn told(line: &str) -> Option<(&str, &str)> {
    line.split_once(':').filter(|_| !line.starts_with('#'))
}

/// A corpus with the answers that the whole dictionary gives.
struct Bench<'a> {
    corpus: &'a Corpus,
    index: Index,
    queries: Vec<&'a Judged>,
    plans: Vec<Plan>,
    gains: Vec<f64>,
    /// Everything that concepts are found in, canonical.
    said: Vec<String>,
}

impl<'a> Bench<'a> {
    fn new(corpus: &'a Corpus) -> Self {
        let index = corpus.index(BUILT_IN.clone());
        let queries = corpus.queries.iter().filter(|query| !query.qrels.is_empty());
        let queries: Vec<&Judged> = queries.collect();
        let said = |doc: &SearchDoc| {
            let words = [doc.keywords.join(" "), doc.categories.join(" ")].join(" ");
            text::canonical(&format!("{} {words} {} {}", doc.name, doc.title, doc.description))
        };
        let said = corpus.docs.iter().map(said).collect();
        let plans = queries.iter().map(|query| planned(query, &BUILT_IN)).collect();
        let mut bench = Self { corpus, index, queries, plans, gains: vec![], said };
        bench.gains = bench.queries.iter().map(|query| bench.gain(query, &BUILT_IN)).collect();
        bench
    }

    fn gain(&self, judged: &Judged, dictionary: &Dictionary) -> f64 {
        let live = self.index.0.live.load();
        let asked = SearchQuery { limit: 10, ..query(&judged.query) };
        let hits = ranking::search(&live, dictionary, &asked).unwrap().hits;
        judged::judge(&self.corpus.names(&hits), &judged.qrels).ndcg
    }

    /// How much the mean falls, or rises, without an entry.
    fn moved(&self, without: &Without) -> f64 {
        let dictionary = &without.dictionary;
        let concepts = |doc: &SearchDoc, dictionary: &Dictionary| -> BTreeSet<(String, u32)> {
            let found = dictionary.concepts_of(doc).into_iter();
            found.map(|(id, count)| (dictionary.id(id).to_owned(), count)).collect()
        };
        let names: Vec<String> = without.names.iter().map(|name| stems(name)).collect();
        let mut changed = Vec::new();
        let mut lost = BTreeSet::new();
        for (doc, said) in self.corpus.docs.iter().zip(&self.said) {
            if !names.iter().any(|name| said.contains(name.as_str())) {
                continue;
            }
            let (before, after) = (concepts(doc, &BUILT_IN), concepts(doc, dictionary));
            if before != after {
                lost.extend(before.symmetric_difference(&after).map(|(id, _)| id.clone()));
                changed.push(doc.clone());
            }
        }
        let differs = |at: &usize| {
            let (query, old) = (self.queries[*at], &self.plans[*at]);
            let asks = old.groups.iter().any(|node| asks_for(node, &lost));
            let asked = text::canonical(&query.query);
            let is_named = names.iter().any(|name| asked.contains(name.as_str()));
            asks || (is_named && {
                let new = planned(query, dictionary);
                old.groups != new.groups || old.names != new.names
            })
        };
        let queries: Vec<usize> = (0..self.queries.len()).filter(differs).collect();
        if queries.is_empty() {
            return 0.0;
        }
        self.put(&changed, dictionary);
        let gain = |at: &usize| self.gain(self.queries[*at], dictionary) - self.gains[*at];
        let moved: f64 = queries.iter().map(gain).sum();
        self.put(&changed, &BUILT_IN);
        #[expect(clippy::cast_precision_loss, reason = "sixty")]
        let all = self.queries.len() as f64;
        moved / all
    }

    fn put(&self, docs: &[SearchDoc], dictionary: &Dictionary) {
        let batch = Batch { put: docs.to_vec(), remove: vec![], position: 1 };
        self.index.0.desk.apply_by(&self.index.0.live, &batch, dictionary).unwrap();
    }
}

/// A name as it may stand inside of what is said: without the ending of its last word.
fn stems(name: &str) -> String {
    let canonical = text::canonical(name);
    let kept = text::stem(&canonical);
    canonical
        .chars()
        .zip(kept.chars())
        .take_while(|(left, right)| left == right)
        .map(|(c, _)| c)
        .collect()
}

fn planned(judged: &Judged, dictionary: &Dictionary) -> Plan {
    plan::plan(&Ask::read(&judged.query), dictionary, None).unwrap().unwrap()
}

/// Whether a concept is asked for that documents lost.
fn asks_for(node: &Node, lost: &BTreeSet<String>) -> bool {
    match node {
        Node::Term { by, text, .. } => *by == "concept" && lost.contains(text),
        Node::Best(nodes, _) | Node::All(nodes, _) => nodes.iter().any(|node| asks_for(node, lost)),
    }
}

/// Entries that move the mean by `limit` or more.
fn deciding(corpus: &Corpus, limit: f64) -> Vec<String> {
    let bench = Bench::new(corpus);
    let moved: Vec<(f64, String)> =
        without_each().map(|without| (bench.moved(&without), without.entry)).collect();
    let matter = moved.iter().filter(|(moved, _)| moved.abs() > 0.0).count();
    assert!(matter > 20, "{matter} entries of {} matter at all", moved.len());
    let deciding = moved.into_iter().filter(|(moved, _)| moved.abs() >= limit);
    deciding.map(|(moved, entry)| format!("{entry}: {moved:+.4}")).collect()
}

#[test]
fn no_entry_of_the_dictionary_decides_over_the_shared_corpus() {
    let Some(corpus) = Corpus::shared() else { return };
    assert_eq!(deciding(&corpus, 0.01), Vec::<String>::new());
}

#[test]
fn no_entry_of_the_dictionary_decides_more_than_one_query_of_ours() {
    let corpus = Corpus::own();
    let judged = corpus.queries.iter().filter(|query| !query.qrels.is_empty()).count();
    #[expect(clippy::cast_precision_loss, reason = "fifty")]
    let one_and_a_bit = 1.2 / judged as f64;
    assert_eq!(deciding(&corpus, one_and_a_bit), Vec::<String>::new());
}
