//! Robots of organisations, by the hash of their secret.

use hub_model::{NewRobot, Robot, RobotEdit, RobotName, TokenScope, Within};
use sqlx::FromRow;

use crate::rows::{all, known, one, parsed};
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
    ROBOTS_OF = concat!("SELECT ", columns!(), " FROM robot WHERE org_id = $1 ORDER BY name");
    EDIT_ROBOT = concat!(
        "UPDATE robot
         SET description = $2, scope = $3, within = $4, expires_at_ms = $5, disabled = $6
         WHERE id = $1
         RETURNING ", columns!()
    );
    SET_ROBOT_SECRET = concat!(
        "UPDATE robot
         SET secret_hash = $2, secret_at_ms = CASE WHEN secret_at_ms < $3 THEN $3
                                                   ELSE secret_at_ms + 1 END,
             expires_at_ms = $4
         WHERE id = $1 AND secret_at_ms = $5
         RETURNING ", columns!()
    );
    COUNT_ROBOTS =
        "SELECT COUNT(*)
         FROM robot
         WHERE org_id = $1";
    DELETE_ROBOT =
        "DELETE FROM robot
         WHERE id = $1";
    TOUCH_ROBOT =
        "UPDATE robot
         SET used_at_ms = $2
         WHERE id = $1 AND (used_at_ms IS NULL OR used_at_ms < $2)";
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
            name: parsed(RobotName::stored(&row.name))?,
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

    /// The robots of an organisation, by name.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn robots_of(&self, org_id: i64) -> Result<Vec<Robot>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, RobotRow>(ROBOTS_OF).bind(org_id).fetch_all(pool).await
        });
        rows.and_then(all).doing("list the robots of the organisation")
    }

    /// Writes down when robots last signed in, in one change of its own.
    ///
    /// # Errors
    ///
    /// When a statement fails; then none was written.
    pub async fn touch_robots(&self, used: &[(i64, i64)]) -> Result<(), DbError> {
        let mut used = used.to_vec();
        // Replicas that lock the same rows in different orders would wait for each other.
        used.sort_unstable();
        let mut change = self.change().await?;
        for (id, at_ms) in used {
            within!(&mut change, on => {
                sqlx::query(TOUCH_ROBOT).bind(id).bind(at_ms).execute(on).await.map(drop)
            })
            .doing("note the use of the robot")?;
        }
        change.commit().await
    }
}

impl Change {
    /// The robot of that name, as this change sees it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn robot(&mut self, name: &RobotName) -> Result<Option<Robot>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, RobotRow>(ROBOT).bind(name.as_str()).fetch_optional(on).await
        });
        row.and_then(one).doing("read the robot")
    }

    /// Number of robots of an organisation, as this change sees them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_robots(&mut self, org_id: i64) -> Result<i64, DbError> {
        within!(self, on => sqlx::query_scalar(COUNT_ROBOTS).bind(org_id).fetch_one(on).await)
            .doing("count the robots of the organisation")
    }

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

    /// Changes what a robot is and may; answers it as it is then, when it is there.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn edit_robot(
        &mut self,
        id: i64,
        edit: &RobotEdit,
    ) -> Result<Option<Robot>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, RobotRow>(EDIT_ROBOT)
                .bind(id)
                .bind(&edit.description)
                .bind(edit.scope.as_str())
                .bind(edit.within.to_string())
                .bind(edit.expires_at_ms)
                .bind(edit.disabled)
                .fetch_optional(on)
                .await
        });
        row.and_then(one).doing("change the robot")
    }

    /// Gives a robot another secret, made at `at_ms`; the time of its secret moves forward whatever
    /// the clock says. Answers the robot as it is then, when it is there with the secret of
    /// `before`: of two who change it at the same time the second changes nothing.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_robot_secret(
        &mut self,
        before: &Robot,
        secret_hash: &str,
        at_ms: i64,
        expires_at_ms: Option<i64>,
    ) -> Result<Option<Robot>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, RobotRow>(SET_ROBOT_SECRET)
                .bind(before.id)
                .bind(secret_hash)
                .bind(at_ms)
                .bind(expires_at_ms)
                .bind(before.secret_at_ms)
                .fetch_optional(on)
                .await
        });
        row.and_then(one).doing("give the robot another secret")
    }

    /// Deletes a robot; tells whether it was there.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn delete_robot(&mut self, id: i64) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(DELETE_ROBOT).bind(id).execute(on).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("delete the robot")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    #[tokio::test]
    async fn a_robot_is_made_changed_given_secrets_and_deleted() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let org = change.an_org("labring").await;
            let name = RobotName::parse("labring+ci").unwrap();
            let new = NewRobot {
                org_id: org.id,
                name: name.clone(),
                description: String::new(),
                secret_hash: "aa".to_owned(),
                scope: TokenScope::Push,
                within: Within::EVERYWHERE,
                created_at_ms: 5,
                created_by: "alice".to_owned(),
                expires_at_ms: None,
            };
            let made = change.add_robot(&new).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.robot_by_hash("aa").await.unwrap().as_ref(), Some(&made));
            assert_eq!(db.robots_of(org.id).await.unwrap(), std::slice::from_ref(&made));

            let mut change = db.change().await.unwrap();
            let edit = RobotEdit {
                description: "builds".to_owned(),
                scope: TokenScope::Pull,
                within: Within::parse("labring/app").unwrap(),
                expires_at_ms: Some(99),
                disabled: true,
            };
            let edited = change.edit_robot(made.id, &edit).await.unwrap().unwrap();
            assert_eq!(edited.within, edit.within);
            assert_eq!((edited.scope, edited.disabled), (TokenScope::Pull, true));
            // A clock that was set back moves nothing back.
            let mut now = made.clone();
            for (at, want) in [(5, 6), (3, 7), (9, 9), (9, 10)] {
                let hash = format!("at {want}");
                let set = change.set_robot_secret(&now, &hash, at, None).await.unwrap().unwrap();
                assert_eq!(set.secret_at_ms, want, "{at}");
                let late = change.set_robot_secret(&now, "late", at, None).await.unwrap();
                assert_eq!(late, None, "that secret has ended");
                now = set;
            }
            assert_eq!(change.robot(&name).await.unwrap(), Some(now));
            assert_eq!(change.count_robots(org.id).await.unwrap(), 1);
            change.commit().await.unwrap();
            assert_eq!(db.robot_by_hash("aa").await.unwrap(), None);
            assert!(db.robot_by_hash("at 10").await.unwrap().is_some());

            db.touch_robots(&[(made.id, 7), (made.id, 5)]).await.unwrap();
            assert_eq!(db.robot(&name).await.unwrap().unwrap().used_at_ms, Some(7));
            let mut change = db.change().await.unwrap();
            assert!(change.delete_robot(made.id).await.unwrap());
            assert!(!change.delete_robot(made.id).await.unwrap());
            assert!(change.edit_robot(made.id, &edit).await.unwrap().is_none());
            change.commit().await.unwrap();
            assert_eq!(db.robot(&name).await.unwrap(), None);
        }
    }
}
