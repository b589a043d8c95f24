//! A decision and its grounds, in the reader's language.

use hub_model::{Action, Ground, Place, Refusal, Role, Visibility};

use super::super::lang::Words;
use super::super::orgs::role_word;
use super::super::visitor::Visitor;
use crate::services::access::Why;

/// The answer to the question why.
#[derive(Debug)]
pub(super) struct Reason {
    pub allowed: bool,
    /// Who was asked about; empty for the reader.
    pub line: String,
    /// What was looked at, and whether it counted.
    pub looked: Vec<(String, bool)>,
    pub whom: String,
}

impl Reason {
    /// The answer for a page.
    pub(super) fn new(visitor: &Visitor, why: &Why) -> Self {
        let t = visitor.words();
        let phrase = |ground: &Ground| phrase(visitor, ground, &why.place);
        let owners: Vec<&str> = why.ask.iter().map(hub_model::UserName::as_str).collect();
        Self {
            allowed: why.answer.is_ok(),
            line: line(t, why, &phrase(&why.ground.0)),
            looked: why
                .considered
                .iter()
                .map(|(ground, _)| (phrase(ground), *ground == why.ground.0))
                .collect(),
            whom: if owners.is_empty() {
                String::new()
            } else {
                (t.people.why_whom)(&owners.join(", "))
            },
        }
    }
}

fn line(t: &Words, why: &Why, stands: &str) -> String {
    let verb = verb(t, why.action);
    let nothing = matches!(why.ground.0, Ground::Stranger | Ground::Anonymous | Ground::Elsewhere);
    match why.answer {
        Ok(()) if nothing && why.visibility == Visibility::Public => {
            (t.people.allowed_public)(&why.place.to_string(), verb)
        }
        Ok(()) => (t.people.allowed)(stands),
        Err(Refusal::Narrow) => (t.people.denied_narrow)(stands, verb),
        Err(_) if matches!(why.ground.0, Ground::Share { .. }) => (t.people.denied_share)(stands),
        Err(Refusal::Unauthenticated | Refusal::Forbidden | Refusal::Hidden) => {
            (t.people.denied)(stands, verb)
        }
    }
}

const fn verb(t: &Words, action: Action) -> &'static str {
    let [pull, push, delete, administer] = t.people.verbs;
    match action {
        Action::Pull => pull,
        Action::Push => push,
        Action::Delete => delete,
        Action::Administer => administer,
    }
}

fn phrase(visitor: &Visitor, ground: &Ground, place: &Place) -> String {
    let (t, org, at) = (visitor.words(), place.org().to_string(), place.to_string());
    let day = |at_ms: i64| visitor.lang().moment(at_ms, visitor.now_ms()).day();
    let role = |role: Role| role_word(t, role);
    match ground {
        Ground::Hub => t.people.ground_hub.to_owned(),
        Ground::Administrator => t.people.ground_administrator.to_owned(),
        Ground::Member(since) => {
            (t.people.ground_member)(role(since.role), &org, &day(since.since_ms))
        }
        Ground::Grant(since) => {
            (t.people.ground_grant)(role(since.role), &at, &day(since.since_ms))
        }
        Ground::Share { with, until_ms } => {
            let until = until_ms.map(|until| (t.people.ground_until)(&day(until)));
            let until = until.unwrap_or_else(|| t.people.for_ever.to_owned());
            match with {
                Some(with) => (t.people.ground_share_org)(&at, with.as_str(), &until),
                None => (t.people.ground_share)(&at, &until),
            }
        }
        Ground::Robot(scope) => (t.people.ground_robot)(&org, scope.as_str()),
        Ground::Elsewhere => (t.people.ground_elsewhere)(&at),
        Ground::Stranger => (t.people.ground_stranger)(&org),
        Ground::Anonymous => t.people.ground_anonymous.to_owned(),
    }
}
