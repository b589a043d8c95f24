//! People, and who acts.

use std::sync::Arc;

use crate::{TokenScope, UserName};

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Row in the database.
    pub id: i64,
    /// Name to sign in with.
    pub name: UserName,
    /// Whether the user administers the whole hub.
    pub admin: bool,
    /// Whether the user may not sign in.
    pub disabled: bool,
    /// When the user was made, in milliseconds.
    pub created_at_ms: i64,
}

/// Who acts. The second argument of every service, and nobody is exempt from asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody signed in.
    Anonymous,
    /// A person, by password, session or token.
    User(SignedIn),
    /// The hub itself: jobs, and commands on the server's own data.
    System,
}

/// A person who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The person.
    pub user: Arc<User>,
    /// What the credential is good for.
    pub scope: TokenScope,
    /// Row of the token or session, when it was one.
    pub token: Option<i64>,
}

impl Actor {
    /// The name for records and logs; empty for nobody.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::User(signed_in) => signed_in.user.name.as_str(),
            Self::System => "system",
        }
    }

    /// The person, when it is one.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::User(signed_in) => Some(&signed_in.user),
            Self::Anonymous | Self::System => None,
        }
    }
}
