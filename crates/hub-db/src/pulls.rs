//! Pulls, written down in batches.

use hub_model::Tag;

use crate::rows::int;
use crate::{Change, Db, DbError, Doing};

statements! {
    ADD_PULLS =
        "UPDATE repo
         SET pulls = pulls + $2,
             pulled_at_ms = CASE WHEN pulled_at_ms < $3 THEN $3 ELSE pulled_at_ms END
         WHERE id = $1";
    TAG_PULLED =
        "UPDATE img
         SET pulled_at_ms = $3
         WHERE repo_id = $1 AND tag = $2 AND pulled_at_ms < $3";
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
    /// Adds pulls, in one change of its own that leaves no letter.
    ///
    /// # Errors
    ///
    /// When a statement fails; then none was added.
    pub async fn add_pulls(&self, pulls: &[Pulls]) -> Result<(), DbError> {
        let mut pulls: Vec<&Pulls> = pulls.iter().collect();
        // Replicas that lock the same rows in different orders would wait for each other.
        pulls.sort_unstable_by_key(|pulls| pulls.repo_id);
        let mut change = self.change().await?;
        for pulls in &pulls {
            within!(&mut change, on => {
                sqlx::query(ADD_PULLS)
                    .bind(pulls.repo_id)
                    .bind(int(pulls.count))
                    .bind(pulls.last_ms)
                    .execute(on)
                    .await
                    .map(drop)
            })
            .doing("count the pulls")?;
        }
        for pulls in &pulls {
            change.tags_were_pulled(pulls).await?;
        }
        change.commit().await
    }
}

impl Change {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{engines, tag, with_repo};

    #[tokio::test]
    async fn pulls_add_up_and_those_of_a_deleted_repository_are_dropped() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let mut change = db.change().await.unwrap();
            change.an_img(&repo, "v1", 1).await;
            change.commit().await.unwrap();
            let pulls = |repo_id, count, last_ms, name: &str| Pulls {
                repo_id,
                count,
                last_ms,
                tags: vec![(tag(name), last_ms)],
            };
            let none = repo.id + 1;
            let first = [pulls(none, 5, 9, "v1"), pulls(repo.id, 2, 50, "v1")];
            db.add_pulls(&first).await.unwrap();
            db.add_pulls(&[pulls(repo.id, 1, 40, "gone")]).await.unwrap();
            db.add_pulls(&[pulls(repo.id, 1, 30, "v1")]).await.unwrap();
            db.add_pulls(&[]).await.unwrap();
            let known = db.repo(&repo.name).await.unwrap().unwrap();
            assert_eq!((known.pulls, known.pulled_at_ms), (4, 50));
            let img = db.img(repo.id, &tag("v1")).await.unwrap().unwrap();
            assert_eq!(img.pulled_at_ms, 50);
        }
    }
}
