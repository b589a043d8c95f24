//! Names of repositories in byte order, as the catalogue pages through them.
//!
//! A caller sees what is public, what is private in their own organisations, and what was granted
//! to or shared with them. One condition with an OR would walk past everything that they may not
//! see; so each list is read in its own order, from an index and no further than a page, and merged.

use hub_model::{Own, RepoName};
use sqlx::QueryBuilder;

use crate::lists::{LONGEST, push_in};
use crate::rows::{mark, parsed};
use crate::{Db, DbError, Doing, RepoFilter};

statements! {
    NAMES =
        "SELECT name
         FROM repo
         WHERE name > $1
         ORDER BY name
         LIMIT $2";
    PUBLIC_NAMES =
        "SELECT name
         FROM repo
         WHERE visibility = 'public' AND name > $1
         ORDER BY name
         LIMIT $2";
}

/// Most organisations that are asked for in one statement. The first one asks for a single one,
/// which often fills the page, and each next for four times as many.
const ORGS_AT_ONCE: usize = 32;

impl Db {
    /// Names of the repositories that `filter` shows, those behind `after`.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn repo_names(
        &self,
        filter: &RepoFilter,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<RepoName>, DbError> {
        let doing = "list the names of the repositories";
        let after = mark(after.unwrap_or_default());
        let most = usize::try_from(limit).unwrap_or(0);
        let nothing = Own::default();
        let (statement, own) = match filter {
            RepoFilter::All => (NAMES, &nothing),
            RepoFilter::Visible(own) => (PUBLIC_NAMES, own),
        };
        let mut names: Vec<String> = read!(self, pool => {
            sqlx::query_scalar(statement).bind(after).bind(limit).fetch_all(pool).await
        })
        .doing(doing)?;
        for some in own.repos.chunks(LONGEST) {
            names.extend(self.single_names(some, after, limit).await.doing(doing)?);
        }
        names.sort_unstable();
        names.truncate(most);
        // The names of an organisation's repositories lie between `org/` and `org0`.
        let mut orgs: Vec<String> = own.orgs.iter().map(|org| format!("{org}/")).collect();
        orgs.retain(|org| format!("{}0", org.trim_end_matches('/')).as_str() > &*after);
        orgs.sort_unstable();
        orgs.dedup();
        let (mut rest, mut at_once) = (orgs.as_slice(), 1);
        while let Some(first) = rest.first() {
            let full = names.len() >= most;
            if full && names.get(most.saturating_sub(1)).is_none_or(|last| last < first) {
                break;
            }
            let (some, others) = rest.split_at(at_once.min(rest.len()));
            names.extend(self.private_names(some, after, limit).await.doing(doing)?);
            names.sort_unstable();
            // What was granted may lie in an organisation of the caller's.
            names.dedup();
            names.truncate(most);
            (rest, at_once) = (others, (4 * at_once).min(ORGS_AT_ONCE));
        }
        names.iter().map(|name| parsed(RepoName::stored(name)).doing(doing)).collect()
    }

    /// The first private names among these, behind `after`.
    async fn single_names(
        &self,
        repos: &[RepoName],
        after: &str,
        limit: i64,
    ) -> Result<Vec<String>, sqlx::Error> {
        read!(self, pool => {
            let mut query = QueryBuilder::new("SELECT name FROM repo WHERE name");
            push_in(&mut query, repos.iter().map(|repo| repo.as_str().to_owned()));
            query.push(" AND visibility = 'private' AND name > ").push_bind(after.to_owned());
            query.push(" ORDER BY name LIMIT ").push_bind(limit);
            query.build_query_scalar().persistent(false).fetch_all(pool).await
        })
    }

    /// The first private names of these organisations, behind `after`.
    async fn private_names(
        &self,
        orgs: &[String],
        after: &str,
        limit: i64,
    ) -> Result<Vec<String>, sqlx::Error> {
        read!(self, pool => {
            let mut query = QueryBuilder::new("");
            for (number, org) in orgs.iter().enumerate() {
                query.push(if number == 0 { "" } else { " UNION ALL " });
                query.push("SELECT name FROM (SELECT r.name FROM repo r WHERE r.org_id = ");
                query.push("(SELECT o.id FROM org o WHERE o.name = ");
                query.push_bind(org.trim_end_matches('/').to_owned());
                query.push(") AND r.visibility = 'private' AND r.name > ");
                query.push_bind(after.to_owned());
                query.push(" ORDER BY r.name LIMIT ").push_bind(limit).push(") AS own");
            }
            // Rows that are handed over cost more than rows that are merged.
            query.push(" ORDER BY name LIMIT ").push_bind(limit);
            query.build_query_scalar().persistent(false).fetch_all(pool).await
        })
    }
}

#[cfg(test)]
mod tests {
    use hub_model::Visibility;

    use super::*;
    use crate::fixtures::{engines, org_name};

    #[tokio::test]
    async fn pages_show_what_is_public_and_what_is_the_callers_own_in_byte_order() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let mut all = Vec::new();
            // `a-b/…` stands before `a/…`, though `a` stands before `a-b`.
            for org in ["a", "a-b", "b", "c"]
                .into_iter()
                .map(str::to_owned)
                .chain((0..ORGS_AT_ONCE).map(|number| format!("d{number:02}")))
            {
                let row = change.an_org(&org).await;
                for (path, visibility) in [
                    ("x", Visibility::Public),
                    ("y", Visibility::Private),
                    ("z", Visibility::Private),
                ] {
                    change.a_repo(&row, path, visibility).await;
                    all.push((format!("{org}/{path}"), org.clone(), visibility));
                }
            }
            change.commit().await.unwrap();
            all.sort_by(|a, b| a.0.cmp(&b.0));

            let many: Vec<_> = all.iter().map(|(_, org, _)| org_name(org)).collect();
            let few = vec![org_name("c"), org_name("a"), org_name("a-b"), org_name("gone")];
            for orgs in [Vec::new(), few, many] {
                let seen: Vec<_> = all
                    .iter()
                    .filter(|(_, org, visibility)| {
                        *visibility == Visibility::Public || orgs.contains(&org_name(org))
                    })
                    .map(|(name, ..)| name.clone())
                    .collect();
                // A single repository that is public, that the organisations have, or that is gone.
                let single = ["b/x", "c/y", "gone/y"].map(crate::fixtures::repo_name);
                let repos = if orgs.is_empty() { Vec::new() } else { single.into() };
                let filter = RepoFilter::Visible(Own { orgs, repos });
                for page in [1, 2, 3, 7, 1000] {
                    let mut found: Vec<String> = Vec::new();
                    loop {
                        let last = found.last().map(String::as_str);
                        let more = db.repo_names(&filter, last, page).await.unwrap();
                        if more.is_empty() {
                            break;
                        }
                        found.extend(more.into_iter().map(String::from));
                    }
                    assert_eq!(found, seen, "pages of {page}");
                }
            }
            let single = ["b/y", "c/z"].map(crate::fixtures::repo_name).into();
            let filter = RepoFilter::Visible(Own { orgs: Vec::new(), repos: single });
            let found = db.repo_names(&filter, Some("b"), 4).await.unwrap();
            let found: Vec<_> = found.iter().map(RepoName::as_str).collect();
            assert_eq!(found, ["b/x", "b/y", "c/x", "c/z"]);
            let everything = db.repo_names(&RepoFilter::All, Some("c/z"), 2).await.unwrap();
            assert_eq!(
                everything.iter().map(RepoName::as_str).collect::<Vec<_>>(),
                ["d00/x", "d00/y"]
            );
            assert_eq!(db.repo_names(&RepoFilter::All, None, 0).await.unwrap(), []);
        }
    }
}
