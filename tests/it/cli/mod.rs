//! The command line, run as a person runs it.

mod commands;
mod credentials;
mod orgs;
mod push;
mod search;
mod shares;
mod users;
