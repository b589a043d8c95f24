//! Roles of users on single repositories.

use hub_model::{RepoName, Since};

use crate::orgs::since;
use crate::rows::parsed;
use crate::{Db, DbError, Doing};

statements! {
    GRANT =
        "SELECT role, since_ms
         FROM repo_grant
         WHERE repo_id = $1 AND user_id = $2";
    GRANTED =
        "SELECT r.name
         FROM repo_grant g
         JOIN repo r ON r.id = g.repo_id
         WHERE g.user_id = $1";
}

impl Db {
    /// What a user is on a single repository.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn grant(&self, repo_id: i64, user_id: i64) -> Result<Option<Since>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, (String, i64)>(GRANT)
                .bind(repo_id)
                .bind(user_id)
                .fetch_optional(pool)
                .await
        });
        row.and_then(|row| row.map(since).transpose()).doing("read the role on the repository")
    }

    /// The repositories on which a user has a role of their own.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn granted(&self, user_id: i64) -> Result<Vec<RepoName>, DbError> {
        let doing = "list the repositories on which the user has a role";
        let names: Vec<String> = read!(self, pool => {
            sqlx::query_scalar(GRANTED).bind(user_id).fetch_all(pool).await
        })
        .doing(doing)?;
        names.iter().map(|name| parsed(RepoName::parse(name)).doing(doing)).collect()
    }
}
