//! What was measured, in figures that can be compared.

use std::time::Duration;

use serde::Serialize;

use crate::load::{Driven, percentile};
use crate::machine::Machine;
use crate::peers::Peer;
use crate::targets::Verdict;

/// One server in one scenario: each figure is the median over the rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    /// Operations in a round.
    pub(crate) operations: u64,
    /// The server's processor time for one operation, in microseconds.
    pub(crate) cpu_us: f64,
    /// Operations for each second of the server's processor time.
    pub(crate) per_cpu_second: f64,
    /// The server's processor seconds for a GiB that travels; absent where little does.
    pub(crate) cpu_seconds_per_gib: Option<f64>,
    /// Operations in a second of the clock on the wall.
    pub(crate) per_second: f64,
    /// Half of the operations took at most that, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 took at most that, in milliseconds.
    pub p99_ms: f64,
    /// Half of the answers began within that, in milliseconds.
    pub(crate) first_byte_ms: f64,
    /// Most memory that the server held, in MiB.
    pub(crate) peak_mib: f64,
}

/// One round.
#[derive(Debug)]
pub(crate) struct Round {
    /// What the client saw.
    pub(crate) driven: Driven,
    /// The server's processor time.
    pub(crate) cpu: Duration,
    /// The server's peak of memory, in bytes.
    pub(crate) peak_bytes: u64,
}

/// Operations that carry less are not counted in GiB.
const BULK_BYTES: u64 = 256 << 10;

impl Figures {
    /// The medians of some rounds.
    pub(crate) fn of(rounds: &[Round]) -> Self {
        let each = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
        let count = |round: &Round| float(round.driven.took.len() as u64).max(1.0);
        // A round in which the meter saw no tick took less than one.
        let cpu = |round: &Round| round.cpu.as_secs_f64().max(0.005);
        let is_bulk = |round: &Round| {
            round.driven.bytes >= BULK_BYTES * round.driven.took.len().max(1) as u64
        };
        let per_gib = |round: &Round| cpu(round) / (float(round.driven.bytes) / float(1 << 30));
        Self {
            operations: rounds.iter().map(|r| r.driven.took.len() as u64).max().unwrap_or(0),
            cpu_us: each(&|round| cpu(round) * 1e6 / count(round)),
            per_cpu_second: each(&|round| count(round) / cpu(round)),
            cpu_seconds_per_gib: rounds.iter().all(is_bulk).then(|| each(&per_gib)),
            per_second: each(&|round| count(round) / round.driven.wall.as_secs_f64()),
            p50_ms: each(&|round| ms(percentile(&round.driven.took, 50))),
            p99_ms: each(&|round| ms(percentile(&round.driven.took, 99))),
            first_byte_ms: each(&|round| ms(percentile(&round.driven.first_bytes, 50))),
            peak_mib: each(&|round| mib(round.peak_bytes)),
        }
    }
}

/// The middle of some figures; of an even number the mean of the two.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => 0.0,
        even if even % 2 == 0 => f64::midpoint(figures[middle - 1], figures[middle]),
        _ => figures[middle],
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Bytes in MiB.
pub(crate) fn mib(bytes: u64) -> f64 {
    float(bytes) / float(1 << 20)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^52")]
const fn float(number: u64) -> f64 {
    number as f64
}

/// One server in one scenario.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// Name of the scenario.
    pub(crate) scenario: &'static str,
    /// Which server.
    pub(crate) peer: Peer,
    /// What was measured.
    pub(crate) figures: Figures,
}

/// A figure that is no load's: memory, a time of starting, copies.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fact {
    /// What it is.
    pub(crate) what: &'static str,
    /// Of which server.
    pub(crate) peer: Peer,
    /// How much.
    pub(crate) value: f64,
}

/// Everything that a run found out.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Where, and with which programs.
    pub(crate) machine: Machine,
    /// Rounds whose medians these are.
    pub(crate) rounds: usize,
    /// Whether the loads were shortened.
    pub(crate) quick: bool,
    /// Tags and repositories of the crowded registry.
    pub(crate) many: usize,
    /// Scenarios.
    pub(crate) rows: Vec<Row>,
    /// Other figures.
    pub(crate) facts: Vec<Fact>,
    /// What was aimed at.
    pub(crate) targets: Vec<Verdict>,
}

impl Report {
    /// The figures of one server in one scenario.
    pub(crate) fn figures(&self, scenario: &str, peer: Peer) -> Option<&Figures> {
        let row = self.rows.iter().find(|row| row.scenario == scenario && row.peer == peer)?;
        Some(&row.figures)
    }

    /// A fact about one server.
    pub(crate) fn fact(&self, what: &str, peer: Peer) -> Option<f64> {
        self.facts.iter().find(|fact| fact.what == what && fact.peer == peer).map(|f| f.value)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn round(operations: usize, cpu_ms: u64, bytes: u64) -> Round {
        let took: Vec<_> = (1..=operations as u64).map(Duration::from_millis).collect();
        let driven =
            Driven { wall: Duration::from_secs(2), first_bytes: took.clone(), took, bytes };
        Round { driven, cpu: Duration::from_millis(cpu_ms), peak_bytes: 3 << 20 }
    }

    #[test]
    fn figures_are_medians_of_rounds() {
        let figures = Figures::of(&[round(100, 400, 0), round(100, 100, 0), round(100, 200, 0)]);
        assert!((figures.cpu_us - 2000.0).abs() < 1e-6);
        assert!((figures.per_cpu_second - 500.0).abs() < 1e-6);
        assert!((figures.per_second - 50.0).abs() < 1e-6);
        assert!((figures.p99_ms - 99.0).abs() < 1e-6);
        assert!((figures.peak_mib - 3.0).abs() < 1e-6);
        assert_eq!(figures.cpu_seconds_per_gib, None);
    }

    #[test]
    fn what_carries_bytes_is_counted_in_gib() {
        let figures = Figures::of(&[round(2, 500, 2 << 30)]);
        assert!((figures.cpu_seconds_per_gib.unwrap() - 0.25).abs() < 1e-9);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(Vec::new()).abs() < 1e-9);
    }
}
