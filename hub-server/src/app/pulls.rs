//! Counts kept in memory until a job writes them down: never a write while somebody pulls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Pulls per repository.
#[derive(Debug, Default)]
pub struct PullCounter(Mutex<HashMap<i64, u64>>);

impl PullCounter {
    /// Counts one pull of the repository in row `repo_id`.
    pub fn count(&self, repo_id: i64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(repo_id).or_default() += 1;
    }

    /// Takes what was counted.
    #[must_use]
    pub fn take(&self) -> Vec<(i64, u64)> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.drain().collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, counts: Vec<(i64, u64)>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (repo, count) in counts {
            *known.entry(repo).or_default() += count;
        }
    }
}

/// When tokens were last used.
#[derive(Debug, Default)]
pub struct LastUses(Mutex<HashMap<i64, i64>>);

impl LastUses {
    /// The token in row `token` was used.
    pub fn touch(&self, token: i64, at_ms: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, at_ms);
    }

    /// Takes what was noted.
    #[must_use]
    pub fn take(&self) -> Vec<(i64, i64)> {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uses.drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulls_that_could_not_be_written_are_counted_again() {
        let counter = PullCounter::default();
        counter.count(7);
        counter.count(7);
        let taken = counter.take();
        assert_eq!(taken, [(7, 2)]);
        counter.count(7);
        counter.put_back(taken);
        assert_eq!(counter.take(), [(7, 3)]);
        assert!(counter.take().is_empty());
    }
}
