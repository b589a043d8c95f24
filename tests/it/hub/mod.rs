//! The hub API.

mod audit;
mod by_digest;
mod describe;
mod garbage;
mod grants;
mod hostile_searches;
mod invitations;
mod missed;
mod orgs;
mod problems;
mod repos;
mod robots;
mod search;
mod shares;
mod tokens;
mod users;
mod why;
