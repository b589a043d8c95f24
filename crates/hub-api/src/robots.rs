//! Robots of organisations.

use hub_model::{Place, Robot, Within};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// A robot: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RobotView {
    /// Full name, `ORG+NAME`: what it signs in as.
    pub name: String,
    /// Its organisation.
    pub org: String,
    /// What it is for.
    pub description: String,
    /// What it is good for: `pull`, `push`, `delete`, `admin`.
    pub scope: String,
    /// Where it is good, `ORG` or `ORG/REPO`; empty for its whole organisation.
    pub within: Vec<String>,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: String,
    /// Who made it.
    pub created_by: String,
    /// When its secret was made.
    pub secret_at: String,
    /// When its secret ends; null for never.
    pub expires_at: Option<String>,
    /// When it last signed in, some minutes late; null for never.
    pub last_used_at: Option<String>,
}

/// A robot with a secret that was just made: the only time that it is shown.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedRobot {
    /// The robot.
    #[serde(flatten)]
    pub robot: RobotView,
    /// The secret, `hub_bot_…`.
    pub secret: String,
}

/// Makes a robot: `POST /orgs/{org}/robots`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRobot {
    /// Its name inside the organisation, or the full one.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// What it is to be good for: `pull` (when left out), `push`, `delete`, `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Where it is to be good, `ORG` or `ORG/REPO`; the whole organisation when left out.
    #[serde(default)]
    pub within: Vec<String>,
    /// When its secret is to end, RFC 3339; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// Changes a robot: `PATCH /orgs/{org}/robots/{robot}`. What is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditRobot {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Where it is good; empty for its whole organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Vec<String>>,
    /// When its secret ends, RFC 3339; an empty text for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Whether it may not sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// Places as they are written.
#[must_use]
pub fn places(within: &Within) -> Vec<String> {
    within.places().iter().map(Place::to_string).collect()
}

impl From<Robot> for RobotView {
    fn from(robot: Robot) -> Self {
        Self {
            org: robot.name.org().into(),
            name: robot.name.into(),
            description: robot.description,
            scope: robot.scope.as_str().to_owned(),
            within: places(&robot.within),
            disabled: robot.disabled,
            created_at: time(robot.created_at_ms),
            created_by: robot.created_by,
            secret_at: time(robot.secret_at_ms),
            expires_at: robot.expires_at_ms.map(time),
            last_used_at: robot.used_at_ms.map(time),
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{RobotName, TokenScope};

    use super::*;

    #[test]
    fn a_robot_tells_its_places_and_times() {
        let robot = Robot {
            id: 7,
            org_id: 1,
            name: RobotName::parse("labring+ci").unwrap(),
            description: "builds".into(),
            secret_at_ms: 1_763_712_000_000,
            scope: TokenScope::Push,
            within: Within::parse("labring/app").unwrap(),
            disabled: false,
            created_at_ms: 1_763_712_000_000,
            created_by: "alice".into(),
            expires_at_ms: None,
            used_at_ms: None,
        };
        let made = CreatedRobot { robot: robot.into(), secret: "hub_bot_x".into() };
        insta::assert_json_snapshot!(made, @r#"
        {
          "name": "labring+ci",
          "org": "labring",
          "description": "builds",
          "scope": "push",
          "within": [
            "labring/app"
          ],
          "disabled": false,
          "createdAt": "2025-11-21T08:00:00.000Z",
          "createdBy": "alice",
          "secretAt": "2025-11-21T08:00:00.000Z",
          "expiresAt": null,
          "lastUsedAt": null,
          "secret": "hub_bot_x"
        }
        "#);
    }
}
