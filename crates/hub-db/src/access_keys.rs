//! Access keys of users. Their secret halves are here as they come: encrypted.

use hub_model::{AccessKey, AccessKeyId, NewAccessKey, User};
use sqlx::FromRow;

use crate::rows::{all, one, parsed};
use crate::users::UserRow;
use crate::{Change, Db, DbError, Doing};

macro_rules! columns {
    () => {
        "id, user_id, key_id, name, disabled, created_at_ms, expires_at_ms, used_at_ms"
    };
}

statements! {
    ACCESS_KEY = concat!(
        "SELECT ", columns!(), " FROM access_key WHERE id = $1 AND user_id = $2"
    );
    ACCESS_KEY_BY_ID =
        "SELECT k.id, k.user_id, k.key_id, k.name, k.disabled, k.created_at_ms, k.expires_at_ms,
                k.used_at_ms, k.secret, u.name AS user_name, u.admin AS user_admin,
                u.disabled AS user_disabled, u.created_at_ms AS user_created_at_ms,
                u.deleted_at_ms AS user_deleted_at_ms
         FROM access_key k
         JOIN user_account u ON u.id = k.user_id
         WHERE k.key_id = $1";
    ACCESS_KEYS_OF = concat!(
        "SELECT ", columns!(), " FROM access_key WHERE user_id = $1 ORDER BY id DESC"
    );
    COUNT_ACCESS_KEYS =
        "SELECT COUNT(*)
         FROM access_key
         WHERE user_id = $1";
    ADD_ACCESS_KEY = concat!(
        "INSERT INTO access_key (user_id, key_id, secret, name, disabled, created_at_ms,
                                 expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         RETURNING ", columns!()
    );
    CLOSE_ACCESS_KEY = concat!(
        "UPDATE access_key SET disabled = $3 WHERE user_id = $1 AND key_id = $2
         RETURNING ", columns!()
    );
    DELETE_ACCESS_KEY = concat!(
        "DELETE FROM access_key WHERE user_id = $1 AND key_id = $2 RETURNING ", columns!()
    );
    DELETE_ACCESS_KEYS = "DELETE FROM access_key";
    TOUCH_ACCESS_KEY =
        "UPDATE access_key
         SET used_at_ms = $2
         WHERE id = $1 AND (used_at_ms IS NULL OR used_at_ms < $2)";
}

#[derive(FromRow)]
struct KeyRow {
    id: i64,
    user_id: i64,
    key_id: String,
    name: String,
    disabled: bool,
    created_at_ms: i64,
    expires_at_ms: Option<i64>,
    used_at_ms: Option<i64>,
}

impl TryFrom<KeyRow> for AccessKey {
    type Error = sqlx::Error;

    fn try_from(row: KeyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            key_id: parsed(AccessKeyId::parse(&row.key_id))?,
            name: row.name,
            disabled: row.disabled,
            created_at_ms: row.created_at_ms,
            expires_at_ms: row.expires_at_ms,
            used_at_ms: row.used_at_ms,
        })
    }
}

#[derive(FromRow)]
struct PairRow {
    #[sqlx(flatten)]
    key: KeyRow,
    secret: Vec<u8>,
    user_name: String,
    user_admin: bool,
    user_disabled: bool,
    user_created_at_ms: i64,
    user_deleted_at_ms: Option<i64>,
}

/// An access key with its encrypted secret half and its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The key.
    pub key: AccessKey,
    /// The secret half, encrypted.
    pub sealed: Vec<u8>,
    /// Its owner.
    pub owner: User,
}

fn pair(row: PairRow) -> Result<StoredKey, sqlx::Error> {
    let owner = UserRow {
        id: row.key.user_id,
        name: row.user_name,
        admin: row.user_admin,
        disabled: row.user_disabled,
        created_at_ms: row.user_created_at_ms,
        deleted_at_ms: row.user_deleted_at_ms,
    };
    Ok(StoredKey { key: row.key.try_into()?, sealed: row.secret, owner: owner.try_into()? })
}

impl Db {
    /// The access key of a user in that row.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn access_key(&self, user_id: i64, id: i64) -> Result<Option<AccessKey>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, KeyRow>(ACCESS_KEY)
                .bind(id)
                .bind(user_id)
                .fetch_optional(pool)
                .await
        });
        row.and_then(one).doing("read the access key")
    }

    /// The access key of that name, with its owner. Whether it may be used, and whether its owner
    /// may sign in, is for the caller to see.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn access_key_by_id(&self, id: &AccessKeyId) -> Result<Option<StoredKey>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, PairRow>(ACCESS_KEY_BY_ID)
                .bind(id.as_str())
                .fetch_optional(pool)
                .await
        });
        row.and_then(|row| row.map(pair).transpose()).doing("look the access key up")
    }

    /// The access keys of a user, the newest first.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn access_keys_of(&self, user_id: i64) -> Result<Vec<AccessKey>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, KeyRow>(ACCESS_KEYS_OF).bind(user_id).fetch_all(pool).await
        });
        rows.and_then(all).doing("list the access keys of the user")
    }

    /// Writes down when access keys were last used, in one change of its own.
    ///
    /// # Errors
    ///
    /// When a statement fails; then none was written.
    pub async fn touch_access_keys(&self, used: &[(i64, i64)]) -> Result<(), DbError> {
        let mut used = used.to_vec();
        // Replicas that lock the same rows in different orders would wait for each other.
        used.sort_unstable();
        let mut change = self.change().await?;
        for (id, at_ms) in used {
            within!(&mut change, on => {
                sqlx::query(TOUCH_ACCESS_KEY).bind(id).bind(at_ms).execute(on).await.map(drop)
            })
            .doing("note the use of the access key")?;
        }
        change.commit().await
    }
}

impl Change {
    /// Number of access keys that a user has, as this change sees them.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_access_keys(&mut self, user_id: i64) -> Result<i64, DbError> {
        within!(self, on => {
            sqlx::query_scalar(COUNT_ACCESS_KEYS).bind(user_id).fetch_one(on).await
        })
        .doing("count the access keys of the user")
    }

    /// Adds an access key.
    ///
    /// # Errors
    ///
    /// When the key is there ([`DbError::is_conflict`]), or the statement fails.
    pub async fn add_access_key(&mut self, key: &NewAccessKey) -> Result<AccessKey, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, KeyRow>(ADD_ACCESS_KEY)
                .bind(key.user_id)
                .bind(key.key_id.as_str())
                .bind(&key.sealed)
                .bind(&key.name)
                .bind(false)
                .bind(key.created_at_ms)
                .bind(key.expires_at_ms)
                .fetch_one(on)
                .await
        });
        row.and_then(AccessKey::try_from).doing("add the access key")
    }

    /// Disables an access key of a user, or enables it; answers it as it is then, when the user
    /// has it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn close_access_key(
        &mut self,
        user_id: i64,
        id: &AccessKeyId,
        disabled: bool,
    ) -> Result<Option<AccessKey>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, KeyRow>(CLOSE_ACCESS_KEY)
                .bind(user_id)
                .bind(id.as_str())
                .bind(disabled)
                .fetch_optional(on)
                .await
        });
        row.and_then(one).doing("disable or enable the access key")
    }

    /// Deletes an access key of a user; answers what it was, when the user had it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn delete_access_key(
        &mut self,
        user_id: i64,
        id: &AccessKeyId,
    ) -> Result<Option<AccessKey>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, KeyRow>(DELETE_ACCESS_KEY)
                .bind(user_id)
                .bind(id.as_str())
                .fetch_optional(on)
                .await
        });
        row.and_then(one).doing("delete the access key")
    }

    /// Deletes every access key of every user; answers how many.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn delete_access_keys(&mut self) -> Result<u64, DbError> {
        within!(self, on => {
            sqlx::query(DELETE_ACCESS_KEYS).execute(on).await.map(|done| done.rows_affected())
        })
        .doing("delete the access keys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    #[tokio::test]
    async fn an_access_key_is_found_disabled_used_and_deleted_by_its_owner_alone() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let alice = change.a_user("alice").await;
            let bob = change.a_user("bob").await;
            let id = AccessKeyId::parse("HUB0123456789ABCDEFG").unwrap();
            let new = NewAccessKey {
                user_id: alice.id,
                key_id: id.clone(),
                sealed: vec![1, 0, 255],
                name: "ci".to_owned(),
                created_at_ms: 1,
                expires_at_ms: Some(9),
            };
            let made = change.add_access_key(&new).await.unwrap();
            change.commit().await.unwrap();
            assert!(made.is_open(8) && !made.is_open(9));

            let found = db.access_key_by_id(&id).await.unwrap().unwrap();
            assert_eq!((&found.key, &found.owner), (&made, &alice));
            assert_eq!(found.sealed, [1, 0, 255]);
            assert_eq!(db.access_key(alice.id, made.id).await.unwrap(), Some(made.clone()));
            assert_eq!(db.access_key(bob.id, made.id).await.unwrap(), None, "it is not his");

            db.touch_access_keys(&[(made.id, 7), (made.id, 5), (made.id + 1, 5)]).await.unwrap();
            let listed = db.access_keys_of(alice.id).await.unwrap();
            assert_eq!(listed, [AccessKey { used_at_ms: Some(7), ..made.clone() }]);

            let mut change = db.change().await.unwrap();
            assert!(change.close_access_key(bob.id, &id, true).await.unwrap().is_none());
            let closed = change.close_access_key(alice.id, &id, true).await.unwrap().unwrap();
            assert!(closed.disabled && !closed.is_open(1));
            assert!(change.delete_access_key(bob.id, &id).await.unwrap().is_none());
            assert!(change.delete_access_key(alice.id, &id).await.unwrap().is_some());
            assert_eq!(change.delete_access_keys().await.unwrap(), 0);
            change.commit().await.unwrap();
            assert_eq!(db.access_key_by_id(&id).await.unwrap(), None);
        }
    }
}
