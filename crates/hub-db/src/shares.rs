//! Private repositories that are shared, read only.

use hub_model::{OrgName, RepoName, Share, SharedWith, UserName};
use sqlx::FromRow;

use crate::rows::{all, maybe, parsed};
use crate::{Db, DbError, Doing};

macro_rules! columns {
    () => {
        "s.id, r.name AS repo, u.name AS user_name, o.name AS org_name, s.until_ms, s.description,
         s.created_at_ms, s.created_by
         FROM share s
         JOIN repo r ON r.id = s.repo_id
         LEFT JOIN user_account u ON u.id = s.user_id
         LEFT JOIN org o ON o.id = s.org_id"
    };
}

statements! {
    SHARES_OF_REPO = concat!(
        "SELECT ", columns!(), "
         WHERE s.repo_id = $1
         ORDER BY s.id"
    );
    SHARED_WITH =
        "SELECT r.name
         FROM share s
         JOIN repo r ON r.id = s.repo_id
         WHERE (s.until_ms IS NULL OR s.until_ms > $2)
           AND (s.user_id = $1
                OR s.org_id IN (SELECT org_id FROM org_member WHERE user_id = $1))";
}

#[derive(FromRow)]
struct ShareRow {
    id: i64,
    repo: String,
    user_name: Option<String>,
    org_name: Option<String>,
    until_ms: Option<i64>,
    description: String,
    created_at_ms: i64,
    created_by: String,
}

impl TryFrom<ShareRow> for Share {
    type Error = sqlx::Error;

    fn try_from(row: ShareRow) -> Result<Self, sqlx::Error> {
        let user = maybe(row.user_name.as_deref(), UserName::parse)?.map(SharedWith::User);
        let org = maybe(row.org_name.as_deref(), OrgName::parse)?.map(SharedWith::Org);
        Ok(Self {
            id: row.id,
            repo: parsed(RepoName::parse(&row.repo))?,
            with: user.or(org).ok_or(sqlx::Error::RowNotFound)?,
            until_ms: row.until_ms,
            description: row.description,
            created_at_ms: row.created_at_ms,
            created_by: row.created_by,
        })
    }
}

impl Db {
    /// With whom a repository is shared, in the order of the sharing; what ended is among them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn shares_of_repo(&self, repo_id: i64) -> Result<Vec<Share>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, ShareRow>(SHARES_OF_REPO).bind(repo_id).fetch_all(pool).await
        });
        rows.and_then(all).doing("list with whom the repository is shared")
    }

    /// The repositories that are shared with a user, or with an organisation of theirs, at `now_ms`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn shared_with(&self, user_id: i64, now_ms: i64) -> Result<Vec<RepoName>, DbError> {
        let doing = "list the repositories that are shared with the user";
        let names: Vec<String> = read!(self, pool => {
            sqlx::query_scalar(SHARED_WITH).bind(user_id).bind(now_ms).fetch_all(pool).await
        })
        .doing(doing)?;
        names.iter().map(|name| parsed(RepoName::parse(name)).doing(doing)).collect()
    }
}
