//! `hub audit`: what may be typed.

use clap::Args;
use hub_model::OrgName;

/// `hub audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// What concerns this organisation, for its owners; without it the whole hub, for
    /// administrators
    #[arg(long)]
    pub(crate) org: Option<OrgName>,
    /// By whom
    #[arg(long, value_name = "NAME")]
    pub(crate) actor: Option<String>,
    /// What was done: `member.set`, or `member` for all of that kind
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// To what: an organisation, a repository with its images, an image, a user
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// Only what was refused
    #[arg(long)]
    pub(crate) denied: bool,
    /// Not before: a day such as 2026-12-31, or a time
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Before: a day, or a time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// At most this many; 0 for all
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
}
