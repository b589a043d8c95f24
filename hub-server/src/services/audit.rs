//! What was done and what was refused: who, from where, with which credential, before and after.
//!
//! What was done is written in the change that does it, or not at all. What was refused is kept in
//! memory and written by a job soon after: a refusal must cost less than the attempt, and the same
//! one a thousand times is one entry with a count.

mod read;
#[cfg(test)]
mod tests;

use hub_db::{Change, DbError};
use hub_model::{Action, Actor, Credential, NewAuditEntry, Outcome, UserName};
use serde::Serialize;

use super::access::AccessError;
use super::sign_in::SignInError;
use crate::App;
use crate::app::{Origin, Refused};

pub(crate) use read::forget;
pub use read::{About, AuditError, Part, Wanted, list};

/// Something that is being done.
#[derive(Debug)]
pub(crate) struct Act<'a> {
    /// A noun and a verb: `member.set`.
    pub(crate) action: &'static str,
    /// Name of the organisation, the repository, the image or the user.
    pub(crate) target: &'a str,
    /// Row of the organisation that it concerns.
    pub(crate) org_id: Option<i64>,
}

/// Writes down an act, in the change that does it. `before` and `after` are what it changes, as
/// JSON; they never hold a secret.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn done(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    act: Act<'_>,
    (before, after): (impl Serialize, impl Serialize),
) -> Result<(), DbError> {
    let Origin { address, request_id } = Origin::here();
    let entry = NewAuditEntry {
        at_ms: app.now_ms(),
        org_id: act.org_id,
        actor: actor.name().to_owned(),
        credential: credential(actor),
        address,
        request_id,
        action: act.action.to_owned(),
        target: act.target.to_owned(),
        outcome: Outcome::Done,
        before: json(&before),
        after: json(&after),
    };
    change.audit(&entry).await
}

/// Notes that an act was refused.
pub(crate) fn denied(app: &App, actor: &Actor, action: Action, name: &str, why: &AccessError) {
    let Origin { address, request_id } = Origin::here();
    app.refused.note(Refused {
        at_ms: app.now_ms(),
        actor: actor.name().to_owned(),
        credential: credential(actor),
        address,
        request_id,
        action: action.as_str(),
        target: name.to_owned(),
        reason: why.to_string(),
        times: 1,
    });
}

/// What signing in is called in the record.
pub(crate) const SIGN_IN: &str = "auth.sign_in";

/// Notes that somebody could not sign in by password. Only the name of an account is written down:
/// what was typed in place of a name may be a password.
pub(crate) fn not_signed_in(app: &App, user: Option<&UserName>, why: &SignInError) {
    let Origin { address, request_id } = Origin::here();
    app.refused.note(Refused {
        at_ms: app.now_ms(),
        actor: String::new(),
        credential: "password".to_owned(),
        address,
        request_id,
        action: SIGN_IN,
        target: user.map(ToString::to_string).unwrap_or_default(),
        reason: why.to_string(),
        times: 1,
    });
}

/// How somebody proved who they are, for the record.
#[must_use]
pub fn credential(actor: &Actor) -> String {
    match actor {
        Actor::Anonymous | Actor::System => String::new(),
        Actor::Robot(_) => "robot".to_owned(),
        Actor::User(signed_in) => match signed_in.by {
            Credential::Password => "password".to_owned(),
            Credential::Token(row) => format!("token {row}"),
            Credential::Key(row) => format!("key {row}"),
        },
    }
}

/// Nothing becomes no text.
fn json(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Null) | Err(_) => String::new(),
        Ok(value) => value.to_string(),
    }
}

/// Writes down what was refused since the last time.
///
/// # Errors
///
/// When the metadata store fails; then it is tried again.
pub(crate) async fn flush(app: &App) -> Result<(), DbError> {
    let refused = app.refused.take();
    let mut entries = Vec::with_capacity(refused.len());
    for act in &refused {
        entries.push(entry(app, act).await?);
    }
    let written = app.db.add_audit(&entries).await;
    if written.is_err() {
        for act in refused {
            app.refused.note(act);
        }
    }
    written
}

async fn entry(app: &App, refused: &Refused) -> Result<NewAuditEntry, DbError> {
    let org = refused.target.split('/').next().and_then(|org| hub_model::OrgName::parse(org).ok());
    let org = match org {
        Some(org) => app.db.org(&org).await?,
        None => None,
    };
    let times =
        if refused.times > 1 { format!(" ({} times)", refused.times) } else { String::new() };
    Ok(NewAuditEntry {
        at_ms: refused.at_ms,
        org_id: org.map(|org| org.id),
        actor: refused.actor.clone(),
        credential: refused.credential.clone(),
        address: refused.address.clone(),
        request_id: refused.request_id.clone(),
        action: refused.action.to_owned(),
        target: refused.target.clone(),
        outcome: Outcome::Denied,
        before: String::new(),
        after: format!("{}{times}", refused.reason),
    })
}
