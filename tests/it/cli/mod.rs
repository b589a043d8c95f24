//! The command line, run as a person runs it.

mod commands;
mod credentials;
mod orgs;
mod push;
mod shares;
mod users;
