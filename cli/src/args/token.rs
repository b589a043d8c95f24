//! `hub token`: personal tokens.

use clap::{Args, Subcommand};

use crate::reach::{End, Scope};

/// What is to be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; it is printed this once
    Create(CreateToken),
    /// List your tokens
    #[command(visible_alias = "list")]
    Ls,
    /// End a token
    Revoke(TokenNumber),
    /// Put a token with a new secret in the place of one; it is printed this once
    Rotate(RotateToken),
}

/// How far a credential reaches.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// What it is good for, and where: pull, push, delete or admin, then :ORG or :ORG/REPO;
    /// repeat it for further places
    #[arg(long = "scope", value_name = "SCOPE[:PLACE]")]
    pub(crate) scopes: Vec<Scope>,
    /// When it ends: 90d, 12h, a day like 2027-01-31, or never
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<End>,
}

/// `hub token create`.
#[derive(Debug, Args)]
pub(crate) struct CreateToken {
    /// What to call it
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Say what would be made, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub token revoke`.
#[derive(Debug, Args)]
pub(crate) struct TokenNumber {
    /// Its number, as hub token ls shows it
    pub(crate) id: i64,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be ended, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub token rotate`.
#[derive(Debug, Args)]
pub(crate) struct RotateToken {
    /// Its number, as hub token ls shows it
    pub(crate) id: i64,
    /// Say what would be rotated, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
