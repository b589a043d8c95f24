//! How often and how much at a time, in the memory of this process.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hub_model::UserName;

use crate::config::Limits;

/// How long who is over a limit of things at the same time is asked to wait, in seconds.
const SOON: u64 = 5;

/// Somebody asks too much; another try may succeed after some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many {what}: try again in {}", spoken(*.retry_after_seconds))]
pub struct TooMany {
    /// What there are too many of.
    pub what: &'static str,
    /// After how long another try makes sense.
    pub retry_after_seconds: u64,
}

/// A time for people.
fn spoken(seconds: u64) -> String {
    match seconds {
        1 => "a second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// As many times as much may come from one address as from one name at it: people share
/// addresses, and whoever makes names up does so at one.
const NAMES_AT_AN_ADDRESS: u32 = 10;

/// As many suggestions as searches may be asked for: one comes with each letter.
const LETTERS_OF_A_SEARCH: u32 = 12;

/// What is counted by the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Often {
    /// Requests for registry tokens, by name and address.
    Tokens,
    /// Requests for registry tokens, by address.
    TokensFromAddress,
    /// Passwords that are checked, by name and address.
    SignIns,
    /// Passwords that are checked, by address.
    SignInsFromAddress,
    /// Uploads that begin.
    UploadStarts,
    /// Searches.
    Searches,
    /// Suggestions, which come with every letter that is typed.
    Suggestions,
    /// Accounts that strangers make, by address; counted by the hour.
    Registrations,
}

type Limiter = Option<DefaultKeyedRateLimiter<String>>;

/// How many pulls an address without a name has, and how many of them are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// In an hour.
    pub most: u32,
    /// Now.
    pub left: u32,
}

/// The counters of this process.
#[derive(Debug)]
pub struct Throttle {
    tokens: Limiter,
    tokens_from_address: Limiter,
    sign_ins: Limiter,
    sign_ins_from_address: Limiter,
    upload_starts: Limiter,
    searches: Limiter,
    suggestions: Limiter,
    registrations: Limiter,
    anonymous_pulls: Option<DefaultKeyedRateLimiter<String, StateInformationMiddleware>>,
    anonymous_pulls_per_hour: u32,
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
        let from_address = limits.tokens_per_minute.saturating_mul(NAMES_AT_AN_ADDRESS);
        Self {
            tokens: limiter(limits.tokens_per_minute),
            tokens_from_address: limiter(from_address),
            sign_ins: limiter(limits.tokens_per_minute),
            sign_ins_from_address: limiter(from_address),
            upload_starts: limiter(limits.upload_starts_per_minute),
            searches: limiter(limits.searches_per_minute),
            suggestions: limiter(limits.searches_per_minute.saturating_mul(LETTERS_OF_A_SEARCH)),
            registrations: NonZeroU32::new(limits.registrations_per_hour)
                .map(|most| RateLimiter::keyed(Quota::per_hour(most))),
            anonymous_pulls: NonZeroU32::new(limits.anonymous_pulls_per_hour).map(|most| {
                RateLimiter::keyed(Quota::per_hour(most))
                    .with_middleware::<StateInformationMiddleware>()
            }),
            anonymous_pulls_per_hour: limits.anonymous_pulls_per_hour,
            uploads: limits.uploads,
            uploads_per_user: limits.uploads_per_user,
            running: Arc::default(),
        }
    }

    /// Counts one of `what` for whoever `key` names.
    ///
    /// # Errors
    ///
    /// When there were too many in the last minute; of registrations, in the last hour.
    pub fn count(&self, what: Often, key: &str) -> Result<(), TooMany> {
        let (limiter, what) = match what {
            Often::Tokens => (&self.tokens, "requests for tokens"),
            Often::TokensFromAddress => (&self.tokens_from_address, "requests for tokens"),
            Often::SignIns => (&self.sign_ins, "sign-ins"),
            Often::SignInsFromAddress => (&self.sign_ins_from_address, "sign-ins"),
            Often::UploadStarts => (&self.upload_starts, "uploads"),
            Often::Searches => (&self.searches, "searches"),
            Often::Suggestions => (&self.suggestions, "suggestions"),
            Often::Registrations => (&self.registrations, "registrations"),
        };
        let Some(limiter) = limiter else { return Ok(()) };
        limiter.check_key(&key.to_owned()).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            TooMany { what, retry_after_seconds: wait.as_secs() + 1 }
        })
    }

    /// Counts a check of the password of `name`, from `address`. What can be nobody's name is one.
    ///
    /// # Errors
    ///
    /// When there were too many in the last minute, of this name there or of all names there.
    pub fn count_sign_in(&self, name: Option<&UserName>, address: &str) -> Result<(), TooMany> {
        self.count(Often::SignInsFromAddress, address)?;
        self.count(Often::SignIns, &at_address(name, address))
    }

    /// Counts a request for a token in the name of `name`, from `address`.
    ///
    /// # Errors
    ///
    /// As [`Throttle::count_sign_in`].
    pub fn count_token(&self, name: Option<&UserName>, address: &str) -> Result<(), TooMany> {
        self.count(Often::TokensFromAddress, address)?;
        self.count(Often::Tokens, &at_address(name, address))
    }

    /// Counts a pull of somebody without a name, from the address that `key` makes; `None` where
    /// pulls are not counted.
    ///
    /// # Errors
    ///
    /// When there were too many in the last hour.
    pub fn count_anonymous_pull(
        &self,
        key: impl FnOnce() -> String,
    ) -> Result<Option<Allowance>, TooMany> {
        let Some(limiter) = &self.anonymous_pulls else { return Ok(None) };
        match limiter.check_key(&key()) {
            Ok(state) => {
                let (most, left) =
                    (self.anonymous_pulls_per_hour, state.remaining_burst_capacity());
                Ok(Some(Allowance { most, left }))
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                let what = "pulls without signing in";
                Err(TooMany { what, retry_after_seconds: wait.as_secs() + 1 })
            }
        }
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
        let all = [
            &self.tokens,
            &self.tokens_from_address,
            &self.sign_ins,
            &self.sign_ins_from_address,
            &self.upload_starts,
            &self.searches,
            &self.registrations,
        ];
        for limiter in all.into_iter().flatten() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        if let Some(limiter) = &self.anonymous_pulls {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// Names who is counted. No name holds an `@`.
fn at_address(name: Option<&UserName>, address: &str) -> String {
    format!("{}@{address}", name.map(UserName::as_str).unwrap_or_default())
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

    #[test]
    fn who_makes_names_up_is_counted_by_the_address() {
        let limits = Limits { tokens_per_minute: 2, ..Limits::default() };
        let throttle = Throttle::new(&limits);
        for at in 0..20 {
            let name = UserName::parse(&format!("u{at}")).unwrap();
            throttle.count_token(Some(&name), "192.0.2.1").unwrap();
            throttle.count_sign_in(Some(&name), "192.0.2.1").unwrap();
        }
        assert!(throttle.count_token(None, "192.0.2.1").is_err());
        assert!(throttle.count_sign_in(None, "192.0.2.1").is_err());
        let kept = throttle.tokens.as_ref().unwrap().len();
        assert_eq!(kept, 20, "who is refused takes no memory");
        assert!(throttle.count_token(None, "192.0.2.2").is_ok());
    }

    #[test]
    fn pulls_of_an_address_are_counted_down_and_none_are_without_a_limit() {
        let limits = Limits { anonymous_pulls_per_hour: 3, ..Limits::default() };
        let throttle = Throttle::new(&limits);
        let pull = |address: &str| throttle.count_anonymous_pull(|| address.to_owned());
        for left in [2, 1, 0] {
            assert_eq!(pull("192.0.2.1"), Ok(Some(Allowance { most: 3, left })));
        }
        let error = pull("192.0.2.1").unwrap_err();
        assert!((1..=1201).contains(&error.retry_after_seconds), "{error}");
        assert_eq!(pull("192.0.2.2"), Ok(Some(Allowance { most: 3, left: 2 })));
        throttle.forget();
        assert!(pull("192.0.2.1").is_err(), "the hour is not over");

        let none = Throttle::new(&Limits::default());
        let asked = none.count_anonymous_pull(|| unreachable!("nobody needs the address"));
        assert_eq!(asked, Ok(None));
    }
}
