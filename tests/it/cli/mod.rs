//! The command line, run as a person runs it.

mod commands;
mod push;
