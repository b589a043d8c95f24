//! What was measured, as tables.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::asks::Kind;
use super::hub::Built;
use super::latency::Times;
use crate::table::{Look, table};

/// One of those that were asked.
#[derive(Debug, Serialize)]
pub(crate) struct Side {
    /// Who.
    pub(crate) name: &'static str,
    /// How long answers took.
    pub(crate) times: BTreeMap<Kind, Times>,
    /// How well the judged queries were answered: nDCG@10 by kind.
    pub(crate) ndcg: BTreeMap<String, f64>,
}

impl Side {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, times: BTreeMap::new(), ndcg: BTreeMap::new() }
    }
}

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Repositories of the large hub.
    pub(crate) repos: usize,
    /// What its index cost.
    pub(crate) built: Built,
    /// Memory of the server after the questions, in bytes; files that it looks at included.
    pub(crate) resident: u64,
    /// The part of it that is its own.
    pub(crate) anonymous: u64,
    /// The hub first.
    pub(crate) sides: Vec<Side>,
    /// How long suggestions took.
    pub(crate) suggestions: Times,
    /// How long after a push it was found.
    pub(crate) freshness: Times,
    /// Pushes in a second meanwhile.
    pub(crate) rate: f64,
}

impl Report {
    pub(crate) fn render(&self, look: Look) -> String {
        let tables = [self.figures(look), self.latency(look), self.quality(look)];
        let head = format!("A hub of {} repositories.\n", self.repos);
        tables.iter().fold(head, |text, table| format!("{text}\n{table}\n"))
    }

    fn figures(&self, look: Look) -> String {
        let mut rows = table(look, &["what", "figure"], 1);
        #[expect(clippy::cast_precision_loss, reason = "bytes of files, and of memory")]
        let mib = |bytes: u64| format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20));
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let each = self.built.bytes as f64 / self.repos as f64;
        rows.add_row(["index built in", &format!("{:.0} s", self.built.seconds)]);
        rows.add_row(["memory of the build, at most", &mib(self.built.peak_bytes)]);
        rows.add_row(["size of the index", &mib(self.built.bytes)]);
        rows.add_row(["of each repository", &format!("{each:.0} bytes")]);
        rows.add_row(["memory of the server", &mib(self.resident)]);
        rows.add_row(["without files that it looks at", &mib(self.anonymous)]);
        rows.add_row(["suggestion, p50", &self.suggestions.ms(50)]);
        rows.add_row(["suggestion, p99", &self.suggestions.ms(99)]);
        rows.add_row(["pushes in a second", &format!("{:.0}", self.rate)]);
        rows.add_row(["found after the push, p50", &self.freshness.ms(50)]);
        rows.add_row(["found after the push, p99", &self.freshness.ms(99)]);
        rows.to_string()
    }

    fn latency(&self, look: Look) -> String {
        let mut head = vec!["query".to_owned()];
        for side in &self.sides {
            head.extend([50, 99].map(|percent| format!("{} p{percent}", side.name)));
        }
        head.extend(self.sides[1..].iter().map(|side| format!("{} / hub, p99", side.name)));
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let mut rows = table(look, &head, 1);
        for kind in Kind::ALL {
            let of = |side: &Side| side.times.get(&kind).cloned().unwrap_or_default();
            rows.add_row(row(kind.as_str(), &self.sides.iter().map(of).collect::<Vec<_>>()));
        }
        let together = |side: &Side| Times::together(side.times.values());
        rows.add_row(row("all", &self.sides.iter().map(together).collect::<Vec<_>>()));
        rows.to_string()
    }

    fn quality(&self, look: Look) -> String {
        let mut head = vec!["nDCG@10"];
        head.extend(self.sides.iter().map(|side| side.name));
        let mut rows = table(look, &head, 1);
        let kinds: BTreeSet<&String> =
            self.sides.iter().flat_map(|side| side.ndcg.keys()).collect();
        for kind in kinds {
            let of = |side: &Side| side.ndcg.get(kind).map_or(String::new(), |n| format!("{n:.3}"));
            rows.add_row([kind.clone()].into_iter().chain(self.sides.iter().map(of)));
        }
        rows.to_string()
    }
}

/// Times of every side, ours first, and how many times longer the others take.
fn row(name: &str, times: &[Times]) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    for times in times {
        row.extend([50, 99].map(|percent| times.ms(percent)));
    }
    let p99 = |times: &Times| times.of(99).as_secs_f64();
    row.extend(times[1..].iter().map(|theirs| format!("{:.1}", p99(theirs) / p99(&times[0]))));
    row
}
