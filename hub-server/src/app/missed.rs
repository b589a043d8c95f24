//! Searches that found nothing, kept in memory until a job writes them down: never a write while
//! somebody reads.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hub_model::MissedSearch;

/// How often each text was searched for and not found.
#[derive(Debug, Default)]
pub struct MissedSearches(Mutex<HashMap<String, MissedSearch>>);

impl MissedSearches {
    /// Most texts that are remembered at once; of more, nothing is known.
    const MOST: usize = 1000;

    /// A text, folded, was searched for and not found.
    pub fn note(&self, text: String, at_ms: i64) {
        self.add(MissedSearch { text, times: 1, first_ms: at_ms, last_ms: at_ms });
    }

    /// Takes what was noted.
    #[must_use]
    pub fn take(&self) -> Vec<MissedSearch> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, missed: Vec<MissedSearch>) {
        for search in missed {
            self.add(search);
        }
    }

    fn add(&self, search: MissedSearch) {
        let mut texts = self.lock();
        if let Some(known) = texts.get_mut(&search.text) {
            known.times += search.times;
            known.first_ms = known.first_ms.min(search.first_ms);
            known.last_ms = known.last_ms.max(search.last_ms);
        } else if texts.len() < Self::MOST {
            texts.insert(search.text.clone(), search);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, MissedSearch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_add_up_and_are_bounded() {
        let missed = MissedSearches::default();
        missed.note("queue".to_owned(), 5);
        let taken = missed.take();
        missed.note("queue".to_owned(), 9);
        missed.put_back(taken);
        let queue = MissedSearch { text: "queue".to_owned(), times: 2, first_ms: 5, last_ms: 9 };
        assert_eq!(missed.take(), [queue]);
        assert_eq!(missed.take(), []);
        (0..2 * MissedSearches::MOST).for_each(|number| missed.note(number.to_string(), 1));
        missed.note("7".to_owned(), 2);
        assert_eq!(missed.take().len(), MissedSearches::MOST);
    }
}
