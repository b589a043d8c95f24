//! The hub API.

mod describe;
mod orgs;
mod problems;
mod repos;
mod search;
mod tokens;
