//! Personal tokens and web sessions.

use serde::{Deserialize, Serialize};

use crate::{Action, Within};

/// What a credential is good for, whatever its owner may do beyond that.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// Pull, and see what is private.
    Pull,
    /// Push and describe as well.
    Push,
    /// Delete tags and manifests as well.
    Delete,
    /// Everything its owner may do.
    #[default]
    Admin,
}

impl TokenScope {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::Admin => "admin",
        }
    }

    /// Every scope, the narrowest first.
    pub const ALL: [Self; 4] = [Self::Pull, Self::Push, Self::Delete, Self::Admin];

    /// Reads a scope.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    /// Whether a credential of this scope may be used for `action`.
    #[must_use]
    pub const fn covers(self, action: Action) -> bool {
        match (self, action) {
            (Self::Admin, _)
            | (Self::Delete, Action::Pull | Action::Push | Action::Delete)
            | (Self::Push, Action::Pull | Action::Push)
            | (Self::Pull, Action::Pull) => true,
            (Self::Delete, Action::Administer)
            | (Self::Push, Action::Delete | Action::Administer)
            | (Self::Pull, Action::Push | Action::Delete | Action::Administer) => false,
        }
    }
}

/// What a stored secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `hub_pat_…`, made by its owner.
    Personal,
    /// A signed-in browser.
    Session,
    /// A refresh token of the registry's token endpoint.
    Refresh,
}

impl TokenKind {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Session => "session",
            Self::Refresh => "refresh",
        }
    }

    /// Reads the word of the database.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Personal, Self::Session, Self::Refresh]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A stored credential. Its secret is known to its owner only; here is a hash of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Row in the database.
    pub id: i64,
    /// Row of its owner.
    pub user_id: i64,
    /// What it is.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub name: String,
    /// What it is good for.
    pub scope: TokenScope,
    /// Where it is good.
    pub within: Within,
    /// What the client called itself when it was made; for sessions the browser.
    pub agent: String,
    /// The address from which it was made, as text; empty when that is not known.
    pub address: String,
    /// When it was made, in milliseconds.
    pub created_at_ms: i64,
    /// When it ends, in milliseconds; `None` for never.
    pub expires_at_ms: Option<i64>,
    /// When it was last used, in milliseconds, some minutes late; `None` for never.
    pub used_at_ms: Option<i64>,
}

/// A credential about to be stored.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Row of its owner.
    pub user_id: i64,
    /// What it is.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of the secret, hexadecimal.
    pub secret_hash: String,
    /// What it is good for.
    pub scope: TokenScope,
    /// Where it is good.
    pub within: Within,
    /// What the client calls itself; for sessions the browser.
    pub agent: String,
    /// The address from which it is made, as text; empty when that is not known.
    pub address: String,
    /// When it is made, in milliseconds.
    pub created_at_ms: i64,
    /// When it ends, in milliseconds; `None` for never.
    pub expires_at_ms: Option<i64>,
}
