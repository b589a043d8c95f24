//! Doors of what was done and what was refused.

use std::io;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures::stream;
use hub_api::{AuditPage, AuditView, Problem, parse_time_or_day};
use hub_model::{Actor, OrgName, Outcome};
use serde::Deserialize;
use tracing::{Instrument, Span};

use super::error::HubError;
use super::input::{InPath, OrgInPath, Params, Who, actor_of, named, word};
use super::repos::Call;
use crate::App;
use crate::app::Origin;
use crate::services::audit::{self, About, Part, Wanted};

/// Media type of JSON, a line each.
const LINES: &str = "application/x-ndjson";

/// Entries that an export reads at once: it is never in memory as a whole. A test need not write
/// five hundred.
const AT_ONCE: u64 = if cfg!(test) { 20 } else { 500 };

/// Which acts: those that fit every parameter.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichActs {
    /// By this actor.
    actor: Option<String>,
    /// What was done, `member.set`; or to what kind of thing, `member`.
    action: Option<String>,
    /// To what; of a repository, its images as well.
    target: Option<String>,
    /// How it ended: `done`, `denied`.
    outcome: Option<String>,
    /// Not before: a day, or a time of RFC 3339.
    since: Option<String>,
    /// Before: a day, or a time of RFC 3339.
    until: Option<String>,
    /// How many items, 1 to 100; 20 when left out. Of an export, how many at most.
    limit: Option<u64>,
    /// Where the page before ended: its `next`.
    before: Option<String>,
    /// `jsonl` for all of them as JSON, a line each; so does `Accept: application/x-ndjson`.
    format: Option<String>,
}

/// What was done and refused in the whole hub, the newest first, for its administrators.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(WhichActs),
    responses((status = 200, body = AuditPage), (status = 403, body = Problem)))]
pub(super) async fn list_audit(
    State(app): State<App>,
    Who(actor): Who,
    Params(which): Params<WhichActs>,
    parts: Parts,
) -> Result<Response, HubError> {
    answer(&app, &actor, About::Hub, which, parts).await
}

/// What was done and refused in an organisation, the newest first, for its owners.
#[utoipa::path(get, path = "/api/v1/orgs/{org}/audit", tag = "audit",
    params(("org" = String, Path, description = "Name of the organisation"), WhichActs),
    responses((status = 200, body = AuditPage), (status = 403, body = Problem)))]
pub(super) async fn list_org_audit(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
    Params(which): Params<WhichActs>,
    parts: Parts,
) -> Result<Response, HubError> {
    let org = named("org", &org, OrgName::parse)?;
    answer(&app, &actor, About::Org(org), which, parts).await
}

/// What was done to a repository and its images, for those who administer it.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/audit", tag = "audit",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        WhichActs),
    responses((status = 200, body = AuditPage), (status = 403, body = Problem)))]
pub(super) async fn list_repo_audit(
    call: &Call<'_>,
    which: WhichActs,
    parts: Parts,
) -> Result<Response, HubError> {
    answer(call.app, call.actor, About::Repo(call.repo.clone()), which, parts).await
}

async fn answer(
    app: &App,
    actor: &Actor,
    about: About,
    which: WhichActs,
    parts: Parts,
) -> Result<Response, HubError> {
    let accepted = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let lines = match which.format.as_deref() {
        None => accepted.is_some_and(|accepted| accepted.contains(LINES)),
        Some("json") => false,
        Some("jsonl") => true,
        Some(other) => {
            return Err(HubError::invalid("format", format!("`{other}` is none of json, jsonl")));
        }
    };
    let limit = which.limit;
    let wanted = wanted(which)?;
    if lines {
        return export(app, actor, parts, (about, wanted, limit)).await;
    }
    let limit = limit.unwrap_or(20).clamp(1, 100);
    let Part { items, next } = audit::list(app, actor, &about, &wanted, limit).await?;
    let items = items.into_iter().map(AuditView::from).collect();
    Ok(Json(AuditPage { items, next }).into_response())
}

fn wanted(which: WhichActs) -> Result<Wanted, HubError> {
    // An empty field of a form asks for nothing.
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    let time = |field: &str, text: Option<String>| {
        let words = "a day such as 2026-12-31, the times of RFC 3339";
        said(text).map(|text| word(field, &text, parse_time_or_day, words)).transpose()
    };
    let outcome = said(which.outcome);
    Ok(Wanted {
        actor: said(which.actor),
        action: said(which.action),
        target: said(which.target),
        outcome: outcome
            .map(|text| word("outcome", &text, Outcome::parse, "done, denied"))
            .transpose()?,
        since_ms: time("since", which.since)?,
        until_ms: time("until", which.until)?,
        before: said(which.before),
    })
}

/// What is still to be exported.
struct Rest {
    app: App,
    /// What the request came with: who calls is found out for each part anew.
    parts: Parts,
    origin: Origin,
    about: About,
    wanted: Wanted,
    left: u64,
    part: Option<Part>,
}

impl Rest {
    /// The next part, for whom the credentials of the request prove now, and if they may still.
    async fn read(&self) -> Result<Part, HubError> {
        let actor = actor_of(&self.parts, &self.app).await?;
        let limit = self.left.min(AT_ONCE);
        Ok(audit::list(&self.app, &actor, &self.about, &self.wanted, limit).await?)
    }
}

/// All acts that are wanted as JSON, a line each, read in parts while they are sent. Whoever loses
/// the right or the credential meanwhile is sent no more: the answer breaks off.
async fn export(
    app: &App,
    actor: &Actor,
    parts: Parts,
    (about, wanted, limit): (About, Wanted, Option<u64>),
) -> Result<Response, HubError> {
    let left = limit.unwrap_or(u64::MAX);
    let first = audit::list(app, actor, &about, &wanted, left.min(AT_ONCE)).await?;
    let (app, origin, part) = (app.clone(), Origin::here(), Some(first));
    let rest = Rest { app, parts, origin, about, wanted, left, part };
    // The rest is read when the request is answered already: its span and its origin go along.
    let span = Span::current();
    let lines = stream::try_unfold((rest, span), |(mut rest, span)| async move {
        let part = match rest.part.take() {
            Some(part) => part,
            None if rest.wanted.before.is_none() || rest.left == 0 => return Ok(None),
            None => {
                let part = rest.origin.clone().of(rest.read()).instrument(span.clone()).await;
                part.map_err(|error| {
                    let why = error.detail();
                    span.in_scope(|| tracing::warn!(why, "an export was broken off"));
                    io::Error::other(why)
                })?
            }
        };
        rest.left = rest.left.saturating_sub(part.items.len() as u64);
        rest.wanted.before = part.next;
        let mut text = Vec::new();
        for entry in part.items {
            serde_json::to_writer(&mut text, &AuditView::from(entry))?;
            text.push(b'\n');
        }
        Ok::<_, io::Error>(Some((text, (rest, span))))
    });
    let headers = [
        (header::CONTENT_TYPE, LINES),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}
