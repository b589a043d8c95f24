//! What can go wrong with a remote registry, by what a caller can tell apart.

use std::io;

use hub_model::Digest;
use reqwest::StatusCode;
use serde::Deserialize;

use crate::CredentialsError;

/// Why a remote registry did not do what it was asked.
///
/// `doing` says what was asked, for example `push blob 0a1b2c to labring/app`. Codes are those of
/// the distribution specification, empty where the registry sent none.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It has no such thing, or does not admit it.
    #[error("could not {doing}: not found{}", said(.code, .message))]
    NotFound {
        /// What was asked.
        doing: String,
        /// Code of the registry.
        code: String,
        /// Words of the registry.
        message: String,
    },
    /// It knows who asks, and says no.
    #[error("could not {doing}: access denied{}", said(.code, .message))]
    Denied {
        /// What was asked.
        doing: String,
        /// Code of the registry.
        code: String,
        /// Words of the registry.
        message: String,
    },
    /// It wants credentials, or other ones.
    #[error(
        "could not {doing}: {}{}",
        if *.presented { "the credentials were not accepted" } else { "not logged in" },
        said(.code, .message)
    )]
    Unauthorized {
        /// What was asked.
        doing: String,
        /// Whether credentials were presented.
        presented: bool,
        /// Code of the registry.
        code: String,
        /// Words of the registry.
        message: String,
    },
    /// What is there stands in the way.
    #[error("could not {doing}: conflict{}", said(.code, .message))]
    Conflict {
        /// What was asked.
        doing: String,
        /// Code of the registry.
        code: String,
        /// Words of the registry.
        message: String,
    },
    /// It refuses the content or the form of the request.
    #[error("could not {doing}: refused with {status}{}", said(.code, .message))]
    Refused {
        /// What was asked.
        doing: String,
        /// Status of the answer.
        status: u16,
        /// Code of the registry.
        code: String,
        /// Words of the registry.
        message: String,
    },
    /// It failed, or has too much to do, also after the retries.
    #[error("could not {doing}: the registry answered {status}{}", said(.code, .message))]
    Server {
        /// What was asked.
        doing: String,
        /// Status of the answer.
        status: u16,
        /// Code of the registry.
        code: String,
        /// Words of the registry.
        message: String,
        /// Number of the request in the registry's log.
        request_id: Option<String>,
    },
    /// It cannot be reached, or the connection broke, also after the retries.
    #[error("could not {doing}: no connection")]
    Network {
        /// What was asked.
        doing: String,
        /// What broke.
        #[source]
        source: io::Error,
    },
    /// Its answer makes no sense.
    #[error("could not {doing}: {message}")]
    Protocol {
        /// What was asked.
        doing: String,
        /// What is wrong with the answer.
        message: String,
    },
    /// Bytes do not have the digest that names them.
    #[error("{expected} is damaged: its bytes have the digest {found}")]
    Mismatch {
        /// The digest it is named by.
        expected: Digest,
        /// The digest of the bytes.
        found: String,
    },
    /// The blob to push could not be read on this side.
    #[error("could not read {digest}")]
    Source {
        /// The blob.
        digest: Digest,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The credentials could not be read.
    #[error("could not find credentials")]
    Credentials(#[from] CredentialsError),
    /// The options make no client, for example a certificate that is none.
    #[error("could not prepare a client for {host}")]
    Options {
        /// The registry.
        host: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
}

impl RemoteError {
    /// Whether the other end could not be reached, or failed: what helps is another time.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Network { .. } | Self::Server { .. })
    }

    /// Code of the registry, such as `DENIED`, where it sent one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let (Self::NotFound { code, .. }
        | Self::Denied { code, .. }
        | Self::Unauthorized { code, .. }
        | Self::Conflict { code, .. }
        | Self::Refused { code, .. }
        | Self::Server { code, .. }) = self
        else {
            return None;
        };
        Some(code.as_str()).filter(|code| !code.is_empty())
    }
}

/// The registry's own words, to be put behind ours.
fn said(code: &str, message: &str) -> String {
    match (code, message) {
        ("", "") => String::new(),
        (code, "") => format!(": {code}"),
        ("", message) => format!(": {message}"),
        (code, message) => format!(": {message} ({code})"),
    }
}

/// Body of an error, as the distribution specification has it.
#[derive(Debug, Default, Deserialize)]
struct Envelope {
    #[serde(default)]
    errors: Vec<Said>,
}

#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// What is known of an answer that is no success.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
    /// Whether credentials were sent along.
    pub(crate) presented: bool,
    /// Whether the challenge says that the credentials are good but not enough.
    pub(crate) insufficient: bool,
}

impl Failure {
    /// Reads status and body; a body that is no error envelope is left out.
    pub(crate) fn new(status: StatusCode, body: &[u8]) -> Self {
        let envelope: Envelope = serde_json::from_slice(body).unwrap_or_default();
        let Said { code, message } = envelope.errors.into_iter().next().unwrap_or_default();
        let message = message.trim().to_owned();
        Self { status, code, message, request_id: None, presented: false, insufficient: false }
    }

    /// The error for somebody who was `doing` something.
    pub(crate) fn into_error(self, doing: &str) -> RemoteError {
        let Self { status, code, message, request_id, presented, insufficient } = self;
        let doing = doing.to_owned();
        let denied = insufficient || code == "DENIED";
        match status {
            StatusCode::NOT_FOUND => RemoteError::NotFound { doing, code, message },
            StatusCode::FORBIDDEN => RemoteError::Denied { doing, code, message },
            StatusCode::UNAUTHORIZED if presented && denied => {
                RemoteError::Denied { doing, code, message }
            }
            StatusCode::UNAUTHORIZED => {
                RemoteError::Unauthorized { doing, presented, code, message }
            }
            StatusCode::CONFLICT => RemoteError::Conflict { doing, code, message },
            _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                let status = status.as_u16();
                RemoteError::Server { doing, status, code, message, request_id }
            }
            _ => RemoteError::Refused { doing, status: status.as_u16(), code, message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str) -> Failure {
        Failure::new(StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn the_code_and_the_words_of_the_registry_are_kept() {
        let body = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository","detail":{"a":1}}]}"#;
        let error = failure(404, body).into_error("pull a/b:v1");
        assert_eq!(error.code(), Some("NAME_UNKNOWN"));
        assert_eq!(
            error.to_string(),
            "could not pull a/b:v1: not found: no such repository (NAME_UNKNOWN)"
        );
    }

    #[test]
    fn a_body_that_is_no_envelope_does_no_harm() {
        for body in ["", "<html>", "{}", "[]", r#"{"errors":null}"#] {
            let error = failure(502, body).into_error("ping");
            assert!(error.is_outage(), "{body}");
            assert_eq!(error.code(), None);
        }
    }

    #[test]
    fn too_little_right_is_told_apart_from_no_credentials() {
        let anonymous = failure(401, "").into_error("push");
        assert!(matches!(anonymous, RemoteError::Unauthorized { presented: false, .. }));
        assert_eq!(anonymous.to_string(), "could not push: not logged in");

        let wrong = Failure { presented: true, ..failure(401, "") }.into_error("push");
        assert!(matches!(wrong, RemoteError::Unauthorized { presented: true, .. }));

        let poor = Failure { presented: true, insufficient: true, ..failure(401, "") };
        assert!(matches!(poor.into_error("push"), RemoteError::Denied { .. }));
        assert!(matches!(failure(403, "").into_error("push"), RemoteError::Denied { .. }));
    }
}
