//! Settings: defaults, then a TOML file, then the environment, then flags.
//!
//! One struct per concern. Every key `section.key` can also be given as the variable
//! `HUB_SERVER_SECTION_KEY`. An unknown key stops the start, with the nearest known name.

mod load;
mod networks;
mod oidc;
mod print;
mod sections;

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub use load::{ConfigError, Flags, Loaded, load};
pub use networks::Networks;
#[cfg(feature = "oidc")]
pub(crate) use oidc::is_private;
pub use oidc::{GroupRole, Oidc, OidcSettingsError};
pub use print::Entry;
pub use sections::{
    Audit, Auth, Blobs, BlobsStore, Cache, Database, Gc, Limits, Listen, Log, LogFormat, Quota,
    Registration, Registry, S3, Scrub, Search,
};

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of everything that is kept: the database, the bytes, the index.
    pub data: PathBuf,
    /// Where the hub listens.
    pub listen: Listen,
    /// Where records are kept.
    pub database: Database,
    /// Where bytes are kept.
    pub blobs: Blobs,
    /// Where the index is kept.
    pub search: Search,
    /// What is kept in memory.
    pub cache: Cache,
    /// Who may sign in, and for how long.
    pub auth: Auth,
    /// Signing in at a provider of OpenID Connect.
    pub oidc: Oidc,
    /// The registry's limits.
    pub registry: Registry,
    /// When what nobody needs any more goes.
    pub gc: Gc,
    /// How stored bytes are read again.
    pub scrub: Scrub,
    /// What an organisation may hold.
    pub quota: Quota,
    /// How much at a time, and how often.
    pub limits: Limits,
    /// How long it is known who did what.
    pub audit: Audit,
    /// What is logged.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("hub-data"),
            listen: Listen::default(),
            database: Database::default(),
            blobs: Blobs::default(),
            search: Search::default(),
            cache: Cache::default(),
            auth: Auth::default(),
            oidc: Oidc::default(),
            registry: Registry::default(),
            gc: Gc::default(),
            scrub: Scrub::default(),
            quota: Quota::default(),
            limits: Limits::default(),
            audit: Audit::default(),
            log: Log::default(),
        }
    }
}

impl Config {
    /// The settings of a hub in one folder, listening on a free port of this machine.
    #[must_use]
    pub fn local(data: &Path) -> Self {
        let mut config = Self { data: data.to_owned(), ..Self::default() };
        config.listen.address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        config
    }

    /// Address of the database: the one that is set, or a file in the data folder.
    #[must_use]
    pub fn database_url(&self) -> SecretString {
        match &self.database.url {
            Some(url) => url.clone(),
            None => format!("sqlite:{}", self.data.join("hub.db").display()).into(),
        }
    }

    /// Whether records are in a file of this machine, which one process may open.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.database_url().expose_secret().starts_with("sqlite:")
    }

    /// Folder of the bytes.
    #[must_use]
    pub fn blobs_dir(&self) -> PathBuf {
        self.blobs.dir.clone().unwrap_or_else(|| self.data.clone())
    }

    /// Folder of the index.
    #[must_use]
    pub fn index_dir(&self) -> PathBuf {
        self.search.dir.clone().unwrap_or_else(|| self.data.join("index"))
    }

    /// File of the hub's own key.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.auth.key_file.clone().unwrap_or_else(|| self.data.join("secret.key"))
    }

    /// Whether people reach the hub by https: the public address says so, or, without one, the
    /// certificate.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        match &self.listen.public_url {
            Some(url) => url.scheme() == "https",
            None => self.listen.tls_cert.is_some(),
        }
    }

    /// `https` when the hub itself speaks TLS.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.listen.tls_cert.is_some() { "https" } else { "http" }
    }

    /// How the hub is called in registry tokens: the host of its public address.
    #[must_use]
    pub fn service(&self) -> String {
        let host = self.listen.public_url.as_ref().and_then(|url| url.host_str());
        host.unwrap_or("hub").to_owned()
    }
}
