//! The lease that one writer holds on a session.

use std::time::Duration;

use super::super::meanwhile::meanwhile;
use crate::App;

/// How long a writer holds an upload without saying so again, in milliseconds. A writer that died
/// keeps others waiting for as long.
const LEASE_MS: i64 = 30_000;

/// How often a writer says that it is still there.
const RENEW: Duration = Duration::from_secs(10);

/// Who holds a session.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    app: App,
    id: String,
    pub(super) holder: String,
}

impl Lease {
    /// Takes the lease on a session; `None` while somebody else has it, or when there is no
    /// session.
    pub(super) async fn take(app: &App, id: &str) -> Result<Option<Self>, hub_db::DbError> {
        let holder = uuid::Uuid::now_v7().to_string();
        let now = app.now_ms();
        let taken = app.db.lease_upload(id, &holder, now, now + LEASE_MS).await?;
        Ok(taken.then(|| Self { app: app.clone(), id: id.to_owned(), holder }))
    }

    /// Does `work`, and keeps the lease meanwhile.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let renew = || async {
            let (db, now) = (&self.app.db, self.app.now_ms());
            // A failed renewal is noticed at the end: then the lease is gone.
            let _ = db.lease_upload(&self.id, &self.holder, now, now + LEASE_MS).await;
        };
        meanwhile(work, RENEW, renew).await
    }
}
