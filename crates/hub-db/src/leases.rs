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
