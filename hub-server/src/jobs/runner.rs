//! Starts the workers of a process, claims jobs, and notes how they ended.
//!
//! A claimed job belongs to this process until its lease ends; the lease is renewed while the job
//! runs. A process that dies leaves the lease to run out, and another one begins the job again.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use hub_db::DbError;
use hub_model::{ClaimedJob, Job};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::{
    Failure, collect_garbage, count_usage, describe_image, describe_repo, expire_uploads,
    flush_counters, follow_outbox, forget_audit, forget_pulls, scrub,
};
use crate::services::meanwhile::meanwhile;
use crate::services::{chain, invitations, search};
use crate::{App, telemetry};

/// Jobs that one process runs at the same time.
const WORKERS: usize = 2;

/// How long a job belongs to who claimed it, in milliseconds.
const LEASE_MS: i64 = 30_000;

/// How often a lease is renewed.
const RENEWAL: Duration = Duration::from_secs(10);

/// Longest pause between two looks at the table of jobs: other replicas do not call us.
const JOBS_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause between two looks at the outbox.
const OUTBOX_PAUSE: Duration = Duration::from_millis(200);

/// Pause after a commit of the index, so that there are only a few per second: each has a price
/// whatever its size, and a push is to be found within a second.
const COMMIT_PAUSE: Duration = Duration::from_millis(250);

/// How often counters are written down.
const FLUSH: Duration = Duration::from_secs(3);

/// A clock that goes back by more was set, in milliseconds; less is a correction.
const JUMP_MS: i64 = 60_000;

/// How often old uploads and letters are looked for.
const HOUSEKEEPING: Duration = Duration::from_mins(10);

/// How often whoever was counted and not heard of since is forgotten: limits are by the minute.
const FORGETTING: Duration = Duration::from_mins(1);

/// Longest pause between two looks for a run of the collector: other replicas do not call us.
const GC_PAUSE: Duration = Duration::from_secs(5);

/// Pause between two looks for bytes that are to be read again.
const SCRUB_PAUSE: Duration = Duration::from_secs(30);

/// How long letters are kept, in milliseconds: a replica that was away longer builds its index
/// anew.
const LETTERS_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// How long sessions and refresh tokens are kept that ended, in milliseconds: clocks differ.
const ENDED_MS: i64 = 24 * 60 * 60 * 1000;

/// How long a running job may go on after the order to stop.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Pause after something went wrong with the table itself.
const TROUBLE: Duration = Duration::from_secs(2);

/// Starts everything that happens later.
pub(super) fn start(app: &App) {
    for _ in 0..WORKERS {
        app.spawn(work(app.clone()));
    }
    app.spawn(follow(app.clone()));
    app.spawn(flush(app.clone()));
    app.spawn(forget(app.clone()));
    app.spawn(let_go(app.clone()));
    app.spawn(keep_house(app.clone()));
    app.spawn(collect(app.clone()));
    app.spawn(read_again(app.clone()));
}

/// One worker: job after job, until the process stops.
async fn work(app: App) {
    while !app.stop.is_cancelled() {
        let pause = match run_one(&app).await {
            Ok(true) => continue,
            Ok(false) => JOBS_PAUSE,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "could not claim a job");
                TROUBLE
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = app.wake_jobs.notified() => {}
            () = sleep(pause) => {}
        }
    }
}

/// Keeps the index up to date.
async fn follow(app: App) {
    while !app.stop.is_cancelled() {
        if app.index.is_stale() {
            renew(&app).await;
        } else {
            keep_up(&app).await;
        }
    }
    if let Err(error) = follow_outbox::catch_up(&app).await {
        complain(&error, "the index stays behind until the next start");
    }
}

/// Builds the index anew. What answers meanwhile follows, unless it knows nothing.
async fn renew(app: &App) {
    let over = app.stop.child_token();
    let build = async {
        let built = follow_outbox::rebuild(app).await;
        over.cancel();
        built
    };
    let follow = async {
        while app.index.position() > 0 && !over.is_cancelled() {
            keep_up(app).await;
        }
    };
    match tokio::join!(build, follow).0 {
        Ok(repos) => tracing::info!(repos, "built the index of {repos} repositories"),
        Err(_) if app.stop.is_cancelled() => {}
        Err(error) => {
            complain(&error, "could not build the index");
            pause(app, TROUBLE).await;
        }
    }
}

/// Reads the letters that are there, then waits until more may be.
async fn keep_up(app: &App) {
    match follow_outbox::catch_up(app).await {
        Ok(0) => {
            tokio::select! {
                () = app.stop.cancelled() => {}
                () = app.wake_outbox.notified() => {}
                () = sleep(OUTBOX_PAUSE) => {}
            }
        }
        Ok(_) => pause(app, COMMIT_PAUSE).await,
        Err(error) => {
            complain(&error, "the index is behind");
            pause(app, TROUBLE).await;
        }
    }
}

async fn flush(app: App) {
    // What an earlier process wrote down may lie ahead as well.
    let mut before = i64::MAX;
    while !app.stop.is_cancelled() {
        let now = app.now_ms();
        if now < before.saturating_sub(JUMP_MS) {
            mend_times(&app, now).await;
        }
        before = now;
        pause(&app, FLUSH).await;
        flush_counters::run(&app).await;
        scrub::suspects(&app).await;
        if let Some(handle) = telemetry::metrics() {
            handle.run_upkeep();
        }
    }
}

/// Ends leases and makes jobs due that were written down before the clock jumped back.
async fn mend_times(app: &App, now_ms: i64) {
    match app.db.clamp_times(now_ms).await {
        Ok(0) => {}
        Ok(found) => {
            tracing::warn!(found, "the clock jumped back: {found} times lay too far ahead");
            app.kick();
        }
        Err(error) => complain(&error, "could not mend times that lie too far ahead"),
    }
}

/// Keeps what is counted by the minute small.
async fn forget(app: App) {
    while !app.stop.is_cancelled() {
        pause(&app, FORGETTING).await;
        app.throttle.forget();
        app.guesses.forget(app.now_ms());
    }
}

/// Closes what is sent to readers who stay away.
async fn let_go(app: App) {
    let patience = Duration::from_secs(app.config.listen.write_timeout_seconds);
    let round = (patience / 4).clamp(Duration::from_millis(250), Duration::from_secs(5));
    while !app.stop.is_cancelled() {
        pause(&app, round).await;
        app.outgoing.let_go(patience);
    }
}

/// Asks for the work that comes round again; the row of the job makes it one for all replicas.
async fn keep_house(app: App) {
    let mut round = interval(HOUSEKEEPING);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            _ = round.tick() => {}
        }
        if let Err(error) = ask_for_cleaning(&app).await {
            complain(&error, "could not ask for cleaning");
        }
    }
}

/// Runs the collector of garbage, when it is due or somebody asked for it.
async fn collect(app: App) {
    while !app.stop.is_cancelled() {
        match collect_garbage::run_one(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => complain(&error, "the collector of garbage failed, its next run goes on"),
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = app.wake_gc.notified() => {}
            () = sleep(GC_PAUSE) => {}
        }
    }
}

/// Reads stored bytes again, slowly.
async fn read_again(app: App) {
    while !app.stop.is_cancelled() {
        // Not while the hub starts.
        pause(&app, SCRUB_PAUSE).await;
        if app.stop.is_cancelled() {
            return;
        }
        if let Err(error) = scrub::run_some(&app).await {
            complain(&error, "stored bytes could not be read again");
        }
    }
}

async fn ask_for_cleaning(app: &App) -> Result<(), DbError> {
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    change.enqueue(&Job::ExpireUploads, now).await?;
    change.enqueue(&Job::CountUsage, now).await?;
    change.enqueue(&Job::ForgetAudit, now).await?;
    change.enqueue(&Job::ForgetPulls, now).await?;
    change.commit().await?;
    app.kick();
    app.db.drop_ended_tokens(now - ENDED_MS).await?;
    app.db.drop_ended_invitations(now - invitations::SHOWN_MS).await?;
    search::missed::forget_old(app).await?;
    app.db.drop_letters_before(now - LETTERS_MS).await
}

async fn pause(app: &App, pause: Duration) {
    tokio::select! {
        () = app.stop.cancelled() => {}
        () = sleep(pause) => {}
    }
}

fn complain(error: &(dyn std::error::Error + 'static), what: &str) {
    tracing::error!(error, "{what}");
}

/// Claims one job and runs it. Answers whether there was one.
pub(super) async fn run_one(app: &App) -> Result<bool, DbError> {
    let now = app.now_ms();
    let Some(claimed) = app.db.claim_job(&app.holder, now, now + LEASE_MS).await? else {
        return Ok(false);
    };
    let began = Instant::now();
    let ended = attend(app, &claimed).await;
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (kind, attempts) = (claimed.job.kind(), claimed.attempts);
    let outcome = match &ended {
        Ended::Done => "done",
        Ended::Failed(_) => "failed",
        Ended::Stopped => "stopped",
    };
    metrics::counter!("hub_jobs_total", "kind" => kind, "outcome" => outcome).increment(1);
    match ended {
        Ended::Done => {
            let key = claimed.job.key();
            tracing::info!(job.kind = kind, job.key = key, duration_ms, "did {key}");
            app.db.finish_job(claimed.id, &app.holder).await?;
        }
        Ended::Failed(error) => {
            let last = attempts >= claimed.max_attempts;
            let retry_at = (!last).then(|| app.now_ms() + backoff_ms(attempts));
            tracing::warn!(
                job.kind = kind,
                job.key = claimed.job.key(),
                attempts,
                duration_ms,
                error = &*error as &dyn std::error::Error,
                "a job failed"
            );
            let text = chain(&*error);
            app.db.fail_job(claimed.id, &app.holder, &text, retry_at).await?;
        }
        Ended::Stopped => {
            let text = "the process stopped";
            app.db.fail_job(claimed.id, &app.holder, text, Some(app.now_ms())).await?;
        }
    }
    // Others may have been written down while this one ran.
    app.wake_jobs.notify_one();
    Ok(true)
}

/// How a job ended.
enum Ended {
    Done,
    Failed(Failure),
    Stopped,
}

/// Runs a job while its lease is renewed.
async fn attend(app: &App, claimed: &ClaimedJob) -> Ended {
    let work = AssertUnwindSafe(perform(app, &claimed.job)).catch_unwind();
    let renew = || async {
        let until = app.now_ms() + LEASE_MS;
        // A lost lease is no reason to stop: jobs may run twice.
        if let Err(error) = app.db.renew_job(claimed.id, &app.holder, until).await {
            complain(&error, "could not renew the lease of a job");
        }
    };
    let told_to_stop = async {
        app.stop.cancelled().await;
        sleep(LAST_WORDS).await;
    };
    tokio::select! {
        ended = meanwhile(work, RENEWAL, renew) => match ended {
            Ok(Ok(())) => Ended::Done,
            Ok(Err(error)) => Ended::Failed(error),
            Err(_) => Ended::Failed("the job panicked".into()),
        },
        () = told_to_stop => Ended::Stopped,
    }
}

async fn perform(app: &App, job: &Job) -> Result<(), Failure> {
    match job {
        Job::DescribeImage { repo, digest } => describe_image::run(app, repo, digest).await,
        Job::DescribeRepo { repo } => describe_repo::run(app, repo).await,
        Job::ExpireUploads => expire_uploads::run(app).await,
        Job::CountUsage => count_usage::run(app).await,
        Job::ForgetAudit => forget_audit::run(app).await,
        Job::ForgetPulls => forget_pulls::run(app).await,
    }
}

/// Pause before the next attempt: 2, 4, 8 … seconds, at most ten minutes, a quarter more or less.
fn backoff_ms(attempts: u32) -> i64 {
    let full = 1000_i64.saturating_mul(1 << attempts.min(20)).min(600_000);
    let quarter = full / 4;
    full + rand::random_range(-quarter..=quarter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_ten_minutes() {
        for (attempts, low, high) in
            [(1, 1500, 2500), (2, 3000, 5000), (5, 24_000, 40_000), (30, 450_000, 750_000)]
        {
            let pause = backoff_ms(attempts);
            assert!((low..=high).contains(&pause), "{attempts}: {pause}");
        }
    }

    #[test]
    fn a_failure_is_noted_with_all_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("could not read the image")]
        struct Outer(#[source] std::io::Error);
        let error = Outer(std::io::Error::other("the disk is gone"));
        assert_eq!(chain(&error), "could not read the image: the disk is gone");
    }

    #[tokio::test]
    async fn a_job_of_the_table_is_done_once() {
        let (app, _dir) = App::for_tests().await;
        ask_for_cleaning(&app).await.unwrap();
        ask_for_cleaning(&app).await.unwrap();
        assert_eq!(app.db.open_jobs().await.unwrap(), 4);
        for _ in 0..4 {
            assert!(run_one(&app).await.unwrap());
        }
        assert!(!run_one(&app).await.unwrap());
    }
}
