//! What the integration tests share: a hub to test, people to be, programs to run.
//!
//! ```no_run
//! # async fn example() {
//! let hub = hub_tests::TestHub::start().await;
//! let alice = hub.person("alice").await;
//! alice.push_image("alice/thing:v1", &hub_tests::readme_image("# Thing\n\nIt does things.")).await;
//! hub.settle().await;
//! # }
//! ```
#![expect(clippy::unwrap_used, reason = "a failed step should fail the test")]
#![expect(clippy::missing_panics_doc, reason = "every helper fails its test by a panic")]

mod cli;
mod environment;
mod faults;
mod hub;
mod images;
mod nginx;
mod peers;
mod person;
mod postgres;
mod provider;
mod server;
mod site;
mod suite;
mod tls;

pub use cli::*;
pub use environment::postgres as postgres_server;
pub use faults::*;
pub use hub::*;
pub use images::*;
pub use nginx::*;
pub use peers::*;
pub use person::*;
pub use postgres::*;
pub use provider::*;
pub use server::*;
pub use site::*;
pub use suite::*;
pub use tls::*;
