//! Robots: accounts of an organisation for machines.

use crate::{RobotName, TokenScope, Within};

/// A robot. It belongs to its organisation, not to whoever made it, and has no rights elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Robot {
    /// Row in the database.
    pub id: i64,
    /// Row of its organisation.
    pub org_id: i64,
    /// Full name, for example `labring+ci`: what it signs in as.
    pub name: RobotName,
    /// What it is for.
    pub description: String,
    /// When its secret was made, in milliseconds: what was signed in with another one has ended.
    pub secret_at_ms: i64,
    /// What it may do.
    pub scope: TokenScope,
    /// Where: repositories of its organisation, or the whole of it.
    pub within: Within,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// When it was made, in milliseconds.
    pub created_at_ms: i64,
    /// Name of who made it.
    pub created_by: String,
    /// When its secret ends, in milliseconds; `None` for never.
    pub expires_at_ms: Option<i64>,
    /// When it last signed in, in milliseconds, some minutes late; `None` for never.
    pub used_at_ms: Option<i64>,
}

impl Robot {
    /// Whether it may sign in at `now_ms`.
    #[must_use]
    pub fn is_open(&self, now_ms: i64) -> bool {
        !self.disabled && self.expires_at_ms.is_none_or(|end| now_ms < end)
    }
}

/// A robot about to be made.
#[derive(Debug, Clone)]
pub struct NewRobot {
    /// Row of its organisation.
    pub org_id: i64,
    /// Full name.
    pub name: RobotName,
    /// What it is for.
    pub description: String,
    /// SHA-256 of the secret, hexadecimal.
    pub secret_hash: String,
    /// What it may do.
    pub scope: TokenScope,
    /// Where.
    pub within: Within,
    /// When it is made, in milliseconds.
    pub created_at_ms: i64,
    /// Name of who makes it.
    pub created_by: String,
    /// When its secret ends, in milliseconds; `None` for never.
    pub expires_at_ms: Option<i64>,
}

/// What can be changed of a robot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotEdit {
    /// What it is for.
    pub description: String,
    /// What it may do.
    pub scope: TokenScope,
    /// Where.
    pub within: Within,
    /// When its secret ends, in milliseconds; `None` for never.
    pub expires_at_ms: Option<i64>,
    /// Whether it may not sign in.
    pub disabled: bool,
}

impl From<&Robot> for RobotEdit {
    /// Everything as it is.
    fn from(robot: &Robot) -> Self {
        Self {
            description: robot.description.clone(),
            scope: robot.scope,
            within: robot.within.clone(),
            expires_at_ms: robot.expires_at_ms,
            disabled: robot.disabled,
        }
    }
}
