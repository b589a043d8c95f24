//! Hearing of every change before memory is asked.
//!
//! A file has one process, and its changes call the cache themselves. With PostgreSQL others write
//! as well: then the number of the last letter is asked first, by one question for all requests
//! that wait for its answer, and what newer letters name is dropped.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hub_db::{Db, DbError};

use super::Cache;

/// Letters read in one go; when there are more, everything is dropped instead.
const BATCH: i64 = 500;

/// A reader that was away longer than this drops everything: letters are not kept for ever.
const AWAY: Duration = Duration::from_hours(1);

tokio::task_local! {
    /// Whether the request that runs here heard the news already.
    static HEARD: Cell<bool>;
}

/// Runs a short request that only reads. It hears the news once, and everything that it reads is
/// at least as new as its beginning.
pub(crate) async fn as_one_request<T>(request: impl Future<Output = T>) -> T {
    HEARD.scope(Cell::new(false), request).await
}

/// How far the letters were read.
#[derive(Debug)]
pub(crate) struct News {
    /// Whether every change calls the cache itself.
    own: bool,
    /// Number of the last letter that was read.
    seen: AtomicI64,
    /// Number of questions that were begun.
    begun: AtomicU64,
    /// Number of the last question that was answered.
    answered: AtomicU64,
    /// Held by who asks.
    turn: tokio::sync::Mutex<()>,
    asked_at: Mutex<Instant>,
}

impl News {
    /// Begins to listen, for an empty cache. `own` tells whether every change calls it itself.
    pub(crate) async fn begin(db: &Db, own: bool) -> Result<Self, DbError> {
        Ok(Self {
            own,
            seen: AtomicI64::new(if own { 0 } else { db.last_letter().await? }),
            begun: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            turn: tokio::sync::Mutex::new(()),
            asked_at: Mutex::new(Instant::now()),
        })
    }

    /// Waits until the cache has heard of every change that was committed before this call.
    pub(crate) async fn catch_up(&self, db: &Db, cache: &Cache) -> Result<(), DbError> {
        let (doubt, settled) = cache.doubts();
        if self.own && doubt == settled {
            return Ok(());
        }
        if HEARD.try_with(Cell::get).unwrap_or(false) {
            return Ok(());
        }
        // A question that is under way may have been answered before this request began, so only
        // the next one will do.
        let needed = self.begun.load(Ordering::SeqCst) + 1;
        let _turn = self.turn.lock().await;
        if self.answered.load(Ordering::SeqCst) < needed {
            let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            if self.own {
                let (doubt, _) = cache.doubts();
                db.quiet().await?;
                cache.settle(doubt);
            } else {
                self.read(db, cache).await?;
            }
            self.answered.store(number, Ordering::SeqCst);
        }
        let _ = HEARD.try_with(|heard| heard.set(true));
        Ok(())
    }

    /// Asks for the last letter and drops what the new ones name. The caller holds the turn.
    async fn read(&self, db: &Db, cache: &Cache) -> Result<(), DbError> {
        let now = Instant::now();
        let last = db.last_letter().await?;
        let seen = self.seen.load(Ordering::SeqCst);
        let was = *self.asked_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A smaller number is that of another database, brought back from a backup.
        if last < seen || now.duration_since(was) > AWAY {
            cache.end_all();
        } else if last > seen {
            let letters = db.letters_after(seen, BATCH).await?;
            // Those between may have been dropped before they were read here.
            let gap = db.first_letter().await? > seen + 1;
            if gap || letters.last().is_none_or(|letter| letter.seq < last) {
                cache.end_all();
            }
            for letter in letters {
                cache.end(letter.kind, &letter.subject);
            }
        }
        self.seen.store(last, Ordering::SeqCst);
        *self.asked_at.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(())
    }
}
