//! Private repositories that are shared, read only.

use hub_model::Share;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// What a share without an end says of its end.
pub const FOREVER: &str = "forever";

/// A repository that is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShareView {
    /// Full name of the repository.
    pub repo: String,
    /// Name of the user or organisation that it is shared with.
    pub with: String,
    /// What kind of name that is: `user`, `org`.
    pub kind: String,
    /// What they may do: `read`.
    pub permit: String,
    /// Until when, as it was given: `forever`, a day or a time.
    pub until: String,
    /// The moment from which on it is not shared any more; absent for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// Whether it is good; what ended stays listed with `false`.
    pub status: bool,
    /// Why.
    pub description: String,
    /// When it was shared.
    pub created_at: String,
    /// Name of who shared it.
    pub created_by: String,
}

impl ShareView {
    /// A share, as it is at `now_ms`.
    #[must_use]
    pub fn new(share: Share, now_ms: i64) -> Self {
        let status = share.is_good(now_ms);
        let given = share.until.given;
        Self {
            repo: share.repo.into(),
            with: share.with.as_str().to_owned(),
            kind: share.with.kind().to_owned(),
            permit: "read".to_owned(),
            until: if given.is_empty() { FOREVER.to_owned() } else { given },
            ends_at: share.until.until_ms.map(time),
            status,
            description: share.description,
            created_at: time(share.created_at_ms),
            created_by: share.created_by,
        }
    }
}

/// Shares a private repository: `POST /repos/{org}/{repo}/-/shares`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateShare {
    /// Name of a user, or else of an organisation.
    pub with: String,
    /// Until when: `forever` (when left out), a day as `2026-12-31`, which counts as a whole, or a
    /// time of RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What they may do: `read`, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<String>,
    /// Why, at most 1000 characters.
    #[serde(default)]
    pub description: String,
}

/// Changes a share: `PATCH /repos/{org}/{repo}/-/shares/{name}`; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditShare {
    /// Until when: `forever`, a day or a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What they may do: `read`, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<String>,
    /// Why, at most 1000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[cfg(test)]
mod tests {
    use hub_model::{Deadline, SharedWith};

    use super::*;

    #[test]
    fn a_share_says_until_when_as_it_was_told() {
        let share = Share {
            id: 1,
            repo: "labring/vault".parse().unwrap(),
            with: SharedWith::User("bob".parse().unwrap()),
            until: Deadline::at("2026-12-31", 1_798_675_200_000),
            description: "audit".to_owned(),
            created_at_ms: 0,
            created_by: "ana".to_owned(),
        };
        let view = ShareView::new(share.clone(), 1_798_675_200_000);
        insta::assert_json_snapshot!(view, @r#"
        {
          "repo": "labring/vault",
          "with": "bob",
          "kind": "user",
          "permit": "read",
          "until": "2026-12-31",
          "endsAt": "2027-01-01T00:00:00.000Z",
          "status": true,
          "description": "audit",
          "createdAt": "1970-01-01T00:00:00.000Z",
          "createdBy": "ana"
        }
        "#);
        let ended = ShareView::new(share.clone(), 1_798_761_600_000);
        assert!(!ended.status);
        let forever = Share { until: Deadline::FOREVER, ..share };
        assert_eq!(ShareView::new(forever, i64::MAX).until, "forever");
    }
}
