//! The token endpoint: credentials in, a short-lived token out.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, SecondsFormat};
use hub_model::{Actor, Scope, UserName};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::body::{self, ReadError};
use super::error::RegistryError;
use super::{one, pairs};
use crate::App;
use crate::http::ClientAddress;
use crate::http::credentials::{Presented, presented};
use crate::services::registry_tokens::{self, IssuedToken, RefreshError};
use crate::services::sign_in;

/// Largest form, in bytes.
const MAX_FORM_BYTES: usize = 64 << 10;

/// How long a form may take to come, all of it: nobody has proved anything yet.
const FORM_PATIENCE: Duration = Duration::from_mins(1);

/// Scopes come in several parameters, and several in one.
fn scopes(pairs: &[(String, String)]) -> Vec<Scope> {
    let texts = pairs.iter().filter(|(key, _)| key == "scope");
    texts.flat_map(|(_, text)| Scope::parse_all(text)).collect()
}

/// `GET`, with a user name and password, or without.
///
/// Source: distribution's token authentication (`docs/sources.md#token-get`).
pub(super) async fn by_query(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    address: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, RegistryError> {
    let who = match presented(&headers) {
        Some(Presented::Basic(name, _)) => name,
        _ => String::new(),
    };
    let from = address.key();
    count(&app, &who, &from)?;
    let asked = pairs(query.unwrap_or_default().as_bytes());
    let actor = match presented(&headers) {
        None => Actor::Anonymous,
        Some(Presented::Basic(name, password)) => {
            let actor = sign_in::sign_in(&app, &name, &password, &from).await;
            actor.map_err(|error| please_sign_in(error.into()))?
        }
        Some(Presented::Bearer(_) | Presented::Unreadable) => {
            let error = RegistryError::unauthorized("ask for a token with user name and password");
            return Err(please_sign_in(error));
        }
    };
    let issued = registry_tokens::issue(&app, &actor, &scopes(&asked)).await?;
    let token = issued.jwt.expose_secret();
    let mut answer = json!({
        "token": token,
        "access_token": token,
        "expires_in": issued.expires_in,
        "issued_at": issued_at(&issued),
    });
    if one(&asked, "offline_token") == Some("true")
        && let Some(refresh) = refresh_token(&app, &actor, &asked).await?
    {
        answer["refresh_token"] = json!(refresh.expose_secret());
    }
    Ok(secret(&answer))
}

/// `POST` of a form, as OAuth 2 has it.
///
/// Source: distribution's token authentication, OAuth 2 (`docs/sources.md#token-post`).
pub(super) async fn by_form(
    State(app): State<App>,
    address: ClientAddress,
    body: Body,
) -> Result<Response, RegistryError> {
    let patience = app.config.registry.idle_timeout();
    let form = body::read_within(FORM_PATIENCE, body, MAX_FORM_BYTES, patience).await;
    let form = form.map_err(|error| match error {
        ReadError::TooLarge => {
            let message = "the form is too large";
            RegistryError::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", message)
        }
        ReadError::BrokeOff => unsupported("the form broke off"),
    })?;
    let form = pairs(&form);
    let from = address.key();
    count(&app, one(&form, "username").unwrap_or_default(), &from)?;
    let (actor, refresh) = grant(&app, &form, &from).await?;
    let issued = registry_tokens::issue(&app, &actor, &scopes(&form)).await?;
    let scope: Vec<_> = issued.access.iter().map(ToString::to_string).collect();
    let mut answer = json!({
        "access_token": issued.jwt.expose_secret(),
        "expires_in": issued.expires_in,
        "scope": scope.join(" "),
        "issued_at": issued_at(&issued),
    });
    if let Some(refresh) = refresh {
        answer["refresh_token"] = json!(refresh.expose_secret());
    }
    Ok(secret(&answer))
}

/// Counts a request before anything is proved: by the name that is shown and the address, so that
/// nobody can use up what another one has; and by the address, where names are made up.
fn count(app: &App, who: &str, from: &str) -> Result<(), RegistryError> {
    Ok(app.throttle.count_token(UserName::parse(who).ok().as_ref(), from)?)
}

/// A refresh token where the caller may have one: who may not is answered without.
async fn refresh_token(
    app: &App,
    actor: &Actor,
    asked: &[(String, String)],
) -> Result<Option<SecretString>, RegistryError> {
    let client = one(asked, "client_id").unwrap_or("registry client");
    match registry_tokens::refresh_token(app, actor, client).await {
        Ok(refresh) => Ok(Some(refresh)),
        Err(RefreshError::NoPassword) => Ok(None),
        Err(error) => Err(please_sign_in(error.into())),
    }
}

/// Who the form proves to be, and the refresh token that the answer carries.
async fn grant(
    app: &App,
    form: &[(String, String)],
    from: &str,
) -> Result<(Actor, Option<SecretString>), RegistryError> {
    let missing = |name| unsupported(&format!("the form lacks `{name}`"));
    match one(form, "grant_type") {
        Some("password") => {
            let name = one(form, "username").ok_or_else(|| missing("username"))?;
            let password = one(form, "password").ok_or_else(|| missing("password"))?;
            let actor = sign_in::sign_in(app, name, &password.into(), from).await;
            let actor = actor.map_err(|error| please_sign_in(error.into()))?;
            if one(form, "access_type") != Some("offline") {
                return Ok((actor, None));
            }
            let refresh = refresh_token(app, &actor, form).await?;
            Ok((actor, refresh))
        }
        Some("refresh_token") => {
            let token = one(form, "refresh_token").ok_or_else(|| missing("refresh_token"))?;
            let token = SecretString::from(token);
            let signed_in = registry_tokens::by_refresh_token(app, &token).await;
            let actor = Actor::User(signed_in.map_err(|error| please_sign_in(error.into()))?);
            Ok((actor, Some(token)))
        }
        Some(other) => Err(unsupported(&format!("the grant type `{other}` is not offered"))),
        None => Err(missing("grant_type")),
    }
}

/// `GET` of the public halves of our keys, so that others can verify tokens.
pub(super) async fn keys(State(app): State<App>) -> Response {
    let key = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": app.keys.kid,
        "x": app.keys.public,
    });
    super::json("application/json", &json!({"keys": [key]}))
}

fn unsupported(message: &str) -> RegistryError {
    RegistryError::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", message)
}

fn please_sign_in(error: RegistryError) -> RegistryError {
    if error.status() != StatusCode::UNAUTHORIZED {
        return error;
    }
    error.with_challenge(HeaderValue::from_static("Basic realm=\"hub\""))
}

fn issued_at(issued: &IssuedToken) -> Option<String> {
    let at = DateTime::from_timestamp_millis(issued.issued_at_ms)?;
    Some(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// An answer that nobody on the way may keep.
fn secret(answer: &Value) -> Response {
    let mut response = super::json("application/json", answer);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
