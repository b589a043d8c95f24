//! The program `hub-bench`: the hub, docker-registry and nginx under the same load, side by side.

use std::process::ExitCode;

fn main() -> ExitCode {
    hub_bench::load()
}
