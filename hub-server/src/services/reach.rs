//! How far a credential may be made with another one: never beyond it, in what it may do, where,
//! or for how long.

use chrono::{DateTime, SecondsFormat};
use hub_db::DbError;
use hub_model::{Actor, Credential, MOST_PLACES, Place, TokenKind, TokenScope, Within};

use crate::App;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How far the credential of a caller reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach {
    /// What it is good for.
    pub(crate) scope: TokenScope,
    /// Where.
    pub(crate) within: Within,
    /// Until when, in milliseconds. A password has no end; that of a session is none for what it
    /// makes.
    ends_at_ms: Option<i64>,
}

/// Why a credential was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// For more than the caller's own is good for.
    #[error("a token for {} cannot make one for {}", .own.as_str(), .asked.as_str())]
    Scope {
        /// What the caller's own is good for.
        own: TokenScope,
        /// What was asked for.
        asked: TokenScope,
    },
    /// For other places than the caller's own.
    #[error("a token for {own} cannot make one for {asked}")]
    Places {
        /// Where the caller's own is good.
        own: String,
        /// What was asked for.
        asked: String,
    },
    /// For longer than the caller's own.
    #[error("a token that ends at {} cannot make one that ends later", time(*.own_ms))]
    Time {
        /// When the caller's own ends, in milliseconds.
        own_ms: i64,
    },
    /// It would end before it begins.
    #[error("it would have ended already")]
    Ended,
    /// It would live longer than the hub lets any.
    #[error("credentials of this hub live at most {days} days")]
    TooLong {
        /// The longest life.
        days: u32,
    },
    /// It names too many places.
    #[error("a credential names at most {most} places, this one has {found}", most = MOST_PLACES)]
    TooMany {
        /// How many it names.
        found: usize,
    },
    /// The metadata store failed.
    #[error("could not find out how far the caller's own credential reaches")]
    Db(#[from] DbError),
}

fn time(ms: i64) -> String {
    let at = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Reach {
    /// How far the caller's credential reaches.
    ///
    /// # Errors
    ///
    /// When the metadata store fails.
    pub(crate) async fn of(app: &App, actor: &Actor) -> Result<Self, DbError> {
        let everywhere =
            Self { scope: actor.scope(), within: Within::EVERYWHERE, ends_at_ms: None };
        match actor {
            Actor::Anonymous | Actor::System => Ok(everywhere),
            Actor::Robot(robot) => {
                let org = || Within::of(vec![Place::Org(robot.name.org())]);
                let within = &robot.within;
                let within = if within.is_everywhere() { org() } else { within.clone() };
                Ok(Self { within, ends_at_ms: robot.expires_at_ms, ..everywhere })
            }
            Actor::User(signed_in) => {
                let user = signed_in.user.id;
                let ends_at_ms = match signed_in.by {
                    Credential::Password(_) => None,
                    Credential::Token(row) => {
                        let token = app.db.token(user, row).await?;
                        let token = token.filter(|token| token.kind == TokenKind::Personal);
                        token.and_then(|token| token.expires_at_ms)
                    }
                    Credential::Key(row) => {
                        app.db.access_key(user, row).await?.and_then(|key| key.expires_at_ms)
                    }
                };
                Ok(Self { within: signed_in.within.clone(), ends_at_ms, ..everywhere })
            }
        }
    }

    /// Whether it may make a credential that is good for this, there.
    ///
    /// # Errors
    ///
    /// Where the other one goes beyond this.
    pub(crate) fn holds(&self, scope: TokenScope, within: &Within) -> Result<(), ReachError> {
        if scope > self.scope {
            return Err(ReachError::Scope { own: self.scope, asked: scope });
        }
        if !self.within.holds(within) {
            return Err(ReachError::Places { own: named(&self.within), asked: named(within) });
        }
        Ok(())
    }

    /// When a credential ends that is made with it: at the time that was asked for, else as late as
    /// may be.
    ///
    /// # Errors
    ///
    /// When what was asked for is too early or too late.
    pub(crate) fn end(&self, app: &App, asked: Option<i64>) -> Result<Option<i64>, ReachError> {
        let now = app.now_ms();
        let latest = latest(app, now);
        let Some(asked) = asked else { return Ok(earlier(self.ends_at_ms, latest)) };
        if asked <= now {
            return Err(ReachError::Ended);
        }
        match (self.ends_at_ms, latest) {
            (Some(own_ms), _) if asked > own_ms => Err(ReachError::Time { own_ms }),
            (_, Some(latest)) if asked > latest => {
                Err(ReachError::TooLong { days: app.config.auth.token_days_max })
            }
            _ => Ok(Some(asked)),
        }
    }

    /// When a credential ends that takes the place of one that lived from `begun` to `ends`: after
    /// the same length of life, and not later than `self`, unless it is its own place.
    pub(crate) fn renewed(
        &self,
        app: &App,
        (begun, ends): (i64, Option<i64>),
        own: bool,
    ) -> Option<i64> {
        let now = app.now_ms();
        let same = ends.map(|end| now.saturating_add(end.saturating_sub(begun).max(1)));
        let bound = if own { None } else { self.ends_at_ms };
        earlier(earlier(same, latest(app, now)), bound)
    }
}

/// When a credential ends at the latest that is made now.
fn latest(app: &App, now: i64) -> Option<i64> {
    let days = app.config.auth.token_days_max;
    (days > 0).then(|| now.saturating_add(i64::from(days) * DAY_MS))
}

/// The earlier of two ends; `None` is never.
fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn named(within: &Within) -> String {
    if within.is_everywhere() { "every place".to_owned() } else { within.to_string() }
}

/// Reads places, as people and programs write them: each once.
///
/// # Errors
///
/// [`ReachError::TooMany`].
pub(crate) fn places(places: Vec<Place>) -> Result<Within, ReachError> {
    let mut kept: Vec<Place> = Vec::with_capacity(places.len());
    for place in places {
        if !kept.contains(&place) {
            kept.push(place);
        }
        if kept.len() > MOST_PLACES {
            return Err(ReachError::TooMany { found: kept.len() });
        }
    }
    Ok(Within::of(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(scope: TokenScope, within: &str, ends_at_ms: Option<i64>) -> Reach {
        Reach { scope, within: Within::parse(within).unwrap(), ends_at_ms }
    }

    #[tokio::test]
    async fn a_credential_makes_none_that_goes_beyond_it() {
        let (app, _dir) = App::for_tests_with(|config| config.auth.token_days_max = 10).await;
        let now = app.now_ms();
        let own = reach(TokenScope::Push, "labring", Some(now + DAY_MS));
        let within = |text| Within::parse(text).unwrap();
        assert!(own.holds(TokenScope::Push, &within("labring/app")).is_ok());
        let wide = own.holds(TokenScope::Delete, &within("labring/app")).unwrap_err();
        assert_eq!(wide.to_string(), "a token for push cannot make one for delete");
        for elsewhere in ["", "team", "labring team/x"] {
            let wide = own.holds(TokenScope::Pull, &within(elsewhere));
            assert!(matches!(wide, Err(ReachError::Places { .. })), "{elsewhere}");
        }
        assert_eq!(own.end(&app, None).unwrap(), Some(now + DAY_MS), "as late as may be");
        assert!(matches!(own.end(&app, Some(now - 1)), Err(ReachError::Ended)));
        let later = own.end(&app, Some(now + DAY_MS + 1));
        assert!(matches!(later, Err(ReachError::Time { .. })));

        let password = reach(TokenScope::Admin, "", None);
        let long = password.end(&app, Some(now + 11 * DAY_MS)).unwrap_err();
        assert_eq!(long.to_string(), "credentials of this hub live at most 10 days");
        assert!(password.end(&app, None).unwrap().is_some_and(|end| end >= now + 10 * DAY_MS));
    }

    #[tokio::test]
    async fn what_takes_the_place_of_another_lives_as_long() {
        let (app, _dir) = App::for_tests().await;
        let now = app.now_ms();
        let short = reach(TokenScope::Admin, "", Some(now + 5));
        let old = (now - 100 * DAY_MS, Some(now - 70 * DAY_MS));
        let end = short.renewed(&app, old, true).unwrap();
        assert!((now + 30 * DAY_MS..now + 31 * DAY_MS).contains(&end), "its own place");
        assert_eq!(short.renewed(&app, old, false), Some(now + 5), "the place of another");
        assert_eq!(short.renewed(&app, (now, None), true), None);
    }

    #[test]
    fn places_are_each_named_once_and_are_not_too_many() {
        let some = |count: usize| {
            let named = (0..count).map(|n| Place::parse(&format!("org{n}")).unwrap());
            named.chain([Place::parse("org0").unwrap()]).collect::<Vec<_>>()
        };
        assert_eq!(places(some(3)).unwrap().to_string(), "org0 org1 org2");
        assert!(places(some(MOST_PLACES)).is_ok());
        assert!(matches!(places(some(MOST_PLACES + 1)), Err(ReachError::TooMany { .. })));
    }
}
