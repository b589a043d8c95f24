//! The program `hub-bench-search`: the search of a large hub, beside PostgreSQL and SQLite.

use std::process::ExitCode;

fn main() -> ExitCode {
    hub_bench::search()
}
