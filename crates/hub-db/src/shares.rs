//! Private repositories that are shared, read only.

use hub_model::{Deadline, NewShare, OrgName, Own, RepoName, Share, SharedWith, UserName};
use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};

use crate::lists::push_in;
use crate::rows::{all, maybe, parsed};
use crate::{Change, Db, DbError, Doing};

macro_rules! columns {
    () => {
        "s.id, r.name AS repo, u.name AS user_name, o.name AS org_name, s.until_ms, s.until_given,
         s.description, s.created_at_ms, s.created_by"
    };
}

macro_rules! tables {
    () => {
        " FROM share s
         JOIN repo r ON r.id = s.repo_id
         LEFT JOIN user_account u ON u.id = s.user_id
         LEFT JOIN org o ON o.id = s.org_id"
    };
}

statements! {
    SHARES_OF_REPO = concat!(
        "SELECT ", columns!(), tables!(), "
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
    SHARED_WITH_ORG =
        "SELECT r.name
         FROM share s
         JOIN repo r ON r.id = s.repo_id
         WHERE s.org_id = $1
         ORDER BY s.id";
    ADD_SHARE =
        "INSERT INTO share (repo_id, user_id, org_id, until_ms, until_given, description,
                            created_at_ms, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         RETURNING id";
    EDIT_SHARE =
        "UPDATE share
         SET until_ms = $2, until_given = $3, description = $4
         WHERE id = $1";
    DELETE_SHARE =
        "DELETE FROM share
         WHERE id = $1";
}

/// The beginnings of the statements with conditions.
const SELECT: &str = concat!("SELECT ", columns!(), tables!(), " WHERE 1 = 1");
const COUNT: &str = concat!("SELECT COUNT(*)", tables!(), " WHERE 1 = 1");

/// Which shares a list shows: all that fit every field that is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShareFilter {
    /// Of the repository in this row.
    pub repo_id: Option<i64>,
    /// Of repositories of the organisations in these rows.
    pub of_orgs: Option<Vec<i64>>,
    /// With the user in this row, or with an organisation of theirs.
    pub with_user: Option<i64>,
    /// Of repositories that lie in these places.
    pub within: Option<Own>,
    /// Whether it is good (or has ended) at that moment, in milliseconds.
    pub good: Option<(bool, i64)>,
    /// Older than the share in this row.
    pub before: Option<i64>,
}

/// `select`, limited to what `filter` shows.
fn filtered<DB>(select: &str, filter: ShareFilter) -> QueryBuilder<DB>
where
    DB: Database<Arguments: Default>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new(select);
    if let Some(repo_id) = filter.repo_id {
        query.push(" AND s.repo_id = ").push_bind(repo_id);
    }
    if let Some(orgs) = filter.of_orgs {
        query.push(" AND r.org_id");
        push_in(&mut query, orgs);
    }
    if let Some(user_id) = filter.with_user {
        query.push(" AND (s.user_id = ").push_bind(user_id);
        query.push(" OR s.org_id IN (SELECT org_id FROM org_member WHERE user_id = ");
        query.push_bind(user_id).push("))");
    }
    if let Some(within) = filter.within {
        query.push(" AND (r.org_id IN (SELECT id FROM org WHERE name");
        push_in(&mut query, within.orgs.iter().map(|org| org.as_str().to_owned()));
        query.push(") OR r.name");
        push_in(&mut query, within.repos.iter().map(|repo| repo.as_str().to_owned()));
        query.push(")");
    }
    match filter.good {
        Some((true, at_ms)) => {
            query.push(" AND (s.until_ms IS NULL OR s.until_ms > ").push_bind(at_ms).push(")");
        }
        Some((false, at_ms)) => {
            query.push(" AND s.until_ms <= ").push_bind(at_ms);
        }
        None => {}
    }
    if let Some(before) = filter.before {
        query.push(" AND s.id < ").push_bind(before);
    }
    query
}

#[derive(FromRow)]
struct ShareRow {
    id: i64,
    repo: String,
    user_name: Option<String>,
    org_name: Option<String>,
    until_ms: Option<i64>,
    until_given: String,
    description: String,
    created_at_ms: i64,
    created_by: String,
}

impl TryFrom<ShareRow> for Share {
    type Error = sqlx::Error;

    fn try_from(row: ShareRow) -> Result<Self, sqlx::Error> {
        let user = maybe(row.user_name.as_deref(), UserName::stored)?.map(SharedWith::User);
        let org = maybe(row.org_name.as_deref(), OrgName::stored)?.map(SharedWith::Org);
        Ok(Self {
            id: row.id,
            repo: parsed(RepoName::stored(&row.repo))?,
            with: user.or(org).ok_or(sqlx::Error::RowNotFound)?,
            until: Deadline { until_ms: row.until_ms, given: row.until_given },
            description: row.description,
            created_at_ms: row.created_at_ms,
            created_by: row.created_by,
        })
    }
}

impl Db {
    /// Shares, the newest first.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn shares(&self, filter: &ShareFilter, limit: i64) -> Result<Vec<Share>, DbError> {
        let filter = filter.clone();
        let rows = read!(self, pool => {
            let mut query = filtered(SELECT, filter);
            query.push(" ORDER BY s.id DESC LIMIT ").push_bind(limit);
            query.build_query_as::<ShareRow>().persistent(false).fetch_all(pool).await
        });
        rows.and_then(all).doing("list what is shared")
    }

    /// Number of shares that a list has on all its pages.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_shares(&self, filter: &ShareFilter) -> Result<i64, DbError> {
        let filter = ShareFilter { before: None, ..filter.clone() };
        read!(self, pool => {
            filtered(COUNT, filter).build_query_scalar().persistent(false).fetch_one(pool).await
        })
        .doing("count what is shared")
    }

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
        names.iter().map(|name| parsed(RepoName::stored(name)).doing(doing)).collect()
    }
}

impl Change {
    /// With whom a repository is shared, in the order of the sharing, as this change leaves it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn shares_of_repo(&mut self, repo_id: i64) -> Result<Vec<Share>, DbError> {
        let rows = within!(self, on => {
            sqlx::query_as::<_, ShareRow>(SHARES_OF_REPO).bind(repo_id).fetch_all(on).await
        });
        rows.and_then(all).doing("list with whom the repository is shared")
    }

    /// The repositories that are shared with an organisation. None is added, and the organisation
    /// is not deleted, by anybody else until this change ends.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn shared_with_org(&mut self, org_id: i64) -> Result<Vec<RepoName>, DbError> {
        let doing = "list the repositories that are shared with the organisation";
        self.lock_org(org_id).await?;
        let names: Vec<String> = within!(self, on => {
            sqlx::query_scalar(SHARED_WITH_ORG).bind(org_id).fetch_all(on).await
        })
        .doing(doing)?;
        names.iter().map(|name| parsed(RepoName::stored(name)).doing(doing)).collect()
    }

    /// Shares a repository. Answers the row.
    ///
    /// # Errors
    ///
    /// When it is shared with them already ([`DbError::is_conflict`]), when they are gone
    /// ([`DbError::is_in_use`]), or the statement fails.
    pub async fn add_share(&mut self, share: &NewShare) -> Result<i64, DbError> {
        let (user_id, org_id) = match share.with {
            SharedWith::User(_) => (Some(share.with_id), None),
            SharedWith::Org(_) => (None, Some(share.with_id)),
        };
        if let Some(org_id) = org_id {
            // Whoever deletes it must have seen this share, or this one finds it gone.
            self.lock_org(org_id).await?;
        }
        within!(self, on => {
            sqlx::query_scalar(ADD_SHARE)
                .bind(share.repo_id)
                .bind(user_id)
                .bind(org_id)
                .bind(share.until.until_ms)
                .bind(&share.until.given)
                .bind(&share.description)
                .bind(share.created_at_ms)
                .bind(&share.created_by)
                .fetch_one(on)
                .await
        })
        .doing("share the repository")
    }

    /// Changes until when and why a repository is shared.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn edit_share(
        &mut self,
        id: i64,
        until: &Deadline,
        description: &str,
    ) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(EDIT_SHARE)
                .bind(id)
                .bind(until.until_ms)
                .bind(&until.given)
                .bind(description)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("change the share")
    }

    /// Ends a share.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn delete_share(&mut self, id: i64) -> Result<(), DbError> {
        within!(self, on => sqlx::query(DELETE_SHARE).bind(id).execute(on).await.map(drop))
            .doing("end the share")
    }
}

#[cfg(test)]
mod tests {
    use hub_model::Visibility;

    use super::*;
    use crate::fixtures::{engines, org_name, repo_name};

    fn share(repo_id: i64, with: SharedWith, with_id: i64, until_ms: Option<i64>) -> NewShare {
        let given = until_ms.map(|_| "then".to_owned()).unwrap_or_default();
        NewShare {
            repo_id,
            with,
            with_id,
            until: Deadline { until_ms, given },
            description: "why".to_owned(),
            created_at_ms: 1,
            created_by: "ana".to_owned(),
        }
    }

    #[tokio::test]
    async fn shares_are_listed_from_both_sides_and_end() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let (own, other) = (change.an_org("own").await, change.an_org("other").await);
            let bob = change.a_user("bob").await;
            let app = change.a_repo(&own, "app", Visibility::Private).await;
            let vault = change.a_repo(&own, "vault", Visibility::Private).await;
            change.set_member(other.id, bob.id, hub_model::Role::Reader, 1).await.unwrap();
            let with_bob = SharedWith::User(bob.name.clone());
            let with_other = SharedWith::Org(other.name.clone());
            let first = share(app.id, with_bob.clone(), bob.id, Some(50));
            change.add_share(&first).await.unwrap();
            change.add_share(&share(vault.id, with_other, other.id, None)).await.unwrap();
            change.commit().await.unwrap();

            let all = ShareFilter::default();
            let with_bob = ShareFilter { with_user: Some(bob.id), ..all.clone() };
            for (filter, want) in [
                (all.clone(), &["own/vault", "own/app"][..]),
                (ShareFilter { repo_id: Some(app.id), ..all.clone() }, &["own/app"]),
                (
                    ShareFilter { of_orgs: Some(vec![own.id]), ..all.clone() },
                    &["own/vault", "own/app"],
                ),
                (ShareFilter { of_orgs: Some(vec![other.id]), ..all.clone() }, &[]),
                (ShareFilter { of_orgs: Some(vec![]), ..all.clone() }, &[]),
                (with_bob.clone(), &["own/vault", "own/app"]),
                (ShareFilter { good: Some((true, 50)), ..with_bob.clone() }, &["own/vault"]),
                (ShareFilter { good: Some((false, 50)), ..with_bob.clone() }, &["own/app"]),
                (ShareFilter { good: Some((false, 49)), ..with_bob.clone() }, &[]),
                (
                    ShareFilter {
                        within: Some(Own { orgs: vec![], repos: vec![repo_name("own/app")] }),
                        ..with_bob.clone()
                    },
                    &["own/app"],
                ),
                (
                    ShareFilter {
                        within: Some(Own { orgs: vec![org_name("other")], repos: vec![] }),
                        ..with_bob.clone()
                    },
                    &[],
                ),
            ] {
                let found = db.shares(&filter, 9).await.unwrap();
                let names: Vec<_> = found.iter().map(|share| share.repo.as_str()).collect();
                assert_eq!(names, want, "{filter:?}");
                assert_eq!(
                    db.count_shares(&filter).await.unwrap(),
                    i64::try_from(want.len()).unwrap()
                );
            }
            let newest = db.shares(&all, 1).await.unwrap().remove(0);
            let older = ShareFilter { before: Some(newest.id), ..all.clone() };
            let older = db.shares(&older, 9).await.unwrap();
            assert_eq!(older.len(), 1);
            assert_eq!((&older[0].until, &older[0].description[..]), (&first.until, "why"));
        }
    }

    #[tokio::test]
    async fn a_repository_is_shared_with_somebody_once_and_the_share_goes_with_either_end() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let (own, other) = (change.an_org("own").await, change.an_org("other").await);
            let app = change.a_repo(&own, "app", Visibility::Private).await;
            change.commit().await.unwrap();
            let new = share(app.id, SharedWith::Org(other.name.clone()), other.id, None);
            let mut change = db.change().await.unwrap();
            let id = change.add_share(&new).await.unwrap();
            let until = Deadline { until_ms: Some(7), given: "soon".to_owned() };
            change.edit_share(id, &until, "because").await.unwrap();
            let told = change.shares_of_repo(app.id).await.unwrap().remove(0);
            assert_eq!((told.id, told.until, &told.description[..]), (id, until, "because"));
            change.commit().await.unwrap();
            let mut change = db.change().await.unwrap();
            assert!(change.add_share(&new).await.unwrap_err().is_conflict());
            drop(change);
            let mut change = db.change().await.unwrap();
            let nowhere = NewShare { with_id: other.id + 99, ..new.clone() };
            assert!(change.add_share(&nowhere).await.unwrap_err().is_in_use());
            drop(change);

            let mut change = db.change().await.unwrap();
            let names = change.shared_with_org(other.id).await.unwrap();
            assert_eq!(names, std::slice::from_ref(&app.name));
            change.delete_org(other.id).await.unwrap();
            assert_eq!(change.shares_of_repo(app.id).await.unwrap(), []);
            drop(change);
            let mut change = db.change().await.unwrap();
            change.delete_share(id).await.unwrap();
            assert_eq!(change.shares_of_repo(app.id).await.unwrap(), []);
        }
    }
}
