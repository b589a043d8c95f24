//! `hub robot`: accounts of an organisation for machines.

use anyhow::Result;
use chrono::Utc;
use hub_api::{CreateRobot, CreatedRobot, EditRobot, RobotView};
use hub_model::OrgName;

use super::token::{day, everywhere, reaches, wire};
use crate::args::robot::{self as args, RobotCommand};
use crate::context::Context;
use crate::printer::{Listing, columns};
use crate::reach::together;
use crate::report::{Exit, Failure};
use crate::server::Server;
use crate::units;

/// Runs a command on robots.
///
/// # Errors
///
/// When the hub says no.
pub(crate) async fn robot(command: RobotCommand, context: &Context) -> Result<Exit> {
    match command {
        RobotCommand::Create(args) => create(args, context).await,
        RobotCommand::Ls(args) => list(&args.org, context).await,
        RobotCommand::Show(args) => show(&args, context).await,
        RobotCommand::Edit(args) => edit(args, context).await,
        RobotCommand::Rotate(args) => rotate(&args, context).await,
        RobotCommand::Rm(args) => remove(&args, context).await,
    }
}

async fn create(args: args::CreateRobot, context: &Context) -> Result<Exit> {
    let (scope, places) = together(&args.reach.scopes)?.unzip();
    let name = args.robot.0;
    let new = CreateRobot {
        name: name.short().to_owned(),
        description: args.description,
        scope: scope.map(|scope| scope.as_str().to_owned()),
        within: places.unwrap_or_default().iter().map(ToString::to_string).collect(),
        expires_at: wire(args.reach.expires),
    };
    if args.dry_run {
        let scope = new.scope.as_deref().unwrap_or("pull");
        let what = reaches(scope, &new.within, new.expires_at.as_deref());
        context.printer.note("dry-run", &format!("would make the robot {name}: {what}"));
        return Ok(Exit::Done);
    }
    let server = context.server(None)?;
    let made = context.api(&server).await?.create_robot(&name.org(), &new).await?;
    print(&made, &server, context)?;
    Ok(Exit::Done)
}

async fn list(org: &OrgName, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let robots = context.api(&server).await?.robots(org).await?;
    context.printer.list(&Listing {
        head: &["NAME", "SCOPE", "PLACES", "USED", "ENDS", ""],
        items: &robots,
        cells: |robot| {
            vec![
                robot.name.clone(),
                robot.scope.clone(),
                whole(robot),
                robot.last_used_at.as_deref().map_or_else(|| "never".to_owned(), units::since),
                day(robot.expires_at.as_deref()),
                if robot.disabled { "disabled" } else { "" }.to_owned(),
            ]
        },
        name: |robot| robot.name.clone(),
    })?;
    Ok(Exit::Done)
}

async fn show(args: &args::ShowRobot, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let robot = context.api(&server).await?.robot(&args.robot.0).await?;
    context.printer.value(&robot, &robot.name, || lines(&robot))?;
    Ok(Exit::Done)
}

fn lines(robot: &RobotView) -> Vec<String> {
    let state = if robot.disabled { "disabled" } else { "enabled" };
    let used = robot.last_used_at.as_deref().map_or_else(|| "never".to_owned(), units::since);
    let rows = [
        ("Name", robot.name.clone()),
        ("Description", robot.description.clone()),
        ("Scope", robot.scope.clone()),
        ("Places", whole(robot)),
        ("State", state.to_owned()),
        ("Secret of", day(Some(&robot.secret_at))),
        ("Ends", day(robot.expires_at.as_deref())),
        ("Used", used),
        ("Made by", robot.created_by.clone()),
    ];
    columns(&[], rows.map(|(word, text)| vec![word.to_owned(), text]))
}

async fn edit(args: args::EditRobot, context: &Context) -> Result<Exit> {
    let (scope, places) = together(&args.reach.scopes)?.unzip();
    let disabled = (args.disable || args.enable).then_some(args.disable);
    let edit = EditRobot {
        description: args.description,
        scope: scope.map(|scope| scope.as_str().to_owned()),
        within: places.map(|places| places.iter().map(ToString::to_string).collect()),
        expires_at: args.reach.expires.map(|end| end.wire(Utc::now())),
        disabled,
    };
    let name = args.robot.0;
    if serde_json::to_value(&edit)? == serde_json::json!({}) {
        let nothing = Failure::usage(format!("nothing to change of {name}"));
        return Err(nothing
            .hint("--scope, --expires, --description, --disable or --enable")
            .into());
    }
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    if args.dry_run {
        api.robot(&name).await?;
        let what = serde_json::to_string(&edit)?;
        context.printer.note("dry-run", &format!("would change {name}: {what}"));
        return Ok(Exit::Done);
    }
    let robot = api.edit_robot(&name, &edit).await?;
    context.printer.value(&robot, &robot.name, || lines(&robot))?;
    Ok(Exit::Done)
}

async fn rotate(args: &args::RotateRobot, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    let name = &args.robot.0;
    if args.dry_run {
        api.robot(name).await?;
        context.printer.note("dry-run", &format!("would give {name} another secret"));
        return Ok(Exit::Done);
    }
    let made = api.rotate_robot(name).await?;
    print(&made, &server, context)?;
    context.printer.note("ended", "the secret that it had");
    Ok(Exit::Done)
}

async fn remove(args: &args::RemoveRobot, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    let what = format!("the robot {} at {server}", args.robot.0);
    if args.dry_run {
        api.robot(&args.robot.0).await?;
        context.printer.note("dry-run", &format!("would delete {what}"));
        return Ok(Exit::Done);
    }
    context.sure(&format!("delete {what}"), args.yes)?;
    api.delete_robot(&args.robot.0).await?;
    context.printer.note("deleted", &what);
    Ok(Exit::Done)
}

fn print(made: &CreatedRobot, server: &Server, context: &Context) -> Result<()> {
    context.printer.value(made, &made.robot.name, || vec![made.secret.clone()])?;
    let RobotView { name, scope, expires_at, .. } = &made.robot;
    let ends = day(expires_at.as_deref());
    context.printer.note("robot", &format!("{name}: {scope}, {}, ends {ends}", whole(&made.robot)));
    let host = server.host();
    context
        .printer
        .hint(&format!("docker login {host} -u {name} --password-stdin   # it is not shown again"));
    Ok(())
}

/// Where a robot is good.
fn whole(robot: &RobotView) -> String {
    if robot.within.is_empty() { robot.org.clone() } else { everywhere(&robot.within) }
}
