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
}
