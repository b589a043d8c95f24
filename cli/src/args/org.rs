//! `hub org`: organisations, their members, and invitations.

use clap::{Args, Subcommand};
use hub_model::Role;

use super::{Visibility, role};

/// `hub org`.
#[derive(Debug, Subcommand)]
pub(crate) enum Org {
    /// List your organisations
    #[command(visible_alias = "list")]
    Ls(OrgLs),
    /// Show an organisation: what you are there, and what it holds
    Show(OrgOnly),
    /// Make an organisation; you own it
    Create(OrgTexts),
    /// Change what an organisation says about itself, and how its repositories begin
    Edit(OrgTexts),
    /// Remove an organisation without repositories
    #[command(visible_alias = "delete")]
    Rm(OrgGone),
    /// List the members
    Members(OrgOnly),
    /// Add a member, change a role, or end a membership
    #[command(subcommand)]
    Member(Member),
    /// Hand an organisation over to a member; you stay as a writer
    Transfer(OrgTransfer),
    /// End your own membership
    Leave(OrgGone),
    /// Ask a user to become a member
    Invite(OrgInvite),
    /// List your own invitations, or those into an organisation of yours
    Invitations(OrgInvitations),
    /// Accept an invitation
    Accept(OrgAnswer),
    /// Decline an invitation
    Decline(OrgAnswer),
    /// Take an invitation back
    Uninvite(OrgUser),
}

/// `hub org member`.
#[derive(Debug, Subcommand)]
pub(crate) enum Member {
    /// Make a user a member without asking them, or change a member's role
    Add(OrgInvite),
    /// End a membership; roles on single repositories stay
    #[command(visible_alias = "delete")]
    Rm(OrgTransfer),
}

/// `hub org ls`.
#[derive(Debug, Args)]
pub(crate) struct OrgLs {
    /// Every organisation of the hub
    #[arg(long)]
    pub(crate) all: bool,
}

/// An organisation.
#[derive(Debug, Args)]
pub(crate) struct OrgOnly {
    /// The organisation
    pub(crate) org: String,
}

/// `hub org create`, `hub org edit`.
#[derive(Debug, Args)]
pub(crate) struct OrgTexts {
    /// The organisation
    pub(crate) org: String,
    /// Name for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) display_name: Option<String>,
    /// One line about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// What repositories are that a push makes
    #[arg(long, value_enum)]
    pub(crate) default_visibility: Option<Visibility>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub org rm`, `hub org leave`.
#[derive(Debug, Args)]
pub(crate) struct OrgGone {
    /// The organisation
    pub(crate) org: String,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub org transfer`, `hub org member rm`.
#[derive(Debug, Args)]
pub(crate) struct OrgTransfer {
    /// The organisation
    pub(crate) org: String,
    /// The member
    pub(crate) user: String,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub org invite`, `hub org member add`.
#[derive(Debug, Args)]
pub(crate) struct OrgInvite {
    /// The organisation
    pub(crate) org: String,
    /// The user
    pub(crate) user: String,
    /// What the user is to be: pull (reader), push (writer) or admin (owner)
    #[arg(long, value_parser = role, default_value = "pull")]
    pub(crate) role: Role,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub org invitations`.
#[derive(Debug, Args)]
pub(crate) struct OrgInvitations {
    /// Those into this organisation, which you own; your own when left out
    pub(crate) org: Option<String>,
}

/// `hub org accept`, `hub org decline`.
#[derive(Debug, Args)]
pub(crate) struct OrgAnswer {
    /// The organisation
    pub(crate) org: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub org uninvite`.
#[derive(Debug, Args)]
pub(crate) struct OrgUser {
    /// The organisation
    pub(crate) org: String,
    /// The user
    pub(crate) user: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
