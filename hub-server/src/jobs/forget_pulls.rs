//! Takes pulls of days that have passed out of what counts as recent.

use hub_db::{RECENT_DAYS, day};

use crate::App;

/// Repositories in one change: on SQLite nobody else writes meanwhile.
const AT_ONCE: i64 = 200;

pub(crate) async fn run(app: &App) -> Result<(), super::Failure> {
    let now = app.now_ms();
    let first_day = day(now) - RECENT_DAYS + 1;
    loop {
        let (repos, told) = app.db.forget_pulls(first_day, AT_ONCE, now).await?;
        if told {
            app.kick();
        }
        if repos == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{Actor, RepoName, Visibility};

    use super::*;
    use crate::app::Clock;
    use crate::services::{orgs, repos};

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[tokio::test]
    async fn a_month_later_pulls_are_recent_no_longer() {
        let (app, _dir) = App::for_tests_by(Clock::standing_at(20_000 * DAY_MS)).await;
        let name: RepoName = "ana/app".parse().unwrap();
        orgs::create(&app, &Actor::System, &name.org(), "", "").await.unwrap();
        let repo = repos::create(&app, &Actor::System, &name, Visibility::Public).await.unwrap();
        let count = |times| (0..times).for_each(|_| app.pulls.count(repo.id, None, app.now_ms()));
        let numbers = async || {
            run(&app).await.unwrap();
            let repo = app.db.repo(&name).await.unwrap().unwrap();
            (repo.pulls, repo.recent_pulls)
        };
        count(5);
        crate::jobs::flush(&app).await;
        app.clock.advance_ms(DAY_MS);
        count(2);
        crate::jobs::flush(&app).await;
        assert_eq!(numbers().await, (7, 7));
        app.clock.advance_ms(29 * DAY_MS);
        assert_eq!(numbers().await, (7, 2));
        app.clock.advance_ms(DAY_MS);
        assert_eq!(numbers().await, (7, 0));
    }
}
