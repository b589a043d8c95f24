//! What was done and what was refused.

use hub_model::{AuditEntry, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::time;

/// An act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    /// Its number: a later act has a greater one.
    pub id: i64,
    /// When.
    pub at: String,
    /// Name of who acted; `system` for the hub itself.
    pub actor: String,
    /// How the actor was known: `password`, `token 12`, `key 4`, `robot`; may be empty.
    pub credential: String,
    /// From where; empty when that is not known.
    pub address: String,
    /// Id of the request, as the log names it; empty outside of requests.
    pub request_id: String,
    /// What: a noun and a verb, `member.set`; of a refusal, what kind of act: `push`.
    pub action: String,
    /// To what: the name of an organisation, a repository, an image, a user.
    pub target: String,
    /// How it ended: `done`, `denied`.
    pub outcome: String,
    /// What it was before; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// What it is since; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// Why it was refused; absent for what was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A part of the list of acts, the newest first. Nobody counts them all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    /// The acts.
    pub items: Vec<AuditView>,
    /// Where the next page begins, for `before`; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl From<AuditEntry> for AuditView {
    fn from(AuditEntry { id, entry }: AuditEntry) -> Self {
        let denied = entry.outcome == Outcome::Denied;
        let json = |text: &str| serde_json::from_str(text).ok();
        Self {
            id,
            at: time(entry.at_ms),
            actor: entry.actor,
            credential: entry.credential,
            address: entry.address,
            request_id: entry.request_id,
            action: entry.action,
            target: entry.target,
            outcome: entry.outcome.as_str().to_owned(),
            before: json(&entry.before),
            after: if denied { None } else { json(&entry.after) },
            reason: denied.then_some(entry.after),
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::NewAuditEntry;

    use super::*;

    #[test]
    fn before_and_after_are_values_and_a_refusal_has_a_reason() {
        let entry = NewAuditEntry {
            at_ms: 0,
            org_id: Some(1),
            actor: "ana".to_owned(),
            credential: "token 3".to_owned(),
            address: "192.0.2.1".to_owned(),
            request_id: "r".to_owned(),
            action: "repo.edit".to_owned(),
            target: "ana/app".to_owned(),
            outcome: Outcome::Done,
            before: r#"{"keep":false}"#.to_owned(),
            after: String::new(),
        };
        let view = AuditView::from(AuditEntry { id: 7, entry: entry.clone() });
        insta::assert_json_snapshot!(view, @r#"
        {
          "id": 7,
          "at": "1970-01-01T00:00:00.000Z",
          "actor": "ana",
          "credential": "token 3",
          "address": "192.0.2.1",
          "requestId": "r",
          "action": "repo.edit",
          "target": "ana/app",
          "outcome": "done",
          "before": {
            "keep": false
          }
        }
        "#);
        let entry = NewAuditEntry { outcome: Outcome::Denied, after: "no".to_owned(), ..entry };
        let view = AuditView::from(AuditEntry { id: 8, entry });
        assert_eq!((view.after, view.reason.as_deref()), (None, Some("no")));
    }
}
