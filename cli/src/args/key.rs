//! `hub key`: access keys, for signed requests and for clients that sign in with a signature.

use clap::{Args, Subcommand};
use hub_model::AccessKeyId;

use crate::reach::End;

/// What is to be done with access keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make an access key; its secret half is printed this once
    Create(CreateKey),
    /// List your access keys
    #[command(visible_alias = "list")]
    Ls,
    /// Let an access key open nothing, until it is enabled again
    Disable(ChangeKey),
    /// Enable an access key that was disabled
    Enable(ChangeKey),
    /// Delete an access key
    #[command(visible_alias = "delete")]
    Rm(RemoveKey),
}

/// `hub key create`.
#[derive(Debug, Args)]
pub(crate) struct CreateKey {
    /// What to call it
    pub(crate) name: String,
    /// When it ends: 90d, 12h, a day like 2027-01-31, or never
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<End>,
    /// Say what would be made, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub key disable` and `hub key enable`.
#[derive(Debug, Args)]
pub(crate) struct ChangeKey {
    /// The public half
    pub(crate) key: AccessKeyId,
    /// Say what would be changed, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub key rm`.
#[derive(Debug, Args)]
pub(crate) struct RemoveKey {
    /// The public half
    pub(crate) key: AccessKeyId,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be deleted, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
