//! `hub completion`: scripts for shells.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::context::Context;
use crate::report::Exit;

/// Prints the script for a shell.
///
/// # Errors
///
/// When stdout takes no more.
pub(crate) fn completion(shell: Shell, context: &Context) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hub", &mut script);
    context.printer.raw(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
