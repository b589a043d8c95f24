//! The one integration binary: the hub from outside.
#![expect(clippy::unwrap_used, reason = "a failed step should fail the test")]
#![expect(unreachable_pub, reason = "the modules of a test are seen by each other only")]

mod cli;
mod door;
mod faults;
mod flows;
mod hub;
mod peers;
mod permissions;
mod registry;
mod rooms;
mod web;
