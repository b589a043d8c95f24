//! The command line, run as a person runs it.

mod commands;
mod credentials;
mod push;
mod shares;
mod users;
