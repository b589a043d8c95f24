//! Typed client of `/api/v1`.
//!
//! One method for each act; errors tell a refusal of the hub from a failure of the network. The
//! HTTP client is handed in, so that proxies, certificates and time limits are decided once, by
//! the program.
//!
//! It must not know where credentials are kept.
//!
//! ```
//! use hub_api_client::{Auth, Client};
//!
//! let http = reqwest::Client::builder().build()?;
//! let hub = Client::new(http, "https://hub.example.com".parse()?, Auth::None);
//! assert_eq!(hub.base().host_str(), Some("hub.example.com"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod accounts;
mod audit;
mod call;
mod error;
mod images;
mod keys;
mod orgs;
mod repos;
mod robots;
mod search;
mod sessions;
mod shares;
mod users;

pub use audit::AuditFor;
pub use call::{Auth, Client};
pub use error::ApiError;
pub use search::SearchFor;
pub use shares::SharesOf;
