//! Requests and responses of `/api/v1`, shared by the server and its clients.
//!
//! JSON in camelCase; times as RFC 3339 in UTC; sizes in bytes as numbers; an empty list is `[]`.
//! Here are also the conversions from the records of `hub-model`.
//!
//! It must not know how anything is sent, nor where records are kept.
//!
//! ```
//! let problem = hub_api::Problem::new(404, "not_found", "there is no labring/mysql-op");
//! assert_eq!(serde_json::to_value(&problem)?["status"], 404);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod access;
mod accounts;
mod audit;
mod details;
mod garbage;
mod images;
mod keys;
mod missed;
mod orgs;
mod pages;
mod problem;
mod repos;
mod robots;
mod search;
mod sessions;
mod shares;
mod times;
mod users;

pub use access::*;
pub use accounts::*;
pub use audit::*;
pub use details::*;
pub use garbage::*;
pub use images::*;
pub use keys::*;
pub use missed::*;
pub use orgs::*;
pub use pages::*;
pub use problem::*;
pub use repos::*;
pub use robots::*;
pub use search::*;
pub use sessions::*;
pub use shares::*;
pub use times::*;
pub use users::*;
