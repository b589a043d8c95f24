//! The hub API.

mod describe;
mod garbage;
mod orgs;
mod problems;
mod repos;
mod search;
mod tokens;
