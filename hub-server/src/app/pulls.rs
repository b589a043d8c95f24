//! Counts kept in memory until a job writes them down: never a write while somebody pulls.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hub_db::Pulls;
use hub_model::{Digest, Tag};

/// Pulls per repository, and when each tag was last pulled.
#[derive(Debug, Default)]
pub struct PullCounter(Mutex<HashMap<i64, Counted>>);

/// What was counted of one repository.
#[derive(Debug, Default)]
struct Counted {
    count: u64,
    last_ms: i64,
    tags: HashMap<Tag, i64>,
}

impl Counted {
    fn tag(&mut self, tag: &Tag, at_ms: i64) {
        match self.tags.get_mut(tag) {
            Some(last_ms) => *last_ms = at_ms.max(*last_ms),
            None => {
                self.tags.insert(tag.clone(), at_ms);
            }
        }
    }
}

impl PullCounter {
    /// Counts one pull of the repository in row `repo_id`, by this tag when it was by tag, at
    /// `at_ms` milliseconds since 1970.
    pub fn count(&self, repo_id: i64, tag: Option<&Tag>, at_ms: i64) {
        let mut counts = self.lock();
        let counted = counts.entry(repo_id).or_default();
        counted.count += 1;
        counted.last_ms = at_ms.max(counted.last_ms);
        if let Some(tag) = tag {
            counted.tag(tag, at_ms);
        }
    }

    /// Takes what was counted.
    #[must_use]
    pub fn take(&self) -> Vec<Pulls> {
        let counts = std::mem::take(&mut *self.lock());
        let pulls = counts.into_iter().map(|(repo_id, Counted { count, last_ms, tags })| Pulls {
            repo_id,
            count,
            last_ms,
            tags: tags.into_iter().collect(),
        });
        pulls.collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, pulls: Vec<Pulls>) {
        let mut counts = self.lock();
        for pulls in pulls {
            let counted = counts.entry(pulls.repo_id).or_default();
            counted.count += pulls.count;
            counted.last_ms = counted.last_ms.max(pulls.last_ms);
            for (tag, at_ms) in &pulls.tags {
                counted.tag(tag, *at_ms);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A credential that was used, by its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Used {
    /// A personal token, a session or a refresh token.
    Token(i64),
    /// A robot.
    Robot(i64),
    /// An access key.
    Key(i64),
}

/// When credentials were last used.
#[derive(Debug, Default)]
pub struct LastUses(Mutex<HashMap<Used, i64>>);

/// Rows of credentials, and when each was last used, in milliseconds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Of tokens.
    pub tokens: Vec<(i64, i64)>,
    /// Of robots.
    pub robots: Vec<(i64, i64)>,
    /// Of access keys.
    pub keys: Vec<(i64, i64)>,
}

impl LastUses {
    /// A credential was used.
    pub fn touch(&self, used: Used, at_ms: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(used, at_ms);
    }

    /// Takes what was noted.
    #[must_use]
    pub fn take(&self) -> Uses {
        let noted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut uses = Uses::default();
        for (used, at_ms) in noted {
            match used {
                Used::Token(row) => uses.tokens.push((row, at_ms)),
                Used::Robot(row) => uses.robots.push((row, at_ms)),
                Used::Key(row) => uses.keys.push((row, at_ms)),
            }
        }
        uses
    }
}

/// Unused blobs of repositories that somebody asked for, and when. Forgetting one costs its owner
/// another upload, so there is a limit.
#[derive(Debug, Default)]
pub struct AskedBlobs(Mutex<HashMap<(i64, Digest), i64>>);

impl AskedBlobs {
    /// Most blobs that are remembered at once.
    const MOST: usize = 100_000;

    /// Somebody asked for the blob of the repository in row `repo_id`.
    pub fn note(&self, repo_id: i64, digest: &Digest, at_ms: i64) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() < Self::MOST {
            asked.insert((repo_id, digest.clone()), at_ms);
        }
    }

    /// Takes what was noted.
    #[must_use]
    pub fn take(&self) -> Vec<(i64, Digest, i64)> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.drain().map(|((repo, digest), at_ms)| (repo, digest, at_ms)).collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, blobs: Vec<(i64, Digest, i64)>) {
        for (repo, digest, at_ms) in blobs {
            self.note(repo, &digest, at_ms);
        }
    }
}

/// Blobs whose bytes could not be read as they should, until somebody looks at them.
#[derive(Debug, Default)]
pub struct Suspects(Mutex<HashSet<Digest>>);

impl Suspects {
    /// Most blobs that are remembered at once; the others are noted when they are read again.
    const MOST: usize = 10_000;

    /// The bytes of the blob could not be read as they should.
    pub fn note(&self, digest: &Digest) {
        let mut suspects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if suspects.len() < Self::MOST {
            suspects.insert(digest.clone());
        }
    }

    /// Takes what was noted.
    #[must_use]
    pub fn take(&self) -> Vec<Digest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulls_that_could_not_be_written_are_counted_again() {
        let tag: Tag = "v1".parse().unwrap();
        let pulls = |count, last_ms| {
            vec![Pulls { repo_id: 7, count, last_ms, tags: vec![(tag.clone(), last_ms)] }]
        };
        let counter = PullCounter::default();
        counter.count(7, Some(&tag), 20);
        counter.count(7, None, 10);
        let taken = counter.take();
        assert_eq!(taken, pulls(2, 20));
        counter.count(7, Some(&tag), 30);
        counter.put_back(taken);
        assert_eq!(counter.take(), pulls(3, 30));
        assert!(counter.take().is_empty());
    }
}
