//! The metadata store: all SQL of the hub, on SQLite and on PostgreSQL.
//!
//! SQLite is embedded and the default; PostgreSQL serves more than one replica. The address
//! decides which one opens, and nobody above can tell the difference: one text of SQL serves
//! both, and what differs stands in `dialect.rs`.
//!
//! Reads are methods of [`Db`]; they see what was committed. Writes are methods of [`Change`], a
//! transaction that does nothing unless it is committed, so that a record, its letter in the
//! outbox and its job are written together or not at all. A few writes that stand alone (leases,
//! claims of jobs, counters) are methods of [`Db`].
//!
//! The crate knows records and how they are kept. It must not know who may see them, where blobs
//! lie, or how a record is shown; times come from the caller.
//!
//! ```no_run
//! # async fn example() -> Result<(), hub_db::DbError> {
//! use hub_db::Db;
//! use hub_model::{LetterKind, NewOrg, OrgName};
//!
//! let db = Db::open("sqlite:/var/lib/hub/hub.db").await?;
//! db.migrate().await?;
//!
//! let name = OrgName::parse("labring").expect("a good name");
//! let org = NewOrg {
//!     name: name.clone(),
//!     display_name: String::new(),
//!     description: String::new(),
//!     created_by: String::new(),
//!     created_at_ms: 1_700_000_000_000,
//! };
//! let mut change = db.change().await?;
//! change.add_org(&org).await?;
//! change.tell(LetterKind::Access, name.as_str(), org.created_at_ms).await?;
//! change.commit().await?;
//!
//! assert!(db.org(&name).await?.is_some());
//! # Ok(())
//! # }
//! ```

#[macro_use]
mod macros;

mod access_keys;
mod audit;
mod blobs;
mod cards;
mod catalog;
mod change;
mod checks;
mod details;
mod dialect;
mod error;
mod garbage;
mod gc_runs;
mod grants;
mod holders;
mod imgs;
mod invitations;
mod jobs;
mod leases;
mod listen;
mod lists;
mod manifests;
mod missed;
mod oidc;
mod open;
mod orgs;
mod outbox;
mod passwords;
mod pulls;
mod repos;
mod robots;
mod rows;
mod search_docs;
mod served;
mod settings;
mod shares;
mod times;
mod tokens;
mod uploads;
mod usage;
mod users;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use access_keys::StoredKey;
pub use audit::AuditFilter;
pub use blobs::HeldBlob;
pub use change::{Change, LiteChange};
pub use checks::BlobRecord;
pub use dialect::locks::Condemned;
pub use error::DbError;
pub use garbage::{Candidate, Place, Verdict};
pub use invitations::NewInvitation;
pub use listen::Listener;
pub use manifests::BaseImage;
pub use open::{Db, Lite};
pub use pulls::{Pulls, RECENT_DAYS, day};
pub use repos::{Latest, RepoEdit, RepoFilter};
pub use shares::ShareFilter;
pub use users::{Membership, NewUser, UserFilter};

use error::Doing;

/// Under which name the driver logs the statements that it runs, at debug.
pub const STATEMENT_LOG: &str = "sqlx::query";
