//! How often and how much at a time, in the memory of this process.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Limits;

/// How long who is over a limit of things at the same time is asked to wait, in seconds.
const SOON: u64 = 5;

/// Somebody asks too much; another try may succeed after some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many {what} at once: try again in {retry_after_seconds} seconds")]
pub struct TooMany {
    /// What there are too many of.
    pub what: &'static str,
    /// After how long another try makes sense.
    pub retry_after_seconds: u64,
}

/// What is counted by the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Often {
    /// Requests for registry tokens.
    Tokens,
    /// Uploads that begin.
    UploadStarts,
    /// Searches.
    Searches,
}

type Limiter = Option<DefaultKeyedRateLimiter<String>>;

/// The counters of this process.
#[derive(Debug)]
pub struct Throttle {
    tokens: Limiter,
    upload_starts: Limiter,
    searches: Limiter,
    uploads: u32,
    uploads_per_user: u32,
    running: Arc<Mutex<Running>>,
}

#[derive(Debug, Default)]
struct Running {
    all: u32,
    by_user: HashMap<String, u32>,
}

/// One upload that takes bytes in; it counts until this goes.
#[derive(Debug)]
pub struct TakingIn {
    user: String,
    running: Arc<Mutex<Running>>,
}

impl Throttle {
    /// Counters with these limits.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let limiter =
            |most| NonZeroU32::new(most).map(|most| RateLimiter::keyed(Quota::per_minute(most)));
        Self {
            tokens: limiter(limits.tokens_per_minute),
            upload_starts: limiter(limits.upload_starts_per_minute),
            searches: limiter(limits.searches_per_minute),
            uploads: limits.uploads,
            uploads_per_user: limits.uploads_per_user,
            running: Arc::default(),
        }
    }

    /// Counts one of `what` for whoever `key` names.
    ///
    /// # Errors
    ///
    /// When there were too many in the last minute.
    pub fn count(&self, what: Often, key: &str) -> Result<(), TooMany> {
        let (limiter, what) = match what {
            Often::Tokens => (&self.tokens, "requests for tokens"),
            Often::UploadStarts => (&self.upload_starts, "uploads"),
            Often::Searches => (&self.searches, "searches"),
        };
        let Some(limiter) = limiter else { return Ok(()) };
        limiter.check_key(&key.to_owned()).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            TooMany { what, retry_after_seconds: wait.as_secs() + 1 }
        })
    }

    /// Whether one more upload may begin.
    ///
    /// # Errors
    ///
    /// When too many run, of all or of this user.
    pub fn room_for_upload(&self, user: &str) -> Result<(), TooMany> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let own = running.by_user.get(user).copied().unwrap_or(0);
        let full = |most: u32, now: u32| most > 0 && now >= most;
        if full(self.uploads, running.all) || full(self.uploads_per_user, own) {
            return Err(TooMany { what: "uploads", retry_after_seconds: SOON });
        }
        Ok(())
    }

    /// Notes that an upload takes bytes in. Never refused: who has begun may go on.
    #[must_use]
    pub fn take_in(&self, user: &str) -> TakingIn {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.all += 1;
        *running.by_user.entry(user.to_owned()).or_default() += 1;
        TakingIn { user: user.to_owned(), running: self.running.clone() }
    }

    /// Forgets whoever was not heard of for a while.
    pub(crate) fn forget(&self) {
        for limiter in [&self.tokens, &self.upload_starts, &self.searches].into_iter().flatten() {
            limiter.retain_recent();
        }
    }
}

impl Drop for TakingIn {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.all = running.all.saturating_sub(1);
        if let Some(own) = running.by_user.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                running.by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_count_while_they_run_and_each_user_for_themselves() {
        let limits = Limits { uploads: 3, uploads_per_user: 2, ..Limits::default() };
        let throttle = Throttle::new(&limits);
        let ana = [throttle.take_in("ana"), throttle.take_in("ana")];
        assert!(throttle.room_for_upload("ana").is_err());
        assert!(throttle.room_for_upload("bob").is_ok());
        let bob = throttle.take_in("bob");
        assert!(throttle.room_for_upload("eve").is_err(), "three of all");
        drop(ana);
        assert!(throttle.room_for_upload("ana").is_ok());
        drop(bob);
        assert!(throttle.running.lock().unwrap().by_user.is_empty());
    }

    #[test]
    fn each_key_has_its_own_minute_and_zero_is_no_limit() {
        let limits = Limits { tokens_per_minute: 2, ..Limits::default() };
        let throttle = Throttle::new(&limits);
        for _ in 0..2 {
            throttle.count(Often::Tokens, "one").unwrap();
        }
        let error = throttle.count(Often::Tokens, "one").unwrap_err();
        assert!((1..=31).contains(&error.retry_after_seconds), "{error}");
        throttle.count(Often::Tokens, "other").unwrap();
        for _ in 0..100 {
            throttle.count(Often::Searches, "one").unwrap();
        }
        throttle.forget();
    }
}
