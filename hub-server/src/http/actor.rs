//! Who calls: `Authorization` first, then the session's cookie.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use hub_model::{Actor, TokenKind};
use secrecy::{ExposeSecret, SecretString};

use super::ClientAddress;
use super::credentials::{Presented, presented};
use crate::App;
use crate::services::sign_in::{self, SignInError};

/// Who calls, for handlers of the hub API and of pages.
#[derive(Debug, Clone)]
pub struct Caller(pub Actor);

/// Credentials were presented, and they are no good. A surface that answers in a shape of its own
/// takes `Result<Caller, BadCredentials>`.
#[derive(Debug)]
pub struct BadCredentials(pub SignInError);

impl IntoResponse for BadCredentials {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            SignInError::Wrong | SignInError::Disabled => StatusCode::UNAUTHORIZED,
            SignInError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            SignInError::Hash(_) | SignInError::Sealed(_) | SignInError::Db(_) => {
                tracing::error!(error = &self.0 as &dyn std::error::Error, "request failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        (status, self.0.to_string()).into_response()
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = BadCredentials;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, BadCredentials> {
        who(app, parts).await.map(Self).map_err(BadCredentials)
    }
}

/// Who calls. A session that ended is nobody; a bad `Authorization` header is an error.
///
/// # Errors
///
/// When credentials were presented and are no good.
pub async fn who(app: &App, parts: &Parts) -> Result<Actor, SignInError> {
    match presented(&parts.headers) {
        Some(Presented::Bearer(token)) => {
            return sign_in::by_secret(app, &token).await;
        }
        Some(Presented::Basic(name, password)) => {
            let from = ClientAddress::of(parts).key();
            return sign_in::sign_in(app, &name, &password, &from).await;
        }
        Some(Presented::Unreadable) => return Err(SignInError::Wrong),
        None => {}
    }
    let Some(secret) = session_secret(app, &parts.headers) else { return Ok(Actor::Anonymous) };
    if !parts.method.is_safe() && !is_from_here(app, &parts.method, &parts.headers) {
        return Ok(Actor::Anonymous);
    }
    match sign_in::by_token(app, &secret, TokenKind::Session).await {
        Ok(signed_in) => Ok(Actor::User(signed_in)),
        Err(SignInError::Wrong | SignInError::Disabled) => Ok(Actor::Anonymous),
        Err(error) => Err(error),
    }
}

/// Whether a request that changes something was sent by one of our own pages: a cookie travels
/// with requests of other sites as well.
#[must_use]
pub fn is_from_here(app: &App, method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() {
        return true;
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else { return false };
    let Some((_, origin)) = origin.split_once("://") else { return false };
    let public = app.config.listen.public_url.as_ref();
    let ours = public.is_some_and(|url| origin == url.authority());
    ours || text(header::HOST) == Some(origin)
}

/// Name of the session's cookie.
#[must_use]
pub fn cookie_name(app: &App) -> &'static str {
    if app.config.is_secure() { "__Host-hub_session" } else { "hub_session" }
}

/// The secret in the session's cookie.
#[must_use]
pub fn session_secret(app: &App, headers: &HeaderMap) -> Option<SecretString> {
    let jar = CookieJar::from_headers(headers);
    jar.get(cookie_name(app)).map(|cookie| cookie.value().to_owned().into())
}

/// `Set-Cookie` that begins a session in the browser.
#[must_use]
pub fn session_cookie(app: &App, secret: &SecretString) -> HeaderValue {
    let seconds = u64::from(app.config.auth.session_days) * 24 * 60 * 60;
    set_cookie(app, secret.expose_secret(), seconds)
}

/// `Set-Cookie` that ends a session in the browser.
#[must_use]
pub fn ended_session_cookie(app: &App) -> HeaderValue {
    set_cookie(app, "", 0)
}

fn set_cookie(app: &App, value: &str, seconds: u64) -> HeaderValue {
    let mut cookie = Cookie::new(cookie_name(app), value);
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_path("/");
    cookie.set_secure(app.config.is_secure());
    let text = format!("{cookie}; Max-Age={seconds}");
    let mut header = HeaderValue::from_str(&text).expect("secrets are plain ASCII");
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[tokio::test]
    async fn a_cookie_of_ours_counts_only_when_our_pages_send_it() {
        let (app, _dir) = App::for_tests().await;
        let from_here = |all| is_from_here(&app, &Method::POST, &headers(all));
        assert!(from_here(&[("sec-fetch-site", "same-origin")]));
        assert!(from_here(&[("origin", "http://hub:8080"), ("host", "hub:8080")]));
        for other in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "http://hub"), ("host", "hub")],
            &[("origin", "http://evil"), ("host", "hub")],
            &[("origin", "null"), ("host", "hub")],
        ] {
            assert!(!from_here(other), "{other:?}");
        }
        assert!(is_from_here(&app, &Method::GET, &HeaderMap::new()));
    }

    #[tokio::test]
    async fn the_cookie_is_out_of_reach_for_scripts_and_other_sites() {
        let (app, _dir) = App::for_tests().await;
        let cookie = session_cookie(&app, &"hub_ses_1".into());
        assert_eq!(
            cookie.to_str().unwrap(),
            "hub_session=hub_ses_1; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"
        );
        let ended = ended_session_cookie(&app);
        assert!(ended.to_str().unwrap().ends_with("Max-Age=0"));
    }
}
