//! Users and their passwords.

use std::fmt;

use hub_model::{OrgName, Role, User, UserName, UserState};
use sqlx::FromRow;

use crate::orgs::role;
use crate::rows::{all, mark, one, parsed};
use crate::{Change, Db, DbError, Doing};

/// Which users a filter takes: part of the name as `$1`, state as `$2`.
macro_rules! chosen {
    () => {
        "name LIKE $1 ESCAPE '!'
         AND (CASE $2
              WHEN 'open' THEN deleted_at_ms IS NULL AND NOT disabled
              WHEN 'disabled' THEN deleted_at_ms IS NULL AND disabled
              WHEN 'admin' THEN deleted_at_ms IS NULL AND admin
              WHEN 'deleted' THEN deleted_at_ms IS NOT NULL
              ELSE deleted_at_ms IS NULL
              END)"
    };
}

statements! {
    USER =
        "SELECT id, name, admin, disabled, created_at_ms, deleted_at_ms
         FROM user_account
         WHERE name = $1";
    USERS =
        "SELECT COUNT(*)
         FROM user_account";
    ADD_USER =
        "INSERT INTO user_account (name, password_hash, admin, disabled, created_at_ms)
         VALUES ($1, $2, $3, $4, $5)
         RETURNING id, name, admin, disabled, created_at_ms, deleted_at_ms";
    SET_DISABLED =
        "UPDATE user_account
         SET disabled = $2
         WHERE id = $1";
    SET_ADMIN =
        "UPDATE user_account
         SET admin = $2, admin_by_group = FALSE
         WHERE id = $1 AND (admin <> $2 OR admin_by_group)";
    USER_PAGE = concat!(
        "SELECT id, name, admin, disabled, created_at_ms, deleted_at_ms
         FROM user_account
         WHERE ", chosen!(), " AND name > $3
         ORDER BY name
         LIMIT $4"
    );
    COUNT_CHOSEN = concat!(
        "SELECT COUNT(*)
         FROM user_account
         WHERE ", chosen!()
    );
    LOCK_USER =
        "UPDATE user_account
         SET name = name
         WHERE id = $1";
    LOCK_ADMINISTRATORS =
        "UPDATE user_account
         SET admin = admin
         WHERE admin";
    OPEN_ADMINISTRATORS =
        "SELECT COUNT(*)
         FROM user_account
         WHERE admin AND NOT disabled AND deleted_at_ms IS NULL";
    MEMBERSHIPS =
        "SELECT o.id, o.name, m.role
         FROM org_member m
         JOIN org o ON o.id = m.org_id
         WHERE m.user_id = $1
         ORDER BY o.id";
    COUNT_OWNED =
        "SELECT COUNT(*)
         FROM repo
         WHERE org_id = $1";
    DELETE_CREDENTIALS =
        "DELETE FROM token
         WHERE user_id = $1";
    DELETE_KEYS =
        "DELETE FROM access_key
         WHERE user_id = $1";
    DELETE_MEMBERSHIPS =
        "DELETE FROM org_member
         WHERE user_id = $1";
    DELETE_GRANTS =
        "DELETE FROM repo_grant
         WHERE user_id = $1";
    DELETE_SHARES =
        "DELETE FROM share
         WHERE user_id = $1";
    DELETE_INVITATIONS =
        "DELETE FROM invitation
         WHERE user_id = $1";
    BURY_USER =
        "UPDATE user_account
         SET deleted_at_ms = $2, password_hash = NULL, admin = $3
         WHERE id = $1";
}

/// What a list of users holds, before it is cut into pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// A part of the name; empty for every name.
    pub text: String,
    /// What the account is.
    pub state: UserState,
}

impl UserFilter {
    /// For `LIKE`, where no letter of the text means anything but itself.
    fn pattern(&self) -> String {
        let mut pattern = String::from("%");
        for letter in mark(&self.text).chars() {
            if matches!(letter, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.extend(letter.to_lowercase());
        }
        pattern + "%"
    }
}

/// A membership of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Row of the organisation.
    pub org_id: i64,
    /// Its name.
    pub org: OrgName,
    /// What the user is there.
    pub role: Role,
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
            name: parsed(UserName::stored(&row.name))?,
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

    /// Users by name, those behind `after`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn user_page(
        &self,
        filter: &UserFilter,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<User>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, UserRow>(USER_PAGE)
                .bind(filter.pattern())
                .bind(filter.state.as_str())
                .bind(mark(after.unwrap_or_default()))
                .bind(limit)
                .fetch_all(pool)
                .await
        });
        rows.and_then(all).doing("list the users")
    }

    /// Number of users that a filter takes.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_users(&self, filter: &UserFilter) -> Result<i64, DbError> {
        read!(self, pool => {
            sqlx::query_scalar(COUNT_CHOSEN)
                .bind(filter.pattern())
                .bind(filter.state.as_str())
                .fetch_one(pool)
                .await
        })
        .doing("count the users")
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

    /// Lets a user administer the whole hub, or no longer, by hand: no group takes it back. Tells
    /// whether anything changed.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_admin(&mut self, user_id: i64, admin: bool) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(SET_ADMIN).bind(user_id).bind(admin).execute(on).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("make or unmake the administrator")
    }

    /// The user of that name, as this change sees it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn user(&mut self, name: &UserName) -> Result<Option<User>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, UserRow>(USER).bind(name.as_str()).fetch_optional(on).await
        });
        row.and_then(one).doing("read the user")
    }

    /// Waits until no other change counts what this user has.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn lock_user(&mut self, user_id: i64) -> Result<(), DbError> {
        within!(self, on => sqlx::query(LOCK_USER).bind(user_id).execute(on).await.map(drop))
            .doing("lock the user")
    }

    /// Waits until no other change makes or unmakes administrators: two of them who unmake each
    /// other at the same time must not both count the other one.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn lock_administrators(&mut self) -> Result<(), DbError> {
        within!(self, on => sqlx::query(LOCK_ADMINISTRATORS).execute(on).await.map(drop))
            .doing("lock the administrators")
    }

    /// Number of administrators who may sign in, as this change leaves them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_open_administrators(&mut self) -> Result<i64, DbError> {
        within!(self, on => sqlx::query_scalar(OPEN_ADMINISTRATORS).fetch_one(on).await)
            .doing("count the administrators")
    }

    /// The memberships of a user, in the order in which organisations are locked.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn memberships(&mut self, user_id: i64) -> Result<Vec<Membership>, DbError> {
        let rows = within!(self, on => {
            sqlx::query_as::<_, (i64, String, String)>(MEMBERSHIPS)
                .bind(user_id)
                .fetch_all(on)
                .await
        });
        let membership = |(org_id, org, word): (i64, String, String)| {
            Ok(Membership { org_id, org: parsed(OrgName::stored(&org))?, role: role(&word)? })
        };
        rows.and_then(|rows| rows.into_iter().map(membership).collect())
            .doing("list the memberships of the user")
    }

    /// Number of repositories of an organisation, as this change sees them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_repos_of(&mut self, org_id: i64) -> Result<i64, DbError> {
        within!(self, on => sqlx::query_scalar(COUNT_OWNED).bind(org_id).fetch_one(on).await)
            .doing("count the repositories of the organisation")
    }

    /// Deletes an account: every credential, membership, grant, share and invitation of it goes.
    /// The name stays, so that nobody else gets it.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn delete_user(&mut self, user_id: i64, at_ms: i64) -> Result<(), DbError> {
        for statement in [
            DELETE_CREDENTIALS,
            DELETE_KEYS,
            DELETE_MEMBERSHIPS,
            DELETE_GRANTS,
            DELETE_SHARES,
            DELETE_INVITATIONS,
        ] {
            within!(self, on => sqlx::query(statement).bind(user_id).execute(on).await.map(drop))
                .doing("delete what the user has")?;
        }
        within!(self, on => {
            let bury = sqlx::query(BURY_USER).bind(user_id).bind(at_ms).bind(false);
            bury.execute(on).await.map(drop)
        })
        .doing("delete the user")
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

    #[tokio::test]
    async fn users_are_listed_by_name_and_by_what_they_are() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            for name in ["dora", "bob_1", "bobx1", "alice", "carl"] {
                change.a_user(name).await;
            }
            let carl = change.user(&UserName::parse("carl").unwrap()).await.unwrap().unwrap();
            change.set_disabled(carl.id, true).await.unwrap();
            let dora = change.user(&UserName::parse("dora").unwrap()).await.unwrap().unwrap();
            change.set_admin(dora.id, true).await.unwrap();
            let alice = change.user(&UserName::parse("alice").unwrap()).await.unwrap().unwrap();
            change.delete_user(alice.id, 9).await.unwrap();
            change.commit().await.unwrap();

            let names = async |text: &str, state, after| -> Vec<String> {
                let filter = UserFilter { text: text.to_owned(), state };
                let users = db.user_page(&filter, after, 10).await.unwrap();
                let total = db.count_users(&filter).await.unwrap();
                assert!(after.is_some() || i64::try_from(users.len()).unwrap() == total);
                users.into_iter().map(|user| user.name.to_string()).collect()
            };
            assert_eq!(names("", UserState::Any, None).await, ["bob_1", "bobx1", "carl", "dora"]);
            assert_eq!(names("", UserState::Any, Some("bobx1")).await, ["carl", "dora"]);
            assert_eq!(names("B_1", UserState::Any, None).await, ["bob_1"]);
            assert_eq!(names("%", UserState::Any, None).await, Vec::<String>::new());
            assert_eq!(names("", UserState::Disabled, None).await, ["carl"]);
            assert_eq!(names("", UserState::Open, None).await, ["bob_1", "bobx1", "dora"]);
            assert_eq!(names("", UserState::Admin, None).await, ["dora"]);
            assert_eq!(names("", UserState::Deleted, None).await, ["alice"]);
        }
    }

    #[tokio::test]
    async fn a_deleted_user_leaves_the_name_and_nothing_else() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let org = change.an_org("labring").await;
            let alice = change.a_user("alice").await;
            change.set_admin(alice.id, true).await.unwrap();
            change.set_member(org.id, alice.id, Role::Owner, 5).await.unwrap();
            change.commit().await.unwrap();

            let mut change = db.change().await.unwrap();
            change.lock_administrators().await.unwrap();
            assert_eq!(change.count_open_administrators().await.unwrap(), 1);
            let there = change.memberships(alice.id).await.unwrap();
            let owner = Membership { org_id: org.id, org: org.name.clone(), role: Role::Owner };
            assert_eq!(there, [owner]);
            assert_eq!(change.count_repos_of(org.id).await.unwrap(), 0);
            change.delete_user(alice.id, 9).await.unwrap();
            assert_eq!(change.count_open_administrators().await.unwrap(), 0);
            let again = NewUser {
                name: alice.name.clone(),
                password_hash: None,
                admin: false,
                created_at_ms: 10,
            };
            change.commit().await.unwrap();

            let left = db.user(&alice.name).await.unwrap().unwrap();
            assert_eq!((left.deleted_at_ms, left.admin, left.is_open()), (Some(9), false, false));
            assert_eq!(db.password_hash(alice.id).await.unwrap(), None);
            assert_eq!(db.members(org.id).await.unwrap(), []);
            let mut change = db.change().await.unwrap();
            assert!(change.add_user(&again).await.unwrap_err().is_conflict());
        }
    }

    #[tokio::test]
    async fn two_administrators_cannot_unmake_each_other_at_the_same_time() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let (alice, bob) = (change.a_user("alice").await, change.a_user("bob").await);
            change.set_admin(alice.id, true).await.unwrap();
            change.set_admin(bob.id, true).await.unwrap();
            change.commit().await.unwrap();

            let unmake = async |user_id| {
                let mut change = db.change().await.unwrap();
                change.lock_administrators().await.unwrap();
                change.set_admin(user_id, false).await.unwrap();
                if change.count_open_administrators().await.unwrap() > 0 {
                    change.commit().await.unwrap();
                }
            };
            futures::join!(unmake(alice.id), unmake(bob.id));
            let mut change = db.change().await.unwrap();
            assert_eq!(change.count_open_administrators().await.unwrap(), 1);
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
