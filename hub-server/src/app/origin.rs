//! From where the request came that is being answered, for the record of what was done.
//!
//! It is the same for whatever happens in a request, and sixty services would hand it on without
//! using it; so it goes with the task, as the span of the log does
//! (`docs/decisions/0013-origin-goes-with-the-task.md`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

tokio::task_local! {
    static HERE: Origin;
}

/// From where somebody called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The address, as text; empty when it is not known.
    pub address: String,
    /// Id of the request, as logs name it; empty outside of requests.
    pub request_id: String,
}

impl Origin {
    /// Lets `work` know that it is done for a request from here.
    pub(crate) async fn of<T>(self, work: impl Future<Output = T>) -> T {
        HERE.scope(self, work).await
    }

    /// From where the work at hand was asked for; nowhere for jobs and commands.
    #[must_use]
    pub fn here() -> Self {
        HERE.try_with(Self::clone).unwrap_or_default()
    }
}

/// An act that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// When last, in milliseconds.
    pub(crate) at_ms: i64,
    /// Name of who tried.
    pub(crate) actor: String,
    /// How the actor was known.
    pub(crate) credential: String,
    /// The address of the caller.
    pub(crate) address: String,
    /// Id of the last request.
    pub(crate) request_id: String,
    /// What was tried.
    pub(crate) action: &'static str,
    /// On what.
    pub(crate) target: String,
    /// Why it was refused.
    pub(crate) reason: String,
    /// How often.
    pub(crate) times: u64,
}

/// Who tried what, on which target, from where.
type Attempt = (String, &'static str, String, String);

/// What was refused and is not yet written down. Equal attempts are one.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Kept>);

/// Attempts, and how many of them are each actor's.
#[derive(Debug, Default)]
struct Kept {
    attempts: HashMap<Attempt, Refused>,
    of_one: HashMap<String, usize>,
}

impl Refusals {
    /// Most attempts that are remembered at once: beyond that the log alone knows them.
    const MOST: usize = 10_000;

    /// Most attempts of one actor that are told apart: the rest is one, so that nobody fills the
    /// record by trying name after name.
    const MOST_OF_ONE: usize = 200;

    /// What the rest was tried on.
    const MANY: &'static str = "(many others)";

    /// Notes an attempt.
    pub(crate) fn note(&self, mut refused: Refused) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut attempt = attempt(&refused);
        let of_one = kept.of_one.get(&refused.actor).copied().unwrap_or(0);
        if of_one >= Self::MOST_OF_ONE && !kept.attempts.contains_key(&attempt) {
            Self::MANY.clone_into(&mut refused.target);
            refused.address.clear();
            attempt = self::attempt(&refused);
        }
        if let Some(known) = kept.attempts.get_mut(&attempt) {
            *known = Refused { times: known.times + refused.times, ..refused };
        } else if kept.attempts.len() < Self::MOST {
            *kept.of_one.entry(refused.actor.clone()).or_default() += 1;
            kept.attempts.insert(attempt, refused);
        } else {
            let Refused { actor, action, target, address, .. } = &refused;
            tracing::warn!(actor, action, target, address, "refused, and not noted");
        }
    }

    /// Takes what was noted, the oldest first.
    pub(crate) fn take(&self) -> Vec<Refused> {
        let kept = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut all: Vec<Refused> = kept.attempts.into_values().collect();
        all.sort_by_key(|refused| refused.at_ms);
        all
    }
}

fn attempt(refused: &Refused) -> Attempt {
    let Refused { actor, action, target, address, .. } = refused;
    (actor.clone(), *action, target.clone(), address.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_attempt_a_thousand_times_is_one_with_a_count() {
        let refused = |at_ms, target: &str| Refused {
            at_ms,
            actor: "eve".to_owned(),
            credential: "password".to_owned(),
            address: "192.0.2.1".to_owned(),
            request_id: String::new(),
            action: "push",
            target: target.to_owned(),
            reason: "no".to_owned(),
            times: 1,
        };
        let refusals = Refusals::default();
        for at in 0..1000 {
            refusals.note(refused(at, "a/b"));
        }
        refusals.note(refused(7, "a/c"));
        let taken = refusals.take();
        let told: Vec<_> = taken.iter().map(|one| (one.at_ms, one.times)).collect();
        assert_eq!(told, [(7, 1), (999, 1000)]);
        for target in 0..Refusals::MOST_OF_ONE + 5 {
            refusals.note(refused(1, &format!("a/r{target}")));
        }
        let taken = refusals.take();
        assert_eq!(taken.len(), Refusals::MOST_OF_ONE + 1, "the rest is one");
        let rest = taken.iter().find(|one| one.target == Refusals::MANY).unwrap();
        assert_eq!(rest.times, 5);
        for actor in 0..Refusals::MOST + 5 {
            refusals.note(Refused { actor: format!("eve{actor}"), ..refused(1, "a/b") });
        }
        assert_eq!(refusals.take().len(), Refusals::MOST);
    }

    #[tokio::test]
    async fn what_is_done_for_a_request_knows_where_it_came_from() {
        assert_eq!(Origin::here(), Origin::default());
        let origin = Origin { address: "192.0.2.1".to_owned(), request_id: "r".to_owned() };
        assert_eq!(origin.clone().of(async { Origin::here() }).await, origin);
    }
}
