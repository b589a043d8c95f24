//! The hub: registry, hub API and web pages over one set of acts.
//!
//! - `http` listens: parse, call one service, render. No rules.
//! - `services` decide: who may, then what, then one change. They know no HTTP.
//! - `listen` is the door itself: connections, with TLS or without.
//! - `jobs` happen later: they read the letters and jobs that services leave in their changes.
//! - `app` is what all of them are given; `config` is the only room that reads the environment.
//! - `commands` are the verbs of the program `hub-server`.
//!
//! Order of rooms: `http` and `jobs` → `services` → packages.
//!
//! ```no_run
//! # async fn run() -> Result<(), hub_server::StartError> {
//! let mut config = hub_server::Config::default();
//! config.listen.address = "127.0.0.1:0".parse().expect("an address");
//! let running = hub_server::start(config).await?;
//! println!("listening on {}", running.addr);
//! running.stop().await;
//! # Ok(())
//! # }
//! ```

pub mod app;
pub mod commands;
pub mod config;
pub mod http;
pub mod jobs;
pub mod listen;
mod running;
pub mod services;
pub mod telemetry;

pub use app::{App, AppBuilder};
pub use config::{BlobsStore, Config};
pub use running::{Opened, Running, StartError, open, start, start_at};
pub(crate) use running::{open_beside, open_records};
