//! The only place of the tests that reads the environment.
#![expect(clippy::disallowed_methods, reason = "what the tests are told stands in variables")]

use std::path::PathBuf;

/// Address of a PostgreSQL server on which databases may be made, `postgres://user@host:port`.
#[must_use]
pub fn postgres() -> Option<String> {
    std::env::var("HUB_TEST_PG").ok()
}

/// Whether the hubs of the tests use PostgreSQL.
#[must_use]
pub(crate) fn on_postgres() -> bool {
    std::env::var("HUB_TEST_ENGINE").is_ok_and(|engine| engine == "postgres")
}

/// Whether the hubs of the tests speak TLS.
pub(crate) fn over_tls() -> bool {
    std::env::var("HUB_TEST_TLS").is_ok_and(|tls| tls == "1")
}

/// Address of a service that speaks S3 and has the bucket `hub-test`, `http://127.0.0.1:PORT`.
pub(crate) fn s3() -> Option<String> {
    std::env::var("HUB_TEST_S3").ok()
}

/// Whether the hubs of the tests keep their bytes there.
pub(crate) fn on_s3() -> bool {
    std::env::var("HUB_TEST_BLOBS").is_ok_and(|blobs| blobs == "s3")
}

/// Whether a missing program is a failure.
pub(crate) fn required() -> bool {
    std::env::var("CI").is_ok_and(|ci| ci == "true")
        || std::env::var("HUB_TEST_REQUIRE_PEERS").is_ok()
}

/// The folder of the programs `hub` and `hub-server`, when somebody has built them.
pub(crate) fn programs() -> Option<PathBuf> {
    std::env::var("HUB_TEST_PROGRAMS").ok().map(PathBuf::from)
}

/// A Python that has the clients of the tests.
pub(crate) fn python() -> Option<PathBuf> {
    std::env::var("HUB_TEST_PYTHON").ok().map(PathBuf::from)
}

/// Where to look for programs.
pub(crate) fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

/// How often the hub is killed in a test of crashes; more than the usual for a long look.
pub(crate) fn fault_rounds() -> Option<u64> {
    std::env::var("HUB_TEST_FAULT_ROUNDS").ok()?.parse().ok()
}

/// What the dice of a test of crashes begin with, to see the same again.
pub(crate) fn fault_seed() -> Option<u64> {
    std::env::var("HUB_TEST_FAULT_SEED").ok()?.parse().ok()
}
