//! What requests of the hub API bring along: who calls, parameters, bodies.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use hub_model::{Actor, Field, NameError, Place, TokenScope};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::HubError;
use crate::App;
use crate::http::actor::{self, BadCredentials, Caller};

/// Who calls.
#[derive(Debug, Clone)]
pub(super) struct Who(pub(super) Actor);

impl FromRequestParts<App> for Who {
    type Rejection = HubError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, HubError> {
        match Caller::from_request_parts(parts, app).await {
            Ok(Caller(actor)) => Ok(Self(actor)),
            Err(BadCredentials(error)) => Err(error.into()),
        }
    }
}

/// Parameters behind the question mark.
#[derive(Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = HubError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, HubError> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(wrong_parameter(&rejection)),
        }
    }
}

/// A query that does not fit; the problem names the parameter.
fn wrong_parameter(rejection: &QueryRejection) -> HubError {
    let text = rejection.body_text();
    let (_, rule) = text.split_once("query string: ").unwrap_or(("", &text));
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if let Some((name, rule)) = rule.split_once(": ")
        && is_name(name)
    {
        return HubError::invalid(name, rule);
    }
    // What comes twice, or not at all, is named inside the sentence.
    let named = rule.split('`').nth(1).filter(|name| is_name(name));
    match named {
        Some(name) => HubError::invalid(name, rule),
        None => HubError::body(rejection.status(), text),
    }
}

/// Parameters in the path, as a struct that names them: the mount in front of this router leaves
/// a parameter of its own among them, so they cannot be counted.
#[derive(Debug)]
pub(super) struct InPath<T>(pub(super) T);

/// `{org}`.
#[derive(Debug, Deserialize)]
pub(super) struct OrgInPath {
    pub(super) org: String,
}

/// `{org}` and `{user}`.
#[derive(Debug, Deserialize)]
pub(super) struct MemberInPath {
    pub(super) org: String,
    pub(super) user: String,
}

/// `{org}` and `{robot}`.
#[derive(Debug, Deserialize)]
pub(super) struct RobotInPath {
    pub(super) org: String,
    pub(super) robot: String,
}

/// `{ak}`.
#[derive(Debug, Deserialize)]
pub(super) struct KeyInPath {
    pub(super) ak: String,
}

/// `{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct IdInPath {
    pub(super) id: i64,
}

impl<T: DeserializeOwned + Send> FromRequestParts<App> for InPath<T> {
    type Rejection = HubError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, HubError> {
        match Path::from_request_parts(parts, app).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(HubError::body(rejection.status(), rejection.body_text())),
        }
    }
}

/// A JSON body.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = HubError;

    async fn from_request(request: Request, app: &App) -> Result<Self, HubError> {
        match Json::from_request(request, app).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(HubError::body(rejection.status(), rejection.body_text())),
        }
    }
}

/// `?limit=&after=&before=` of a list.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// How many items, 1 to 100; 20 when left out.
    limit: Option<u64>,
    /// Where the page before ended: its `next`. For lists by name.
    pub(super) after: Option<String>,
    /// Where the page before ended: its `next`. For lists by time.
    pub(super) before: Option<String>,
}

impl Part {
    /// How many items to answer.
    pub(super) fn limit(&self) -> u64 {
        self.limit.unwrap_or(20).clamp(1, 100)
    }
}

/// Reads a name; the problem says which field is wrong.
pub(super) fn named<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, NameError>,
) -> Result<T, HubError> {
    parse(text).map_err(|error| HubError::name(field, &error))
}

/// Reads one of a few words; the problem names them.
pub(super) fn word<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    words: &str,
) -> Result<T, HubError> {
    parse(text).ok_or_else(|| HubError::invalid(field, format!("`{text}` is none of {words}")))
}

/// Reads what a credential is to be good for.
pub(super) fn scope(text: Option<&str>) -> Result<Option<TokenScope>, HubError> {
    let scope = |text| word("scope", text, TokenScope::parse, "pull, push, delete, admin");
    text.map(scope).transpose()
}

/// Reads where a credential is to be good.
pub(super) fn places(texts: &[String]) -> Result<Vec<Place>, HubError> {
    texts.iter().map(|text| named("within", text, Place::parse)).collect()
}

/// Reads when a credential is to end.
pub(super) fn end(text: Option<&str>) -> Result<Option<i64>, HubError> {
    let time = |text| word("expiresAt", text, hub_api::parse_time, "the times of RFC 3339");
    text.map(time).transpose()
}

/// Reads the name of a field of `detailInfo`.
pub(super) fn field(name: &str) -> Result<Field, HubError> {
    Field::parse(name).ok_or_else(|| HubError::invalid(name, "there is no such field"))
}

/// Reads a body outside of an extractor, for requests that one route takes apart.
pub(super) async fn body_of<T: DeserializeOwned>(
    request: Request,
    app: &App,
) -> Result<T, HubError> {
    Body::from_request(request, app).await.map(|Body(value)| value)
}

/// Reads the parameters behind the question mark outside of an extractor.
pub(super) fn params_of<T: DeserializeOwned>(request: &Request) -> Result<T, HubError> {
    match Query::try_from_uri(request.uri()) {
        Ok(Query(value)) => Ok(value),
        Err(rejection) => Err(wrong_parameter(&rejection)),
    }
}

/// Who calls, outside of an extractor.
pub(super) async fn actor_of(parts: &Parts, app: &App) -> Result<Actor, HubError> {
    actor::who(app, parts).await.map_err(Into::into)
}
