//! `hub share`: what may be typed.

use clap::{Args, Subcommand};
use hub_model::OrgName;

/// `hub share`.
#[derive(Debug, Subcommand)]
pub(crate) enum Share {
    /// List what is shared: by you, with you, by an organisation, or of a repository
    #[command(visible_alias = "list")]
    Ls(ShareLs),
    /// Share a private repository, read only, with a user or an organisation
    Create(ShareCreate),
    /// Show until when and why a repository is shared with somebody
    Show(ShareWith),
    /// Change until when and why a repository is shared with somebody
    Edit(ShareEdit),
    /// End a share: at once nobody reads by it any more
    #[command(visible_alias = "delete")]
    Rm(ShareRm),
}

/// `hub share ls`.
#[derive(Debug, Args)]
pub(crate) struct ShareLs {
    /// Only the shares of this repository
    #[arg(value_name = "REPO", conflicts_with_all = ["mine", "to_me", "org"])]
    pub(crate) repo: Option<String>,
    /// What your organisations share with others; so without any flag
    #[arg(long, conflicts_with_all = ["to_me", "org"])]
    pub(crate) mine: bool,
    /// What others share with you
    #[arg(long, conflicts_with = "org")]
    pub(crate) to_me: bool,
    /// What this organisation shares with others
    #[arg(long)]
    pub(crate) org: Option<OrgName>,
    /// Only those that are good (true), or only those that ended (false)
    #[arg(long, value_name = "true|false")]
    pub(crate) status: Option<bool>,
    /// Say why, since when and by whom as well
    #[arg(long)]
    pub(crate) detail: bool,
    /// At most this many
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// `hub share create`.
#[derive(Debug, Args)]
pub(crate) struct ShareCreate {
    /// The private repository, ORG/NAME
    pub(crate) repo: String,
    /// With whom: the name of a user, or else of an organisation
    #[arg(long, value_name = "NAME")]
    pub(crate) to: OrgName,
    /// Until when: a day such as 2026-12-31, which counts as a whole, a time, or forever
    #[arg(long, value_name = "DATE", default_value = "forever")]
    pub(crate) until: String,
    /// What they may do
    #[arg(long, value_parser = ["read"], default_value = "read")]
    pub(crate) permit: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub share show`.
#[derive(Debug, Args)]
pub(crate) struct ShareWith {
    /// The repository, ORG/NAME
    pub(crate) repo: String,
    /// With whom it is shared
    pub(crate) name: OrgName,
}

/// `hub share edit`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true)
          .args(["until", "description"]))]
pub(crate) struct ShareEdit {
    #[command(flatten)]
    pub(crate) share: ShareWith,
    /// Until when: a day, a time, or forever
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub share rm`.
#[derive(Debug, Args)]
pub(crate) struct ShareRm {
    #[command(flatten)]
    pub(crate) share: ShareWith,
    /// Without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
