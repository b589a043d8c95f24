//! Any OCI registry as a remote: ping, tokens, manifests, referrers, and blobs that resume.
//!
//! A [`Remote`] is one registry with one set of credentials. It knows the wire of the
//! distribution specification and how registries differ from it; it does not know where images
//! come from, what they say about themselves, or whether the other end is a hub.
//!
//! There is **one** way of authenticating here, in `auth.rs`, and one function that sends a
//! request, in `remote.rs`. The crate `oci-client` is not underneath, although it has most of
//! the calls: its tokens are for one scope, so that a mount (`pull` on one repository, `push` on
//! another) is refused by every registry with tokens; it cannot use an identity token; it takes
//! 202 in answer to a mount for an error; and it neither retries nor resumes an upload. With the
//! uploads and the tokens ours, the calls left over are a few lines each, and a second client
//! inside would mean a second cache of tokens and a second set of TLS options.
//!
//! Every HTTP client of the project comes from [`http::builder`].
//!
//! ```no_run
//! use hub_registry_client::{Remote, RemoteOptions};
//!
//! # async fn run() -> Result<(), hub_registry_client::RemoteError> {
//! let remote = Remote::new(RemoteOptions::new("registry.example.com"))?;
//! let manifest = remote.pull_manifest("labring/mysql-op", "v1").await?;
//! assert_eq!(manifest.media_type, "application/vnd.oci.image.manifest.v1+json");
//! # Ok(())
//! # }
//! ```

mod auth;
mod challenge;
mod credentials;
mod download;
mod error;
pub mod http;
mod location;
mod manifests;
mod pages;
mod referrers;
mod remote;
mod retry;
mod source;
mod upload;

pub use credentials::{Credentials, CredentialsError, docker_key, find_credentials};
pub use download::BlobStream;
pub use error::RemoteError;
pub use manifests::PulledManifest;
pub use referrers::ReferrerEntry;
pub use remote::{Remote, RemoteOptions, Scheme};
pub use source::{BlobSource, BlobToPush, Bytewise, NoProgress, Progress};
pub use upload::BlobOutcome;
