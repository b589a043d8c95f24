//! The one room of the server that prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this room prints for all others")]

/// A line of the answer.
pub(super) fn line(text: &str) {
    println!("{text}");
}

/// A line beside the answer.
pub(super) fn note(text: &str) {
    eprintln!("{text}");
}
