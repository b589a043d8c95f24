//! Users and their passwords.

use std::fmt;

use hub_model::{User, UserName};
use sqlx::FromRow;

use crate::rows::{one, parsed};
use crate::{Change, Db, DbError, Doing};

statements! {
    USER =
        "SELECT id, name, admin, disabled, created_at_ms, deleted_at_ms
         FROM user_account
         WHERE name = $1";
    USERS =
        "SELECT COUNT(*)
         FROM user_account";
    PASSWORD_HASH =
        "SELECT password_hash
         FROM user_account
         WHERE id = $1";
    ADD_USER =
        "INSERT INTO user_account (name, password_hash, admin, disabled, created_at_ms)
         VALUES ($1, $2, $3, $4, $5)
         RETURNING id, name, admin, disabled, created_at_ms, deleted_at_ms";
    SET_PASSWORD =
        "UPDATE user_account
         SET password_hash = $2
         WHERE id = $1";
    SET_DISABLED =
        "UPDATE user_account
         SET disabled = $2
         WHERE id = $1";
}

/// A user about to be made.
#[derive(Clone)]
pub struct NewUser {
    /// Name to sign in with.
    pub name: UserName,
    /// Hash of the password; `None` for a user who signs in by tokens only.
    pub password_hash: Option<String>,
    /// Whether the user administers the whole hub.
    pub admin: bool,
    /// When the user is made, in milliseconds.
    pub created_at_ms: i64,
}

impl fmt::Debug for NewUser {
    /// Leaves the hash out: what is printed ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("name", &self.name)
            .field("admin", &self.admin)
            .field("created_at_ms", &self.created_at_ms)
            .finish_non_exhaustive()
    }
}

#[derive(FromRow)]
pub(crate) struct UserRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) admin: bool,
    pub(crate) disabled: bool,
    pub(crate) created_at_ms: i64,
    pub(crate) deleted_at_ms: Option<i64>,
}

impl TryFrom<UserRow> for User {
    type Error = sqlx::Error;

    fn try_from(row: UserRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            name: parsed(UserName::parse(&row.name))?,
            admin: row.admin,
            disabled: row.disabled,
            created_at_ms: row.created_at_ms,
            deleted_at_ms: row.deleted_at_ms,
        })
    }
}

impl Db {
    /// The user of that name.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn user(&self, name: &UserName) -> Result<Option<User>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, UserRow>(USER).bind(name.as_str()).fetch_optional(pool).await
        });
        row.and_then(one).doing("read the user")
    }

    /// Number of users.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn users(&self) -> Result<i64, DbError> {
        read!(self, pool => sqlx::query_scalar(USERS).fetch_one(pool).await)
            .doing("count the users")
    }

    /// Hash of a user's password; `None` for an unknown user, and for one without password.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn password_hash(&self, user_id: i64) -> Result<Option<String>, DbError> {
        let hash = read!(self, pool => {
            sqlx::query_scalar::<_, Option<String>>(PASSWORD_HASH)
                .bind(user_id)
                .fetch_optional(pool)
                .await
        });
        hash.map(Option::flatten).doing("read the password of the user")
    }
}

impl Change {
    /// Adds a user.
    ///
    /// # Errors
    ///
    /// When the name is taken ([`DbError::is_conflict`]), or the statement fails.
    pub async fn add_user(&mut self, user: &NewUser) -> Result<User, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, UserRow>(ADD_USER)
                .bind(user.name.as_str())
                .bind(user.password_hash.as_deref())
                .bind(user.admin)
                .bind(false)
                .bind(user.created_at_ms)
                .fetch_one(on)
                .await
        });
        row.and_then(User::try_from).doing("add the user")
    }

    /// Replaces the hash of a user's password.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_password(&mut self, user_id: i64, password_hash: &str) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(SET_PASSWORD).bind(user_id).bind(password_hash).execute(on).await.map(drop)
        })
        .doing("set the password of the user")
    }

    /// Lets a user sign in, or no longer.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_disabled(&mut self, user_id: i64, disabled: bool) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(SET_DISABLED).bind(user_id).bind(disabled).execute(on).await.map(drop)
        })
        .doing("enable or disable the user")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    #[tokio::test]
    async fn a_user_is_found_by_name_and_by_row() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let alice = change.a_user("alice").await;
            change.commit().await.unwrap();

            assert_eq!(db.user(&alice.name).await.unwrap().as_ref(), Some(&alice));
            let nobody = UserName::parse("nobody").unwrap();
            assert_eq!(db.user(&nobody).await.unwrap(), None);
            assert_eq!(db.users().await.unwrap(), 1);
            assert!(!alice.admin && !alice.disabled);
        }
    }

    #[tokio::test]
    async fn a_name_is_given_once() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let alice = change.a_user("alice").await;
            let again =
                NewUser { name: alice.name, password_hash: None, admin: true, created_at_ms: 2 };
            let error = change.add_user(&again).await.unwrap_err();
            assert!(error.is_conflict() && !error.is_full() && !error.is_in_use());
            assert_eq!(error.to_string(), "could not add the user");
        }
    }

    #[tokio::test]
    async fn password_and_permission_to_sign_in_can_change() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let alice = change.a_user("alice").await;
            change.set_password(alice.id, "new").await.unwrap();
            change.set_disabled(alice.id, true).await.unwrap();
            change.commit().await.unwrap();

            assert_eq!(db.password_hash(alice.id).await.unwrap().as_deref(), Some("new"));
            assert_eq!(db.password_hash(alice.id + 1).await.unwrap(), None);
            assert!(db.user(&alice.name).await.unwrap().unwrap().disabled);
        }
    }

    #[test]
    fn a_hash_of_a_password_is_not_printed() {
        let name = UserName::parse("alice").unwrap();
        let password_hash = Some("secret".to_owned());
        let user = NewUser { name, password_hash, admin: false, created_at_ms: 1 };
        assert!(!format!("{user:?}").contains("secret"));
    }
}
