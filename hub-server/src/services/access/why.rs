//! Why somebody may do something or may not: the decision of the policy, in words.

use chrono::DateTime;
use hub_db::DbError;
use hub_model::{
    Action, Actor, Ground, OrgName, Place, Refusal, SignedIn, Since, UserName, Visibility, judge,
};

use super::refusals::{belongs, owners};
use super::{AccessError, ground, ground_at, grounds_at};
use crate::App;

/// About whom is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The caller, with the credential they came with.
    Oneself,
    /// A user, as if they had signed in by password.
    User(UserName),
    /// Whoever does not sign in.
    Anybody,
}

/// A decision, and on what ground.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Who; empty for nobody.
    pub who: String,
    /// What was asked about.
    pub place: Place,
    /// What would be done.
    pub action: Action,
    /// Whether they may, and how it is refused if not.
    pub answer: Result<(), Refusal>,
    /// On what ground they stand, with its words.
    pub ground: (Ground, String),
    /// Every ground that was looked at, with its words; the best of them counts.
    pub considered: Vec<(Ground, String)>,
    /// Who may see the repository; of organisations, public.
    pub visibility: Visibility,
    /// The decision in one line: `allowed by: writer of labring since 2026-11-22`.
    pub line: String,
    /// Owners of the organisation, who can grant what is missing; only when something is, and only
    /// for callers who belong to it.
    pub ask: Vec<UserName>,
}

/// Decides about one act without doing it, and says why.
///
/// About others only owners of the organisation (for a repository: those who administer it) and
/// administrators of the hub may ask.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know: what they may not see is not found.
pub async fn why(
    app: &App,
    actor: &Actor,
    place: &Place,
    action: Action,
    about: &Subject,
) -> Result<Why, AccessError> {
    let visibility = seen(app, actor, place, about).await?;
    let subject = match about {
        Subject::Oneself => actor.clone(),
        Subject::Anybody => Actor::Anonymous,
        Subject::User(name) => {
            let user = app.db.user(name).await?.filter(hub_model::User::is_open);
            let user = user.ok_or_else(|| AccessError::Hidden { name: name.to_string() })?;
            Actor::User(SignedIn::by_password(user.into()))
        }
    };
    let who = match about {
        Subject::Oneself => "you",
        Subject::User(_) if actor.name() == subject.name() => "you",
        Subject::User(name) => name.as_str(),
        Subject::Anybody => "nobody",
    };
    let mut why = decided(app, (&subject, who), place, action, visibility).await?;
    let org = place.org();
    if why.answer.is_err() && belongs(&ground(app, actor, &org).await?) {
        why.ask = owners(app, &org).await?;
    }
    Ok(why)
}

/// Whether the caller may ask; answers the visibility.
async fn seen(
    app: &App,
    actor: &Actor,
    place: &Place,
    about: &Subject,
) -> Result<Visibility, AccessError> {
    let own = match about {
        Subject::Oneself => true,
        Subject::User(name) => actor.user().is_some_and(|user| user.name == *name),
        Subject::Anybody => matches!(actor, Actor::Anonymous),
    };
    let needed = if own { Action::Pull } else { Action::Administer };
    match place {
        Place::Org(org) => {
            super::require_org(app, actor, needed, org).await?;
            Ok(Visibility::Public)
        }
        Place::Repo(repo) => Ok(super::repo(app, actor, needed, repo).await?.visibility),
    }
}

async fn decided(
    app: &App,
    (subject, who): (&Actor, &str),
    place: &Place,
    action: Action,
    visibility: Visibility,
) -> Result<Why, DbError> {
    let ground = match place {
        Place::Org(org) => ground(app, subject, org).await?,
        Place::Repo(repo) => ground_at(app, subject, repo, (visibility, action)).await?,
    };
    let considered = match place {
        Place::Org(_) => vec![ground.clone()],
        Place::Repo(repo) => grounds_at(app, subject, repo).await?,
    };
    let worded = |ground: Ground| {
        let text = phrase(&ground, place, who);
        (ground, text)
    };
    let answer = judge(&ground, subject.scope(), visibility, action);
    let line = line(&ground, (place, who), visibility, action, answer);
    Ok(Why {
        who: subject.name().to_owned(),
        place: place.clone(),
        action,
        answer,
        ground: worded(ground),
        considered: considered.into_iter().map(worded).collect(),
        visibility,
        line,
        ask: Vec::new(),
    })
}

/// The decision in one line.
fn line(
    ground: &Ground,
    (place, who): (&Place, &str),
    visibility: Visibility,
    action: Action,
    answer: Result<(), Refusal>,
) -> String {
    let stands = phrase(ground, place, who);
    match answer {
        Ok(()) if by_visibility(ground, visibility) => {
            format!("allowed by: {place} is public, everybody may {action}")
        }
        Ok(()) => format!("allowed by: {stands}"),
        Err(Refusal::Unauthenticated) => format!("denied: {stands}, sign in to {action}"),
        Err(Refusal::Narrow) => format!("denied: {stands}, but this credential may not {action}"),
        Err(Refusal::Forbidden | Refusal::Hidden) if matches!(ground, Ground::Share { .. }) => {
            format!("denied: {stands}, for pulling only")
        }
        Err(Refusal::Forbidden | Refusal::Hidden) => format!("denied: {stands} may not {action}"),
    }
}

/// Whether not the ground counted, but that everybody may.
fn by_visibility(ground: &Ground, visibility: Visibility) -> bool {
    let nothing = matches!(ground, Ground::Stranger | Ground::Anonymous | Ground::Elsewhere);
    nothing && visibility == Visibility::Public
}

/// The ground for people: `reader of labring since 2026-11-22`. `who` stands on it: the name, or
/// `you`.
fn phrase(ground: &Ground, place: &Place, who: &str) -> String {
    let org = || place.org();
    match ground {
        Ground::Hub => "the hub itself".to_owned(),
        Ground::Administrator => "administrator of the hub".to_owned(),
        Ground::Member(Since { role, since_ms }) => {
            format!("{} of {} since {}", role.as_str(), org(), day(*since_ms))
        }
        Ground::Grant(Since { role, since_ms }) => {
            format!("{} granted on {place} since {}", role.as_str(), day(*since_ms))
        }
        Ground::Share { with, until_ms } => {
            shared(place, with.as_ref().map_or(who, OrgName::as_str), *until_ms)
        }
        Ground::Robot(scope) => format!("robot of {} for {}", org(), scope.as_str()),
        Ground::Elsewhere => format!("a credential that does not reach {place}"),
        Ground::Stranger => format!("somebody outside {}", org()),
        Ground::Anonymous => "nobody signed in".to_owned(),
    }
}

fn shared(place: &Place, with: &str, until_ms: Option<i64>) -> String {
    let until = until_ms.map_or_else(|| "for ever".to_owned(), |at| format!("until {}", day(at)));
    format!("{place} is shared with {with} {until}")
}

/// The day, in UTC.
fn day(at_ms: i64) -> String {
    DateTime::from_timestamp_millis(at_ms)
        .map_or_else(|| "?".to_owned(), |at| at.format("%Y-%m-%d").to_string())
}
