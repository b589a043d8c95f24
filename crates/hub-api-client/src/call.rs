//! One call: address, credentials, answer.

use hub_api::Problem;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::ApiError;

/// How much of a foreign answer an error shows, in characters.
const SHOWN: usize = 200;

/// Who asks.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    /// Nobody in particular.
    #[default]
    None,
    /// A personal token, `hub_pat_…`.
    Token(SecretString),
    /// User and password.
    Basic {
        /// Name of the user.
        user: String,
        /// Password, or a token of the user.
        password: SecretString,
    },
}

/// A hub, as its API shows it.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    auth: Auth,
}

impl Client {
    /// A client of the hub at `base`, for example `https://hub.example.com`.
    #[must_use]
    pub fn new(http: reqwest::Client, base: Url, auth: Auth) -> Self {
        Self { http, base, auth }
    }

    /// The address of the hub.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Begins a call of `/api/v1` followed by `path`, whose parts are encoded one by one.
    pub(crate) fn call(&self, method: Method, path: &[&str]) -> Call {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        let request = self.http.request(method, url.clone());
        let request = match &self.auth {
            Auth::None => request,
            Auth::Token(token) => request.bearer_auth(token.expose_secret()),
            Auth::Basic { user, password } => {
                request.basic_auth(user, Some(password.expose_secret()))
            }
        };
        Call { request, url: url.to_string() }
    }

    pub(crate) fn get(&self, path: &[&str]) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post<T: Serialize>(&self, path: &[&str], body: &T) -> Call {
        self.call(Method::POST, path).json(body)
    }

    pub(crate) fn put<T: Serialize>(&self, path: &[&str], body: &T) -> Call {
        self.call(Method::PUT, path).json(body)
    }

    pub(crate) fn patch<T: Serialize>(&self, path: &[&str], body: &T) -> Call {
        self.call(Method::PATCH, path).json(body)
    }

    pub(crate) fn delete(&self, path: &[&str]) -> Call {
        self.call(Method::DELETE, path)
    }
}

/// A call about to be sent.
pub(crate) struct Call {
    request: RequestBuilder,
    url: String,
}

impl Call {
    fn json<T: Serialize>(mut self, body: &T) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Adds a parameter, unless there is no value.
    pub(crate) fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.request = self.request.query(&[(name, value.to_string())]);
        }
        self
    }

    /// Sends it, and reads the JSON of the answer.
    pub(crate) async fn read<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        let (url, body) = self.send().await?;
        serde_json::from_slice(&body).map_err(|source| ApiError::Unreadable { url, source })
    }

    /// Sends it; the answer has nothing to say.
    pub(crate) async fn done(self) -> Result<(), ApiError> {
        self.send().await.map(|_| ())
    }

    /// Sends it, and takes the answer as text.
    pub(crate) async fn text(self) -> Result<String, ApiError> {
        let (_, body) = self.send().await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    async fn send(self) -> Result<(String, Vec<u8>), ApiError> {
        let Self { request, url } = self;
        let network = |source: reqwest::Error| ApiError::Network {
            url: url.clone(),
            source: source.without_url(),
        };
        let response = request.send().await.map_err(network)?;
        let status = response.status();
        let body = response.bytes().await.map_err(network)?;
        if status.is_success() {
            return Ok((url, body.to_vec()));
        }
        Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => ApiError::Problem { problem: Box::new(problem) },
            Err(_) => ApiError::Foreign {
                url,
                status: status.as_u16(),
                body: String::from_utf8_lossy(&body).chars().take(SHOWN).collect(),
            },
        })
    }
}
