//! What is left out could not have been a result.

use hub_model::{AccessTerms, SearchDoc, SearchFilter};

use super::*;
use crate::ask::{self, Ask};
use crate::tests::{doc, put};
use crate::{Batch, Dictionary, Index, filters, plan};

const WORDS: [&str; 12] = [
    "redis",
    "queue",
    "cache",
    "fast",
    "store",
    "kafka",
    "broker",
    "operator",
    "数据库",
    "监控",
    "small",
    "web",
];

/// A number that follows from another one, as if by chance.
fn mixed(seed: u64) -> usize {
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from((mixed ^ (mixed >> 29)) >> 33).unwrap()
}

/// Some words; the first ones of the list are far more frequent.
fn some(seed: u64, count: usize) -> String {
    let word = |n: usize| {
        let seed = seed * 31 + n as u64;
        WORDS[mixed(seed) % (1 + mixed(seed + 7) % WORDS.len())]
    };
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

fn document(n: u64) -> SearchDoc {
    SearchDoc {
        keywords: vec![some(n + 1, 1)],
        categories: if mixed(n).is_multiple_of(9) { vec!["rare".to_owned()] } else { vec![] },
        readme: some(n + 2, 12),
        official: mixed(n).is_multiple_of(17),
        recent_pulls: 10_u64.pow(u32::try_from(mixed(n) % 7).unwrap()),
        ..doc(&format!("{}/{}-{n}", some(n + 3, 1), some(n + 4, 1)), &some(n + 5, 5))
    }
}

/// Several segments, and documents that are gone.
fn shelf() -> Index {
    let index = Index::in_memory_with(Dictionary::default()).unwrap();
    for batch in 0..4_u64 {
        let docs = (batch * 900..(batch + 1) * 900).map(document).collect();
        put(&index, docs, i64::try_from(batch).unwrap());
    }
    let remove = (0..3600).step_by(11).map(|n| document(n).name).collect();
    index.apply(&Batch { put: vec![], remove, position: 9 }).unwrap();
    index
}

#[test]
fn the_best_are_those_that_scoring_everything_finds() {
    let index = shelf();
    let live = index.0.live.load();
    let (snapshot, fields) = (live.snapshot.load(), &live.fields);
    let rare = SearchFilter { categories: vec!["rare".to_owned()], ..SearchFilter::default() };
    let mut found = 0;
    for seed in 0..60 {
        let text = some(seed * 1000, 1 + mixed(seed) % 4);
        let ask = Ask::read(&text);
        let plan = plan::plan(&ask, &Dictionary::default(), None).unwrap().unwrap();
        for filter in [SearchFilter::default(), rare.clone()] {
            let narrow = ask::joined(&ask.filter, &filter);
            let clauses = filters::clauses(fields, &AccessTerms::PUBLIC, &narrow, &ask);
            let filter = filters::together(clauses);
            let scoring = EnableScoring::disabled_from_searcher(&snapshot);
            let best = |limit: usize| {
                let filter = Some(filter.weight(scoring).unwrap());
                let sought = Sought { snapshot: &snapshot, fields, filter, limit };
                let mut found = sought.find(&plan).unwrap();
                found.sort_by(|left, right| right.cmp(left));
                found.iter().map(|one| (one.at, one.score, one.bonus)).collect::<Vec<_>>()
            };
            let all = best(100_000);
            found += all.len();
            for limit in [1, 5, 50, 500] {
                let some = best(limit);
                let scores =
                    |some: &[(_, f32, f32)]| some.iter().map(|one| one.1).collect::<Vec<_>>();
                let want = &all[..limit.min(all.len())];
                assert_eq!(scores(&some), scores(want), "the {limit} best of {text:?}");
                // Of equals at the end any may be the last.
                let last = want.last().map_or(0.0, |one| one.1);
                let above = |one: &&(_, f32, f32)| one.1 > last;
                let (some, want): (Vec<_>, Vec<_>) =
                    (some.iter().filter(above).collect(), want.iter().filter(above).collect());
                assert_eq!(some, want, "the {limit} best of {text:?}");
            }
        }
    }
    assert!(found > 10_000, "the texts find something: {found}");
}

#[test]
fn what_stands_in_a_readme_counts_also_where_it_finds_nothing() {
    let index = shelf();
    let live = index.0.live.load();
    let (snapshot, fields) = (live.snapshot.load(), &live.fields);
    let ask = Ask::read("redis queue");
    let plan = plan::plan(&ask, &Dictionary::default(), None).unwrap().unwrap();
    let everything = best(&snapshot, fields, &plan, None, 100_000).unwrap();
    let few = best(&snapshot, fields, &plan, None, 20).unwrap();
    assert_eq!(few.len(), 20);
    for one in few {
        let same = everything.iter().find(|other| other.at == one.at).unwrap();
        assert_eq!((one.score, one.bonus), (same.score, same.bonus));
    }
}
