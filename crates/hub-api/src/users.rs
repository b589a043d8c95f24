//! Users as administrators see them, and passwords.

use hub_model::{Org, Role, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{OrgRole, UserView};

/// A user with what belongs to them: `GET /users/{user}`, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// The user.
    #[serde(flatten)]
    pub user: UserView,
    /// The organisations of the user.
    pub orgs: Vec<OrgRole>,
    /// Number of browsers that are signed in.
    pub sessions: u64,
    /// Number of personal tokens.
    pub tokens: u64,
}

/// Changes a user: `PATCH /users/{user}`, for administrators. What is left out stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditUser {
    /// Whether the user administers the whole hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<bool>,
    /// Whether the user may not sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// What went with a user: `DELETE /users/{user}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeletedUser {
    /// Name of the user; it is never given again.
    pub name: String,
    /// Organisations without repositories that nobody else owned.
    pub orgs: Vec<String>,
}

/// Sets the password of a user: `PUT /users/{user}/password`, for administrators.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPassword {
    /// The new password.
    pub password: String,
}

/// Changes the caller's own password: `PUT /password`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    /// The password so far.
    pub old: String,
    /// The new one.
    pub password: String,
}

impl AccountView {
    /// A user with what belongs to them.
    #[must_use]
    pub fn new(user: User, orgs: Vec<(Org, Role)>, sessions: usize, tokens: usize) -> Self {
        let role = |(org, role): (Org, Role)| OrgRole {
            name: org.name.into(),
            role: role.as_str().to_owned(),
        };
        Self {
            user: user.into(),
            orgs: orgs.into_iter().map(role).collect(),
            sessions: sessions as u64,
            tokens: tokens as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_tells_what_belongs_to_it() {
        let user = User {
            id: 1,
            name: "alice".parse().unwrap(),
            admin: true,
            disabled: false,
            created_at_ms: 1_763_712_000_000,
            deleted_at_ms: None,
        };
        let view = AccountView::new(user, Vec::new(), 2, 3);
        insta::assert_json_snapshot!(view, @r#"
        {
          "name": "alice",
          "admin": true,
          "disabled": false,
          "createdAt": "2025-11-21T08:00:00.000Z",
          "orgs": [],
          "sessions": 2,
          "tokens": 3
        }
        "#);
        let edit: EditUser = serde_json::from_str(r#"{"disabled":true}"#).unwrap();
        assert_eq!((edit.admin, edit.disabled), (None, Some(true)));
        assert!(serde_json::from_str::<EditUser>(r#"{"name":"x"}"#).is_err());
    }
}
