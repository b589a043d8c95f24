//! What was done and what was refused: who, from where, with which credential, before and after.
//!
//! What was done is written in the change that does it, or not at all. What was refused is kept in
//! memory and written by a job soon after: a refusal must cost less than the attempt, and the same
//! one a thousand times is one entry with a count.

mod read;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use hub_db::{Change, DbError};
use hub_model::{Action, Actor, Credential, NewAuditEntry, Outcome, UserName};
use serde::Serialize;
use serde_json::Value;

use super::access::AccessError;
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
    let who = (actor.name(), credential(actor));
    change.audit(&act.entry(app.now_ms(), who, (json(&before), json(&after)))).await
}

/// Writes down that somebody signed in, and how they proved who they are.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn signed_in(
    app: &App,
    change: &mut Change,
    (user, credential): (&UserName, &str),
    told: &Value,
) -> Result<(), DbError> {
    let act = Act { action: SIGN_IN, target: user.as_str(), org_id: None };
    let who = (user.as_str(), credential.to_owned());
    change.audit(&act.entry(app.now_ms(), who, (String::new(), json(told)))).await
}

/// Writes down that the hub's own key was forgotten, where no hub runs that could.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn forgot_key(
    change: &mut Change,
    at_ms: i64,
    access_keys: u64,
) -> Result<(), DbError> {
    let act = Act { action: "key.forget", target: "", org_id: None };
    let told = json(&serde_json::json!({"accessKeys": access_keys}));
    change
        .audit(&act.entry(at_ms, (Actor::System.name(), String::new()), (told, String::new())))
        .await
}

impl Act<'_> {
    fn entry(
        &self,
        at_ms: i64,
        (actor, credential): (&str, String),
        (before, after): (String, String),
    ) -> NewAuditEntry {
        let Origin { address, request_id } = Origin::here();
        NewAuditEntry {
            at_ms,
            org_id: self.org_id,
            actor: actor.to_owned(),
            credential,
            address,
            request_id,
            action: self.action.to_owned(),
            target: self.target.to_owned(),
            outcome: Outcome::Done,
            before,
            after,
        }
    }
}

/// Notes that an act was refused.
pub(crate) fn denied(app: &App, actor: &Actor, action: Action, name: &str, why: &AccessError) {
    refused(app, actor, (action.as_str(), name), why);
}

/// Notes that an act of that name was refused.
pub(crate) fn refused(
    app: &App,
    actor: &Actor,
    (action, target): (&'static str, &str),
    why: &AccessError,
) {
    let Origin { address, request_id } = Origin::here();
    app.refused.note(Refused {
        at_ms: app.now_ms(),
        actor: actor.name().to_owned(),
        credential: credential(actor),
        address,
        request_id,
        action,
        target: target.to_owned(),
        reason: why.to_string(),
        times: 1,
    });
}

/// What signing in is called in the record.
pub(crate) const SIGN_IN: &str = "auth.sign_in";

/// Notes that somebody could not sign in, by `password` or at a provider (`oidc`). Only the name of
/// an account is written down: what was typed in place of a name may be a password.
pub(crate) fn not_signed_in(
    app: &App,
    (user, credential): (Option<&UserName>, &str),
    why: &impl Display,
) {
    let Origin { address, request_id } = Origin::here();
    app.refused.note(Refused {
        at_ms: app.now_ms(),
        actor: String::new(),
        credential: credential.to_owned(),
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
            Credential::Password(_) => "password".to_owned(),
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
    let written = async {
        let mut entries = Vec::with_capacity(refused.len());
        for act in &refused {
            entries.push(entry(app, act).await?);
        }
        app.db.add_audit(&entries).await
    }
    .await;
    if written.is_err() {
        for act in refused {
            app.refused.note(act);
        }
    }
    written
}

async fn entry(app: &App, refused: &Refused) -> Result<NewAuditEntry, DbError> {
    let org = refused.target.split('/').next().and_then(|org| hub_model::OrgName::parse(org).ok());
    // What is tried on an account does not concern the organisation of that name.
    let of_account = ["user.", "session."].into_iter().any(|noun| refused.action.starts_with(noun));
    let org = match org {
        Some(_) if of_account => None,
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
