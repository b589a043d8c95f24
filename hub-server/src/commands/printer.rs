//! The one room of the server that prints.

use std::io::{self, Write};

/// A line of the answer. Who reads it may be gone already, as in `… | head`.
pub(super) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// A line beside the answer.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
