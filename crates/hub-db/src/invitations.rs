//! Invitations into organisations.

use hub_model::{Invitation, OrgName, Role, UserName};
use sqlx::FromRow;

use crate::orgs::role;
use crate::rows::{all, one, parsed};
use crate::{Change, Db, DbError, Doing};

macro_rules! columns {
    () => {
        "o.name AS org, u.name AS user_name, i.role, i.invited_by, i.created_at_ms,
         i.expires_at_ms
         FROM invitation i
         JOIN org o ON o.id = i.org_id
         JOIN user_account u ON u.id = i.user_id"
    };
}

statements! {
    INVITATIONS_OF_ORG = concat!(
        "SELECT ", columns!(), "
         WHERE i.org_id = $1
         ORDER BY u.name"
    );
    INVITATIONS_OF_USER = concat!(
        "SELECT ", columns!(), "
         WHERE i.user_id = $1
         ORDER BY o.name"
    );
    COUNT_OPEN =
        "SELECT COUNT(*)
         FROM invitation
         WHERE user_id = $1 AND expires_at_ms > $2";
    INVITATION = concat!(
        "SELECT ", columns!(), "
         WHERE i.org_id = $1 AND i.user_id = $2"
    );
    PUT_INVITATION =
        "INSERT INTO invitation (org_id, user_id, role, invited_by, created_at_ms, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (org_id, user_id) DO UPDATE
         SET role = excluded.role, invited_by = excluded.invited_by,
             created_at_ms = excluded.created_at_ms, expires_at_ms = excluded.expires_at_ms";
    DROP_INVITATION =
        "DELETE FROM invitation
         WHERE org_id = $1 AND user_id = $2";
    DROP_ENDED =
        "DELETE FROM invitation
         WHERE expires_at_ms < $1";
}

#[derive(FromRow)]
struct InvitationRow {
    org: String,
    user_name: String,
    role: String,
    invited_by: String,
    created_at_ms: i64,
    expires_at_ms: i64,
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = sqlx::Error;

    fn try_from(row: InvitationRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            org: parsed(OrgName::stored(&row.org))?,
            user: parsed(UserName::stored(&row.user_name))?,
            role: role(&row.role)?,
            invited_by: row.invited_by,
            created_at_ms: row.created_at_ms,
            expires_at_ms: row.expires_at_ms,
        })
    }
}

/// An invitation about to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewInvitation<'a> {
    /// Row of the organisation.
    pub org_id: i64,
    /// Row of the user who is asked.
    pub user_id: i64,
    /// What the user would be.
    pub role: Role,
    /// Name of who asks.
    pub invited_by: &'a str,
    /// When, in milliseconds.
    pub created_at_ms: i64,
    /// Until when it can be accepted, in milliseconds.
    pub expires_at_ms: i64,
}

impl Db {
    /// Who is invited into an organisation, by name; those that ended are among them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn invitations_of_org(&self, org_id: i64) -> Result<Vec<Invitation>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, InvitationRow>(INVITATIONS_OF_ORG)
                .bind(org_id)
                .fetch_all(pool)
                .await
        });
        rows.and_then(all).doing("list the invitations of the organisation")
    }

    /// The organisations that a user is invited into, by name; those that ended are among them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn invitations_of_user(&self, user_id: i64) -> Result<Vec<Invitation>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, InvitationRow>(INVITATIONS_OF_USER)
                .bind(user_id)
                .fetch_all(pool)
                .await
        });
        rows.and_then(all).doing("list the invitations of the user")
    }

    /// Number of invitations that a user can accept at `now_ms`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_invitations(&self, user_id: i64, now_ms: i64) -> Result<i64, DbError> {
        read!(self, pool => {
            sqlx::query_scalar(COUNT_OPEN).bind(user_id).bind(now_ms).fetch_one(pool).await
        })
        .doing("count the invitations of the user")
    }

    /// Drops the invitations that ended before `ended_ms`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn drop_ended_invitations(&self, ended_ms: i64) -> Result<(), DbError> {
        alone!(self, pool => {
            sqlx::query(DROP_ENDED).bind(ended_ms).execute(pool).await.map(drop)
        })
        .doing("drop invitations that ended")
    }
}

impl Change {
    /// The invitation of a user into an organisation, as this change sees it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn invitation(
        &mut self,
        org_id: i64,
        user_id: i64,
    ) -> Result<Option<Invitation>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, InvitationRow>(INVITATION)
                .bind(org_id)
                .bind(user_id)
                .fetch_optional(on)
                .await
        });
        row.and_then(one).doing("read the invitation")
    }

    /// Invites a user; an earlier invitation into the same organisation is replaced.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn put_invitation(&mut self, new: &NewInvitation<'_>) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(PUT_INVITATION)
                .bind(new.org_id)
                .bind(new.user_id)
                .bind(new.role.as_str())
                .bind(new.invited_by)
                .bind(new.created_at_ms)
                .bind(new.expires_at_ms)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("write the invitation")
    }

    /// Takes an invitation away; tells whether there was one.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn drop_invitation(&mut self, org_id: i64, user_id: i64) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(DROP_INVITATION).bind(org_id).bind(user_id).execute(on).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("take the invitation away")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    #[tokio::test]
    async fn a_second_invitation_replaces_the_first_and_one_that_ended_goes() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let org = change.an_org("labring").await;
            let bob = change.a_user("bob").await;
            let mut new = NewInvitation {
                org_id: org.id,
                user_id: bob.id,
                role: Role::Reader,
                invited_by: "alice",
                created_at_ms: 1,
                expires_at_ms: 10,
            };
            change.put_invitation(&new).await.unwrap();
            new = NewInvitation {
                role: Role::Writer,
                invited_by: "ana",
                created_at_ms: 2,
                expires_at_ms: 20,
                ..new
            };
            change.put_invitation(&new).await.unwrap();
            change.commit().await.unwrap();

            let want = Invitation {
                org: org.name.clone(),
                user: bob.name.clone(),
                role: Role::Writer,
                invited_by: "ana".to_owned(),
                created_at_ms: 2,
                expires_at_ms: 20,
            };
            assert_eq!(db.invitations_of_org(org.id).await.unwrap(), std::slice::from_ref(&want));
            assert_eq!(db.invitations_of_user(bob.id).await.unwrap(), std::slice::from_ref(&want));
            assert_eq!(db.count_invitations(bob.id, 19).await.unwrap(), 1);
            assert_eq!(db.count_invitations(bob.id, 20).await.unwrap(), 0, "it ended");

            db.drop_ended_invitations(20).await.unwrap();
            let mut change = db.change().await.unwrap();
            assert_eq!(change.invitation(org.id, bob.id).await.unwrap(), Some(want));
            assert!(change.drop_invitation(org.id, bob.id).await.unwrap());
            assert!(!change.drop_invitation(org.id, bob.id).await.unwrap());
            change.put_invitation(&new).await.unwrap();
            change.commit().await.unwrap();
            db.drop_ended_invitations(21).await.unwrap();
            assert_eq!(db.invitations_of_org(org.id).await.unwrap(), []);
        }
    }
}
