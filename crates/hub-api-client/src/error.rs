//! What can go wrong between a client and a hub.

use hub_api::Problem;

/// Why a call gave no answer, or another one than asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The hub says no.
    #[error("{}", problem.detail)]
    Problem {
        /// What it says.
        problem: Box<Problem>,
    },
    /// Something answered, but no hub: the status and the beginning of its body are given.
    #[error("{url} answered {status}, and not as a hub does")]
    Foreign {
        /// Who was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        body: String,
    },
    /// The hub could not be reached, or the connection broke.
    #[error("could not reach {url}")]
    Network {
        /// Who was asked.
        url: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The answer is not what this client knows: one of the two is older.
    #[error("could not read the answer of {url}")]
    Unreadable {
        /// Who was asked.
        url: String,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
}

impl ApiError {
    /// What the hub says, when it was the hub.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem { problem } => Some(problem),
            Self::Foreign { .. } | Self::Network { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// The HTTP status, when there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem { problem } => Some(problem.status),
            Self::Foreign { status, .. } => Some(*status),
            Self::Network { source, .. } => source.status().map(|status| status.as_u16()),
            Self::Unreadable { .. } => None,
        }
    }
}
