//! The time, which tests may set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time in milliseconds since 1970.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Fixed time of a test; `None` reads the system's clock.
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub const fn system() -> Self {
        Self { set: None }
    }

    /// A clock that stands still until it is moved.
    #[must_use]
    pub fn standing_at(now_ms: i64) -> Self {
        Self { set: Some(Arc::new(AtomicI64::new(now_ms))) }
    }

    /// Moves a standing clock; the system's clock takes no orders.
    pub fn advance_ms(&self, by: i64) {
        if let Some(set) = &self.set {
            set.fetch_add(by, Ordering::Relaxed);
        }
    }

    /// The time.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match &self.set {
            Some(set) => set.load(Ordering::Relaxed),
            None => chrono::Utc::now().timestamp_millis(),
        }
    }
}
