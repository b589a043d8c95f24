//! Work that takes long, and what has to be said again and again until it is done.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Does `work`, and `again` every so often meanwhile.
///
/// Both go on at the same time: `again` may wait for something that `work` holds, such as the one
/// connection that writes.
pub(crate) async fn meanwhile<T, F: Future<Output = ()>>(
    work: impl Future<Output = T>,
    every: Duration,
    again: impl Fn() -> F,
) -> T {
    let say_so = async {
        let mut pulse = interval_at(Instant::now() + every, every);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pulse.tick().await;
            again().await;
        }
    };
    tokio::select! {
        done = work => done,
        never = say_so => never,
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::App;

    #[tokio::test]
    async fn work_goes_on_while_a_renewal_waits_for_what_it_holds() {
        let (app, _dir) = App::for_tests().await;
        let work = async {
            let change = app.db.change().await.unwrap();
            // Longer than a pause: a renewal waits for the connection by now.
            sleep(Duration::from_millis(50)).await;
            change.commit().await.unwrap();
        };
        let renew = || async { drop(app.db.change().await) };
        let done = meanwhile(work, Duration::from_millis(5), renew);
        // Where one waits for the other, it takes as long as a connection is waited for: 30 s.
        timeout(Duration::from_secs(15), done).await.expect("the work came to its end");
    }
}
