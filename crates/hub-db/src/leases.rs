//! Leases: which replica does what only one may do.

use crate::{Db, DbError, Doing};

statements! {
    TAKE_LEASE =
        "INSERT INTO lease (name, holder, until_ms)
         VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE
         SET holder = excluded.holder, until_ms = excluded.until_ms
         WHERE lease.holder = excluded.holder OR lease.until_ms < $4";
    GIVE_BACK_LEASE =
        "DELETE FROM lease
         WHERE name = $1 AND holder = $2";
}

impl Db {
    /// Takes or renews a lease; tells whether `holder` has it now.
    ///
    /// A holder that slept may wake after its lease has ended: what it does must do no harm when
    /// somebody else does it too.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<bool, DbError> {
        alone!(self, pool => {
            let done = sqlx::query(TAKE_LEASE)
                .bind(name)
                .bind(holder)
                .bind(until_ms)
                .bind(now_ms)
                .execute(pool)
                .await;
            done.map(|done| done.rows_affected() == 1)
        })
        .doing("take the lease")
    }

    /// Gives a lease back, so that nobody must wait for its end.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn give_back_lease(&self, name: &str, holder: &str) -> Result<(), DbError> {
        alone!(self, pool => {
            sqlx::query(GIVE_BACK_LEASE).bind(name).bind(holder).execute(pool).await.map(drop)
        })
        .doing("give the lease back")
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures::engines;

    #[tokio::test]
    async fn a_lease_has_one_holder_until_it_ends_or_is_given_back() {
        for (db, _fresh) in engines().await {
            assert!(db.take_lease("gc", "a", 0, 15).await.unwrap());
            assert!(!db.take_lease("gc", "b", 15, 30).await.unwrap());
            assert!(db.take_lease("gc", "a", 15, 20).await.unwrap(), "renewed");
            assert!(db.take_lease("other", "b", 15, 30).await.unwrap());
            assert!(db.take_lease("gc", "b", 21, 30).await.unwrap(), "ended");

            db.give_back_lease("gc", "a").await.unwrap();
            assert!(!db.take_lease("gc", "a", 22, 40).await.unwrap(), "not theirs any more");
            db.give_back_lease("gc", "b").await.unwrap();
            assert!(db.take_lease("gc", "a", 22, 40).await.unwrap());
        }
    }

    #[tokio::test]
    async fn of_many_who_ask_at_once_one_gets_the_lease() {
        for (db, _fresh) in engines().await {
            let ask = async |number: usize| {
                db.take_lease("gc", &number.to_string(), 0, 15).await.unwrap()
            };
            let answers = futures::future::join_all((0..12).map(ask)).await;
            assert_eq!(answers.iter().filter(|mine| **mine).count(), 1);
        }
    }
}
