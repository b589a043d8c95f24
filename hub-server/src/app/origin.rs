//! From where the request came that is being answered, for the record of what was done.
//!
//! It is the same for whatever happens in a request, and sixty services would hand it on without
//! using it; so it goes with the task, as the span of the log does
//! (`docs/decisions/0013-origin-goes-with-the-task.md`).

use std::collections::HashMap;
use std::net::IpAddr;
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

    /// What names the caller where callers are counted; empty when the address is not known.
    #[must_use]
    pub fn neighbours(&self) -> String {
        self.address.parse().map(neighbours).unwrap_or_default()
    }

    /// From where the work at hand was asked for; nowhere for jobs and commands.
    #[must_use]
    pub fn here() -> Self {
        HERE.try_with(Self::clone).unwrap_or_default()
    }
}

/// Those who are one where callers are counted: the address, of IPv6 the first half, which is what
/// one line gets.
pub(crate) fn neighbours(address: IpAddr) -> String {
    match address {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        IpAddr::V4(address) => address.to_string(),
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

/// Behind what one line gets of IPv6.
const LINE: &str = "/64";

/// Whose attempts are counted together: a name, or neighbours without one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum One {
    Named(String),
    From(String),
}

impl One {
    fn of(refused: &Refused) -> Self {
        if !refused.actor.is_empty() {
            return Self::Named(refused.actor.clone());
        }
        // What was merged before and comes back names its line already.
        let address = refused.address.trim_end_matches(LINE);
        Self::From(address.parse().map(neighbours).unwrap_or_default())
    }
}

/// What was refused and is not yet written down. Equal attempts are one.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Kept>);

/// Attempts, and how many of them are each actor's: of who is not known, each address's.
#[derive(Debug, Default)]
struct Kept {
    attempts: HashMap<Attempt, Refused>,
    of_one: HashMap<One, usize>,
}

impl Refusals {
    /// Most attempts that are remembered at once: beyond that the log alone knows them.
    const MOST: usize = 10_000;

    /// Most attempts of one actor that are told apart, or of one line without a name: the rest is
    /// one, so that nobody fills the record by trying name after name.
    const MOST_OF_ONE: usize = 200;

    /// What the rest was tried on.
    const MANY: &'static str = "(many others)";

    /// Notes an attempt.
    pub(crate) fn note(&self, mut refused: Refused) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut attempt = attempt(&refused);
        let one = One::of(&refused);
        let of_one = kept.of_one.get(&one).copied().unwrap_or(0);
        if of_one >= Self::MOST_OF_ONE && !kept.attempts.contains_key(&attempt) {
            Self::MANY.clone_into(&mut refused.target);
            refused.address = match &one {
                One::Named(_) => String::new(),
                One::From(line) if line.contains(':') => format!("{line}::{LINE}"),
                One::From(address) => address.clone(),
            };
            attempt = self::attempt(&refused);
        }
        if let Some(known) = kept.attempts.get_mut(&attempt) {
            *known = Refused { times: known.times + refused.times, ..refused };
        } else if kept.attempts.len() < Self::MOST {
            *kept.of_one.entry(one).or_default() += 1;
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

    #[test]
    fn one_line_without_a_name_does_not_hide_the_others() {
        let refused = |address: &str, target: &str| Refused {
            at_ms: 1,
            actor: String::new(),
            credential: "password".to_owned(),
            address: address.to_owned(),
            request_id: String::new(),
            action: "auth.sign_in",
            target: target.to_owned(),
            reason: "no".to_owned(),
            times: 1,
        };
        let refusals = Refusals::default();
        for host in 0..Refusals::MOST_OF_ONE + 5 {
            refusals.note(refused(&format!("2001:db8:0:7::{host:x}"), "ana"));
        }
        refusals.note(refused("2001:db8:0:8::1", "ana"));
        refusals.note(refused("192.0.2.1", "bob"));
        let mut taken = refusals.take();
        let rest = taken.iter().find(|one| one.target == Refusals::MANY).unwrap();
        assert_eq!((&*rest.address, rest.times), ("2001:db8:0:7::/64", 5));
        for address in ["2001:db8:0:8::1", "192.0.2.1"] {
            let one = taken.iter().find(|one| one.address == address).unwrap();
            assert_ne!(one.target, Refusals::MANY);
        }
        // Put back, the rest still counts for its line.
        let rest = taken.iter().position(|one| one.target == Refusals::MANY).unwrap();
        let rest = taken.swap_remove(rest);
        assert_eq!(One::of(&rest), One::of(&refused("2001:db8:0:7::9", "")));
    }

    #[tokio::test]
    async fn what_is_done_for_a_request_knows_where_it_came_from() {
        assert_eq!(Origin::here(), Origin::default());
        let origin = Origin { address: "192.0.2.1".to_owned(), request_id: "r".to_owned() };
        assert_eq!(origin.clone().of(async { Origin::here() }).await, origin);
    }
}
