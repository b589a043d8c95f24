//! Tests of jobs on both engines.

use std::collections::HashSet;

use hub_model::RepoName;

use super::*;
use crate::fixtures::{engines, repo_name};

fn job(repo: &str) -> Job {
    Job::DescribeRepo { repo: repo_name(repo) }
}

async fn ask(db: &Db, job: &Job, run_at_ms: i64) {
    let mut change = db.change().await.unwrap();
    change.enqueue(job, run_at_ms).await.unwrap();
    change.commit().await.unwrap();
}

async fn claim(db: &Db, holder: &str, now_ms: i64) -> Option<ClaimedJob> {
    db.claim_job(holder, now_ms, now_ms + 30).await.unwrap()
}

#[tokio::test]
async fn a_job_is_claimed_when_its_time_comes_and_goes_when_it_is_done() {
    for (db, _fresh) in engines().await {
        ask(&db, &job("labring/a"), 100).await;
        assert_eq!(claim(&db, "w", 99).await, None);
        let claimed = claim(&db, "w", 100).await.unwrap();
        assert_eq!((&claimed.job, claimed.attempts), (&job("labring/a"), 1));
        assert_eq!(claimed.max_attempts, 5);
        assert_eq!(claim(&db, "w", 101).await, None);
        assert_eq!(db.open_jobs().await.unwrap(), 1);

        db.finish_job(claimed.id, "other").await.unwrap();
        assert_eq!(db.open_jobs().await.unwrap(), 1, "it is not theirs");
        db.finish_job(claimed.id, "w").await.unwrap();
        assert_eq!(db.open_jobs().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn asking_twice_is_one_job_at_the_earlier_time() {
    for (db, _fresh) in engines().await {
        ask(&db, &job("labring/a"), 100).await;
        ask(&db, &job("labring/a"), 50).await;
        ask(&db, &job("labring/a"), 70).await;
        assert_eq!(db.open_jobs().await.unwrap(), 1);
        assert_eq!(claim(&db, "w", 49).await, None);
        assert!(claim(&db, "w", 50).await.is_some());
    }
}

#[tokio::test]
async fn a_request_that_comes_while_the_job_runs_is_not_lost() {
    for (db, _fresh) in engines().await {
        ask(&db, &job("labring/a"), 0).await;
        let claimed = claim(&db, "w", 1).await.unwrap();
        ask(&db, &job("labring/a"), 7).await;
        ask(&db, &job("labring/a"), 9).await;
        assert_eq!(claim(&db, "w", 10).await, None, "not twice at the same time");
        db.finish_job(claimed.id, "w").await.unwrap();

        assert_eq!(claim(&db, "w", 6).await, None);
        let again = claim(&db, "w", 10).await.unwrap();
        assert_eq!(again.attempts, 1);
        db.finish_job(again.id, "w").await.unwrap();
        assert_eq!(db.open_jobs().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_failed_job_waits_and_a_new_request_revives_a_dead_one() {
    for (db, _fresh) in engines().await {
        ask(&db, &job("labring/a"), 0).await;
        let claimed = claim(&db, "w", 1).await.unwrap();
        db.fail_job(claimed.id, "w", "no disk", Some(50)).await.unwrap();
        assert_eq!(claim(&db, "w", 49).await, None);
        let retried = claim(&db, "w", 50).await.unwrap();
        assert_eq!(retried.attempts, 2);
        db.fail_job(retried.id, "w", "no disk", None).await.unwrap();
        assert_eq!(db.open_jobs().await.unwrap(), 0);
        assert_eq!(claim(&db, "w", 1000).await, None);

        ask(&db, &job("labring/a"), 60).await;
        assert_eq!(claim(&db, "w", 60).await.unwrap().attempts, 1);
    }
}

#[tokio::test]
async fn a_job_that_dies_is_queued_again_for_whoever_asked_meanwhile() {
    for (db, _fresh) in engines().await {
        ask(&db, &job("labring/a"), 0).await;
        let claimed = claim(&db, "w", 1).await.unwrap();
        ask(&db, &job("labring/a"), 7).await;
        db.fail_job(claimed.id, "w", "no disk", None).await.unwrap();
        assert_eq!(claim(&db, "w", 7).await.unwrap().attempts, 1);
    }
}

#[tokio::test]
async fn a_job_whose_holder_vanished_goes_to_another_and_not_for_ever() {
    for (db, _fresh) in engines().await {
        ask(&db, &job("labring/a"), 0).await;
        let first = claim(&db, "a", 0).await.unwrap();
        assert!(db.renew_job(first.id, "a", 60).await.unwrap());
        assert_eq!(claim(&db, "b", 60).await, None);
        let second = claim(&db, "b", 61).await.unwrap();
        assert_eq!((second.id, second.attempts), (first.id, 2));
        assert!(!db.renew_job(first.id, "a", 99).await.unwrap());
        db.finish_job(first.id, "a").await.unwrap();
        assert_eq!(db.open_jobs().await.unwrap(), 1);

        let mut attempts = Vec::new();
        for now_ms in (1..10).map(|turn| turn * 1000) {
            attempts.extend(claim(&db, "c", now_ms).await.map(|job| job.attempts));
        }
        assert_eq!(attempts, [3, 4, 5]);
        assert_eq!(db.open_jobs().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_job_that_cannot_be_read_does_not_block_the_others() {
    for (db, _fresh) in engines().await {
        ask(&db, &job("labring/a"), 0).await;
        ask(&db, &job("labring/b"), 1).await;
        let spoil = "UPDATE job SET payload = '{\"kind\":\"of_tomorrow\"}' WHERE run_at_ms = 0";
        alone!(&db, pool => sqlx::query(spoil).execute(pool).await.map(drop)).unwrap();
        assert_eq!(claim(&db, "w", 5).await.unwrap().job, job("labring/b"));
        assert_eq!(db.open_jobs().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn workers_that_ask_at_once_never_get_the_same_job() {
    for (db, _fresh) in engines().await {
        let mut change = db.change().await.unwrap();
        for number in 0..60 {
            change.enqueue(&job(&format!("labring/r{number}")), number).await.unwrap();
        }
        change.commit().await.unwrap();

        let worker = async |number: usize| {
            let holder = number.to_string();
            let mut done = Vec::new();
            while let Some(claimed) = claim(&db, &holder, 100).await {
                let Job::DescribeRepo { repo } = &claimed.job else { panic!("{claimed:?}") };
                done.push(repo.clone());
                db.finish_job(claimed.id, &holder).await.unwrap();
            }
            done
        };
        let done = futures::future::join_all((0..8).map(worker)).await.concat();
        assert_eq!(done.len(), 60);
        assert_eq!(done.into_iter().collect::<HashSet<RepoName>>().len(), 60);
        assert_eq!(db.open_jobs().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn requests_and_ends_at_the_same_time_lose_nothing() {
    for (db, _fresh) in engines().await {
        let job = job("labring/a");
        for turn in 0..20 {
            ask(&db, &job, turn).await;
            let claimed = claim(&db, "w", turn).await.unwrap();
            futures::join!(
                async { db.finish_job(claimed.id, "w").await.unwrap() },
                ask(&db, &job, turn)
            );
            // Asked for again before or after the end: once more it must be done.
            let again = claim(&db, "w", turn).await.unwrap();
            db.finish_job(again.id, "w").await.unwrap();
            assert_eq!(db.open_jobs().await.unwrap(), 0);
        }
    }
}
