//! People, and who acts.

use std::sync::Arc;

use crate::{Robot, TokenScope, UserName, Within};

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
    /// When the account was deleted, in milliseconds. Its name is never given again, so that what
    /// was done in this name is not taken for the doing of somebody else.
    pub deleted_at_ms: Option<i64>,
}

impl User {
    /// Whether the user may sign in.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.disabled && self.deleted_at_ms.is_none()
    }
}

/// Which accounts a list of users holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UserState {
    /// All that were not deleted.
    #[default]
    Any,
    /// Those that may sign in.
    Open,
    /// Those that may not.
    Disabled,
    /// Administrators of the hub.
    Admin,
    /// Those that were deleted.
    Deleted,
}

impl UserState {
    /// In the order in which pages offer them.
    pub const ALL: [Self; 5] = [Self::Any, Self::Open, Self::Disabled, Self::Admin, Self::Deleted];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Open => "open",
            Self::Disabled => "disabled",
            Self::Admin => "admin",
            Self::Deleted => "deleted",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Who acts. The second argument of every service, and nobody is exempt from asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody signed in.
    Anonymous,
    /// A person, by password, session, token or access key.
    User(SignedIn),
    /// A robot of an organisation, by its secret.
    Robot(Arc<Robot>),
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
    /// Where the credential is good.
    pub within: Within,
    /// The credential.
    pub by: Credential,
}

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// By the password of their account: this one.
    Password(PasswordMark),
    /// By the token, the session or the refresh token in this row.
    Token(i64),
    /// By the access key in this row.
    Key(i64),
}

/// Stands for a password that was set, and tells nothing about it. What somebody proved with one
/// password is not good for what needs the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PasswordMark(pub [u8; 16]);

impl PasswordMark {
    /// Of an account that has no password: nobody proves it.
    pub const NONE: Self = Self([0; 16]);
}

impl SignedIn {
    /// Somebody who is vouched for without a password: good for everything, everywhere, but what
    /// follows from a password.
    #[must_use]
    pub const fn by_password(user: Arc<User>) -> Self {
        Self::by_this_password(user, PasswordMark::NONE)
    }

    /// Somebody who came with this password: good for everything, everywhere.
    #[must_use]
    pub const fn by_this_password(user: Arc<User>, mark: PasswordMark) -> Self {
        let (scope, within) = (TokenScope::Admin, Within::EVERYWHERE);
        Self { user, scope, within, by: Credential::Password(mark) }
    }

    /// Whether the credential is good for everything that the person may do.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.scope == TokenScope::Admin && self.within.is_everywhere()
    }

    /// Row of the token or session, when it was one.
    #[must_use]
    pub const fn token(&self) -> Option<i64> {
        match self.by {
            Credential::Token(row) => Some(row),
            Credential::Password(_) | Credential::Key(_) => None,
        }
    }
}

impl Actor {
    /// The name for records and logs; empty for nobody.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::User(signed_in) => signed_in.user.name.as_str(),
            Self::Robot(robot) => robot.name.as_str(),
            Self::System => "system",
        }
    }

    /// The person, when it is one.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::User(signed_in) => Some(&signed_in.user),
            Self::Anonymous | Self::Robot(_) | Self::System => None,
        }
    }

    /// What the credential is good for, whatever its owner may do beyond that.
    #[must_use]
    pub fn scope(&self) -> TokenScope {
        match self {
            Self::User(signed_in) => signed_in.scope,
            Self::Robot(robot) => robot.scope,
            // Nobody's rights are narrowed by nothing, and the hub's by nobody.
            Self::Anonymous | Self::System => TokenScope::Admin,
        }
    }
}
