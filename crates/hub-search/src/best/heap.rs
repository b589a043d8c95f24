//! The best so far.

use std::cmp::Ordering;

use tantivy::DocAddress;

/// A document that may be a result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    /// Where it stands.
    pub(crate) at: DocAddress,
    /// What it is worth.
    pub(crate) score: f32,
    /// What of that is for its whole name.
    pub(crate) bonus: f32,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    /// By score; of equals the one that comes first is the greater one.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.at.cmp(&self.at))
    }
}

/// Keeps the best of what it is given.
pub(super) struct Heap {
    limit: usize,
    /// Some more than are wanted, before the worst go.
    kept: Vec<Candidate>,
    /// How many there are when they go next.
    full: usize,
    least: f32,
}

impl Heap {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::with_capacity(limit + limit / 4 + 1), full: limit, least: 0.0 }
    }

    /// A score that a document has to exceed to be kept.
    pub(super) const fn least(&self) -> f32 {
        self.least
    }

    pub(super) fn push(&mut self, candidate: Candidate) {
        self.kept.push(candidate);
        if self.kept.len() >= self.full {
            self.drop_worse();
            self.full = self.limit + self.limit / 4 + 1;
        }
    }

    fn drop_worse(&mut self) {
        if self.kept.len() >= self.limit && self.limit > 0 {
            let (_, least, _) = self.kept.select_nth_unstable_by(self.limit - 1, |a, b| b.cmp(a));
            self.least = least.score;
            self.kept.truncate(self.limit);
        }
    }

    /// What was kept, in the order of addresses.
    pub(super) fn in_order(mut self) -> Vec<Candidate> {
        self.drop_worse();
        self.kept.sort_unstable_by_key(|candidate| candidate.at);
        self.kept
    }
}
