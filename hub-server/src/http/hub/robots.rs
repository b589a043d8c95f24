//! Doors of the robots of organisations.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use hub_api::{CreateRobot, CreatedRobot, EditRobot, Problem, RobotView};
use hub_model::{OrgName, Robot, RobotName, TokenScope};
use secrecy::{ExposeSecret, SecretString};

use super::error::HubError;
use super::input::{Body, InPath, OrgInPath, RobotInPath, Who, end, named, places, scope};
use crate::App;
use crate::services::robots::{self, Ends, RobotChange, RobotOrder};

/// The robots of an organisation, for its owners.
#[utoipa::path(get, path = "/api/v1/orgs/{org}/robots", tag = "robots",
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 200, body = Vec<RobotView>), (status = 403, body = Problem)))]
pub(super) async fn list_robots(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
) -> Result<Json<Vec<RobotView>>, HubError> {
    let robots = robots::list(&app, &actor, &named("org", &org, OrgName::parse)?).await?;
    Ok(Json(robots.into_iter().map(Into::into).collect()))
}

/// Makes a robot, for owners of the organisation. Its secret is shown this once.
#[utoipa::path(post, path = "/api/v1/orgs/{org}/robots", tag = "robots",
    request_body = CreateRobot,
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 201, body = CreatedRobot), (status = 403, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn create_robot(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
    Body(new): Body<CreateRobot>,
) -> Result<impl IntoResponse, HubError> {
    let order = RobotOrder {
        name: robot_name(&org, &new.name, "name")?,
        description: new.description,
        scope: scope(new.scope.as_deref())?.unwrap_or(TokenScope::Pull),
        within: places(&new.within)?,
        expires_at_ms: end(new.expires_at.as_deref())?,
    };
    Ok(created(StatusCode::CREATED, robots::create(&app, &actor, order).await?))
}

/// One robot, for owners of its organisation and for itself.
#[utoipa::path(get, path = "/api/v1/orgs/{org}/robots/{robot}", tag = "robots",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("robot" = String, Path, description = "Name of the robot inside it")),
    responses((status = 200, body = RobotView), (status = 404, body = Problem)))]
pub(super) async fn show_robot(
    State(app): State<App>,
    Who(actor): Who,
    InPath(RobotInPath { org, robot }): InPath<RobotInPath>,
) -> Result<Json<RobotView>, HubError> {
    let name = robot_name(&org, &robot, "robot")?;
    Ok(Json(robots::get(&app, &actor, &name).await?.into()))
}

/// Changes a robot, for owners of its organisation; what is left out stays.
#[utoipa::path(patch, path = "/api/v1/orgs/{org}/robots/{robot}", tag = "robots",
    request_body = EditRobot,
    params(("org" = String, Path, description = "Name of the organisation"),
        ("robot" = String, Path, description = "Name of the robot inside it")),
    responses((status = 200, body = RobotView), (status = 403, body = Problem)))]
pub(super) async fn edit_robot(
    State(app): State<App>,
    Who(actor): Who,
    InPath(RobotInPath { org, robot }): InPath<RobotInPath>,
    Body(edit): Body<EditRobot>,
) -> Result<Json<RobotView>, HubError> {
    let name = robot_name(&org, &robot, "robot")?;
    let ends = match edit.expires_at.as_deref() {
        Some("") => Some(Ends::Late),
        text => end(text)?.map(Ends::At),
    };
    let change = RobotChange {
        description: edit.description,
        scope: scope(edit.scope.as_deref())?,
        within: edit.within.as_deref().map(places).transpose()?,
        ends,
        disabled: edit.disabled,
    };
    Ok(Json(robots::edit(&app, &actor, &name, change).await?.into()))
}

/// Gives a robot another secret, of the same length of life. The old one has ended. The new one is
/// shown this once.
#[utoipa::path(post, path = "/api/v1/orgs/{org}/robots/{robot}/rotate", tag = "robots",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("robot" = String, Path, description = "Name of the robot inside it")),
    responses((status = 200, body = CreatedRobot), (status = 403, body = Problem)))]
pub(super) async fn rotate_robot(
    State(app): State<App>,
    Who(actor): Who,
    InPath(RobotInPath { org, robot }): InPath<RobotInPath>,
) -> Result<impl IntoResponse, HubError> {
    let name = robot_name(&org, &robot, "robot")?;
    Ok(created(StatusCode::OK, robots::rotate(&app, &actor, &name).await?))
}

/// Deletes a robot, for owners of its organisation.
#[utoipa::path(delete, path = "/api/v1/orgs/{org}/robots/{robot}", tag = "robots",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("robot" = String, Path, description = "Name of the robot inside it")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete_robot(
    State(app): State<App>,
    Who(actor): Who,
    InPath(RobotInPath { org, robot }): InPath<RobotInPath>,
) -> Result<StatusCode, HubError> {
    robots::delete(&app, &actor, &robot_name(&org, &robot, "robot")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A robot's name, with its organisation or without.
fn robot_name(org: &str, robot: &str, field: &str) -> Result<RobotName, HubError> {
    let org = named("org", org, OrgName::parse)?;
    let short = robot.strip_prefix(&format!("{org}+")).unwrap_or(robot);
    named(field, short, |short| RobotName::new(&org, short))
}

fn created(
    status: StatusCode,
    (robot, secret): (Robot, SecretString),
) -> impl IntoResponse + use<> {
    let (org, short) = (robot.name.org(), robot.name.short());
    let location = format!("/api/v1/orgs/{org}/robots/{short}");
    let body = CreatedRobot { robot: robot.into(), secret: secret.expose_secret().to_owned() };
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    (status, headers, Json(body))
}
