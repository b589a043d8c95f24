//! Roles of users on single repositories.

use hub_model::{RepoGrant, RepoName, Role, Since, UserName};
use sqlx::FromRow;

use crate::orgs::{role, since};
use crate::rows::{all, parsed};
use crate::{Change, Db, DbError, Doing};

macro_rules! columns {
    () => {
        "r.name AS repo, u.name AS user_name, g.role, g.since_ms, g.granted_by
         FROM repo_grant g
         JOIN repo r ON r.id = g.repo_id
         JOIN user_account u ON u.id = g.user_id"
    };
}

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
    GRANTS_OF_REPO = concat!(
        "SELECT ", columns!(), "
         WHERE g.repo_id = $1
         ORDER BY g.since_ms, u.name"
    );
    GRANTS_IN_ORG = concat!(
        "SELECT ", columns!(), "
         WHERE r.org_id = $1
         ORDER BY u.name, r.name"
    );
    SET_GRANT =
        "INSERT INTO repo_grant (repo_id, user_id, role, since_ms, granted_by)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (repo_id, user_id) DO UPDATE
         SET role = excluded.role,
             since_ms = CASE WHEN repo_grant.role = excluded.role THEN repo_grant.since_ms
                             ELSE excluded.since_ms END,
             granted_by = CASE WHEN repo_grant.role = excluded.role THEN repo_grant.granted_by
                               ELSE excluded.granted_by END";
    REMOVE_GRANT =
        "DELETE FROM repo_grant
         WHERE repo_id = $1 AND user_id = $2";
}

#[derive(FromRow)]
struct GrantRow {
    repo: String,
    user_name: String,
    role: String,
    since_ms: i64,
    granted_by: String,
}

impl TryFrom<GrantRow> for RepoGrant {
    type Error = sqlx::Error;

    fn try_from(row: GrantRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            repo: parsed(RepoName::stored(&row.repo))?,
            user: parsed(UserName::stored(&row.user_name))?,
            role: role(&row.role)?,
            since_ms: row.since_ms,
            granted_by: row.granted_by,
        })
    }
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
        names.iter().map(|name| parsed(RepoName::stored(name)).doing(doing)).collect()
    }

    /// Who has a role on a single repository, in the order of the granting.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn grants_of_repo(&self, repo_id: i64) -> Result<Vec<RepoGrant>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, GrantRow>(GRANTS_OF_REPO).bind(repo_id).fetch_all(pool).await
        });
        rows.and_then(all).doing("list who has a role on the repository")
    }

    /// Who has a role on a single repository of an organisation, by user.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn grants_in_org(&self, org_id: i64) -> Result<Vec<RepoGrant>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, GrantRow>(GRANTS_IN_ORG).bind(org_id).fetch_all(pool).await
        });
        rows.and_then(all).doing("list the roles on single repositories of the organisation")
    }
}

impl Change {
    /// What a user is on a single repository, as this change sees it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn grant(&mut self, repo_id: i64, user_id: i64) -> Result<Option<Since>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, (String, i64)>(GRANT)
                .bind(repo_id)
                .bind(user_id)
                .fetch_optional(on)
                .await
        });
        row.and_then(|row| row.map(since).transpose()).doing("read the role on the repository")
    }

    /// Gives a user a role on a single repository, or another one; `by` names who grants it. A role
    /// that the user has already stays as it was given.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_grant(
        &mut self,
        (repo_id, user_id): (i64, i64),
        role: Role,
        by: &str,
        at_ms: i64,
    ) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(SET_GRANT)
                .bind(repo_id)
                .bind(user_id)
                .bind(role.as_str())
                .bind(at_ms)
                .bind(by)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("grant the role on the repository")
    }

    /// Takes a user's role on a single repository; tells whether there was one.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn remove_grant(&mut self, repo_id: i64, user_id: i64) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(REMOVE_GRANT).bind(repo_id).bind(user_id).execute(on).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("take the role on the repository")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{engines, with_repo};

    #[tokio::test]
    async fn a_user_has_one_role_on_a_repository_and_it_goes_with_the_repository() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let mut change = db.change().await.unwrap();
            let bob = change.a_user("bob").await;
            change.set_grant((repo.id, bob.id), Role::Reader, "alice", 5).await.unwrap();
            change.set_grant((repo.id, bob.id), Role::Writer, "ana", 9).await.unwrap();
            let since = Some(Since { role: Role::Writer, since_ms: 9 });
            change.set_grant((repo.id, bob.id), Role::Writer, "carl", 11).await.unwrap();
            assert_eq!(change.grant(repo.id, bob.id).await.unwrap(), since);
            change.commit().await.unwrap();

            let want = RepoGrant {
                repo: repo.name.clone(),
                user: bob.name.clone(),
                role: Role::Writer,
                since_ms: 9,
                granted_by: "ana".to_owned(),
            };
            assert_eq!(db.grants_of_repo(repo.id).await.unwrap(), std::slice::from_ref(&want));
            assert_eq!(db.grants_in_org(repo.org_id).await.unwrap(), [want]);
            assert_eq!(db.grant(repo.id, bob.id).await.unwrap(), since);
            assert_eq!(db.granted(bob.id).await.unwrap(), std::slice::from_ref(&repo.name));

            let mut change = db.change().await.unwrap();
            assert!(change.remove_grant(repo.id, bob.id).await.unwrap());
            assert!(!change.remove_grant(repo.id, bob.id).await.unwrap());
            change.set_grant((repo.id, bob.id), Role::Owner, "ana", 11).await.unwrap();
            change.delete_repo(repo.id, 12).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.granted(bob.id).await.unwrap(), []);
        }
    }
}
