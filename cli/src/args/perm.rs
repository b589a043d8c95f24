//! `hub perm`: who may what, and why.

use clap::{Args, Subcommand};
use hub_model::{Action, Role};

use super::{action, role};

/// `hub perm`.
#[derive(Debug, Subcommand)]
pub(crate) enum Perm {
    /// List who may what, and by which rule
    Get(PermGet),
    /// Give a user a role in an organisation or on one repository
    Grant(PermGrant),
    /// Take a user's role in an organisation or on one repository
    Revoke(PermRevoke),
    /// Ask whether somebody may do something; ends with 8 when not
    Check(PermCheck),
}

/// `hub perm get`.
#[derive(Debug, Args)]
pub(crate) struct PermGet {
    /// ORG or ORG/REPO
    pub(crate) resource: String,
    /// Only what concerns this user
    #[arg(long)]
    pub(crate) user: Option<String>,
}

/// `hub perm grant`.
#[derive(Debug, Args)]
pub(crate) struct PermGrant {
    /// ORG or ORG/REPO
    pub(crate) resource: String,
    /// The user
    #[arg(long)]
    pub(crate) user: String,
    /// What the user is to be: pull (reader), push (writer) or admin (owner)
    #[arg(long, value_parser = role)]
    pub(crate) role: Role,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub perm revoke`.
#[derive(Debug, Args)]
pub(crate) struct PermRevoke {
    /// ORG or ORG/REPO
    pub(crate) resource: String,
    /// The user
    #[arg(long)]
    pub(crate) user: String,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub perm check`.
#[derive(Debug, Args)]
pub(crate) struct PermCheck {
    /// ORG or ORG/REPO
    pub(crate) resource: String,
    /// What would be done: pull, push, delete or administer
    #[arg(long, value_parser = action)]
    pub(crate) action: Action,
    /// About this user; about yourself when left out
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Say why
    #[arg(long)]
    pub(crate) why: bool,
}
