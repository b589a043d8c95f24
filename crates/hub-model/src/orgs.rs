//! Organisations and their members.

use crate::{OrgName, Role, UserName};

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
