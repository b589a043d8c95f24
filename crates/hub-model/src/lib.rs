//! Names, records and rules of the hub.
//!
//! What is here needs no input and no output: no clock, no network, no environment, no async.
//! Names are parsed once, at the door, and trusted afterwards; records are what the database
//! remembers and every surface shows; rules say what may happen.
//!
//! It must not know where records are kept, who asks for them, or how they are shown.
//!
//! ```
//! use hub_model::{Action, ImageRef, RepoName, Standing, Visibility, allows};
//!
//! let image = ImageRef::parse("hub.example.com/labring/mysql-op:v1")?;
//! assert_eq!(image.host.as_deref(), Some("hub.example.com"));
//! assert_eq!(RepoName::parse(&image.path)?.org().as_str(), "labring");
//! assert!(allows(Standing::Stranger, Visibility::Public, Action::Pull));
//! # Ok::<(), hub_model::NameError>(())
//! ```

mod access;
mod access_keys;
mod audit;
mod detail;
mod digests;
mod garbage;
mod grounds;
mod images;
mod invitations;
mod jobs;
mod latest;
mod letters;
mod manifests;
mod names;
mod orgs;
mod quotas;
mod references;
mod repos;
mod robots;
mod scopes;
mod search;
mod shares;
mod tokens;
mod uploads;
mod users;
mod within;

pub use access::*;
pub use access_keys::*;
pub use audit::*;
pub use detail::*;
pub use digests::*;
pub use garbage::*;
pub use grounds::*;
pub use images::*;
pub use invitations::*;
pub use jobs::*;
pub use latest::*;
pub use letters::*;
pub use manifests::*;
pub use names::*;
pub use orgs::*;
pub use quotas::*;
pub use references::*;
pub use repos::*;
pub use robots::*;
pub use scopes::*;
pub use search::*;
pub use shares::*;
pub use tokens::*;
pub use uploads::*;
pub use users::*;
pub use within::*;
