//! How a command ends: exit codes, and errors with their causes and hints.

use std::error::Error;
use std::io;

use hub_api_client::ApiError;
use hub_registry_client::RemoteError;
use serde_json::json;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Something without a code of its own.
    Failed,
    /// Typed wrongly.
    Usage,
    /// It does not exist, or may not be seen.
    NotFound,
    /// Not signed in, or not allowed.
    Denied,
    /// It exists already, or was changed by somebody else.
    Conflict,
    /// Network, TLS, or a failure of the server.
    Network,
    /// A check that was asked for failed.
    Check,
}

impl Exit {
    /// The number for the shell.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Denied => 4,
            Self::Conflict => 5,
            Self::Network => 6,
            Self::Check => 8,
        }
    }

    /// The word for programs, where the server has given none.
    const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NotFound => "not_found",
            Self::Denied => "unauthenticated",
            Self::Conflict => "conflict",
            Self::Network => "network",
            Self::Check => "check",
        }
    }

    /// What an HTTP status means for the shell.
    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            404 | 410 => Self::NotFound,
            401 | 403 => Self::Denied,
            409 | 412 => Self::Conflict,
            429 | 500..=599 => Self::Network,
            _ => Self::Failed,
        }
    }
}

/// A failure that knows its exit code, and what to try next.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    hint: Option<String>,
    #[source]
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure that ends with `exit`.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, cause: None }
    }

    /// A failure of who typed.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Says what to try next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says why.
    #[must_use]
    pub(crate) fn cause(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

/// A failure, ready to be printed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) exit: Exit,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    code: String,
    status: Option<u16>,
    request_id: Option<String>,
}

impl Report {
    /// Reads an error with its chain: the first link that knows an exit code decides, and the
    /// first hint is shown.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let mut report = Self {
            exit: Exit::Failed,
            message: error.to_string(),
            causes: error.chain().skip(1).map(ToString::to_string).collect(),
            hint: None,
            code: Exit::Failed.word().to_owned(),
            status: None,
            request_id: None,
        };
        let mut decided = false;
        for link in error.chain() {
            let Some(known) = Known::of(link) else { continue };
            report.hint = report.hint.or(known.hint);
            report.status = report.status.or(known.status);
            report.request_id = report.request_id.or(known.request_id);
            if !decided {
                decided = true;
                report.exit = known.exit;
                report.code = known.code.unwrap_or_else(|| known.exit.word().to_owned());
            }
        }
        report
    }

    /// Lines for people: what, why, and what to try.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("error", self.message.clone())];
        lines.extend(self.causes.iter().map(|cause| ("cause", cause.clone())));
        if let Some(id) = &self.request_id {
            lines.push(("cause", format!("the server's log has more under {id}")));
        }
        lines.extend(self.hint.iter().map(|hint| ("hint", hint.clone())));
        lines
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> serde_json::Value {
        let message = [std::slice::from_ref(&self.message), &self.causes].concat().join(": ");
        json!({
            "error": {
                "code": self.code,
                "message": message,
                "hint": self.hint,
                "status": self.status,
                "request_id": self.request_id,
            }
        })
    }

    /// Whether the reader of our stdout went away, as `hub … | head` does.
    pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
        error.chain().any(|link| {
            link.downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        })
    }
}

/// What one link of a chain knows.
#[derive(Debug)]
struct Known {
    exit: Exit,
    code: Option<String>,
    hint: Option<String>,
    status: Option<u16>,
    request_id: Option<String>,
}

impl Known {
    fn of(link: &(dyn Error + 'static)) -> Option<Self> {
        let plain = |exit| Self { exit, code: None, hint: None, status: None, request_id: None };
        if let Some(failure) = link.downcast_ref::<Failure>() {
            return Some(Self { hint: failure.hint.clone(), ..plain(failure.exit) });
        }
        if let Some(error) = link.downcast_ref::<ApiError>() {
            return Some(Self::of_api(error));
        }
        if let Some(error) = link.downcast_ref::<RemoteError>() {
            let code = error.code().map(str::to_owned);
            return Some(Self { code, hint: remote_hint(error), ..plain(remote_exit(error)) });
        }
        None
    }

    fn of_api(error: &ApiError) -> Self {
        let exit = match error {
            ApiError::Problem { problem } => Exit::of_status(problem.status),
            ApiError::Foreign { status, .. } => match Exit::of_status(*status) {
                Exit::Network => Exit::Network,
                _ => Exit::Failed,
            },
            ApiError::Network { .. } => Exit::Network,
            ApiError::Unreadable { .. } => Exit::Failed,
        };
        let hint = match error {
            ApiError::Problem { problem } => match (&problem.hint, problem.status) {
                (Some(hint), _) => Some(hint.clone()),
                (None, 401) => Some(LOGIN_HINT.to_owned()),
                (None, 404) => Some(MISSING_HINT.to_owned()),
                (None, _) => None,
            },
            ApiError::Foreign { .. } => Some("is it a hub? hub version --server SERVER".to_owned()),
            ApiError::Network { .. } => Some(network_hint(error).to_owned()),
            ApiError::Unreadable { .. } => Some("compare the two of hub version".to_owned()),
        };
        let problem = error.problem();
        Self {
            exit,
            code: problem.map(|problem| problem.code.clone()),
            hint,
            status: error.status(),
            request_id: problem
                .filter(|problem| problem.status >= 500)
                .and_then(|problem| problem.request_id.clone()),
        }
    }
}

/// What to try when something was not found. What is private looks the same to who may not see it.
const MISSING_HINT: &str = "check the name, and who you are: hub whoami";

/// What to try when nobody is signed in.
const LOGIN_HINT: &str = "run hub login SERVER, or set HUB_TOKEN";

const fn remote_exit(error: &RemoteError) -> Exit {
    match error {
        RemoteError::NotFound { .. } => Exit::NotFound,
        RemoteError::Denied { .. } | RemoteError::Unauthorized { .. } => Exit::Denied,
        RemoteError::Conflict { .. } => Exit::Conflict,
        RemoteError::Server { .. } | RemoteError::Network { .. } => Exit::Network,
        _ => Exit::Failed,
    }
}

fn remote_hint(error: &RemoteError) -> Option<String> {
    match error {
        RemoteError::Unauthorized { .. } => Some(LOGIN_HINT.to_owned()),
        RemoteError::Denied { .. } => {
            Some("ask an owner of the organisation for push, or run hub whoami".to_owned())
        }
        RemoteError::Network { .. } => Some(network_hint(error).to_owned()),
        _ => None,
    }
}

/// What to try when the other end cannot be spoken to. Libraries say only in words that it was
/// the certificate; the words themselves are among the causes.
fn network_hint(error: &dyn Error) -> &'static str {
    let mut link = Some(error);
    while let Some(error) = link {
        if error.to_string().contains("certificate") {
            return "name the authority that signed it by --ca-cert FILE; --insecure does not check";
        }
        link = error.source();
    }
    "check the address and the network"
}

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use hub_api::Problem;

    use super::*;

    fn problem(status: u16, code: &str) -> anyhow::Error {
        let mut problem = Problem::new(status, code, "the hub says no");
        problem.request_id = Some("01J".into());
        ApiError::Problem { problem: Box::new(problem) }.into()
    }

    #[test]
    fn each_failure_ends_with_its_own_code() {
        for (error, want) in [
            (problem(404, "not_found"), 3),
            (problem(401, "unauthenticated"), 4),
            (problem(403, "forbidden"), 4),
            (problem(409, "conflict"), 5),
            (problem(500, "server_error"), 6),
            (problem(400, "invalid"), 1),
            (anyhow::anyhow!("something"), 1),
            (Failure::usage("wrong").into(), 2),
            (Failure::new(Exit::Check, "nothing found").into(), 8),
        ] {
            assert_eq!(Report::of(&error).exit.code(), want, "{error}");
            let error = error.context("could not do it");
            assert_eq!(Report::of(&error).exit.code(), want, "{error}");
        }
    }

    #[test]
    fn an_error_says_what_why_and_what_to_try() {
        let error = Err::<(), _>(problem(401, "unauthenticated")).context("could not list tags");
        let report = Report::of(&error.unwrap_err());
        let lines: Vec<_> =
            report.lines().into_iter().map(|(word, text)| format!("{word}: {text}")).collect();
        assert_eq!(
            lines,
            [
                "error: could not list tags",
                "cause: the hub says no",
                "hint: run hub login SERVER, or set HUB_TOKEN",
            ]
        );
        let json = report.json();
        assert_eq!(json["error"]["code"], "unauthenticated");
        assert_eq!(json["error"]["message"], "could not list tags: the hub says no");
        assert_eq!(json["error"]["status"], 401);
    }

    #[test]
    fn a_failure_of_the_server_names_the_request() {
        let report = Report::of(&problem(500, "server_error"));
        assert_eq!(report.lines()[1].1, "the server's log has more under 01J");
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let gone = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("x");
        assert!(Report::is_broken_pipe(&gone));
        assert!(!Report::is_broken_pipe(&anyhow::anyhow!("x")));
    }
}
