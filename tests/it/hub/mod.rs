//! The hub API.

mod audit;
mod describe;
mod garbage;
mod grants;
mod invitations;
mod orgs;
mod problems;
mod repos;
mod robots;
mod search;
mod shares;
mod tokens;
mod users;
mod why;
