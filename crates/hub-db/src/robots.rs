//! Robots of organisations, by the hash of their secret.

use hub_model::{NewRobot, Robot, RobotName, TokenScope, Within};
use sqlx::FromRow;

use crate::rows::{known, one, parsed};
use crate::{Change, Db, DbError, Doing};

macro_rules! columns {
    () => {
        "id, org_id, name, description, secret_at_ms, scope, within, disabled, created_at_ms,
         created_by, expires_at_ms, used_at_ms"
    };
}

statements! {
    ROBOT = concat!("SELECT ", columns!(), " FROM robot WHERE name = $1");
    ROBOT_BY_HASH = concat!("SELECT ", columns!(), " FROM robot WHERE secret_hash = $1");
    ADD_ROBOT = concat!(
        "INSERT INTO robot (org_id, name, description, secret_hash, secret_at_ms, scope, within,
                            disabled, created_at_ms, created_by, expires_at_ms)
         VALUES ($1, $2, $3, $4, $8, $5, $6, $7, $8, $9, $10)
         RETURNING ", columns!()
    );
}

#[derive(FromRow)]
struct RobotRow {
    id: i64,
    org_id: i64,
    name: String,
    description: String,
    secret_at_ms: i64,
    scope: String,
    within: String,
    disabled: bool,
    created_at_ms: i64,
    created_by: String,
    expires_at_ms: Option<i64>,
    used_at_ms: Option<i64>,
}

impl TryFrom<RobotRow> for Robot {
    type Error = sqlx::Error;

    fn try_from(row: RobotRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            org_id: row.org_id,
            name: parsed(RobotName::parse(&row.name))?,
            description: row.description,
            secret_at_ms: row.secret_at_ms,
            scope: known(&row.scope, TokenScope::parse(&row.scope))?,
            within: parsed(Within::parse(&row.within))?,
            disabled: row.disabled,
            created_at_ms: row.created_at_ms,
            created_by: row.created_by,
            expires_at_ms: row.expires_at_ms,
            used_at_ms: row.used_at_ms,
        })
    }
}

impl Db {
    /// The robot of that name.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn robot(&self, name: &RobotName) -> Result<Option<Robot>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, RobotRow>(ROBOT).bind(name.as_str()).fetch_optional(pool).await
        });
        row.and_then(one).doing("read the robot")
    }

    /// The robot whose secret has that hash. Whether it may sign in is for the caller to see.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn robot_by_hash(&self, secret_hash: &str) -> Result<Option<Robot>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, RobotRow>(ROBOT_BY_HASH)
                .bind(secret_hash)
                .fetch_optional(pool)
                .await
        });
        row.and_then(one).doing("look the robot up")
    }
}

impl Change {
    /// Adds a robot.
    ///
    /// # Errors
    ///
    /// When the name is taken ([`DbError::is_conflict`]), or the statement fails.
    pub async fn add_robot(&mut self, robot: &NewRobot) -> Result<Robot, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, RobotRow>(ADD_ROBOT)
                .bind(robot.org_id)
                .bind(robot.name.as_str())
                .bind(&robot.description)
                .bind(&robot.secret_hash)
                .bind(robot.scope.as_str())
                .bind(robot.within.to_string())
                .bind(false)
                .bind(robot.created_at_ms)
                .bind(&robot.created_by)
                .bind(robot.expires_at_ms)
                .fetch_one(on)
                .await
        });
        row.and_then(Robot::try_from).doing("add the robot")
    }
}
