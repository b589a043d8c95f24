//! Passwords of users, as hashes.

use crate::{Change, Db, DbError, Doing};

statements! {
    PASSWORD_HASH =
        "SELECT password_hash
         FROM user_account
         WHERE id = $1";
    SET_PASSWORD =
        "UPDATE user_account
         SET password_hash = $2
         WHERE id = $1";
    SWAP_PASSWORD =
        "UPDATE user_account
         SET password_hash = $3
         WHERE id = $1 AND password_hash = $2";
}

impl Db {
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

    /// Replaces the hash of a user's password in the place of the one that was read; tells whether
    /// it was still there.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn swap_password(
        &mut self,
        user_id: i64,
        (old, new): (&str, &str),
    ) -> Result<bool, DbError> {
        within!(self, on => {
            let swap = sqlx::query(SWAP_PASSWORD).bind(user_id).bind(old).bind(new);
            swap.execute(on).await.map(|done| done.rows_affected() > 0)
        })
        .doing("change the password of the user")
    }

    /// Hash of a user's password, as this change sees it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn password_hash(&mut self, user_id: i64) -> Result<Option<String>, DbError> {
        let hash = within!(self, on => {
            sqlx::query_scalar::<_, Option<String>>(PASSWORD_HASH)
                .bind(user_id)
                .fetch_optional(on)
                .await
        });
        hash.map(Option::flatten).doing("read the password of the user")
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures::engines;

    #[tokio::test]
    async fn a_password_is_changed_only_in_the_place_of_what_was_read() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let alice = change.a_user("alice").await;
            let bob = change.a_user("bob").await;
            change.set_password(alice.id, "new").await.unwrap();
            assert!(!change.swap_password(alice.id, ("old", "newer")).await.unwrap());
            assert!(change.swap_password(alice.id, ("new", "newer")).await.unwrap());
            assert_eq!(change.password_hash(alice.id).await.unwrap().as_deref(), Some("newer"));
            assert_eq!(change.password_hash(bob.id + 1).await.unwrap(), None);
            change.commit().await.unwrap();
            assert_eq!(db.password_hash(alice.id).await.unwrap().as_deref(), Some("newer"));
        }
    }
}
