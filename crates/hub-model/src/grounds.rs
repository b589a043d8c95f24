//! Why somebody stands as they do, and the one decision that follows from it.

use crate::{Action, OrgName, Refusal, Role, Standing, TokenScope, Visibility, decide};

/// A role, and since when somebody has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Since {
    /// The role.
    pub role: Role,
    /// Since when, in milliseconds.
    pub since_ms: i64,
}

/// The fact of the record from which a standing follows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ground {
    /// The hub itself acts.
    Hub,
    /// The caller administers the whole hub.
    Administrator,
    /// The caller is a member of the organisation.
    Member(Since),
    /// The caller was granted a role on this repository.
    Grant(Since),
    /// The repository is shared.
    Share {
        /// With this organisation of the caller's; with the caller when there is none.
        with: Option<OrgName>,
        /// Until when, in milliseconds; `None` for ever.
        until_ms: Option<i64>,
    },
    /// The caller is a robot of the organisation.
    Robot(TokenScope),
    /// The credential is for other places; what its owner may do here does not count.
    Elsewhere,
    /// Signed in, and nothing more.
    Stranger,
    /// Not signed in.
    Anonymous,
}

impl Ground {
    /// What the caller is by this.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match self {
            Self::Hub | Self::Administrator => Standing::Administrator,
            Self::Member(Since { role, .. }) | Self::Grant(Since { role, .. }) => match role {
                Role::Owner => Standing::Owner,
                Role::Writer => Standing::Writer,
                Role::Reader => Standing::Reader,
            },
            Self::Robot(TokenScope::Admin) => Standing::Owner,
            Self::Robot(TokenScope::Push | TokenScope::Delete) => Standing::Writer,
            Self::Robot(TokenScope::Pull) | Self::Share { .. } => Standing::Reader,
            Self::Elsewhere | Self::Stranger => Standing::Stranger,
            Self::Anonymous => Standing::Anonymous,
        }
    }
}

/// Decides about one act of somebody who stands on `ground`, with a credential that is good for
/// `scope`. Every surface asks this, and nothing else.
///
/// # Errors
///
/// The [`Refusal`] that tells no more than the caller may know.
pub const fn judge(
    ground: &Ground,
    scope: TokenScope,
    visibility: Visibility,
    action: Action,
) -> Result<(), Refusal> {
    match decide(ground.standing(), visibility, action) {
        Ok(()) if !scope.covers(action) => Err(Refusal::Narrow),
        outcome => outcome,
    }
}
