//! Who one is: signing in, tokens, users, versions.

use hub_model::{Org, Robot, Role, SignedIn, Token, TokenScope, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{places, time};

/// Asks for a personal token with a password: `POST /login`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// User to sign in as.
    pub username: String,
    /// Password, or a token of the user.
    pub password: String,
    /// What the token is to be called, for example the host name of the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A personal token: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenView {
    /// Its number.
    pub id: i64,
    /// What its owner calls it.
    pub name: String,
    /// What it is good for: `pull`, `push`, `delete`, `admin`.
    pub scope: String,
    /// Where it is good, `ORG` or `ORG/REPO`; empty for everywhere.
    #[serde(default)]
    pub within: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it ends; null for never.
    pub expires_at: Option<String>,
    /// When it was last used, some minutes late; null for never.
    pub last_used_at: Option<String>,
}

/// A personal token that was made: the only time that its secret is shown.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedToken {
    /// The token.
    #[serde(flatten)]
    pub token: TokenView,
    /// Name of its owner.
    pub user: String,
    /// The secret, `hub_pat_…`.
    pub secret: String,
}

/// Asks for a personal token: `POST /tokens`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateToken {
    /// What to call it.
    pub name: String,
    /// What it is good for: `pull`, `push`, `delete`, `admin` (when left out).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Where it is to be good, `ORG` or `ORG/REPO`; wherever the caller's own credential is good
    /// when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
    /// When it is to end, RFC 3339; as late as may be when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// Who the caller is: `GET /whoami`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhoAmI {
    /// Name of the user or the robot.
    pub name: String,
    /// `user` or `robot`.
    #[serde(default = "user")]
    pub kind: String,
    /// Whether the user administers the whole hub, with this credential.
    pub admin: bool,
    /// What the credential is good for: `pull`, `push`, `delete`, `admin`.
    pub scope: String,
    /// Where it is good, `ORG` or `ORG/REPO`; empty for everywhere.
    #[serde(default)]
    pub within: Vec<String>,
    /// Number of the token that was used; null for a password.
    pub token_id: Option<i64>,
    /// The organisations of the user; of a robot, the one it belongs to.
    pub orgs: Vec<OrgRole>,
}

fn user() -> String {
    "user".to_owned()
}

/// What the caller is in an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrgRole {
    /// Name of the organisation.
    pub name: String,
    /// `reader`, `writer`, `owner`.
    pub role: String,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// Name to sign in with.
    pub name: String,
    /// Whether the user administers the whole hub.
    pub admin: bool,
    /// Whether the user may not sign in.
    pub disabled: bool,
    /// When the user was made.
    pub created_at: String,
    /// When the account was deleted; absent while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
}

/// Makes a user: `POST /users`, for administrators.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateUser {
    /// Name to sign in with; the user owns the organisation of this name.
    pub name: String,
    /// Password.
    pub password: String,
    /// Whether the user administers the whole hub.
    #[serde(default)]
    pub admin: bool,
}

/// What answers: `GET /version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionView {
    /// Name of the program.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scope: token.scope.as_str().to_owned(),
            within: places(&token.within),
            created_at: time(token.created_at_ms),
            expires_at: token.expires_at_ms.map(time),
            last_used_at: token.used_at_ms.map(time),
        }
    }
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            name: user.name.into(),
            admin: user.admin,
            disabled: user.disabled,
            created_at: time(user.created_at_ms),
            deleted_at: user.deleted_at_ms.map(time),
        }
    }
}

impl WhoAmI {
    /// A robot, with its organisation.
    #[must_use]
    pub fn robot(robot: &Robot) -> Self {
        let role = match robot.scope {
            TokenScope::Pull => Role::Reader,
            TokenScope::Push | TokenScope::Delete => Role::Writer,
            TokenScope::Admin => Role::Owner,
        };
        Self {
            name: robot.name.to_string(),
            kind: "robot".to_owned(),
            admin: false,
            scope: robot.scope.as_str().to_owned(),
            within: places(&robot.within),
            token_id: None,
            orgs: vec![OrgRole { name: robot.name.org().into(), role: role.as_str().to_owned() }],
        }
    }

    /// Who signed in, with the organisations of the user.
    #[must_use]
    pub fn new(signed_in: &SignedIn, orgs: Vec<(Org, Role)>) -> Self {
        let orgs = orgs.into_iter();
        Self {
            name: signed_in.user.name.to_string(),
            kind: user(),
            admin: signed_in.user.admin
                && signed_in.scope == TokenScope::Admin
                && signed_in.within.is_everywhere(),
            scope: signed_in.scope.as_str().to_owned(),
            within: places(&signed_in.within),
            token_id: signed_in.token(),
            orgs: orgs
                .map(|(org, role)| OrgRole {
                    name: org.name.into(),
                    role: role.as_str().to_owned(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{TokenKind, Within};

    use super::*;

    #[test]
    fn a_token_tells_its_times() {
        let token = Token {
            id: 7,
            user_id: 1,
            kind: TokenKind::Personal,
            name: "laptop".into(),
            scope: TokenScope::Push,
            within: Within::EVERYWHERE,
            agent: String::new(),
            address: String::new(),
            created_at_ms: 1_763_712_000_000,
            expires_at_ms: None,
            used_at_ms: Some(1_763_712_060_000),
        };
        let created =
            CreatedToken { token: token.into(), user: "alice".into(), secret: "hub_pat_x".into() };
        insta::assert_json_snapshot!(created, @r#"
        {
          "id": 7,
          "name": "laptop",
          "scope": "push",
          "within": [],
          "createdAt": "2025-11-21T08:00:00.000Z",
          "expiresAt": null,
          "lastUsedAt": "2025-11-21T08:01:00.000Z",
          "user": "alice",
          "secret": "hub_pat_x"
        }
        "#);
    }
}
