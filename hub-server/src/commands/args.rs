//! Arguments of the program, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use hub_model::UserName;

use crate::config::{ConfigError, Flags, Loaded, LogFormat, load};

/// A registry, its search and its pages, in one program.
#[derive(Debug, Parser)]
#[command(name = "hub-server", version, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Serve the hub until told to stop
    Serve(Settings),
    /// Make the first administrator
    Init {
        #[command(flatten)]
        settings: Settings,
        /// Name to sign in with
        #[arg(long, value_name = "NAME", default_value = "admin")]
        admin: UserName,
        /// Read the password from standard input; without it one is made and printed
        #[arg(long)]
        admin_password_stdin: bool,
    },
    /// Serve a hub with sample images, to look around
    Demo {
        #[command(flatten)]
        settings: Settings,
        /// Keep what was made in a temporary folder
        #[arg(long)]
        keep: bool,
    },
    /// Build the search index anew out of the records
    Reindex(Settings),
    /// Bring the tables of the database up to date
    Migrate(Settings),
    /// Write down images that live elsewhere, to be found here
    #[command(subcommand)]
    Import(ImportVerb),
    /// Ask judged queries, and print how good the answers are
    EvalSearch {
        #[command(flatten)]
        settings: Settings,
        /// Queries with their grades, one JSON object a line
        #[arg(long, value_name = "FILE")]
        queries: PathBuf,
        /// Also write what was answered, one JSON object a line
        #[arg(long, value_name = "FILE")]
        run_out: Option<PathBuf>,
        /// Form of the report
        #[arg(long, value_enum, value_name = "FORM", default_value_t)]
        format: super::gc::Form,
    },
    /// Remove what nothing needs any more, or say what would go
    Gc {
        #[command(flatten)]
        settings: Settings,
        /// Only say what would go
        #[arg(long)]
        dry_run: bool,
        /// How long something must have been without use: 0, 30m, 24h, 7d
        #[arg(long, value_name = "TIME", value_parser = super::gc::time)]
        grace: Option<i64>,
        /// Also remove manifests without a tag for so long; 0 keeps them all
        #[arg(long, value_name = "TIME", value_parser = super::gc::time)]
        untagged: Option<i64>,
        /// Form of the report
        #[arg(long, value_enum, value_name = "FORM", default_value_t)]
        format: super::gc::Form,
    },
    /// Find out whether records, bytes and index agree
    Check {
        #[command(flatten)]
        settings: Settings,
        /// Set right what can be set right; bytes are never invented
        #[arg(long)]
        fix: bool,
        /// Also read bytes again: `all`, or so many blobs, the longest unread first
        #[arg(long, value_name = "all|N")]
        rehash: Option<super::check::RehashArg>,
        /// Form of the report
        #[arg(long, value_enum, value_name = "FORM", default_value_t)]
        format: super::gc::Form,
    },
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Accounts, on the data of a hub that does not run, or in PostgreSQL beside one that does
    #[command(subcommand)]
    User(UserVerb),
    /// The hub's own key, which encrypts secrets in the database
    #[command(subcommand)]
    Key(KeyVerb),
    /// Print the description of the hub's own API
    Openapi,
    /// Ask the hub on this machine whether it is ready
    Healthcheck(Settings),
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Print the settings in force, and where each comes from
    Print(Settings),
}

#[derive(Debug, Subcommand)]
pub(super) enum ImportVerb {
    /// Every `images.jsonl` below a folder, with the READMEs it names
    Corpus {
        #[command(flatten)]
        settings: Settings,
        /// The folder
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyVerb {
    /// Give up what a lost key encrypted: every access key, and the key of registry tokens
    Forget {
        #[command(flatten)]
        settings: Settings,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum UserVerb {
    /// Make a user, and the organisation of that name
    Add {
        #[command(flatten)]
        settings: Settings,
        /// Name to sign in with
        name: UserName,
        /// Read the password from standard input; without it one is made and printed
        #[arg(long)]
        password_stdin: bool,
        /// The user administers the whole hub
        #[arg(long)]
        admin: bool,
    },
    /// Set a user's password, and end their sessions
    #[command(name = "passwd")]
    Password {
        #[command(flatten)]
        settings: Settings,
        /// Whose
        name: UserName,
        /// Read the password from standard input; without it one is made and printed
        #[arg(long)]
        password_stdin: bool,
    },
    /// Close an account: every credential is refused, sessions end
    Disable {
        #[command(flatten)]
        settings: Settings,
        /// Whose
        name: UserName,
    },
    /// Open an account again
    Enable {
        #[command(flatten)]
        settings: Settings,
        /// Whose
        name: UserName,
    },
    /// Make a user an administrator of the whole hub
    Admin {
        #[command(flatten)]
        settings: Settings,
        /// Who
        name: UserName,
        /// No longer
        #[arg(long)]
        off: bool,
    },
    /// Delete a user with all credentials and rights; the name is not given again
    #[command(visible_alias = "rm")]
    Delete {
        #[command(flatten)]
        settings: Settings,
        /// Who
        name: UserName,
    },
    /// List the users
    #[command(visible_alias = "list")]
    Ls(Settings),
}

/// Settings that every verb takes. Each is also a key of the file and a variable.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Settings {
    /// File of settings, TOML
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Folder of everything that is kept
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT")]
    pub(super) listen: Option<String>,
    /// Certificate with its chain, a PEM file: serve https
    #[arg(long, value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,
    /// Key of the certificate, a PEM file
    #[arg(long, value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// sqlite:FILE, or postgres://… for more than one replica
    #[arg(long, value_name = "URL")]
    pub(super) database: Option<String>,
    /// Address that callers use, `https://hub.example.com`
    #[arg(long, value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// Form of the log
    #[arg(long, value_enum, value_name = "FORM")]
    pub(super) log_format: Option<LogFormat>,
    /// Least important level that is logged
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<String>,
}

impl Settings {
    /// The settings in force.
    pub(super) fn load(self) -> Result<Loaded, ConfigError> {
        let format = self.log_format.map(|format| match format {
            LogFormat::Text => "text".to_owned(),
            LogFormat::Json => "json".to_owned(),
        });
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let flags = Flags::default()
            .with("data", self.data.map(text))
            .with("listen.address", self.listen)
            .with("listen.tls_cert", self.tls_cert.map(text))
            .with("listen.tls_key", self.tls_key.map(text))
            .with("database.url", self.database)
            .with("listen.public_url", self.public_url)
            .with("log.format", format)
            .with("log.level", self.log_level);
        load(self.config.as_deref(), flags)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
