//! Pulls, written down in batches: of all time, and those of the last days.

use hub_model::{LetterKind, Tag};
use sqlx::QueryBuilder;

use crate::lists::push_in;
use crate::rows::int;
use crate::{Change, Db, DbError, Doing};

statements! {
    ADD_PULLS =
        "UPDATE repo
         SET pulls = pulls + $2, recent_pulls = recent_pulls + $2,
             pulled_at_ms = CASE WHEN pulled_at_ms < $3 THEN $3 ELSE pulled_at_ms END
         WHERE id = $1
         RETURNING name, pulls, recent_pulls";
    ADD_TO_DAY =
        "INSERT INTO repo_pulls (day, repo_id, pulls)
         VALUES ($1, $2, $3)
         ON CONFLICT (day, repo_id) DO UPDATE SET pulls = repo_pulls.pulls + excluded.pulls";
    TAG_PULLED =
        "UPDATE img
         SET pulled_at_ms = $3
         WHERE repo_id = $1 AND tag = $2 AND pulled_at_ms < $3";
    OF_THE_OLDEST_DAYS =
        "SELECT repo_id
         FROM repo_pulls
         WHERE day < $1
         ORDER BY day, repo_id
         LIMIT $2";
}

/// Pulls of so many days count as recent, today included.
pub const RECENT_DAYS: i64 = 30;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The day of UTC of a time in milliseconds, counted from 1970.
#[must_use]
pub const fn day(at_ms: i64) -> i64 {
    at_ms.div_euclid(DAY_MS)
}

/// Pulls from one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulls {
    /// Row of the repository.
    pub repo_id: i64,
    /// How many more.
    pub count: u64,
    /// When the last one was, in milliseconds.
    pub last_ms: i64,
    /// When each tag was last pulled, in milliseconds.
    pub tags: Vec<(Tag, i64)>,
}

impl Db {
    /// Adds pulls, in one change of its own. It leaves letters only where a number got another
    /// binary digit: the index is that exact and no more, so that it need not read a repository
    /// again for each pull. Tells whether there is one.
    ///
    /// # Errors
    ///
    /// When a statement fails; then none was added.
    pub async fn add_pulls(&self, pulls: &[Pulls], now_ms: i64) -> Result<bool, DbError> {
        let mut pulls: Vec<&Pulls> = pulls.iter().collect();
        // Replicas that lock the same rows in different orders would wait for each other.
        pulls.sort_unstable_by_key(|pulls| pulls.repo_id);
        let mut change = self.change().await?;
        let mut news = Vec::new();
        for pulls in &pulls {
            news.extend(change.were_pulled(pulls).await.doing("count the pulls")?);
        }
        for pulls in &pulls {
            change.tags_were_pulled(pulls).await?;
        }
        change.tell_counts(&news, now_ms).await?;
        change.commit().await?;
        Ok(!news.is_empty())
    }

    /// Takes days before `first_day` out of the recent pulls, the oldest first and of at most `most`
    /// repositories, in one change of its own. Answers how many repositories that were, and
    /// whether it left letters, which it does as [`Db::add_pulls`] does.
    ///
    /// # Errors
    ///
    /// When a statement fails; then nothing was taken out.
    pub async fn forget_pulls(
        &self,
        first_day: i64,
        most: i64,
        now_ms: i64,
    ) -> Result<(usize, bool), DbError> {
        let mut change = self.change().await?;
        let (repos, news) = change.days_passed(first_day, most).await.doing("forget old pulls")?;
        if repos == 0 {
            return Ok((0, false));
        }
        change.tell_counts(&news, now_ms).await?;
        change.commit().await?;
        Ok((repos, !news.is_empty()))
    }
}

impl Change {
    /// Adds pulls of one repository; answers its name when the index should hear of it.
    async fn were_pulled(&mut self, pulls: &Pulls) -> Result<Option<String>, sqlx::Error> {
        let count = int(pulls.count);
        let row: Option<(String, i64, i64)> = within!(self, on => {
            let row = sqlx::query_as(ADD_PULLS)
                .bind(pulls.repo_id)
                .bind(count)
                .bind(pulls.last_ms)
                .fetch_optional(&mut *on)
                .await?;
            if row.is_some() {
                sqlx::query(ADD_TO_DAY)
                    .bind(day(pulls.last_ms))
                    .bind(pulls.repo_id)
                    .bind(count)
                    .execute(&mut *on)
                    .await?;
            }
            row
        });
        let news = row.filter(|(_, all, recent)| {
            digits(*all) != digits(*all - count) || digits(*recent) != digits(*recent - count)
        });
        Ok(news.map(|(name, ..)| name))
    }

    async fn tags_were_pulled(&mut self, pulls: &Pulls) -> Result<(), DbError> {
        let mut tags: Vec<_> = pulls.tags.iter().collect();
        tags.sort_unstable();
        for (tag, at_ms) in tags {
            within!(&mut *self, on => {
                sqlx::query(TAG_PULLED)
                    .bind(pulls.repo_id)
                    .bind(tag.as_str())
                    .bind(at_ms)
                    .execute(on)
                    .await
                    .map(drop)
            })
            .doing("note when the tag was pulled")?;
        }
        Ok(())
    }

    /// Deletes days that have passed; answers of how many repositories, and the names of those that
    /// the index should hear of.
    async fn days_passed(
        &mut self,
        first_day: i64,
        most: i64,
    ) -> Result<(usize, Vec<String>), sqlx::Error> {
        let mut ids: Vec<i64> = within!(&mut *self, on => {
            sqlx::query_scalar(OF_THE_OLDEST_DAYS).bind(first_day).bind(most).fetch_all(on).await?
        });
        if ids.is_empty() {
            return Ok((0, Vec::new()));
        }
        ids.sort_unstable();
        ids.dedup();
        // Before the days are touched: whoever adds pulls, or deletes a repository, begins there.
        let locked = self.locked_counts(&ids).await?;
        let after: Vec<(i64, i64)> = within!(&mut *self, on => {
            let mut passed = QueryBuilder::new("DELETE FROM repo_pulls WHERE day < ");
            passed.push_bind(first_day).push(" AND repo_id");
            push_in(&mut passed, ids.iter().copied());
            passed.build().persistent(false).execute(&mut *on).await?;
            // The sum anew, so that it is right again after whatever went wrong.
            let mut sums = QueryBuilder::new(
                "UPDATE repo
                 SET recent_pulls = CAST((SELECT COALESCE(SUM(d.pulls), 0)
                                          FROM repo_pulls d
                                          WHERE d.repo_id = repo.id) AS BIGINT)
                 WHERE id",
            );
            push_in(&mut sums, ids.iter().copied());
            sums.push(" RETURNING id, recent_pulls");
            sums.build_query_as().persistent(false).fetch_all(&mut *on).await?
        });
        let after: std::collections::HashMap<i64, i64> = after.into_iter().collect();
        let changed = |(id, name, before): (i64, String, i64)| {
            let after = after.get(&id)?;
            (digits(*after) != digits(before)).then_some(name)
        };
        Ok((ids.len(), locked.into_iter().filter_map(changed).collect()))
    }

    async fn tell_counts(&mut self, names: &[String], now_ms: i64) -> Result<(), DbError> {
        for name in names {
            self.tell(LetterKind::Counts, name, now_ms).await?;
        }
        Ok(())
    }
}

/// Binary digits of a count.
const fn digits(count: i64) -> u32 {
    i64::BITS - count.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{engines, repo_name, tag, with_repo};

    fn pulls(repo_id: i64, count: u64, last_ms: i64) -> Pulls {
        Pulls { repo_id, count, last_ms, tags: Vec::new() }
    }

    async fn numbers(db: &Db, name: &str) -> (u64, u64) {
        let repo = db.repo(&repo_name(name)).await.unwrap().unwrap();
        (repo.pulls, repo.recent_pulls)
    }

    /// Names in the letters behind `seq`.
    async fn told(db: &Db, seq: i64) -> Vec<(LetterKind, String)> {
        let letters = db.letters_after(seq, 100).await.unwrap();
        letters.into_iter().map(|letter| (letter.kind, letter.subject)).collect()
    }

    #[tokio::test]
    async fn pulls_add_up_and_those_of_a_deleted_repository_are_dropped() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let mut change = db.change().await.unwrap();
            change.an_img(&repo, "v1", 1).await;
            change.commit().await.unwrap();
            let by_tag = |repo_id, count, last_ms, name: &str| Pulls {
                tags: vec![(tag(name), last_ms)],
                ..pulls(repo_id, count, last_ms)
            };
            let none = repo.id + 1;
            let first = [by_tag(none, 5, 9, "v1"), by_tag(repo.id, 2, 50, "v1")];
            db.add_pulls(&first, 60).await.unwrap();
            db.add_pulls(&[by_tag(repo.id, 1, 40, "gone")], 60).await.unwrap();
            db.add_pulls(&[by_tag(repo.id, 1, 30, "v1")], 60).await.unwrap();
            db.add_pulls(&[], 60).await.unwrap();
            let known = db.repo(&repo.name).await.unwrap().unwrap();
            assert_eq!((known.pulls, known.recent_pulls, known.pulled_at_ms), (4, 4, 50));
            let img = db.img(repo.id, &tag("v1")).await.unwrap().unwrap();
            assert_eq!(img.pulled_at_ms, 50);
            let doc = db.search_doc("labring/app").await.unwrap().unwrap();
            assert_eq!((doc.pulls, doc.recent_pulls), (4, 4));
        }
    }

    #[tokio::test]
    async fn days_that_have_passed_count_no_longer_piece_by_piece() {
        for (db, _fresh) in engines().await {
            let app = with_repo(&db).await;
            let org = db.org(&app.name.org()).await.unwrap().unwrap();
            let mut change = db.change().await.unwrap();
            let other = change.a_repo(&org, "other", hub_model::Visibility::Private).await;
            change.commit().await.unwrap();
            for (repo, count, on) in [(&app, 8, 0), (&app, 1, 1), (&app, 2, 30), (&other, 3, 1)] {
                db.add_pulls(&[pulls(repo.id, count, on * DAY_MS)], 1).await.unwrap();
            }
            assert_eq!(numbers(&db, "labring/app").await, (11, 11));

            let today = 31;
            let first = today - RECENT_DAYS + 1;
            let before = db.last_letter().await.unwrap();
            assert_eq!(db.forget_pulls(0, 1, 1).await.unwrap(), (0, false));
            // Both days of the one are gone with the older of them.
            assert_eq!(db.forget_pulls(first, 1, 1).await.unwrap(), (1, true));
            assert_eq!(numbers(&db, "labring/app").await, (11, 2));
            assert_eq!(numbers(&db, "labring/other").await, (3, 3));
            assert_eq!(db.forget_pulls(first, 1, 1).await.unwrap(), (1, true));
            assert_eq!(numbers(&db, "labring/other").await, (3, 0));
            assert_eq!(db.forget_pulls(first, 1, 1).await.unwrap(), (0, false));
            let of = |name: &str| (LetterKind::Counts, name.to_owned());
            assert_eq!(told(&db, before).await, [of("labring/app"), of("labring/other")]);
        }
    }

    #[tokio::test]
    async fn the_index_hears_of_pulls_when_a_number_gets_another_digit() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let start = db.last_letter().await.unwrap();
            let mut letters = 0;
            for _ in 0..300 {
                let told = db.add_pulls(&[pulls(repo.id, 1, 5)], 5).await.unwrap();
                letters += usize::from(told);
            }
            // 1, 2, 4, … 256.
            assert_eq!(letters, 9);
            assert_eq!(told(&db, start).await.len(), 9);
        }
    }

    #[tokio::test]
    async fn pulls_are_added_while_days_pass_and_repositories_go() {
        for (db, _fresh) in engines().await {
            let app = with_repo(&db).await;
            let org = db.org(&app.name.org()).await.unwrap().unwrap();
            let mut change = db.change().await.unwrap();
            let going = change.a_repo(&org, "going", hub_model::Visibility::Public).await;
            change.commit().await.unwrap();
            db.add_pulls(&[pulls(app.id, 7, 0), pulls(going.id, 7, 0)], 1).await.unwrap();
            let today = 40 * DAY_MS;
            let adding = async {
                for _ in 0..20 {
                    db.add_pulls(&[pulls(app.id, 1, today)], today).await.unwrap();
                }
            };
            let forgetting = async { while db.forget_pulls(11, 1, today).await.unwrap().0 > 0 {} };
            let deleting = async {
                let mut change = db.change().await.unwrap();
                change.delete_repo(going.id, today).await.unwrap();
                change.commit().await.unwrap();
            };
            futures::join!(adding, forgetting, deleting);
            assert_eq!(numbers(&db, "labring/app").await, (27, 20));
        }
    }

    #[test]
    fn days_begin_at_midnight() {
        assert_eq!((day(0), day(DAY_MS - 1), day(DAY_MS), day(-1)), (0, 0, 1, -1));
    }
}
