//! The robots of an organisation, for its owners.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{OrgName, Robot, RobotName, TokenScope};
use secrecy::{ExposeSecret, SecretString};

use super::super::Web;
use super::super::failure::Failure;
use super::super::frame::{no_store, redirect};
use super::super::lang::Words;
use super::super::params::Params;
use super::super::tokens::{self, day};
use super::super::view::{Link, Shell, html};
use super::super::visitor::Visitor;
use super::head::Head;
use super::route::Part;
use crate::services;
use crate::services::orgs::OrgPage;
use crate::services::reach::ReachError;
use crate::services::robots::{self, RobotChange, RobotError, RobotOrder};

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/org_robots.html")]
struct RobotsView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    rows: Vec<Row>,
    /// A robot whose secret was just made: it is shown this once.
    made: Option<Made>,
    error: String,
    action: String,
    scopes: Vec<Link>,
    lives: Vec<Link>,
}

/// A robot in the list.
#[derive(Debug)]
struct Row {
    short: String,
    name: String,
    description: String,
    scope: &'static str,
    places: String,
    used: String,
    ends: String,
    disabled: bool,
    rotate_label: String,
    close_label: String,
    delete_label: String,
}

/// A secret that was just made.
#[derive(Debug)]
struct Made {
    title: String,
    secret: String,
    command: String,
}

/// What an earlier form led to.
enum Outcome {
    Nothing,
    Made(Robot, SecretString),
    Wrong(String),
}

impl RobotsView {
    fn new(visitor: &Visitor, page: &OrgPage, all: &[Robot], outcome: Outcome) -> Self {
        let (t, c) = (visitor.words(), visitor.words().credentials);
        let head = Head::new(visitor, page, Part::Robots);
        let title = format!("{} · {}", c.robots, head.heading);
        let scope = |scope: TokenScope| Link::new(scope.as_str(), scope_words(t, scope));
        let (made, error) = match outcome {
            Outcome::Nothing => (None, String::new()),
            Outcome::Wrong(error) => (None, error),
            Outcome::Made(robot, secret) => {
                let made = Made {
                    title: (c.robot_created)(robot.name.as_str()),
                    secret: secret.expose_secret().to_owned(),
                    command: format!("docker login {} -u {}", visitor.host(), robot.name),
                };
                (Some(made), String::new())
            }
        };
        Self {
            shell: Shell::new(visitor, &title).hidden(),
            t,
            rows: all.iter().map(|robot| row(visitor, robot)).collect(),
            made,
            error,
            action: address(&page.org.name),
            scopes: TokenScope::ALL.map(scope).into(),
            lives: tokens::lives(t),
            head,
        }
    }
}

fn row(visitor: &Visitor, robot: &Robot) -> Row {
    let (t, c) = (visitor.words(), visitor.words().credentials);
    let ago = |at_ms: i64| visitor.lang().moment(at_ms, visitor.now_ms()).ago;
    let (name, whole) = (robot.name.as_str(), robot.within.is_everywhere());
    let close = if robot.disabled { c.enable_named } else { c.disable_named };
    Row {
        short: robot.name.short().to_owned(),
        name: name.to_owned(),
        description: robot.description.clone(),
        scope: scope_words(t, robot.scope),
        places: if whole { c.whole_org.to_owned() } else { robot.within.to_string() },
        used: robot.used_at_ms.map_or_else(|| t.never.to_owned(), ago),
        ends: day(visitor, robot.expires_at_ms),
        disabled: robot.disabled,
        rotate_label: (c.rotate_named)(name),
        close_label: close(name),
        delete_label: (c.delete_named)(name),
    }
}

const fn scope_words(t: &Words, scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Admin => t.credentials.robot_scope_admin,
        other => tokens::scope_words(t, other),
    }
}

fn address(org: &OrgName) -> String {
    format!("/o/{org}/-/robots")
}

/// `GET /o/{org}/-/robots`.
pub(super) async fn page(web: &Web, visitor: &Visitor, org: &OrgName) -> Result<Response, Failure> {
    shown(web, visitor, org, (StatusCode::OK, Outcome::Nothing)).await
}

async fn shown(
    web: &Web,
    visitor: &Visitor,
    org: &OrgName,
    (status, outcome): (StatusCode, Outcome),
) -> Result<Response, Failure> {
    let all = robots::list(&web.app, visitor.actor(), org).await?;
    let page = services::orgs::get(&web.app, visitor.actor(), org).await?;
    let secret = matches!(outcome, Outcome::Made(..));
    let mut response = html(status, &RobotsView::new(visitor, &page, &all, outcome))?;
    if secret {
        no_store(&mut response);
    }
    Ok(response)
}

/// `POST /o/{org}/-/robots`: makes one or gives one another secret, and answers it this once; or
/// disables, enables or deletes one.
pub(super) async fn change(
    web: &Web,
    visitor: &Visitor,
    org: &OrgName,
    fields: &Params,
) -> Result<Response, Failure> {
    let (app, actor) = (&web.app, visitor.actor());
    // Who may not see the page is not told what is wrong with a form.
    robots::list(app, actor, org).await?;
    let robot = || RobotName::new(org, fields.raw("robot")).map_err(|_| Failure::Missing);
    let close = |disabled| RobotChange { disabled: Some(disabled), ..RobotChange::default() };
    match fields.raw("do") {
        "disable" => drop(robots::edit(app, actor, &robot()?, close(true)).await?),
        "enable" => drop(robots::edit(app, actor, &robot()?, close(false)).await?),
        "delete" => robots::delete(app, actor, &robot()?).await?,
        "rotate" => {
            let (robot, secret) = robots::rotate(app, actor, &robot()?).await?;
            let outcome = (StatusCode::OK, Outcome::Made(robot, secret));
            return shown(web, visitor, org, outcome).await;
        }
        _ => {
            let outcome = match order(visitor, org, fields)? {
                Ok(order) => made(visitor.words(), robots::create(app, actor, order).await)?,
                Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Outcome::Wrong(error)),
            };
            return shown(web, visitor, org, outcome).await;
        }
    }
    Ok(redirect(StatusCode::SEE_OTHER, &address(org)))
}

/// What the form asks for, or what is wrong with it.
fn order(
    visitor: &Visitor,
    org: &OrgName,
    fields: &Params,
) -> Result<Result<RobotOrder, String>, Failure> {
    let c = visitor.words().credentials;
    let scope = fields.get("scope").and_then(TokenScope::parse).ok_or(Failure::Bad)?;
    let expires_at_ms = tokens::chosen_end(visitor, fields.get("days"))?;
    let Ok(name) = RobotName::new(org, fields.raw("name").trim()) else {
        return Ok(Err(c.error_robot_name.to_owned()));
    };
    let Ok(within) = tokens::places(fields.raw("within")) else {
        return Ok(Err(c.error_places.to_owned()));
    };
    let description = fields.raw("description").to_owned();
    Ok(Ok(RobotOrder { name, description, scope, within, expires_at_ms }))
}

fn made(
    t: &Words,
    outcome: Result<(Robot, SecretString), RobotError>,
) -> Result<(StatusCode, Outcome), Failure> {
    let c = t.credentials;
    let error = match outcome {
        Ok((robot, secret)) => return Ok((StatusCode::CREATED, Outcome::Made(robot, secret))),
        Err(RobotError::Taken { .. }) => c.error_robot_taken.to_owned(),
        Err(RobotError::TooMany) => c.error_robot_many.to_owned(),
        Err(RobotError::Outside { .. }) => c.error_robot_places.to_owned(),
        Err(RobotError::Description { .. }) => c.error_description.to_owned(),
        Err(RobotError::Reach(error)) if !matches!(error, ReachError::Db(_)) => {
            tokens::told(t, &error)
        }
        Err(error) => return Err(error.into()),
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Outcome::Wrong(error)))
}
