//! Organisations and their members.

use crate::{OrgName, Role, UserName, Visibility};

/// An organisation: it owns repositories, and has members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    /// Row in the database.
    pub id: i64,
    /// Its name.
    pub name: OrgName,
    /// A name for people, may be empty.
    pub display_name: String,
    /// One line of plain text, may be empty.
    pub description: String,
    /// What repositories are that a push makes.
    pub default_visibility: Visibility,
    /// Name of the user who made it; empty for the hub itself.
    pub created_by: String,
    /// When it was made, in milliseconds.
    pub created_at_ms: i64,
}

/// An organisation about to be made.
#[derive(Debug, Clone)]
pub struct NewOrg {
    /// Its name.
    pub name: OrgName,
    /// A name for people, may be empty.
    pub display_name: String,
    /// One line of plain text, may be empty.
    pub description: String,
    /// Name of the user who makes it; empty for the hub itself.
    pub created_by: String,
    /// When it is made, in milliseconds.
    pub created_at_ms: i64,
}

/// A user's part in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserName,
    /// As what.
    pub role: Role,
    /// Since when, in milliseconds.
    pub since_ms: i64,
}
