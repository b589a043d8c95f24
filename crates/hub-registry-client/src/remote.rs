//! One registry, and the one function that sends requests to it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap};
use reqwest::{Body, Certificate, Client, Method, Response, StatusCode};
use url::Url;

use crate::auth::Auth;
use crate::challenge::Challenge;
use crate::error::Failure;
use crate::retry::{Retry, asked_pause, is_passing};
use crate::{Credentials, Progress, RemoteError, http};

/// Most of an error's body that is read, in bytes.
const ERROR_BODY: usize = 64 << 10;

/// Piece of an upload that is counted as sent when the connection takes it, in bytes.
const PIECE: usize = 256 << 10;

/// How long an upload may stand still: the registry may be busy storing what it got.
const UPLOAD_SILENCE: Duration = Duration::from_mins(5);

/// Whether the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `http`, only where somebody asked for it.
    Plain,
    /// `https`.
    Tls,
}

/// Which registry, and how to talk to it.
#[derive(Debug, Clone)]
pub struct RemoteOptions {
    /// Host and port, as in references.
    pub host: String,
    /// Whether the connection is encrypted.
    pub scheme: Scheme,
    /// What to show; `None` is anonymous.
    pub credentials: Option<Credentials>,
    /// Further authorities to trust, PEM.
    pub ca: Option<Vec<u8>>,
    /// Whether certificates are not verified.
    pub insecure: bool,
    /// Attempts after the first one.
    pub retries: u32,
    /// Pause before the second attempt; it doubles with each.
    pub pause: Duration,
}

impl RemoteOptions {
    /// `host` over TLS, anonymously, with three retries.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            scheme: Scheme::Tls,
            credentials: None,
            ca: None,
            insecure: false,
            retries: 3,
            pause: Duration::from_millis(500),
        }
    }
}

/// A registry with the credentials to use there.
#[derive(Debug)]
pub struct Remote {
    host: String,
    base: Url,
    calls: Client,
    /// Without a limit on silence, because sending a chunk counts as silence; [`watch`] has one.
    uploads: Client,
    auth: Auth,
    retry: Retry,
}

/// One request, fit to be sent again.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What a token must be good for.
    pub(crate) scopes: &'a [String],
    /// Who watches the body go, and the position of its first byte.
    pub(crate) watched: Option<(&'a dyn Progress, u64)>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: Method, url: Url, scopes: &'a [String]) -> Self {
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        Self { method, url, headers, body, scopes, watched: None }
    }
}

/// Why an attempt brought no answer to look at.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The connection.
    Network(io::Error),
    /// The token service said this, and perhaps how long to wait.
    Answer(Failure, Option<Duration>),
    /// Something that another attempt does not change.
    Final(RemoteError),
}

impl Broken {
    /// The error for somebody who was `doing` something.
    pub(crate) fn into_error(self, doing: &str) -> RemoteError {
        match self {
            Self::Network(source) => RemoteError::Network { doing: doing.to_owned(), source },
            Self::Answer(failure, _) => failure.into_error(doing),
            Self::Final(error) => error,
        }
    }
}

impl Remote {
    /// Prepares a client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`RemoteError::Options`] when the certificates are none, and [`RemoteError::Protocol`]
    /// when the host is none.
    pub fn new(options: RemoteOptions) -> Result<Self, RemoteError> {
        let RemoteOptions { host, scheme, credentials, ca, insecure, retries, pause } = options;
        let prepare = |source| RemoteError::Options { host: host.clone(), source };
        let certificates = match &ca {
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(prepare)?,
            None => Vec::new(),
        };
        let builder = || {
            let builder = http::builder().tls_danger_accept_invalid_certs(insecure);
            if certificates.is_empty() {
                builder
            } else {
                builder.tls_certs_merge(certificates.clone())
            }
        };
        let calls = builder().build().map_err(prepare)?;
        let uploads = builder().read_timeout(Duration::MAX / 4).build().map_err(prepare)?;
        let plain = scheme == Scheme::Plain;
        let base = base_url(&host, plain).ok_or_else(|| RemoteError::Protocol {
            doing: format!("reach `{host}`"),
            message: "that is no host".to_owned(),
        })?;
        let auth = Auth::new(calls.clone(), plain, credentials);
        Ok(Self { host, base, calls, uploads, auth, retry: Retry { times: retries, pause } })
    }

    /// Host and port, as in references.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Asks whether this is a registry, and whether it accepts the credentials.
    ///
    /// # Errors
    ///
    /// [`RemoteError::Unauthorized`] when it does not.
    pub async fn ping(&self) -> Result<(), RemoteError> {
        let doing = format!("reach the registry {}", self.host);
        let call = Call::new(Method::GET, self.url(""), &[]);
        self.send(&doing, &call, &[StatusCode::OK]).await.map(drop)
    }

    /// The address of `path` below `/v2/`.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        // A path is set, not joined: a digest or tag in front would be read as a scheme.
        url.set_path(&format!("/v2/{path}"));
        url
    }

    pub(crate) const fn retry(&self) -> Retry {
        self.retry
    }

    /// Sends a call until it is answered with one of the `expected` statuses, or there is no
    /// point in trying again.
    pub(crate) async fn send(
        &self,
        doing: &str,
        call: &Call<'_>,
        expected: &[StatusCode],
    ) -> Result<Response, RemoteError> {
        let mut attempt = 0;
        loop {
            let outcome = self.attempt(call).await;
            let asked = match &outcome {
                Ok(response) if expected.contains(&response.status()) => {
                    return outcome.map_err(|broken| broken.into_error(doing));
                }
                Ok(response) if is_passing(response.status()) => asked_pause(response.headers()),
                Err(Broken::Network(_)) => None,
                Err(Broken::Answer(failure, asked)) if is_passing(failure.status) => *asked,
                Ok(_) | Err(_) => return Err(self.give_up(doing, outcome).await),
            };
            let Some(pause) = self.retry.pause_after(attempt, asked) else {
                return Err(self.give_up(doing, outcome).await);
            };
            tracing::debug!(attempt, "will try again to {doing}");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// The error in an outcome that nobody expected.
    pub(crate) async fn give_up(
        &self,
        doing: &str,
        outcome: Result<Response, Broken>,
    ) -> RemoteError {
        match outcome {
            Err(broken) => broken.into_error(doing),
            Ok(response) => {
                let failure = read_failure(response).await;
                let presented = self.auth.has_credentials();
                Failure { presented, ..failure }.into_error(doing)
            }
        }
    }

    /// Sends a call once, and once more when the registry asks for (other) credentials.
    pub(crate) async fn attempt(&self, call: &Call<'_>) -> Result<Response, Broken> {
        // An upload may go on at another host, which is told nothing about us.
        if call.url.origin() != self.base.origin() {
            return self.dispatch(call, None).await;
        }
        let header = self.auth.header(call.scopes).await?;
        let response = self.dispatch(call, header).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let Some(challenge) = Challenge::of(response.headers()) else {
            return Ok(response);
        };
        self.auth.learn(challenge, call.scopes);
        match self.auth.header(call.scopes).await? {
            Some(header) => self.dispatch(call, Some(header)).await,
            None => Ok(response),
        }
    }

    async fn dispatch(
        &self,
        call: &Call<'_>,
        authorization: Option<reqwest::header::HeaderValue>,
    ) -> Result<Response, Broken> {
        let client = if call.watched.is_some() { &self.uploads } else { &self.calls };
        let mut request = client
            .request(call.method.clone(), call.url.clone())
            .headers(call.headers.clone())
            .header(CONTENT_LENGTH, call.body.len());
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let Some((progress, start)) = call.watched else {
            return request.body(call.body.clone()).send().await.map_err(Broken::network);
        };
        let sent = Arc::new(AtomicU64::new(0));
        let request = request.body(counted(call.body.clone(), Arc::clone(&sent)));
        watch(request.send(), &sent, |count| progress.at(start + count)).await
    }
}

/// A body that counts what the connection has taken.
fn counted(mut bytes: Bytes, sent: Arc<AtomicU64>) -> Body {
    let pieces = std::iter::from_fn(move || {
        let piece = bytes.split_to(bytes.len().min(PIECE));
        sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
        (!piece.is_empty()).then_some(Ok::<_, io::Error>(piece))
    });
    Body::wrap_stream(futures::stream::iter(pieces))
}

/// Waits for an answer, tells how many bytes went, and ends an upload that stands still.
async fn watch(
    answer: impl Future<Output = reqwest::Result<Response>>,
    sent: &AtomicU64,
    tell: impl Fn(u64),
) -> Result<Response, Broken> {
    let mut answer = std::pin::pin!(answer);
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    let (mut last, mut moved) = (0, Instant::now());
    loop {
        // Both arms are cancel-safe: the answer is only borrowed.
        tokio::select! {
            answer = &mut answer => return answer.map_err(Broken::network),
            _ = ticks.tick() => {}
        }
        let now = sent.load(Ordering::Relaxed);
        if now != last {
            (last, moved) = (now, Instant::now());
            tell(now);
        } else if moved.elapsed() > UPLOAD_SILENCE {
            return Err(Broken::Network(io::ErrorKind::TimedOut.into()));
        }
    }
}

/// Reads what an answer that is no success says.
pub(crate) async fn read_failure(mut response: Response) -> Failure {
    let insufficient =
        Challenge::of(response.headers()).is_some_and(|challenge| challenge.is_insufficient());
    let request_id = response.headers().get("x-request-id");
    let request_id = request_id.and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    // A body that breaks off is as good as none: the status says what matters.
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > ERROR_BODY {
            break;
        }
    }
    Failure { request_id, insufficient, ..Failure::new(response.status(), &body) }
}

/// Root of a registry. Docker Hub's registry has another name than its references.
fn base_url(host: &str, plain: bool) -> Option<Url> {
    let host = match host {
        "docker.io" | "index.docker.io" => "registry-1.docker.io",
        other => other,
    };
    let scheme = if plain { "http" } else { "https" };
    let url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
    let only_host = url.path() == "/"
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    only_host.then_some(url)
}

/// The scope `repository:<repo>:<actions>`.
pub(crate) fn scope(repo: &str, actions: &str) -> String {
    format!("repository:{repo}:{actions}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_host_and_nothing_more() {
        for (host, plain, want) in [
            ("127.0.0.1:5000", true, Some("http://127.0.0.1:5000/")),
            ("[::1]:5000", true, Some("http://[::1]:5000/")),
            ("hub.example.com", false, Some("https://hub.example.com/")),
            ("docker.io", false, Some("https://registry-1.docker.io/")),
            ("", false, None),
            ("a/b", false, None),
            ("alice:s3cret@evil", false, None),
            ("h?x", false, None),
        ] {
            let url = base_url(host, plain);
            assert_eq!(url.as_ref().map(Url::as_str), want, "{host}");
        }
    }

    #[test]
    fn a_digest_in_a_path_is_no_scheme() {
        let remote = Remote::new(RemoteOptions::new("h.example")).unwrap();
        let url = remote.url("a/b/manifests/sha256:00");
        assert_eq!(url.as_str(), "https://h.example/v2/a/b/manifests/sha256:00");
    }
}
