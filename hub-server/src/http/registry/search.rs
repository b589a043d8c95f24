//! `/v1/search`: what `podman search` and `docker search` ask.
//!
//! Source: `docs/sources.md#podman-search`.

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use hub_model::{Actor, Field};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::error::RegistryError;
use crate::App;
use crate::app::Often;
use crate::http::ClientAddress;
use crate::http::credentials::{Presented, presented};
use crate::services::repos::RepoCard;
use crate::services::search::{SearchError, SearchRequest};
use crate::services::sign_in::{self, SignInError};
use crate::services::{registry_tokens, search};

/// Results in a page when the caller does not say. Source: `podman search`.
const USUAL: u64 = 25;

/// Longest description, in characters: clients show it in one line of a table.
const DESCRIPTION_CHARS: usize = 100;

/// `GET /v1/search?q=&n=&page=`: public repositories; with credentials also those of the caller.
/// Read leniently: what is no number counts as not sent, and of what is sent twice the first.
pub(super) async fn search(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    address: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, RegistryError> {
    let from = address.key();
    app.throttle.count(Often::Searches, &from)?;
    let actor = who(&app, &headers, &from).await?;
    let asked = super::pairs(query.unwrap_or_default().as_bytes());
    let number = |name| super::one(&asked, name).and_then(|text| text.parse().ok());
    let limit = number("n").unwrap_or(USUAL).clamp(1, 100);
    let page = number("page").unwrap_or(1).clamp(1, 1000);
    let text = super::one(&asked, "q").unwrap_or_default().to_owned();
    let request = SearchRequest { text: text.clone(), page, limit, ..SearchRequest::default() };
    let found = search::search(&app, &actor, request).await?;
    let results: Vec<_> = found.items.iter().map(result).collect();
    let body = json!({
        "query": text,
        "num_results": found.total,
        "num_pages": found.total.div_ceil(limit),
        "page": page,
        "page_size": limit,
        "results": results,
    });
    Ok(super::json("application/json", &body))
}

/// `GET /v1/_ping`: docker asks before it searches.
pub(super) async fn ping() -> Response {
    ([("x-docker-registry-standalone", "true")], "true").into_response()
}

/// Who searches. Whatever is wrong with a credential, public repositories are found; only one that
/// could not be looked at is to come again.
async fn who(app: &App, headers: &HeaderMap, from: &str) -> Result<Actor, RegistryError> {
    let known = match presented(headers) {
        Some(Presented::Basic(name, password)) => {
            match sign_in::sign_in(app, &name, &password, from).await {
                Ok(actor) => Some(actor),
                Err(SignInError::TooMany(error)) => return Err(error.into()),
                Err(_) => None,
            }
        }
        Some(Presented::Bearer(token)) => {
            match registry_tokens::verify(app, token.expose_secret()).await {
                Ok(verified) if verified.covers_catalog() => Some(verified.actor),
                Ok(_) => None,
                Err(_) => sign_in::by_secret(app, &token).await.ok(),
            }
        }
        Some(Presented::Unreadable) | None => None,
    };
    Ok(known.unwrap_or(Actor::Anonymous))
}

fn result(card: &RepoCard) -> Value {
    let description = card.latest.as_ref().and_then(|img| img.detail.text(Field::Description));
    json!({
        "name": card.repo.name,
        "description": one_line(description.unwrap_or_default()),
        "star_count": card.repo.stars,
        "is_official": card.repo.official,
        "is_automated": false,
        "is_trusted": false,
    })
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= DESCRIPTION_CHARS {
        return line;
    }
    let cut: String = line.chars().take(DESCRIPTION_CHARS - 1).collect();
    format!("{}…", cut.trim_end())
}

impl From<SearchError> for RegistryError {
    fn from(error: SearchError) -> Self {
        Self::failed(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_one_short_line() {
        assert_eq!(one_line(" a\n b\tc "), "a b c");
        let long = one_line(&"消息 ".repeat(80));
        assert!(long.chars().count() <= 100 && long.ends_with('…'));
    }
}
