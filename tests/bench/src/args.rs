//! Arguments of the program, as clap reads them.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::peers::Peer;

/// Put the hub, docker-registry and nginx under the same load, side by side
#[derive(Debug, Parser)]
#[command(name = "hub-bench", version)]
pub(crate) struct Arguments {
    /// Only scenarios whose names contain one of these
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,
    /// The program `hub-server` to measure; it reads `HUB_SERVER_…` as ever
    #[arg(long, value_name = "FILE")]
    pub(crate) hub: PathBuf,
    /// A minute instead of ten: shorter loads, one round
    #[arg(long)]
    pub(crate) quick: bool,
    /// Rounds whose median counts [default: 3, quick 1]
    #[arg(long, value_name = "N")]
    pub(crate) rounds: Option<usize>,
    /// Servers that take part
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "NAME,…",
        default_value = "hub,docker-registry,docker-registry-basic,nginx"
    )]
    pub(crate) servers: Vec<Peer>,
    /// Tags and repositories of the crowded registry [default: 100000, quick 10000]
    #[arg(long, value_name = "N")]
    pub(crate) many: Option<usize>,
    /// Form of the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Folder for what servers keep, up to 20 GiB; a fresh one in it is used and removed
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) scratch: PathBuf,
    /// Print the names of the scenarios
    #[arg(long)]
    pub(crate) list: bool,
}

/// Form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables for people.
    Text,
    /// Tables for a page.
    Markdown,
    /// One JSON value.
    Json,
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
