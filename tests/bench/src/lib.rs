//! Servers under the same load, side by side: the hub, docker-registry and nginx; the search of a
//! large hub, PostgreSQL and SQLite.

mod acts;
mod args;
mod client;
mod content;
mod course;
mod crowd;
mod hashing;
mod load;
mod machine;
mod meter;
mod peers;
mod printer;
mod report;
mod scenarios;
mod search;
mod seed;
mod table;
mod targets;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use args::{Arguments, Format};
use course::Plan;
use table::Look;

/// The program `hub-bench`.
#[must_use]
pub fn load() -> ExitCode {
    ended(measure(&Arguments::parse()))
}

/// The program `hub-bench-search`.
#[must_use]
pub fn search() -> ExitCode {
    ended(search::measure(&search::Arguments::parse()))
}

fn ended(measured: Result<()>) -> ExitCode {
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            printer::note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<()> {
    let scenarios = scenarios::chosen(&arguments.scenarios);
    if scenarios.is_empty() {
        bail!("no scenario has such a name: --list prints them");
    }
    if arguments.list {
        let names: String = scenarios.iter().flat_map(|s| [s.name, "\n"]).collect();
        return Ok(printer::result(&names)?);
    }
    let scratch = tempfile::Builder::new().prefix("hub-bench-").tempdir_in(&arguments.scratch);
    let scratch = scratch.context("could not make a scratch folder")?;
    let plan = Plan {
        hub: arguments.hub.canonicalize().context("could not find hub-server")?,
        scratch: scratch.path().canonicalize()?,
        peers: arguments.servers.clone(),
        scenarios,
        rounds: arguments.rounds.unwrap_or(if arguments.quick { 1 } else { 3 }),
        quick: arguments.quick,
        many: arguments.many.unwrap_or(if arguments.quick { 10_000 } else { 100_000 }),
    };
    // The other cores are for the server.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads((cores / 2).max(1))
        .enable_all()
        .build()?;
    let report = runtime.block_on(async {
        let mut told = signal(SignalKind::terminate())?;
        tokio::select! {
            report = course::run(&plan) => report,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = told.recv() => bail!("told to stop"),
        }
    })?;
    let text = match arguments.format {
        Format::Text => table::render(&report, Look::Text),
        Format::Markdown => table::render(&report, Look::Markdown),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&report)?),
    };
    Ok(printer::result(&text)?)
}
