//! Tokens and passwords: what goes into `Authorization`.
//!
//! The first answer of a registry says how it wants to be asked ([`Challenge`]). From then on a
//! token for exactly the scopes of a call is fetched before the call, and kept until shortly
//! before it expires.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Semaphore;
use url::Url;

use crate::challenge::Challenge;
use crate::error::Failure;
use crate::manifests::read_some;
use crate::remote::{Broken, read_failure};
use crate::{Credentials, RemoteError};

/// Lifetime, in seconds, of a token that does not state it, or states less. Source: the token specification of distribution.
const DEFAULT_LIFETIME: u64 = 60;

/// Longest time, in seconds, that a token is kept, whatever it states.
const LONGEST_LIFETIME: u64 = 24 * 60 * 60;

/// Largest answer of a token service that is read, in bytes.
const LARGEST_ANSWER: usize = 1 << 20;

/// A token is not used any more this many seconds before it expires.
const MARGIN: u64 = 10;

/// What one registry is shown.
#[derive(Debug)]
pub(crate) struct Auth {
    client: Client,
    /// Whether tokens may be fetched over plain HTTP.
    plain: bool,
    credentials: Option<Credentials>,
    challenge: Mutex<Option<Challenge>>,
    tokens: Mutex<HashMap<String, Token>>,
    /// One token request at a time: the others then find the token.
    turn: Semaphore,
}

#[derive(Debug)]
struct Token {
    header: HeaderValue,
    until: Instant,
}

/// The answer of a token endpoint.
#[derive(Deserialize)]
struct Granted {
    #[serde(default)]
    token: Option<SecretString>,
    #[serde(default)]
    access_token: Option<SecretString>,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Auth {
    pub(crate) fn new(client: Client, plain: bool, credentials: Option<Credentials>) -> Self {
        Self {
            client,
            plain,
            credentials,
            challenge: Mutex::default(),
            tokens: Mutex::default(),
            turn: Semaphore::new(1),
        }
    }

    /// Whether there is anything to show.
    pub(crate) fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// Takes note of how the registry wants to be asked, and forgets the token it did not accept.
    pub(crate) fn learn(&self, challenge: Challenge, scopes: &[String]) {
        *self.challenge.lock().expect("no holder panics") = Some(challenge);
        self.tokens.lock().expect("no holder panics").remove(&scopes.join(" "));
    }

    /// The header for a call within `scopes`, or `None` while nothing is asked for.
    pub(crate) async fn header(&self, scopes: &[String]) -> Result<Option<HeaderValue>, Broken> {
        if let Some(Credentials::Bearer(token)) = &self.credentials {
            return secret_header("Bearer", token.expose_secret()).map(Some);
        }
        let challenge = self.challenge.lock().expect("no holder panics").clone();
        match (challenge, &self.credentials) {
            (Some(Challenge::Basic), Some(Credentials::Basic { user, password })) => {
                basic_header(user, password).map(Some)
            }
            (None | Some(Challenge::Basic), _) => Ok(None),
            (Some(Challenge::Bearer { realm, service, .. }), _) => {
                self.token(&realm, service.as_deref(), scopes).await.map(Some)
            }
        }
    }

    /// A token from the cache, else from `realm`.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scopes: &[String],
    ) -> Result<HeaderValue, Broken> {
        let key = scopes.join(" ");
        if let Some(header) = self.kept(&key) {
            return Ok(header);
        }
        let _turn = self.turn.acquire().await.expect("the semaphore is never closed");
        if let Some(header) = self.kept(&key) {
            return Ok(header);
        }
        let granted = self.fetch(self.realm(realm)?, service, scopes).await?;
        let text = granted.token.or(granted.access_token).ok_or_else(|| {
            Broken::protocol(format!("the token service answered without a token: {realm}"))
        })?;
        let header = secret_header("Bearer", text.expose_secret())?;
        let until = Instant::now() + lifetime(granted.expires_in);
        let token = Token { header: header.clone(), until };
        self.tokens.lock().expect("no holder panics").insert(key, token);
        Ok(header)
    }

    fn kept(&self, key: &str) -> Option<HeaderValue> {
        let tokens = self.tokens.lock().expect("no holder panics");
        tokens.get(key).filter(|token| token.until > Instant::now()).map(|t| t.header.clone())
    }

    /// Reads the address of the token service. Passwords do not go over plain HTTP to a place
    /// that a registry with TLS names.
    fn realm(&self, realm: &str) -> Result<Url, Broken> {
        let url = Url::parse(realm)
            .map_err(|_| Broken::protocol(format!("its token service has no address: {realm}")))?;
        if url.scheme() == "https" || self.plain && url.scheme() == "http" {
            Ok(url)
        } else {
            Err(Broken::protocol(format!("its token service is not behind TLS: {realm}")))
        }
    }

    async fn fetch(
        &self,
        realm: Url,
        service: Option<&str>,
        scopes: &[String],
    ) -> Result<Granted, Broken> {
        let request = match &self.credentials {
            Some(Credentials::Identity(token)) => self.exchange(realm, service, scopes, token),
            Some(Credentials::Basic { user, password }) => self
                .ask(realm, service, scopes, Some(user))
                .header(AUTHORIZATION, basic_header(user, password)?),
            _ => self.ask(realm, service, scopes, None),
        };
        let mut response = request.send().await.map_err(Broken::network)?;
        if response.status() != StatusCode::OK {
            let failure = read_failure(response).await;
            let presented = self.has_credentials();
            return Err(Broken::Answer(Failure { presented, ..failure }, None));
        }
        let body = read_some(&mut response, LARGEST_ANSWER).await?;
        let body = body.ok_or_else(|| {
            Broken::protocol(format!(
                "the token service's answer is longer than {LARGEST_ANSWER} bytes"
            ))
        })?;
        serde_json::from_slice(&body)
            .map_err(|_| Broken::protocol("the token service's answer is no token".to_owned()))
    }

    /// The GET form: query, with or without a password beside it.
    fn ask(
        &self,
        mut realm: Url,
        service: Option<&str>,
        scopes: &[String],
        user: Option<&str>,
    ) -> RequestBuilder {
        {
            let mut query = realm.query_pairs_mut();
            query.extend_pairs(service.map(|service| ("service", service)));
            query.extend_pairs(scopes.iter().map(|scope| ("scope", scope)));
            query.extend_pairs(user.map(|user| ("account", user)));
            query.append_pair("client_id", "hub");
        }
        self.client.get(realm)
    }

    /// The POST form: an identity token for a token of the registry.
    fn exchange(
        &self,
        realm: Url,
        service: Option<&str>,
        scopes: &[String],
        identity: &SecretString,
    ) -> RequestBuilder {
        let scope = scopes.join(" ");
        let form = [
            ("grant_type", "refresh_token"),
            ("service", service.unwrap_or_default()),
            ("client_id", "hub"),
            ("scope", &scope),
            ("refresh_token", identity.expose_secret()),
        ];
        self.client.post(realm).form(&form)
    }
}

/// How long a token is used that states this lifetime, in seconds.
fn lifetime(stated: Option<u64>) -> Duration {
    let seconds = stated.unwrap_or(DEFAULT_LIFETIME).clamp(DEFAULT_LIFETIME, LONGEST_LIFETIME);
    Duration::from_secs(seconds - MARGIN)
}

fn basic_header(user: &str, password: &SecretString) -> Result<HeaderValue, Broken> {
    use base64::Engine;
    let pair = format!("{user}:{}", password.expose_secret());
    secret_header("Basic", &base64::engine::general_purpose::STANDARD.encode(pair))
}

fn secret_header(scheme: &str, secret: &str) -> Result<HeaderValue, Broken> {
    let mut value = HeaderValue::from_str(&format!("{scheme} {secret}")).map_err(|_| {
        Broken::Final(RemoteError::Credentials(crate::CredentialsError {
            host: "the registry".to_owned(),
            source: docker_credential::CredentialRetrievalError::CredentialDecodingError,
        }))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl Broken {
    pub(crate) fn network(error: reqwest::Error) -> Self {
        Self::Network(io::Error::other(error.without_url()))
    }

    fn protocol(message: String) -> Self {
        Self::Final(RemoteError::Protocol { doing: "log in".to_owned(), message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_for_a_minute_at_least_and_a_day_at_most() {
        for (stated, want) in
            [(None, 50), (Some(0), 50), (Some(300), 290), (Some(u64::MAX), 24 * 60 * 60 - 10)]
        {
            assert_eq!(lifetime(stated), Duration::from_secs(want), "{stated:?}");
        }
    }
}
