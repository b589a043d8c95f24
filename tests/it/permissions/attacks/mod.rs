//! Attacks, each a sentence that says what does not work.

mod files;
mod hidden;
mod injection;
mod readme;
mod tokens;
mod walkthrough;
