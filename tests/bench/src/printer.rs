//! The only room that prints: the table to stdout, what happens meanwhile to stderr.

use std::io::{self, Write};

/// One line of what happens meanwhile.
pub(crate) fn note(text: &str) {
    // Nobody who closed the stream wants to hear more.
    let _ = writeln!(io::stderr(), "{text}");
}

/// The result.
pub(crate) fn result(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
