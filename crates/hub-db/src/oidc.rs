//! Users whom a provider of OpenID Connect vouches for, and the roles that its groups give.

use hub_model::{OrgName, Role, User};

use crate::orgs::role;
use crate::rows::{one, parsed};
use crate::users::UserRow;
use crate::{Change, Db, DbError, Doing};

statements! {
    USER_BY_SUBJECT =
        "SELECT id, name, admin, disabled, created_at_ms, deleted_at_ms
         FROM user_account
         WHERE subject = $1";
    SUBJECT =
        "SELECT subject
         FROM user_account
         WHERE id = $1";
    SET_SUBJECT =
        "UPDATE user_account
         SET subject = $2
         WHERE id = $1";
    NOTE_RETURN =
        "INSERT INTO oidc_return (state_hash, at_ms)
         VALUES ($1, $2)
         ON CONFLICT (state_hash) DO NOTHING";
    FORGET_RETURNS =
        "DELETE FROM oidc_return
         WHERE at_ms < $1";
    MEMBERSHIPS_BY_GROUP =
        "SELECT o.id, o.name, m.role
         FROM org_member m
         JOIN org o ON o.id = m.org_id
         WHERE m.user_id = $1 AND m.origin = 'group'
         ORDER BY o.name";
    SET_MEMBER_BY_GROUP =
        "INSERT INTO org_member (org_id, user_id, role, since_ms, origin)
         VALUES ($1, $2, $3, $4, 'group')
         ON CONFLICT (org_id, user_id) DO UPDATE
         SET role = excluded.role, since_ms = excluded.since_ms
         WHERE org_member.origin = 'group' AND org_member.role <> excluded.role";
    REMOVE_MEMBER_BY_GROUP =
        "DELETE FROM org_member
         WHERE org_id = $1 AND user_id = $2 AND origin = 'group'
         RETURNING role";
    ADMIN_BY_GROUP =
        "UPDATE user_account
         SET admin = TRUE, admin_by_group = TRUE
         WHERE id = $1 AND admin = FALSE";
    NO_ADMIN_BY_GROUP =
        "UPDATE user_account
         SET admin = FALSE, admin_by_group = FALSE
         WHERE id = $1 AND admin_by_group = TRUE";
}

impl Db {
    /// The user whom the provider calls so: issuer and subject with a blank between them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn user_by_subject(&self, subject: &str) -> Result<Option<User>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, UserRow>(USER_BY_SUBJECT).bind(subject).fetch_optional(pool).await
        });
        row.and_then(one).doing("read the user by the subject")
    }

    /// Who the user is at the provider; `None` for who signs in here only.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn subject(&self, user_id: i64) -> Result<Option<String>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_scalar::<_, Option<String>>(SUBJECT)
                .bind(user_id)
                .fetch_optional(pool)
                .await
        });
        row.map(Option::flatten).doing("read the subject of the user")
    }
}

impl Change {
    /// Says who a user is at the provider, or that they are nobody there.
    ///
    /// # Errors
    ///
    /// When it is another user's ([`DbError::is_conflict`]), or the statement fails.
    pub async fn set_subject(
        &mut self,
        user_id: i64,
        subject: Option<&str>,
    ) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(SET_SUBJECT).bind(user_id).bind(subject).execute(on).await.map(drop)
        })
        .doing("set the subject of the user")
    }

    /// Who the user is at the provider, as this change sees it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn subject(&mut self, user_id: i64) -> Result<Option<String>, DbError> {
        let row = within!(self, on => {
            sqlx::query_scalar::<_, Option<String>>(SUBJECT)
                .bind(user_id)
                .fetch_optional(on)
                .await
        });
        row.map(Option::flatten).doing("read the subject of the user")
    }

    /// Notes that somebody came back from the provider with this state, and forgets those from
    /// before `before_ms`; tells whether it is the first time.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn note_return(
        &mut self,
        state_hash: &str,
        at_ms: i64,
        before_ms: i64,
    ) -> Result<bool, DbError> {
        within!(&mut *self, on => {
            sqlx::query(FORGET_RETURNS).bind(before_ms).execute(on).await.map(drop)
        })
        .doing("forget old returns from the provider")?;
        within!(self, on => {
            let noted = sqlx::query(NOTE_RETURN).bind(state_hash).bind(at_ms).execute(on).await;
            noted.map(|noted| noted.rows_affected() > 0)
        })
        .doing("note the return from the provider")
    }

    /// The organisations in which a group gives the user a role, by name.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn memberships_by_group(
        &mut self,
        user_id: i64,
    ) -> Result<Vec<(i64, OrgName, Role)>, DbError> {
        let rows = within!(self, on => {
            sqlx::query_as::<_, (i64, String, String)>(MEMBERSHIPS_BY_GROUP)
                .bind(user_id)
                .fetch_all(on)
                .await
        });
        let read = |(id, name, word): (i64, String, String)| {
            Ok((id, parsed(OrgName::stored(&name))?, role(&word)?))
        };
        rows.and_then(|rows| rows.into_iter().map(read).collect())
            .doing("list the memberships by groups")
    }

    /// Gives a user the role that a group has; a membership given by hand stays as it is. Tells
    /// whether anything changed.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_member_by_group(
        &mut self,
        org_id: i64,
        user_id: i64,
        role: Role,
        at_ms: i64,
    ) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(SET_MEMBER_BY_GROUP)
                .bind(org_id)
                .bind(user_id)
                .bind(role.as_str())
                .bind(at_ms)
                .execute(on)
                .await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("set the member of the organisation by a group")
    }

    /// Takes back a role that a group gave; one that was given by hand stays. Answers the role that
    /// went.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn remove_member_by_group(
        &mut self,
        org_id: i64,
        user_id: i64,
    ) -> Result<Option<Role>, DbError> {
        let word = within!(self, on => {
            sqlx::query_scalar::<_, String>(REMOVE_MEMBER_BY_GROUP)
                .bind(org_id)
                .bind(user_id)
                .fetch_optional(on)
                .await
        });
        word.and_then(|word| word.as_deref().map(role).transpose())
            .doing("remove the member of the organisation by a group")
    }

    /// Makes a user an administrator because of a group, or takes back what a group gave; who is
    /// one by hand stays one. Tells whether anything changed.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_admin_by_group(&mut self, user_id: i64, admin: bool) -> Result<bool, DbError> {
        let statement = if admin { ADMIN_BY_GROUP } else { NO_ADMIN_BY_GROUP };
        within!(self, on => {
            let done = sqlx::query(statement).bind(user_id).execute(on).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("set the administrator by a group")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    const DANA: &str = "https://id.example.com 1234";

    #[tokio::test]
    async fn a_subject_is_one_users() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let (dana, eve) = (change.a_user("dana").await, change.a_user("eve").await);
            change.set_subject(dana.id, Some(DANA)).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.user_by_subject(DANA).await.unwrap().as_ref(), Some(&dana));
            assert_eq!(db.subject(dana.id).await.unwrap().as_deref(), Some(DANA));
            assert_eq!(db.subject(eve.id).await.unwrap(), None);
            assert_eq!(db.user_by_subject("https://id.example.com 1").await.unwrap(), None);

            let mut change = db.change().await.unwrap();
            assert!(change.set_subject(eve.id, Some(DANA)).await.unwrap_err().is_conflict());
            drop(change);
            let mut change = db.change().await.unwrap();
            change.set_subject(dana.id, None).await.unwrap();
            change.set_subject(eve.id, Some(DANA)).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.user_by_subject(DANA).await.unwrap().unwrap().name, eve.name);
        }
    }

    #[tokio::test]
    async fn a_return_is_good_once() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            assert!(change.note_return("a", 5, 0).await.unwrap());
            assert!(!change.note_return("a", 6, 0).await.unwrap());
            assert!(change.note_return("b", 7, 6).await.unwrap());
            assert!(change.note_return("a", 8, 6).await.unwrap(), "the first was forgotten");
        }
    }

    #[tokio::test]
    async fn what_was_given_by_hand_no_group_touches() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let (org, other) = (change.an_org("labring").await, change.an_org("other").await);
            let dana = change.a_user("dana").await;
            change.set_member(org.id, dana.id, Role::Reader, 1).await.unwrap();
            assert!(!change.set_member_by_group(org.id, dana.id, Role::Owner, 2).await.unwrap());
            assert_eq!(change.role(org.id, dana.id).await.unwrap(), Some(Role::Reader));

            assert!(change.set_member_by_group(other.id, dana.id, Role::Reader, 2).await.unwrap());
            assert!(!change.set_member_by_group(other.id, dana.id, Role::Reader, 3).await.unwrap());
            assert!(change.set_member_by_group(other.id, dana.id, Role::Writer, 3).await.unwrap());
            let by_group = change.memberships_by_group(dana.id).await.unwrap();
            assert_eq!(by_group, [(other.id, other.name.clone(), Role::Writer)]);

            // From now on it is by hand, although the role is the same.
            change.set_member(other.id, dana.id, Role::Writer, 4).await.unwrap();
            assert!(change.memberships_by_group(dana.id).await.unwrap().is_empty());
            assert_eq!(change.remove_member_by_group(other.id, dana.id).await.unwrap(), None);
            let third = change.an_org("third").await;
            change.set_member_by_group(third.id, dana.id, Role::Writer, 5).await.unwrap();
            let gone = change.remove_member_by_group(third.id, dana.id).await.unwrap();
            assert_eq!(gone, Some(Role::Writer));
            assert_eq!(change.role(other.id, dana.id).await.unwrap(), Some(Role::Writer));
        }
    }

    #[tokio::test]
    async fn an_administrator_by_hand_stays_one() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let dana = change.a_user("dana").await;
            assert!(!change.set_admin_by_group(dana.id, false).await.unwrap());
            assert!(change.set_admin_by_group(dana.id, true).await.unwrap());
            assert!(!change.set_admin_by_group(dana.id, true).await.unwrap());
            assert!(change.set_admin_by_group(dana.id, false).await.unwrap());
            let root = crate::NewUser {
                name: "root".parse().unwrap(),
                password_hash: None,
                admin: true,
                created_at_ms: 1,
            };
            let root = change.add_user(&root).await.unwrap();
            assert!(!change.set_admin_by_group(root.id, true).await.unwrap());
            assert!(!change.set_admin_by_group(root.id, false).await.unwrap());
            assert!(!change.set_admin(root.id, true).await.unwrap(), "it is by hand already");
            // Confirmed by hand, no group takes it back.
            let eve = change.a_user("eve").await;
            change.set_admin_by_group(eve.id, true).await.unwrap();
            assert!(change.set_admin(eve.id, true).await.unwrap());
            assert!(!change.set_admin_by_group(eve.id, false).await.unwrap());
            change.commit().await.unwrap();
            assert!(db.user(&root.name).await.unwrap().unwrap().admin);
            assert!(!db.user(&dana.name).await.unwrap().unwrap().admin);
        }
    }
}
