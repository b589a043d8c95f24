//! `hub robot`: accounts of an organisation for machines.

use clap::{Args, Subcommand};
use hub_model::OrgName;

use super::token::Reach;
use crate::reach::Robot;

/// What is to be done with robots.
#[derive(Debug, Subcommand)]
pub(crate) enum RobotCommand {
    /// Make a robot; its secret is printed this once
    Create(CreateRobot),
    /// List the robots of an organisation
    #[command(visible_alias = "list")]
    Ls(ListRobots),
    /// Show a robot
    Show(ShowRobot),
    /// Change a robot; what is left out stays
    Edit(EditRobot),
    /// Give a robot another secret; it is printed this once
    Rotate(RotateRobot),
    /// Delete a robot
    #[command(visible_alias = "delete")]
    Rm(RemoveRobot),
}

/// `hub robot create`.
#[derive(Debug, Args)]
pub(crate) struct CreateRobot {
    /// The robot: ORG/NAME or ORG+NAME
    pub(crate) robot: Robot,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Say what would be made, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub robot ls`.
#[derive(Debug, Args)]
pub(crate) struct ListRobots {
    /// The organisation
    pub(crate) org: OrgName,
}

/// `hub robot show`.
#[derive(Debug, Args)]
pub(crate) struct ShowRobot {
    /// The robot: ORG/NAME or ORG+NAME
    pub(crate) robot: Robot,
}

/// `hub robot edit`.
#[derive(Debug, Args)]
pub(crate) struct EditRobot {
    /// The robot: ORG/NAME or ORG+NAME
    pub(crate) robot: Robot,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Let it not sign in
    #[arg(long, conflicts_with = "enable")]
    pub(crate) disable: bool,
    /// Let it sign in again
    #[arg(long)]
    pub(crate) enable: bool,
    /// Say what would be changed, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub robot rotate`.
#[derive(Debug, Args)]
pub(crate) struct RotateRobot {
    /// The robot: ORG/NAME or ORG+NAME
    pub(crate) robot: Robot,
    /// Say what would be rotated, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `hub robot rm`.
#[derive(Debug, Args)]
pub(crate) struct RemoveRobot {
    /// The robot: ORG/NAME or ORG+NAME
    pub(crate) robot: Robot,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be deleted, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
