//! Values that every replica shares, by name.

use crate::{Change, Db, DbError, Doing};

statements! {
    SETTING =
        "SELECT value
         FROM setting
         WHERE name = $1";
    INIT_SETTING =
        "INSERT INTO setting (name, value)
         VALUES ($1, $2)
         ON CONFLICT (name) DO NOTHING";
    SWAP_SETTING =
        "UPDATE setting
         SET value = $3
         WHERE name = $1 AND value = $2";
    DROP_SETTING =
        "DELETE FROM setting
         WHERE name = $1";
}

impl Db {
    /// The value of a setting.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn setting(&self, key: &str) -> Result<Option<Vec<u8>>, DbError> {
        read!(self, pool => sqlx::query_scalar(SETTING).bind(key).fetch_optional(pool).await)
            .doing("read the setting")
    }
}

impl Change {
    /// Writes a setting unless it is there; answers the value that is there afterwards, which
    /// may be another replica's.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn init_setting(&mut self, key: &str, value: &[u8]) -> Result<Vec<u8>, DbError> {
        within!(&mut *self, on => {
            sqlx::query(INIT_SETTING).bind(key).bind(value).execute(on).await.map(drop)
        })
        .doing("write the setting")?;
        within!(self, on => sqlx::query_scalar(SETTING).bind(key).fetch_one(on).await)
            .doing("read the setting")
    }

    /// Writes a setting in the place of one value, and of no other.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn swap_setting(&mut self, key: &str, old: &[u8], new: &[u8]) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(SWAP_SETTING).bind(key).bind(old).bind(new).execute(on).await.map(drop)
        })
        .doing("replace the setting")
    }

    /// Deletes a setting.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn drop_setting(&mut self, key: &str) -> Result<(), DbError> {
        within!(self, on => sqlx::query(DROP_SETTING).bind(key).execute(on).await.map(drop))
            .doing("delete the setting")
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures::engines;

    #[tokio::test]
    async fn replicas_that_start_together_agree_on_one_value() {
        for (db, _fresh) in engines().await {
            assert_eq!(db.setting("key").await.unwrap(), None);
            let start = async |value: u8| {
                let mut change = db.change().await.unwrap();
                let stored = change.init_setting("key", &[value]).await.unwrap();
                change.commit().await.unwrap();
                stored
            };
            let stored = futures::future::join_all((0..8).map(start)).await;
            let kept = db.setting("key").await.unwrap().unwrap();
            assert!(stored.iter().all(|value| *value == kept), "{stored:?}");
        }
    }

    #[tokio::test]
    async fn a_setting_is_replaced_only_in_the_place_of_what_was_read() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            change.init_setting("key", b"one").await.unwrap();
            change.swap_setting("key", b"two", b"three").await.unwrap();
            change.swap_setting("key", b"one", b"two").await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.setting("key").await.unwrap().as_deref(), Some(&b"two"[..]));

            let mut change = db.change().await.unwrap();
            change.drop_setting("key").await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.setting("key").await.unwrap(), None);
        }
    }
}
