//! What we aim at, and whether a run reached it.

use serde::Serialize;

use crate::course::{ABOVE_IDLE, HASHING, IDLE, START};
use crate::peers::Peer;
use crate::report::{Figures, Report};

/// One aim and what came of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Verdict {
    /// What is aimed at.
    pub(crate) target: &'static str,
    /// What was measured.
    pub(crate) measured: f64,
    /// Where the aim ends.
    pub(crate) bound: f64,
    /// Whether it was reached.
    pub(crate) reached: bool,
}

/// On which side of its bound a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Should {
    BeAtLeast,
    BeAtMost,
}

/// Every aim whose scenarios were run.
pub(crate) fn judge(report: &Report) -> Vec<Verdict> {
    use Should::{BeAtLeast, BeAtMost};
    let of = |scenario: &str, peer, figure: fn(&Figures) -> Option<f64>| {
        report.figures(scenario, peer).and_then(figure)
    };
    let against = |scenario: &str, peer, figure: fn(&Figures) -> Option<f64>| {
        Some(of(scenario, Peer::Hub, figure)? / of(scenario, peer, figure)?)
    };
    let rate: fn(&Figures) -> Option<f64> = |figures| Some(figures.per_cpu_second);
    let cpu: fn(&Figures) -> Option<f64> = |figures| Some(figures.cpu_us);
    let per_gib: fn(&Figures) -> Option<f64> = |figures| figures.cpu_seconds_per_gib;
    let p99: fn(&Figures) -> Option<f64> = |figures| Some(figures.p99_ms);
    let (tag, get, put) = ("Manifest GET by tag", "Blob GET 1GB", "Blob PUT 1GB");
    let hashing = report.fact(HASHING, Peer::Hub);
    let put_per_hash = of(put, Peer::Hub, per_gib).zip(hashing).map(|(put, hash)| put / hash);
    let both = |page: &str| {
        let tags = of(&format!("Get Tags{page}"), Peer::Hub, p99)?;
        Some(tags.max(of(&format!("Get Catalog{page}"), Peer::Hub, p99)?))
    };
    let aims = [
        (
            "manifest GET by tag per CPU-second, ÷ docker-registry",
            against(tag, Peer::DockerRegistry, rate),
            BeAtLeast,
            40.0,
        ),
        (
            "manifest GET by tag per CPU-second, ÷ nginx",
            against(tag, Peer::Nginx, rate),
            BeAtLeast,
            0.5,
        ),
        ("blob GET 1 GiB, CPU-seconds", of(get, Peer::Hub, per_gib), BeAtMost, 0.25),
        (
            "blob GET 1 GiB, CPU ÷ docker-registry",
            against(get, Peer::DockerRegistry, cpu),
            BeAtMost,
            0.6,
        ),
        ("blob PUT 1 GiB, CPU ÷ hashing alone", put_per_hash, BeAtMost, 1.5),
        (
            "blob PUT 1 GiB, CPU ÷ docker-registry",
            against(put, Peer::DockerRegistry, cpu),
            BeAtMost,
            0.35,
        ),
        (
            "16 pushes of 1 GiB at once, MiB above idle",
            report.fact(ABOVE_IDLE, Peer::Hub),
            BeAtMost,
            96.0,
        ),
        ("first page of tags and catalog, p99 in ms", both(""), BeAtMost, 5.0),
        ("middle page of tags and catalog, p99 in ms", both(", middle page"), BeAtMost, 5.0),
        ("idle with many repositories, MiB", report.fact(IDLE, Peer::Hub), BeAtMost, 40.0),
        ("start with many repositories, ms", report.fact(START, Peer::Hub), BeAtMost, 1000.0),
    ];
    let judged = aims.into_iter().filter_map(|(target, measured, should, bound)| {
        let measured = measured?;
        let reached = match should {
            BeAtLeast => measured >= bound,
            BeAtMost => measured <= bound,
        };
        Some(Verdict { target, measured, bound, reached })
    });
    judged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;
    use crate::report::tests::round;
    use crate::report::{Fact, Row};

    fn report(rows: &[(&'static str, Peer, u64)]) -> Report {
        let row = |(scenario, peer, cpu_ms): &(&'static str, Peer, u64)| Row {
            scenario,
            peer: *peer,
            figures: Figures::of(&[round(1, *cpu_ms, 1 << 30)]),
        };
        Report {
            machine: Machine {
                cores: 2,
                processor: String::new(),
                memory_mib: 1,
                versions: Vec::new(),
            },
            rounds: 1,
            quick: false,
            many: 1,
            rows: rows.iter().map(row).collect(),
            facts: vec![Fact { what: HASHING, peer: Peer::Hub, value: 1.0 }],
            targets: Vec::new(),
        }
    }

    #[test]
    fn aims_compare_figures_of_one_run() {
        let report = report(&[
            ("Manifest GET by tag", Peer::Hub, 10),
            ("Manifest GET by tag", Peer::DockerRegistry, 390),
            ("Blob PUT 1GB", Peer::Hub, 1500),
        ]);
        let told: Vec<_> =
            judge(&report).iter().map(|v| (v.target, v.measured, v.reached)).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!((told[0].1 - 39.0).abs() < 1e-6 && !told[0].2, "{told:?}");
        assert!((told[1].1 - 1.5).abs() < 1e-6 && told[1].2, "{told:?}");
    }
}
