//! Wrong passwords, in the memory of this process: who guesses has to wait, and nobody else.
//!
//! A name at an address that gave too many wrong passwords in a row waits, longer each time; the
//! same name at other addresses does not, so nobody can lock somebody else out. Against many
//! addresses that guess at one name there is a second rule: while many wrong passwords of a name
//! come within a minute, each address where nobody has ever signed in by that name has one try a
//! minute. A stranger's first try is never refused, so somebody at a new address gets in also
//! during such an attack; and where somebody signed in before, nothing changes.
//!
//! Times are those of the [`Clock`](super::Clock) and are handed in.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use super::TooMany;

/// First pause, in milliseconds. Each further one is twice as long.
const FIRST_PAUSE_MS: i64 = 1000;

/// Longest pause, in milliseconds.
const LONGEST_PAUSE_MS: i64 = 15 * 60 * 1000;

/// How long wrong passwords in a row are remembered after the last one, in milliseconds.
const ROW_MS: i64 = 24 * 60 * 60 * 1000;

/// How long it is remembered that somebody signed in at an address, in milliseconds.
const FAMILIAR_MS: i64 = 30 * 24 * 60 * 60 * 1000;

const MINUTE_MS: i64 = 60 * 1000;

/// As many times as many wrong passwords may come in a minute for one name, from everywhere, as in
/// a row from one address.
const EVERYWHERE: u32 = 3;

/// Most entries of each kind that are kept. An entry costs whoever makes it a check of a password,
/// some 25 milliseconds of a core; when there is no room, the oldest go.
const MOST: usize = 100_000;

/// Whose password was tried where. What can be nobody's name is one name.
type Spot = (String, String);

/// The wrong passwords that are remembered.
#[derive(Debug)]
pub(crate) struct Guesses {
    /// Wrong ones in a row that cost nothing; 0 for no limit.
    free: u32,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    rows: HashMap<Spot, Row>,
    names: HashMap<String, Minute>,
    familiar: HashMap<Spot, i64>,
}

/// Wrong passwords in a row.
#[derive(Debug, Clone, Copy)]
struct Row {
    wrong: u32,
    last_ms: i64,
}

/// Wrong passwords of one name from unfamiliar addresses.
#[derive(Debug, Clone, Copy)]
struct Minute {
    wrong: u32,
    begun_ms: i64,
}

impl Guesses {
    /// With so many wrong passwords in a row that cost nothing; 0 for no limit.
    pub(crate) fn new(free: u32) -> Self {
        Self { free, kept: Mutex::default() }
    }

    /// Whether a password for `name` may be checked now, from `address`.
    ///
    /// # Errors
    ///
    /// When somebody there has to wait.
    pub(crate) fn may_try(&self, name: &str, address: &str, now_ms: i64) -> Result<(), TooMany> {
        if self.free == 0 {
            return Ok(());
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let spot = (name.to_owned(), address.to_owned());
        let Some(row) = kept.rows.get(&spot).filter(|row| now_ms < row.last_ms + ROW_MS) else {
            return Ok(());
        };
        let attacked = kept.names.get(name).is_some_and(|minute| {
            now_ms < minute.begun_ms + MINUTE_MS
                && minute.wrong >= self.free.saturating_mul(EVERYWHERE)
        });
        let until = if attacked && !kept.is_familiar(&spot, now_ms) {
            row.until_ms(self.free).max(row.last_ms + MINUTE_MS)
        } else {
            row.until_ms(self.free)
        };
        let wait_ms = until - now_ms;
        if wait_ms <= 0 {
            return Ok(());
        }
        let seconds = u64::try_from(wait_ms).unwrap_or(0).div_ceil(1000);
        Err(TooMany { what: "wrong passwords", retry_after_seconds: seconds })
    }

    /// Notes that a password was wrong.
    pub(crate) fn wrong(&self, name: &str, address: &str, now_ms: i64) {
        if self.free == 0 {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let spot = (name.to_owned(), address.to_owned());
        if !kept.is_familiar(&spot, now_ms) {
            let minute = Minute { wrong: 0, begun_ms: now_ms };
            let minute = entry(&mut kept.names, name.to_owned(), minute, |one| one.begun_ms);
            if now_ms >= minute.begun_ms + MINUTE_MS {
                *minute = Minute { wrong: 0, begun_ms: now_ms };
            }
            minute.wrong = minute.wrong.saturating_add(1);
        }
        let row = Row { wrong: 0, last_ms: now_ms };
        let row = entry(&mut kept.rows, spot, row, |row| row.last_ms);
        if now_ms >= row.last_ms + ROW_MS {
            row.wrong = 0;
        }
        *row = Row { wrong: row.wrong.saturating_add(1), last_ms: now_ms };
    }

    /// Notes that a password was right: the row ends.
    pub(crate) fn right(&self, name: &str, address: &str, now_ms: i64) {
        if self.free == 0 {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let spot = (name.to_owned(), address.to_owned());
        kept.rows.remove(&spot);
        *entry(&mut kept.familiar, spot, now_ms, |at_ms| *at_ms) = now_ms;
    }

    /// Forgets what counts no more.
    pub(crate) fn forget(&self, now_ms: i64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.rows.retain(|_, row| now_ms < row.last_ms + ROW_MS);
        kept.names.retain(|_, minute| now_ms < minute.begun_ms + MINUTE_MS);
        kept.familiar.retain(|_, at_ms| now_ms < *at_ms + FAMILIAR_MS);
    }
}

impl Kept {
    /// Whether somebody signed in there by that name.
    fn is_familiar(&self, spot: &Spot, now_ms: i64) -> bool {
        self.familiar.get(spot).is_some_and(|at_ms| now_ms < at_ms + FAMILIAR_MS)
    }
}

impl Row {
    /// Until when nobody is heard.
    fn until_ms(self, free: u32) -> i64 {
        if self.wrong < free {
            return self.last_ms;
        }
        let doubled = FIRST_PAUSE_MS.checked_shl(self.wrong - free).unwrap_or(LONGEST_PAUSE_MS);
        let pause =
            if (1..LONGEST_PAUSE_MS).contains(&doubled) { doubled } else { LONGEST_PAUSE_MS };
        self.last_ms + pause
    }
}

/// The entry of a key, a new one where there is none; the oldest tenth makes room for it.
fn entry<K: Eq + Hash, V>(
    map: &mut HashMap<K, V>,
    key: K,
    new: V,
    at_ms: impl Fn(&V) -> i64,
) -> &mut V {
    if map.len() >= MOST && !map.contains_key(&key) {
        let mut times: Vec<i64> = map.values().map(&at_ms).collect();
        let (_, last, _) = times.select_nth_unstable(MOST / 10);
        let last = *last;
        map.retain(|_, value| at_ms(value) > last);
    }
    map.entry(key).or_insert(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "192.0.2.1";

    fn pause(guesses: &Guesses, address: &str, now_ms: i64) -> u64 {
        guesses.may_try("ana", address, now_ms).map_or_else(|busy| busy.retry_after_seconds, |()| 0)
    }

    #[test]
    fn pauses_grow_up_to_a_quarter_of_an_hour_and_end_with_the_right_password() {
        let guesses = Guesses::new(3);
        let mut now = 1_000_000;
        for _ in 0..3 {
            assert_eq!(pause(&guesses, HOME, now), 0);
            guesses.wrong("ana", HOME, now);
        }
        let mut pauses = Vec::new();
        for _ in 0..12 {
            let seconds = pause(&guesses, HOME, now);
            pauses.push(seconds);
            now += i64::try_from(seconds).unwrap() * 1000;
            assert_eq!(pause(&guesses, HOME, now - 1), 1, "not a moment before");
            assert_eq!(pause(&guesses, HOME, now), 0);
            guesses.wrong("ana", HOME, now);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        guesses.right("ana", HOME, now);
        assert_eq!(pause(&guesses, HOME, now), 0);
        guesses.wrong("ana", HOME, now);
        assert_eq!(pause(&guesses, HOME, now), 0, "the row begins anew");
    }

    #[test]
    fn who_guesses_locks_nobody_else_out() {
        let guesses = Guesses::new(3);
        for at in 0..50 {
            guesses.wrong("ana", "198.51.100.7", at);
        }
        assert!(pause(&guesses, "198.51.100.7", 50) > 0);
        assert_eq!(pause(&guesses, HOME, 50), 0, "another address");
        assert!(guesses.may_try("bob", "198.51.100.7", 50).is_ok(), "another name");
    }

    #[test]
    fn many_addresses_that_guess_at_one_name_have_one_try_a_minute_each() {
        let guesses = Guesses::new(3);
        let far = |at: u32| format!("198.51.100.{at}");
        guesses.right("ana", HOME, 0);
        for at in 0..9 {
            assert_eq!(pause(&guesses, &far(at), 1000), 0);
            guesses.wrong("ana", &far(at), 1000);
        }
        assert_eq!(pause(&guesses, &far(0), 1000), 60, "its second try");
        assert_eq!(pause(&guesses, &far(99), 1000), 0, "a stranger's first try");
        guesses.wrong("ana", HOME, 1000);
        assert_eq!(pause(&guesses, HOME, 1000), 0, "somebody signed in there");
        assert!(guesses.may_try("bob", &far(0), 1000).is_ok());
        assert_eq!(pause(&guesses, &far(0), 61_000), 0, "the minute is over");
    }

    #[test]
    fn what_is_old_is_forgotten_and_memory_has_an_end() {
        let guesses = Guesses::new(1);
        for at in 0..MOST + 10 {
            guesses.wrong(&format!("u{at}"), HOME, i64::try_from(at).unwrap());
        }
        let kept = |guesses: &Guesses| guesses.kept.lock().unwrap().rows.len();
        assert!(kept(&guesses) <= MOST);
        let newest = format!("u{}", MOST + 9);
        let now = i64::try_from(MOST).unwrap() + 9;
        assert!(guesses.may_try(&newest, HOME, now).is_err(), "the newest stay");
        guesses.right("ana", HOME, now);
        guesses.forget(now + ROW_MS);
        assert_eq!(kept(&guesses), 0);
        assert_eq!(guesses.kept.lock().unwrap().familiar.len(), 1);
        guesses.forget(now + FAMILIAR_MS);
        assert!(guesses.kept.lock().unwrap().familiar.is_empty());
    }

    #[test]
    fn without_a_limit_nobody_waits_and_nothing_is_kept() {
        let guesses = Guesses::new(0);
        for at in 0..100 {
            guesses.wrong("ana", HOME, at);
        }
        assert_eq!(pause(&guesses, HOME, 100), 0);
        assert!(guesses.kept.lock().unwrap().rows.is_empty());
    }
}
