//! One request: who calls, with which token, and what is to be answered when they may not.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use hub_model::{Actor, Scope};
use secrecy::ExposeSecret;

use super::challenge::{Fault, challenge};
use super::error::{Refusal, RegistryError};
use super::route::Route;
use super::{act, referrers};
use crate::App;
use crate::http::ClientAddress;
use crate::http::credentials::{Presented, presented};
use crate::services::registry_tokens::{self, Verified};
use crate::services::{access, sign_in};

/// A request whose sender is known.
pub(super) struct Call<'a> {
    /// What everything works with.
    pub(super) app: &'a App,
    /// Who calls.
    pub(super) actor: Actor,
    /// Whether any credential was presented, an anonymous token included.
    pub(super) presented: bool,
    /// The registry token that was presented.
    pub(super) token: Option<Verified>,
    /// From where.
    pub(super) from: ClientAddress,
    /// `GET`, …
    pub(super) method: Method,
    /// The headers.
    pub(super) headers: &'a HeaderMap,
    query: Vec<(String, String)>,
}

impl Call<'_> {
    /// The first parameter called `name` that holds text. Zero bytes are none, and not every
    /// database takes them.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params(name).into_iter().find(|value| !value.is_empty() && !value.contains('\0'))
    }

    /// Every parameter called `name`.
    pub(super) fn params(&self, name: &str) -> Vec<&str> {
        let named = self.query.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// A header, when it is readable text.
    pub(super) fn header(&self, name: impl Into<HeaderName>) -> Option<&str> {
        self.headers.get(name.into()).and_then(|value| value.to_str().ok())
    }

    /// `Content-Length`, when it is sent.
    pub(super) fn content_length(&self) -> Option<u64> {
        self.header(axum::http::header::CONTENT_LENGTH)?.trim().parse().ok()
    }

    /// Whether only the head of the answer is asked for.
    pub(super) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// Whether the caller has this content already, by its digest.
    pub(super) fn has_already(&self, digest: &str) -> bool {
        let Some(known) = self.header(axum::http::header::IF_NONE_MATCH) else { return false };
        known.split(',').any(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
            tag == digest || tag == "*"
        })
    }
}

/// Finds out who calls, whether their token is for this, and acts.
pub(super) async fn answer(
    app: &App,
    from: ClientAddress,
    (parts, body): (&Parts, Body),
    route: &Route,
) -> Response {
    let query = parts.uri.query().unwrap_or_default();
    let query = super::pairs(query.as_bytes());
    let refuse = |error: RegistryError, fault, query: &[(String, String)]| {
        let scopes = asked_scopes(route, query);
        error.with_challenge(challenge(app, &parts.headers, &scopes, fault)).into_response()
    };
    let (actor, token, presented) = match who(app, from, &parts.headers).await {
        Ok(known) => known,
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => {
            let bearer = matches!(presented(&parts.headers), Some(Presented::Bearer(_)));
            return refuse(error, bearer.then_some(Fault::InvalidToken), &query);
        }
        Err(error) => return error.into_response(),
    };
    if let Some(token) = &token
        && let Err(error) = Box::pin(require_scope(app, &actor, token, route)).await
    {
        let fault = Some(Fault::InsufficientScope);
        return finish(error, &actor, route, |error| refuse(error, fault, &query));
    }
    let fault = token.is_some().then_some(Fault::InsufficientScope);
    let call = Call {
        app,
        actor,
        presented,
        token,
        from,
        method: parts.method.clone(),
        headers: &parts.headers,
        query,
    };
    match act(&call, route, body).await {
        Ok(response) => response,
        Err(error) => finish(error, &call.actor, route, |error| refuse(error, fault, &call.query)),
    }
}

/// What the caller should ask a token for: the route's needs, and the repository to mount from.
fn asked_scopes(route: &Route, query: &[(String, String)]) -> Vec<Scope> {
    let mut scopes = route.scopes();
    if matches!(route, Route::StartUpload(_))
        && let Some((_, from)) =
            query.iter().find(|(key, value)| key == "from" && !value.is_empty())
    {
        scopes.push(Scope::repository(from, &["pull"]));
    }
    scopes
}

/// Whether a token covers the route. A subject with the right is told to ask for a wider token; one
/// without gets the refusal of the act.
async fn require_scope(
    app: &App,
    actor: &Actor,
    token: &Verified,
    route: &Route,
) -> Result<(), RegistryError> {
    let Some((action, repo)) = route.needs() else { return Ok(()) };
    // Clients may hold a token for deleting only when they give an upload up.
    let cancels =
        matches!(route, Route::CancelUpload(..)) && token.covers(hub_model::Action::Delete, repo);
    if token.covers(action, repo) || cancels {
        return Ok(());
    }
    let scopes = route.scopes();
    let granted = registry_tokens::granted(app, actor, &scopes).await?;
    let wider = Verified { actor: actor.clone(), access: granted.into() };
    if !wider.covers(action, repo) {
        access::repo(app, actor, action, repo).await?;
    }
    Err(RegistryError::unauthorized("the token is not for this"))
}

/// Makes an answer of an error: nobody is told to say who they are; who is known learns no more
/// than they may.
fn finish(
    error: RegistryError,
    actor: &Actor,
    route: &Route,
    refuse: impl FnOnce(RegistryError) -> Response,
) -> Response {
    match error.refusal() {
        Refusal::Unauthenticated => refuse(error),
        Refusal::Hidden if matches!(actor, Actor::Anonymous) => {
            refuse(RegistryError::unauthorized("authentication required"))
        }
        // A repository that is not there has no referrers; a hidden one looks the same.
        Refusal::Hidden if matches!(route, Route::Referrers(..)) => referrers::none(),
        Refusal::Hidden | Refusal::None => error.into_response(),
    }
}

type Known = (Actor, Option<Verified>, bool);

/// Who calls: a registry token, or a user name with a password or a personal token.
async fn who(app: &App, from: ClientAddress, headers: &HeaderMap) -> Result<Known, RegistryError> {
    match presented(headers) {
        None => {
            // `Basic Og==` presents nothing, and yet says: anonymous, on purpose.
            Ok((Actor::Anonymous, None, headers.contains_key(axum::http::header::AUTHORIZATION)))
        }
        Some(Presented::Bearer(token)) if token.expose_secret().matches('.').count() == 2 => {
            let verified = registry_tokens::verify(app, token.expose_secret()).await?;
            Ok((verified.actor.clone(), Some(verified), true))
        }
        Some(Presented::Bearer(token)) => {
            Ok((Box::pin(sign_in::by_secret(app, &token)).await?, None, true))
        }
        Some(Presented::Basic(name, password)) => {
            let from = from.key();
            let actor = Box::pin(sign_in::sign_in(app, &name, &password, &from)).await?;
            Ok((actor, None, true))
        }
        Some(Presented::Unreadable) => {
            Err(RegistryError::unauthorized("the header `Authorization` cannot be read"))
        }
    }
}
