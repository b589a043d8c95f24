//! The browsers that somebody is signed in with, and making one's own account.

use hub_model::Token;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Its number.
    pub id: i64,
    /// What the browser calls itself; may be empty.
    pub agent: String,
    /// The address that it signed in from; may be empty.
    pub address: String,
    /// When it signed in.
    pub created_at: String,
    /// When it was last used, some minutes late; null for never.
    pub last_used_at: Option<String>,
    /// When it ends by itself.
    pub expires_at: Option<String>,
    /// Whether the caller came with it.
    pub current: bool,
}

/// Makes an account for the caller: `POST /register`, where the hub lets strangers do so.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Register {
    /// Name to sign in with; the user owns the organisation of this name.
    pub name: String,
    /// Password.
    pub password: String,
}

impl SessionView {
    /// A session; `current` when the caller came with it.
    #[must_use]
    pub fn new(token: Token, current: bool) -> Self {
        Self {
            id: token.id,
            agent: token.agent,
            address: token.address,
            created_at: time(token.created_at_ms),
            last_used_at: token.used_at_ms.map(time),
            expires_at: token.expires_at_ms.map(time),
            current,
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{TokenKind, TokenScope, Within};

    use super::*;

    #[test]
    fn a_session_tells_where_it_began() {
        let token = Token {
            id: 7,
            user_id: 1,
            kind: TokenKind::Session,
            name: "browser".into(),
            scope: TokenScope::Admin,
            within: Within::EVERYWHERE,
            agent: "Firefox".into(),
            address: "192.0.2.1".into(),
            created_at_ms: 1_763_712_000_000,
            expires_at_ms: Some(1_763_712_060_000),
            used_at_ms: None,
        };
        insta::assert_json_snapshot!(SessionView::new(token, true), @r#"
        {
          "id": 7,
          "agent": "Firefox",
          "address": "192.0.2.1",
          "createdAt": "2025-11-21T08:00:00.000Z",
          "lastUsedAt": null,
          "expiresAt": "2025-11-21T08:01:00.000Z",
          "current": true
        }
        "#);
    }
}
