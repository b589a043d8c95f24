//! Programs that nobody here wrote: skopeo, podman, buildah, a browser, a Python client.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::environment;

/// Finds a program. When it is missing the test says so aloud and ends; with `CI=true` it fails.
#[must_use]
pub fn program(name: &str) -> Option<PathBuf> {
    let found = environment::path()
        .split(':')
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        skip(&format!("{name} is not installed"));
    }
    found
}

/// The Python with the clients of the tests, as [`program`] finds programs.
#[must_use]
pub fn python() -> Option<PathBuf> {
    let found = environment::python();
    if found.is_none() {
        skip("HUB_TEST_PYTHON is not set");
    }
    found
}

/// Says aloud that a test is skipped, and why.
///
/// # Panics
///
/// With `CI=true`: there nothing may be missing.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub fn skip(why: &str) {
    assert!(!environment::required(), "{why}, and here it has to be");
    eprintln!("skipped: {why}");
}

/// Runs a program to its end, and fails with all it said when it fails.
pub fn run(command: &mut Command) -> String {
    let output = output(command);
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program to its end.
pub fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} did not start: {error}"))
}
