//! Which repositories hold a manifest, and by which tags.

use hub_model::{Digest, OrgName, Repo, RepoName, Tag};
use sqlx::QueryBuilder;

use crate::lists::{LONGEST, push_in};
use crate::repos::{RepoRow, SELECT, filtered};
use crate::rows::{all, parsed};
use crate::{Db, DbError, Doing, RepoFilter};

impl Db {
    /// Repositories that hold a manifest, by name, `first` in front of all others; of one
    /// organisation, when one is given.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn repos_with_manifest(
        &self,
        digest: &Digest,
        filter: &RepoFilter,
        (org, first): (Option<&OrgName>, Option<&RepoName>),
        limit: i64,
    ) -> Result<Vec<Repo>, DbError> {
        let first = first.map_or("", RepoName::as_str);
        let rows = read!(self, pool => {
            let mut query = filtered(SELECT, filter, org);
            query.push(" AND r.id IN (SELECT m.repo_id FROM repo_manifest m WHERE m.digest = ");
            query.push_bind(digest.as_str().to_owned());
            query.push(") ORDER BY CASE WHEN r.name = ").push_bind(first.to_owned());
            query.push(" THEN 0 ELSE 1 END, r.name LIMIT ").push_bind(limit);
            query.build_query_as::<RepoRow>().persistent(false).fetch_all(pool).await
        });
        rows.and_then(all).doing("list the repositories that hold the manifest")
    }

    /// Tags of those repositories that point at a manifest, each with the row of its repository:
    /// per repository the one pushed last first.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn tags_at(
        &self,
        digest: &Digest,
        repo_ids: &[i64],
        limit: i64,
    ) -> Result<Vec<(i64, Tag)>, DbError> {
        let mut tags = Vec::new();
        for some in repo_ids.chunks(LONGEST) {
            let rows: Result<Vec<(i64, String)>, _> = read!(self, pool => {
                let mut query = QueryBuilder::new("SELECT repo_id, tag FROM img WHERE digest = ");
                query.push_bind(digest.as_str()).push(" AND repo_id");
                push_in(&mut query, some.iter().copied());
                query.push(" ORDER BY repo_id, pushed_at_ms DESC, tag LIMIT ").push_bind(limit);
                query.build_query_as().persistent(false).fetch_all(pool).await
            });
            let read = |(repo_id, tag): (i64, String)| Ok((repo_id, parsed(Tag::parse(&tag))?));
            let rows = rows.and_then(|rows| rows.into_iter().map(read).collect::<Result<_, _>>());
            tags.append(&mut rows.doing("list the tags of the manifest")?);
        }
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{Manifest, ManifestFacts, Own, Visibility};

    use super::*;
    use crate::fixtures::{digest, engines, new_img, org_name, repo_name, tag, with_repo};

    #[tokio::test]
    async fn who_holds_a_manifest_is_told_as_far_as_it_may_be_seen() {
        for (db, _fresh) in engines().await {
            let held = Manifest {
                digest: digest(1),
                media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
                body: b"{}".to_vec(),
                facts: ManifestFacts::default(),
            };
            let app = with_repo(&db).await;
            let org = db.org(&app.name.org()).await.unwrap().unwrap();
            let mut change = db.change().await.unwrap();
            let hidden = change.a_repo(&org, "hidden", Visibility::Private).await;
            let zoo = change.a_repo(&org, "zoo", Visibility::Public).await;
            change.put_manifest(&held).await.unwrap();
            for repo in [&app, &hidden, &zoo] {
                change.link_manifest(repo.id, &held, 1, "alice").await.unwrap();
            }
            for (name, number, at) in [("v1", 1, 1), ("v2", 2, 2), ("v3", 1, 3)] {
                let img = new_img(&app, name, Some(digest(number)), at);
                change.put_img(&img).await.unwrap();
            }
            change.commit().await.unwrap();

            let names = async |own: Option<Own>, first: Option<&str>| {
                let filter = own.map_or(RepoFilter::All, RepoFilter::Visible);
                let first = first.map(repo_name);
                let wanted = (None, first.as_ref());
                let repos = db.repos_with_manifest(&digest(1), &filter, wanted, 9).await.unwrap();
                repos.into_iter().map(|repo| repo.name.to_string()).collect::<Vec<_>>()
            };
            let nothing = Some(Own::default());
            let member = Some(Own { orgs: vec![org_name("labring")], repos: vec![] });
            assert_eq!(names(nothing.clone(), None).await, ["labring/app", "labring/zoo"]);
            assert_eq!(
                names(nothing.clone(), Some("labring/zoo")).await,
                ["labring/zoo", "labring/app"]
            );
            assert_eq!(
                names(nothing, Some("labring/hidden")).await,
                ["labring/app", "labring/zoo"]
            );
            assert_eq!(names(member, None).await.len(), 3);
            assert_eq!(names(None, None).await.len(), 3);
            let elsewhere = org_name("elsewhere");
            let of = (Some(&elsewhere), None);
            let none = db.repos_with_manifest(&digest(1), &RepoFilter::All, of, 9).await.unwrap();
            assert_eq!(none, []);

            let tags = db.tags_at(&digest(1), &[app.id, zoo.id], 9).await.unwrap();
            assert_eq!(tags, [(app.id, tag("v3")), (app.id, tag("v1"))]);
        }
    }
}
