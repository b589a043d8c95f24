//! The one place where HTTP clients come from.

use std::time::Duration;

/// How long a connection may take to come about.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the other end may stay silent.
pub const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// How long a connection is kept for the next request: less than servers keep it, a hub 15
/// seconds, because a request on a connection that is just being closed fails.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(8);

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
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(USER_AGENT)
}
