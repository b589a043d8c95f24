//! How long answers took.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// Times of some questions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times {
    taken: Vec<(Duration, String)>,
}

impl Times {
    /// One more; `what` is named when it is the slowest.
    pub(crate) fn add(&mut self, took: Duration, what: String) {
        self.taken.push((took, what));
    }

    /// One more, unless it is of the first round: that one only warms up.
    pub(crate) fn count(&mut self, round: usize, took: Duration, what: impl Fn() -> String) {
        if round > 0 {
            self.add(took, what());
        }
    }

    /// Those of all of these together.
    pub(crate) fn together<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        Self { taken: all.flat_map(|times| times.taken.iter().cloned()).collect() }
    }

    /// The time within which so many of a hundred were answered.
    pub(crate) fn of(&self, percent: usize) -> Duration {
        let mut taken: Vec<Duration> = self.taken.iter().map(|(took, _)| *took).collect();
        taken.sort_unstable();
        let at = (taken.len() * percent).div_ceil(100).saturating_sub(1);
        taken.get(at).copied().unwrap_or_default()
    }

    /// The same in words.
    pub(crate) fn ms(&self, percent: usize) -> String {
        format!("{:.2} ms", self.of(percent).as_secs_f64() * 1000.0)
    }

    fn slowest(&self) -> &str {
        self.taken.iter().max().map_or("", |(_, what)| what)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p95, p99, most] = [50, 95, 99, 100].map(|percent| self.ms(percent));
        write!(f, "p50 {p50}  p95 {p95}  p99 {p99}  at most {most}: {}", self.slowest())
    }
}

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ms = |percent| self.of(percent).as_secs_f64() * 1000.0;
        serializer
            .collect_map([50, 95, 99, 100].map(|percent| (format!("p{percent}_ms"), ms(percent))))
    }
}
