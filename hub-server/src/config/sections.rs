//! The settings, one struct per concern.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::Networks;

/// Where the hub listens.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Address that callers use, for example `https://hub.example.com`; without it the `Host`
    /// header of each request counts.
    pub public_url: Option<Url>,
    /// Certificate with its chain, a PEM file: with it and `tls_key` the hub speaks TLS.
    pub tls_cert: Option<PathBuf>,
    /// Key of the certificate, a PEM file.
    pub tls_key: Option<PathBuf>,
    /// How often it is looked whether the two files changed; SIGHUP looks at once.
    pub tls_reload_seconds: u64,
    /// Proxies whose `X-Forwarded-Proto`, `-Host` and `-For` are believed.
    pub trusted_proxies: Networks,
    /// How long a caller may take to begin, to finish a TLS handshake, and to send the head of a
    /// request.
    pub header_timeout_seconds: u64,
    /// How long a caller may leave what it is answered unread.
    pub write_timeout_seconds: u64,
    /// Largest head of a request, in bytes.
    pub max_header_bytes: u32,
    /// Connections open at a time; 0 for as many as the system allows.
    pub max_connections: usize,
    /// How long `/readyz` says no before the door closes, after the order to stop.
    pub drain_seconds: u64,
    /// How long running requests may go on after the order to stop.
    pub stop_timeout_seconds: u64,
    /// Largest body of a request outside the registry, in bytes.
    pub max_body_bytes: usize,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([0, 0, 0, 0], 8080)),
            public_url: None,
            tls_cert: None,
            tls_key: None,
            tls_reload_seconds: 5,
            trusted_proxies: Networks::loopback(),
            header_timeout_seconds: 15,
            write_timeout_seconds: 60,
            max_header_bytes: 64 << 10,
            max_connections: 0,
            drain_seconds: 1,
            stop_timeout_seconds: 30,
            max_body_bytes: 8 << 20,
        }
    }
}

/// Where records are kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:FILE`, or `postgres://…` for more than one replica.
    pub url: Option<SecretString>,
}

/// Where bytes are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blobs {
    /// What keeps them.
    pub store: BlobsStore,
    /// Folder that holds `blobs/` and `uploads/`, for `fs`.
    pub dir: Option<PathBuf>,
    /// The bucket, for `s3`.
    pub s3: S3,
    /// Whether pulls of blobs are sent to the bucket, with an address that is good for a while
    /// (307). Clients then have to reach the bucket.
    pub redirect: bool,
    /// Smaller blobs are never sent there: asking twice costs more than their bytes.
    pub redirect_min_bytes: u64,
    /// How long such an address is good.
    pub redirect_seconds: u64,
    /// Path below which a server in front of us (nginx) serves the folder of the blobs to us alone;
    /// pulls are then answered with `X-Accel-Redirect`. For `fs`.
    pub x_accel_redirect: Option<String>,
}

impl Default for Blobs {
    fn default() -> Self {
        Self {
            store: BlobsStore::Fs,
            dir: None,
            s3: S3::default(),
            redirect: false,
            redirect_min_bytes: 1 << 20,
            redirect_seconds: 1200,
            x_accel_redirect: None,
        }
    }
}

/// What keeps bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobsStore {
    /// Files on a disk.
    #[default]
    Fs,
    /// A bucket of a service that speaks S3.
    S3,
}

impl BlobsStore {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fs => "fs",
            Self::S3 => "s3",
        }
    }
}

/// A bucket of a service that speaks S3.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    /// Address of the service; without it, Amazon's own. Also `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    /// Name of the bucket.
    pub bucket: String,
    /// Region that requests are signed for. Also `AWS_REGION`.
    pub region: String,
    /// What every key begins with.
    pub prefix: String,
    /// Name of the key; without it, the role of the machine is asked for. Also
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// The key's secret. Also `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<SecretString>,
    /// The token that belongs to a key for some hours. Also `AWS_SESSION_TOKEN`.
    pub session_token: Option<SecretString>,
    /// Whether the bucket stands in the path (`host/bucket/key`) rather than in the host.
    pub path_style: bool,
    /// Whether `http://` will do.
    pub allow_http: bool,
    /// How long the service may be silent, and how long a failed request is tried again.
    pub timeout_seconds: u64,
}

impl Default for S3 {
    fn default() -> Self {
        Self {
            endpoint: None,
            bucket: String::new(),
            region: "us-east-1".to_owned(),
            prefix: String::new(),
            access_key_id: None,
            secret_access_key: None,
            session_token: None,
            path_style: true,
            allow_http: false,
            timeout_seconds: 60,
        }
    }
}

/// Where the index is kept, and what is noted of searches.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// Folder of the index, which may be deleted at any time.
    pub dir: Option<PathBuf>,
    /// Whether texts that found nothing are counted, for administrators; never who asked.
    pub log_missed: bool,
}

/// What is kept in memory of what was read.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// About how much memory manifests, tags, rights and checked tokens may take, in bytes. With
    /// 0 every request asks the database.
    pub max_bytes: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Self { max_bytes: 16 << 20 }
    }
}

/// Who may sign in, and for how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// How long a browser stays signed in.
    pub session_days: u32,
    /// How long a registry token lives, at most a day. Source: 5 to 15 minutes
    /// (`docs/sources.md#token-life`).
    #[serde(deserialize_with = "at_most_a_day")]
    pub token_seconds: u64,
    /// How long a checked credential is not checked again.
    pub verified_seconds: u64,
    /// File of the hub's own key, which encrypts secrets in the database; the same on every
    /// replica.
    pub key_file: Option<PathBuf>,
    /// Longest life of a personal token, of a robot's secret and of an access key, in days; 0 for
    /// no limit.
    pub token_days_max: u32,
    /// Whether strangers may make an account for themselves.
    pub registration: Registration,
}

/// Whether strangers may make an account for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Administrators make accounts.
    #[default]
    Off,
    /// Everybody who reaches the hub may.
    Open,
}

impl Registration {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Open => "open",
        }
    }
}

fn at_most_a_day<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    const DAY: u64 = 24 * 60 * 60;
    let seconds = u64::deserialize(from)?;
    if seconds > DAY {
        return Err(D::Error::custom(format!("at most {DAY} seconds, a day")));
    }
    Ok(seconds)
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            session_days: 30,
            token_seconds: 300,
            verified_seconds: 60,
            key_file: None,
            token_days_max: 0,
            registration: Registration::Off,
        }
    }
}

/// The registry's limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    /// Largest manifest, in bytes. Source: distribution's limit (`docs/sources.md#manifest-limit`).
    pub max_manifest_bytes: usize,
    /// Largest blob, in bytes; 0 is no limit.
    pub max_blob_bytes: u64,
    /// How long an upload may pause before a byte comes.
    pub idle_timeout_seconds: u64,
    /// How long an upload that nobody goes on with is kept.
    pub upload_hours: u64,
    /// Whether an index may name manifests that the repository does not hold: copying one platform
    /// of many is common.
    pub sparse_index: bool,
    /// Whether an image may name layers that the repository does not hold.
    pub sparse_image: bool,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            max_manifest_bytes: 4 << 20,
            max_blob_bytes: 0,
            idle_timeout_seconds: 60,
            upload_hours: 24,
            sparse_index: false,
            sparse_image: false,
        }
    }
}

impl Registry {
    /// How long an upload may pause before a byte comes.
    #[must_use]
    pub const fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_seconds)
    }
}

/// When what nobody needs any more goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gc {
    /// How often the collector runs; 0 for never, then only when somebody asks.
    pub interval_minutes: u64,
    /// How long something stays that nothing needs. A push takes less; and what was deleted by
    /// mistake can be pushed again without its layers meanwhile.
    pub grace_hours: u64,
    /// How long a manifest stays that no tag leads to; 0 keeps them all.
    pub untagged_days: u64,
    /// How many reports of past runs are kept.
    pub reports: u64,
}

impl Default for Gc {
    fn default() -> Self {
        Self { interval_minutes: 60, grace_hours: 24, untagged_days: 0, reports: 100 }
    }
}

/// How stored bytes are read again, to find what changed behind our back.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scrub {
    /// Bytes that are read per second; 0 for never.
    pub bytes_per_second: u64,
    /// How long a blob that was read is believed.
    pub every_days: u64,
}

impl Default for Scrub {
    fn default() -> Self {
        Self { bytes_per_second: 1 << 20, every_days: 30 }
    }
}

/// What an organisation may hold, unless an administrator said otherwise; 0 is no limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Bytes of its blobs, each blob once.
    pub org_bytes: u64,
    /// Number of its repositories.
    pub org_repos: u64,
    /// Number of its tags.
    pub org_tags: u64,
    /// How long after it was counted anew what an organisation holds is counted anew again, when
    /// something changed in it.
    pub recount_hours: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { org_bytes: 0, org_repos: 0, org_tags: 0, recount_hours: 24 }
    }
}

/// How much at a time, and how often; 0 is no limit. Who is over a limit is told so when an upload
/// begins, never in the middle of one.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests of one process that take bytes of blobs in at the same time.
    pub uploads: u32,
    /// The same, of one user.
    pub uploads_per_user: u32,
    /// Upload sessions that a user has open.
    pub sessions_per_user: u64,
    /// Requests for registry tokens in a minute, and checks of passwords, by user and address; ten
    /// times as many by address.
    pub tokens_per_minute: u32,
    /// Uploads begun in a minute, by user.
    pub upload_starts_per_minute: u32,
    /// Searches in a minute, by address: without a name at any door, at `/v1/search` by anybody.
    pub searches_per_minute: u32,
    /// Wrong passwords in a row, of one name at one address, after which that pair has to wait,
    /// longer each time. Other addresses and other credentials of that name are not concerned.
    pub wrong_passwords: u32,
    /// Organisations that a user may have made and that are still there, the personal one not
    /// counted. Administrators may make more.
    pub orgs_per_user: u64,
    /// Accounts that may be registered in an hour, by address.
    pub registrations_per_hour: u32,
    /// Pulls of manifests in an hour by callers without a name, by address.
    pub anonymous_pulls_per_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            uploads: 4096,
            uploads_per_user: 2048,
            sessions_per_user: 20_000,
            tokens_per_minute: 0,
            upload_starts_per_minute: 0,
            searches_per_minute: 0,
            wrong_passwords: 10,
            orgs_per_user: 20,
            registrations_per_hour: 10,
            anonymous_pulls_per_hour: 0,
        }
    }
}

/// How long it is known who did what.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// How long it is kept; 0 for ever.
    pub days: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Self { days: 365 }
    }
}

/// What is logged.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// One line of text, or one JSON object, per event.
    pub format: LogFormat,
    /// Least important level, or directives such as `info,hub_server=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}
