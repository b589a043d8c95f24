//! Who did what, and what was refused: the list that several pages show, and the one of the whole
//! hub.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hub_api::parse_time_or_day;
use hub_model::{AuditEntry, Outcome};

use super::Web;
use super::failure::Failure;
use super::lang::Words;
use super::view::{Shell, html};
use super::visitor::Visitor;
use crate::services::audit::{self, About, Wanted};

/// Acts on one part of the list.
const PER_PAGE: u64 = 50;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/activity.html")]
struct WholeHub {
    shell: Shell,
    t: &'static Words,
    acts: Acts,
}

/// A part of the list.
#[derive(Debug)]
pub(super) struct Acts {
    /// Where the filter is sent to.
    pub(super) action: String,
    /// What the filter is set to.
    pub(super) actor: String,
    pub(super) kind: String,
    pub(super) target: String,
    pub(super) outcome: String,
    pub(super) since: String,
    pub(super) until: String,
    pub(super) rows: Vec<Row>,
    pub(super) next: String,
    pub(super) export: String,
}

impl Acts {
    /// Whether the filter is set to something.
    pub(super) fn filtered(&self) -> bool {
        let set = [&self.actor, &self.kind, &self.target, &self.outcome, &self.since, &self.until];
        set.into_iter().any(|field| !field.is_empty())
    }
}

/// An act in the list.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) at: String,
    pub(super) machine: String,
    pub(super) who: String,
    pub(super) credential: String,
    pub(super) what: String,
    pub(super) target: String,
    pub(super) from: String,
    pub(super) denied: bool,
    pub(super) reason: String,
    pub(super) before: String,
    pub(super) after: String,
}

impl Row {
    fn new(visitor: &Visitor, act: AuditEntry) -> Self {
        let entry = act.entry;
        let at = visitor.lang().moment(entry.at_ms, visitor.now_ms());
        let denied = entry.outcome == Outcome::Denied;
        let (after, reason) =
            if denied { (String::new(), entry.after) } else { (entry.after, String::new()) };
        Self {
            at: at.ago,
            machine: at.machine,
            who: entry.actor,
            credential: entry.credential,
            what: entry.action,
            target: entry.target,
            from: entry.address,
            denied,
            reason,
            before: entry.before,
            after,
        }
    }
}

/// Reads the part of the list that the address asks for. `api` is where all of it is exported.
pub(super) async fn acts(
    web: &Web,
    visitor: &Visitor,
    about: &About,
    (path, api): (&str, &str),
) -> Result<Acts, Failure> {
    let query = visitor.query();
    let field = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let text = |name: &str| query.get(name).map(str::to_owned);
    let time = |name: &str| {
        let read = |text: &str| parse_time_or_day(text).ok_or(Failure::Bad);
        query.get(name).map(read).transpose()
    };
    let outcome = query.get("outcome").map(|word| Outcome::parse(word).ok_or(Failure::Bad));
    let wanted = Wanted {
        actor: text("actor"),
        action: text("action"),
        target: text("target"),
        outcome: outcome.transpose()?,
        since_ms: time("since")?,
        until_ms: time("until")?,
        before: text("before"),
    };
    let part = audit::list(&web.app, visitor.actor(), about, &wanted, PER_PAGE).await?;
    let next = part.next.as_deref();
    Ok(Acts {
        action: path.to_owned(),
        actor: field("actor"),
        kind: field("action"),
        target: field("target"),
        outcome: field("outcome"),
        since: field("since"),
        until: field("until"),
        rows: part.items.into_iter().map(|act| Row::new(visitor, act)).collect(),
        next: next
            .map(|before| query.with("before", Some(before)).address(path))
            .unwrap_or_default(),
        export: query.with("before", None).with("format", Some("jsonl")).address(api),
    })
}

/// `GET /settings/audit`: for administrators. As with the users, everybody may know that there is
/// such a page.
pub(super) async fn page(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let t = visitor.words();
    let places = ("/settings/audit", "/api/v1/audit");
    let acts = acts(&web, &visitor, &About::Hub, places).await?;
    let shell = Shell::new(&visitor, t.shares.activity).hidden();
    html(StatusCode::OK, &WholeHub { shell, t, acts })
}
