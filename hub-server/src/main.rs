//! The program `hub-server`: installs the TLS provider, reads arguments, runs a verb.

use std::process::ExitCode;

use clap::Parser;
use hub_server::commands::{self, Arguments};

fn main() -> ExitCode {
    // Fails only when one is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(arguments)),
        Err(error) => Err(anyhow::Error::new(error).context("could not start the runtime")),
    };
    ended.unwrap_or_else(|error| commands::complain(&error))
}
