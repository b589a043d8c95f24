//! The one place where HTTP clients come from.

use std::time::Duration;

/// How long a connection may take to come about.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the other end may stay silent.
pub const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// Who we say we are.
pub const USER_AGENT: &str = concat!("hub/", env!("CARGO_PKG_VERSION"));

/// A client with timeouts and our name, which leaves bodies as they are.
///
/// There is no limit on a whole request: blobs may take hours. Answers are not decompressed, for
/// that would change their digests.
pub fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(USER_AGENT)
}
