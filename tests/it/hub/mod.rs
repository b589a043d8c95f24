//! The hub API.

mod describe;
mod garbage;
mod orgs;
mod problems;
mod repos;
mod robots;
mod search;
mod tokens;
mod users;
