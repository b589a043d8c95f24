//! Invitations into an organisation.

use crate::{OrgName, Role, UserName};

/// A user is asked to become a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The organisation.
    pub org: OrgName,
    /// Who is asked.
    pub user: UserName,
    /// What the user would be.
    pub role: Role,
    /// Name of who asks.
    pub invited_by: String,
    /// When, in milliseconds.
    pub created_at_ms: i64,
    /// Until when it can be accepted, in milliseconds.
    pub expires_at_ms: i64,
}

impl Invitation {
    /// Whether it can be accepted at `now_ms`.
    #[must_use]
    pub const fn is_good(&self, now_ms: i64) -> bool {
        now_ms < self.expires_at_ms
    }
}
