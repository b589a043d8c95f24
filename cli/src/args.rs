//! What may be typed: clap types only, no rules.

mod audit;
pub(crate) mod key;
mod org;
mod perm;
pub(crate) mod robot;
mod search;
mod session;
mod share;
pub(crate) mod token;
mod user;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use hub_model::{Action, Role};

use crate::printer::Format;

pub(crate) use audit::Audit;
pub(crate) use org::*;
pub(crate) use perm::*;
pub(crate) use search::Search;
pub(crate) use session::{Session, SessionEnd};
pub(crate) use share::{Share, ShareCreate, ShareEdit, ShareLs, ShareRm, ShareWith};
pub(crate) use user::{Passwd, State as UserState, User, UserAdd, UserLs, UserPasswd, UserRm};

/// Images, their READMEs and their tags, on a hub.
#[derive(Debug, Parser)]
#[command(name = "hub", version, propagate_version = false, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// The hub to talk to, for example hub.example.com
    #[arg(long, global = true, value_name = "SERVER", env = "HUB_SERVER")]
    pub(crate) server: Option<String>,
    /// Settings to use, by their name in config.toml
    #[arg(short = 'C', long, global = true, value_name = "NAME", env = "HUB_CONTEXT")]
    pub(crate) context: Option<String>,
    /// Form of what goes to stdout
    #[arg(long, global = true, value_enum, env = "HUB_FORMAT", default_value = "table")]
    pub(crate) format: Format,
    /// Print the result only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say what is done; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Colours
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub(crate) color: Color,
    /// Show no progress bars
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// Speak HTTP without TLS, also to a host that is not this machine
    #[arg(long, global = true)]
    pub(crate) plain_http: bool,
    /// Trust certificates of this authority as well, a PEM file; login keeps it
    #[arg(long, global = true, value_name = "FILE", env = "HUB_CA_CERT")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Do not check the certificate of this host, or of the hub in use; login keeps it
    #[arg(long, global = true, value_name = "HOST", num_args = 0..=1, require_equals = true,
          default_missing_value = "")]
    pub(crate) insecure: Option<String>,
}

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Into files as well.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in to a hub, here and for docker
    Login(Login),
    /// Forget the token of a hub, here, at docker and on the server
    Logout(Logout),
    /// Say who you are on the hub
    Whoami,
    /// Push an image, with its README
    Push(Push),
    /// Say things about an image that is there: README, icon, keywords
    Describe(Describe),
    /// Search repositories
    Search(Search),
    /// Show an image: its README, facts and detail
    Show(Show),
    /// List the tags of a repository, newest first
    Tags(Tags),
    /// Remove a tag, or a whole repository
    #[command(visible_alias = "delete")]
    Rm(Rm),
    /// Organisations, their members, and invitations
    #[command(subcommand)]
    Org(Org),
    /// Who may what, and why
    #[command(subcommand)]
    Perm(Perm),
    /// Tokens: what stands in for your password, in pipelines and on machines
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Robots: accounts of an organisation for machines
    #[command(subcommand)]
    Robot(robot::RobotCommand),
    /// Access keys: for signed requests, and for clients that sign in with a signature
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// The users of the hub, for administrators
    #[command(subcommand)]
    User(User),
    /// Change your password
    Passwd(Passwd),
    /// The browsers that you are signed in with
    #[command(subcommand)]
    Session(Session),
    /// Show private repositories to others, read only
    #[command(subcommand)]
    Share(Share),
    /// Who did what, and what was refused
    Audit(Audit),
    /// Print a script that completes commands in a shell
    Completion(Completion),
    /// Print the versions of this program and of the hub
    Version,
}

/// Reads a role, in either of its two spellings.
fn role(text: &str) -> Result<Role, String> {
    Role::parse(text)
        .ok_or_else(|| "write pull (reader), push (writer) or admin (owner)".to_owned())
}

/// Reads what somebody wants to do.
fn action(text: &str) -> Result<Action, String> {
    Action::parse(text).ok_or_else(|| "write pull, push, delete or administer".to_owned())
}

/// `hub login`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Login {
    /// The hub, for example hub.example.com; the current one when left out
    pub(crate) server: Option<String>,
    /// User to sign in as
    #[arg(short, long)]
    pub(crate) username: Option<String>,
    /// Password; other users of this machine see it in the list of processes
    #[arg(short, long, conflicts_with_all = ["password_stdin", "token", "token_stdin"])]
    pub(crate) password: Option<String>,
    /// Read the password from stdin
    #[arg(long, conflicts_with_all = ["token", "token_stdin"])]
    pub(crate) password_stdin: bool,
    /// Token, in place of user and password
    #[arg(long, conflicts_with = "token_stdin")]
    pub(crate) token: Option<String>,
    /// Read the token from stdin
    #[arg(long)]
    pub(crate) token_stdin: bool,
    /// Leave docker's configuration as it is
    #[arg(long)]
    pub(crate) no_docker_config: bool,
    /// Print who is signed in, and do nothing else
    #[arg(long = "get-login")]
    pub(crate) show_user: bool,
}

/// `hub logout`.
#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// The hub; the current one when left out
    pub(crate) server: Option<String>,
    /// Every hub signed in to
    #[arg(long, conflicts_with = "server")]
    pub(crate) all: bool,
}

/// What may be said about an image; shared by `hub push` and `hub describe`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What is said about the image")]
pub(crate) struct Metadata {
    /// README to show, `-` for stdin; it goes before what the image holds
    #[arg(short = 'o', long = "readme", value_name = "FILE", conflicts_with = "no_readme")]
    pub(crate) readme: Option<PathBuf>,
    /// No README, on purpose
    #[arg(long)]
    pub(crate) no_readme: bool,
    /// Picture, an address or a file
    #[arg(long, value_name = "URL|FILE")]
    pub(crate) icon: Option<String>,
    /// Word to be found by; repeat it
    #[arg(long = "keyword", value_name = "WORD")]
    pub(crate) keywords: Vec<String>,
    /// One line about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Home page
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Another name of the same thing; repeat it
    #[arg(long = "alias", value_name = "NAME")]
    pub(crate) aliases: Vec<String>,
    /// Further fields: YAML by their JSON names, or a sealos Image
    #[arg(long, value_name = "FILE")]
    pub(crate) detail: Option<PathBuf>,
}

/// `hub push`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Push {
    /// What to push: the name of a local image, a layout or an archive
    pub(crate) image: String,
    /// Where to: HOST/ORG/REPO:TAG, the host may be left out; the name of the image by default
    pub(crate) dest: Option<String>,
    #[command(flatten)]
    pub(crate) metadata: Metadata,
    /// Send no image: it is there already
    #[arg(long)]
    pub(crate) metadata_only: bool,
    /// Where the image is: auto, docker, podman, oci:DIR, oci-archive:FILE, docker-archive:FILE
    #[arg(long, value_name = "SOURCE", default_value = "auto")]
    pub(crate) from: String,
    /// Every platform
    #[arg(long, conflicts_with = "platform")]
    pub(crate) all: bool,
    /// Only this platform, linux/amd64; repeat it
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Vec<String>,
    /// Further tags
    #[arg(long = "tag", value_name = "TAG", value_delimiter = ',')]
    pub(crate) tags: Vec<String>,
    /// Visibility of the repository; one that is there can only become private
    #[arg(long, value_enum)]
    pub(crate) visibility: Option<Visibility>,
    /// Blobs sent at the same time
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) jobs: usize,
    /// How often to try again
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) retries: u32,
    /// Write the digest into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) digestfile: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Who may see a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Visibility {
    /// Everybody.
    Public,
    /// Members of its organisation.
    Private,
}

/// `hub describe`.
#[derive(Debug, Args)]
pub(crate) struct Describe {
    /// The image: HOST/ORG/REPO:TAG, the host may be left out
    pub(crate) image: String,
    #[command(flatten)]
    pub(crate) metadata: Metadata,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The image: HOST/ORG/REPO:TAG, host and tag may be left out
    pub(crate) image: String,
    /// Print the README only, as Markdown
    #[arg(long, conflicts_with = "sources")]
    pub(crate) readme: bool,
    /// Show where each field comes from
    #[arg(long)]
    pub(crate) sources: bool,
}

/// `hub tags`.
#[derive(Debug, Args)]
pub(crate) struct Tags {
    /// The repository: HOST/ORG/REPO, the host may be left out
    pub(crate) repo: String,
    /// Tags to list; all when left out
    #[arg(long)]
    pub(crate) limit: Option<usize>,
}

/// `hub rm`.
#[derive(Debug, Args)]
pub(crate) struct Rm {
    /// The image: HOST/ORG/REPO:TAG, or HOST/ORG/REPO with --repo; the host may be left out
    pub(crate) image: String,
    /// The whole repository, with all its tags
    #[arg(long)]
    pub(crate) repo: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be removed, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub completion`.
#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// The shell
    pub(crate) shell: Shell,
}
