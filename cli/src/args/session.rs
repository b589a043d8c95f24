//! `hub session`.

use clap::{Args, Subcommand};

/// `hub session`: the browsers that one is signed in with.
#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// List them, the newest first
    #[command(visible_alias = "list")]
    Ls,
    /// End one, or all
    End(SessionEnd),
}

/// `hub session end`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct SessionEnd {
    /// Number of the session
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) id: Option<i64>,
    /// Every session, and every refresh token of a registry client
    #[arg(long)]
    pub(crate) all: bool,
    /// Personal tokens as well, but for the one in use here
    #[arg(long, requires = "all")]
    pub(crate) tokens: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would end, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
