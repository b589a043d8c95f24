//! The hub API.

mod audit;
mod describe;
mod garbage;
mod orgs;
mod problems;
mod repos;
mod robots;
mod search;
mod shares;
mod tokens;
mod users;
