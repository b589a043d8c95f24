//! `hub`: images on the command line.

mod args;
mod commands;
mod config;
mod context;
mod credentials;
mod docker_config;
mod printer;
mod private_file;
mod reach;
mod report;
mod server;
mod shim;
mod source;
mod units;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use args::{Cli, Global};
use config::{Config, Environment};
use context::Context;
use printer::Printer;
use report::{Exit, Report};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(shim::rewrite(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) => return shim::refuse(error),
    };
    let flags = cli.global.clone();
    let ended = run(cli).await;
    let exit = match ended {
        Ok(exit) => exit,
        Err(error) if Report::is_broken_pipe(&error) => Exit::Done,
        Err(error) => {
            let report = Report::of(&error);
            Printer::new(&flags, true).failure(&report);
            report.exit
        }
    };
    ExitCode::from(exit.code())
}

async fn run(cli: Cli) -> Result<Exit> {
    let Cli { global, command } = cli;
    let context = context(&global)?;
    commands::run(command, &context).await
}

fn context(flags: &Global) -> Result<Context> {
    let environment = Environment::read()?;
    let printer = Printer::new(flags, environment.no_progress);
    let config = Config::load(flags, environment)?;
    Ok(Context { printer, config })
}
