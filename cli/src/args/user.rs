//! `hub user` and `hub passwd`.

use clap::{Args, Subcommand, ValueEnum};
use hub_model::UserName;

/// `hub user`: for administrators.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// List the users, by name
    #[command(visible_alias = "list")]
    Ls(UserLs),
    /// Show a user, with organisations, sessions and tokens
    Show {
        /// Name of the user
        name: UserName,
    },
    /// Make a user, and the organisation of that name
    Add(UserAdd),
    /// Make or unmake an administrator, close or open an account
    Edit(UserEdit),
    /// Delete a user, with all credentials and rights
    #[command(visible_alias = "delete")]
    Rm(UserRm),
    /// Set a user's password, and end their sessions
    Passwd(UserPasswd),
}

/// `hub user ls`.
#[derive(Debug, Args)]
pub(crate) struct UserLs {
    /// A part of the name
    pub(crate) text: Option<String>,
    /// What the accounts are
    #[arg(long, value_enum, default_value = "any")]
    pub(crate) state: State,
    /// Users to list; all when left out
    #[arg(long)]
    pub(crate) limit: Option<usize>,
}

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// Not deleted.
    Any,
    /// May sign in.
    Open,
    /// May not.
    Disabled,
    /// Administers the hub.
    Admin,
    /// Was deleted.
    Deleted,
}

/// `hub user add`.
#[derive(Debug, Args)]
pub(crate) struct UserAdd {
    /// Name to sign in with
    pub(crate) name: UserName,
    /// Read the password from stdin; asked for on a terminal
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// The user administers the whole hub
    #[arg(long)]
    pub(crate) admin: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub user edit`.
#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true,
        args = ["admin", "disabled"])]
pub(crate) struct UserEdit {
    /// Name of the user
    pub(crate) name: UserName,
    /// Whether the user administers the whole hub
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true",
          require_equals = true)]
    pub(crate) admin: Option<bool>,
    /// Whether the user may not sign in
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true",
          require_equals = true)]
    pub(crate) disabled: Option<bool>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub user rm`.
#[derive(Debug, Args)]
pub(crate) struct UserRm {
    /// Name of the user
    pub(crate) name: UserName,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub user passwd`.
#[derive(Debug, Args)]
pub(crate) struct UserPasswd {
    /// Name of the user
    pub(crate) name: UserName,
    /// Read the password from stdin; asked for on a terminal
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub passwd`.
#[derive(Debug, Args)]
pub(crate) struct Passwd {
    /// Read the old password and the new one from stdin, a line each; asked for on a terminal
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
