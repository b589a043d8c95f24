//! Repositories and their stars.

use hub_model::{Digest, LatestMode, NewRepo, OrgName, Own, Repo, RepoName, Tag, Visibility};
use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};

use crate::lists::{LONGEST, push_in};
use crate::rows::{all, count, int, known, mark, maybe, one, parsed};
use crate::{Change, Db, DbError, Doing};

macro_rules! columns {
    () => {
        "r.id, r.org_id, r.name, r.visibility, r.latest_tag, r.latest_semver, r.latest_mode, \
         r.keep, r.official, r.tags, r.stars, r.pulls, r.recent_pulls, r.created_at_ms, \
         r.updated_at_ms, r.pushed_at_ms, r.pulled_at_ms"
    };
}
pub(crate) use columns;

statements! {
    REPO = concat!(
        "SELECT ", columns!(), "
         FROM repo r
         WHERE r.name = $1"
    );
    REPOS_WITH_BLOB = concat!(
        "SELECT ", columns!(), "
         FROM repo_blob b
         JOIN repo r ON r.id = b.repo_id
         WHERE b.digest = $1
         ORDER BY CASE r.visibility WHEN 'public' THEN 0 ELSE 1 END, r.name
         LIMIT $2"
    );
    ADD_REPO =
        "INSERT INTO repo (org_id, name, visibility, latest_mode, keep, official, tags, stars,
                           pulls, created_at_ms, updated_at_ms, pushed_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $7, $7, 0)
         RETURNING id, org_id, name, visibility, latest_tag, latest_semver, latest_mode, keep,
                   official, tags, stars, pulls, recent_pulls, created_at_ms, updated_at_ms,
                   pushed_at_ms, pulled_at_ms";
    EDIT_REPO =
        "UPDATE repo
         SET visibility = $2, keep = $3, official = $4, latest_mode = $5, updated_at_ms = $6
         WHERE id = $1";
    SET_LATEST =
        "UPDATE repo
         SET latest_tag = $2, latest_semver = $3, tags = $4, pushed_at_ms = $5, updated_at_ms = $6
         WHERE id = $1";
    HOLDS_MANIFESTS =
        "SELECT COUNT(*)
         FROM (SELECT 1
               FROM repo_manifest
               WHERE repo_id = $1
               LIMIT 1) AS first";
    AWAITS_MANIFEST =
        "SELECT COUNT(*)
         FROM (SELECT 1
               FROM repo_blob b
               WHERE b.repo_id = $1 AND b.unused_since_ms > $2
                 AND NOT EXISTS (SELECT 1
                                 FROM manifest_link l
                                 JOIN manifest m ON m.digest = l.parent
                                 WHERE l.target = b.digest AND l.kind <> 'manifest'
                                   AND m.unreferenced_since_ms >= b.unused_since_ms)
               LIMIT 1) AS first";
    LEAVE_MANIFESTS =
        "UPDATE manifest
         SET unreferenced_since_ms = $2
         WHERE digest IN (SELECT digest FROM repo_manifest WHERE repo_id = $1)";
    LEAVE_BLOBS =
        "UPDATE blob
         SET unreferenced_since_ms = $2
         WHERE digest IN (SELECT digest FROM repo_blob WHERE repo_id = $1)";
    DELETE_REPO =
        "DELETE FROM repo
         WHERE id = $1";
    STARRED =
        "SELECT COUNT(*)
         FROM star
         WHERE repo_id = $1 AND user_id = $2";
    STAR =
        "INSERT INTO star (repo_id, user_id)
         VALUES ($1, $2)
         ON CONFLICT (repo_id, user_id) DO NOTHING";
    UNSTAR =
        "DELETE FROM star
         WHERE repo_id = $1 AND user_id = $2";
    STARS =
        "SELECT stars
         FROM repo
         WHERE id = $1";
    ADD_STARS =
        "UPDATE repo
         SET stars = stars + $2
         WHERE id = $1";
}

/// The beginning of the statements with a list.
pub(crate) const SELECT: &str = concat!("SELECT ", columns!(), " FROM repo r");

/// Which repositories a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepoFilter {
    /// Every one.
    All,
    /// What is public, and this.
    Visible(Own),
}

/// What its owners decide about a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoEdit {
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether it stays when its last tag goes.
    pub keep: bool,
    /// Whether the administrators of the hub vouch for it.
    pub official: bool,
    /// Whether `latest` resolves to the tag uploaded last.
    pub latest_mode: LatestMode,
    /// When it changes, in milliseconds.
    pub updated_at_ms: i64,
}

/// What follows from the tags of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The tag uploaded last.
    pub tag: Option<Tag>,
    /// The greatest tag by semantic version.
    pub semver: Option<Tag>,
    /// Number of tags that were pushed.
    pub tags: u64,
    /// When a tag was last uploaded, in milliseconds; 0 for never.
    pub pushed_at_ms: i64,
    /// When the repository changes, in milliseconds.
    pub updated_at_ms: i64,
}

#[derive(FromRow)]
pub(crate) struct RepoRow {
    id: i64,
    org_id: i64,
    pub(crate) name: String,
    visibility: String,
    latest_tag: Option<String>,
    latest_semver: Option<String>,
    latest_mode: String,
    keep: bool,
    official: bool,
    tags: i64,
    stars: i64,
    pulls: i64,
    recent_pulls: i64,
    created_at_ms: i64,
    updated_at_ms: i64,
    pushed_at_ms: i64,
    pulled_at_ms: i64,
}

impl TryFrom<RepoRow> for Repo {
    type Error = sqlx::Error;

    fn try_from(row: RepoRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            org_id: row.org_id,
            name: parsed(RepoName::stored(&row.name))?,
            visibility: visibility(&row.visibility)?,
            latest_tag: maybe(row.latest_tag.as_deref(), Tag::parse)?,
            latest_semver: maybe(row.latest_semver.as_deref(), Tag::parse)?,
            latest_mode: known(&row.latest_mode, LatestMode::parse(&row.latest_mode))?,
            keep: row.keep,
            official: row.official,
            tags: count(row.tags)?,
            stars: count(row.stars)?,
            pulls: count(row.pulls)?,
            recent_pulls: count(row.recent_pulls)?,
            created_at_ms: row.created_at_ms,
            updated_at_ms: row.updated_at_ms,
            pushed_at_ms: row.pushed_at_ms,
            pulled_at_ms: row.pulled_at_ms,
        })
    }
}

pub(crate) fn visibility(word: &str) -> Result<Visibility, sqlx::Error> {
    known(word, Visibility::parse(word))
}

/// `select`, limited to what `filter` shows, and to `org`.
pub(crate) fn filtered<DB>(
    select: &str,
    filter: &RepoFilter,
    org: Option<&OrgName>,
) -> QueryBuilder<DB>
where
    DB: Database<Arguments: Default>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new(select);
    query.push(" WHERE 1 = 1");
    if let Some(org) = org {
        query.push(" AND r.org_id = (SELECT id FROM org WHERE name = ");
        query.push_bind(org.as_str().to_owned());
        query.push(")");
    }
    if let RepoFilter::Visible(own) = filter {
        query.push(" AND (r.visibility = 'public' OR r.org_id IN (SELECT id FROM org WHERE name");
        push_in(&mut query, own.orgs.iter().map(|org| org.as_str().to_owned()));
        query.push(")");
        if !own.repos.is_empty() {
            query.push(" OR r.name");
            push_in(&mut query, own.repos.iter().map(|repo| repo.as_str().to_owned()));
        }
        query.push(")");
    }
    query
}

impl Db {
    /// The repository of that name.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn repo(&self, name: &RepoName) -> Result<Option<Repo>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, RepoRow>(REPO).bind(name.as_str()).fetch_optional(pool).await
        });
        row.and_then(one).doing("read the repository")
    }

    /// The repositories of those rows, in that order; the ones that are gone are left out.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn repos_by_id(&self, ids: &[i64]) -> Result<Vec<Repo>, DbError> {
        let mut repos: Vec<Repo> = Vec::with_capacity(ids.len());
        for some in ids.chunks(LONGEST) {
            let rows = read!(self, pool => {
                let mut query = QueryBuilder::new(SELECT);
                query.push(" WHERE r.id");
                push_in(&mut query, some.iter().copied());
                query.build_query_as::<RepoRow>().fetch_all(pool).await
            });
            repos.extend(rows.and_then(all).doing("read the repositories")?);
        }
        repos.sort_by_key(|repo| ids.iter().position(|id| *id == repo.id));
        Ok(repos)
    }

    /// Repositories by name, those behind `after`; of one organisation, when one is given.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn repos(
        &self,
        filter: &RepoFilter,
        org: Option<&OrgName>,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Repo>, DbError> {
        let after = mark(after.unwrap_or_default());
        let rows = read!(self, pool => {
            let mut query = filtered(SELECT, filter, org);
            query.push(" AND r.name > ").push_bind(after);
            query.push(" ORDER BY r.name LIMIT ").push_bind(limit);
            query.build_query_as::<RepoRow>().persistent(false).fetch_all(pool).await
        });
        rows.and_then(all).doing("list the repositories")
    }

    /// Number of repositories; of one organisation, when one is given.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_repos(
        &self,
        filter: &RepoFilter,
        org: Option<&OrgName>,
    ) -> Result<i64, DbError> {
        read!(self, pool => {
            let mut query = filtered("SELECT COUNT(*) FROM repo r", filter, org);
            query.build_query_scalar().persistent(false).fetch_one(pool).await
        })
        .doing("count the repositories")
    }

    /// Repositories, the newest upload first; those without any come last.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn recent_repos(
        &self,
        filter: &RepoFilter,
        limit: i64,
    ) -> Result<Vec<Repo>, DbError> {
        let rows = read!(self, pool => {
            let mut query = filtered(SELECT, filter, None);
            query.push(" ORDER BY r.pushed_at_ms DESC, r.name DESC LIMIT ").push_bind(limit);
            query.build_query_as::<RepoRow>().persistent(false).fetch_all(pool).await
        });
        rows.and_then(all).doing("list the newest repositories")
    }

    /// Repositories that hold a blob, public ones first.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn repos_with_blob(&self, digest: &Digest, limit: i64) -> Result<Vec<Repo>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, RepoRow>(REPOS_WITH_BLOB)
                .bind(digest.as_str())
                .bind(limit)
                .fetch_all(pool)
                .await
        });
        rows.and_then(all).doing("list the repositories that hold the blob")
    }

    /// Whether a user starred a repository.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn starred(&self, repo_id: i64, user_id: i64) -> Result<bool, DbError> {
        let stars = read!(self, pool => {
            sqlx::query_scalar::<_, i64>(STARRED).bind(repo_id).bind(user_id).fetch_one(pool).await
        });
        stars.map(|stars| stars > 0).doing("read the star of the user")
    }
}

impl Change {
    /// Adds a repository.
    ///
    /// # Errors
    ///
    /// When the name is taken ([`DbError::is_conflict`]), or the statement fails.
    pub async fn add_repo(&mut self, repo: &NewRepo) -> Result<Repo, DbError> {
        let row = within!(&mut *self, on => {
            sqlx::query_as::<_, RepoRow>(ADD_REPO)
                .bind(repo.org_id)
                .bind(repo.name.as_str())
                .bind(repo.visibility.as_str())
                .bind(LatestMode::default().as_str())
                .bind(repo.keep)
                .bind(false)
                .bind(repo.created_at_ms)
                .fetch_one(on)
                .await
        });
        let added = row.and_then(Repo::try_from).doing("add the repository")?;
        self.note_added_repo(repo.org_id).await?;
        Ok(added)
    }

    /// The repository of that name, which nobody else can lock or edit until this change ends.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn lock_repo(&mut self, name: &RepoName) -> Result<Option<Repo>, DbError> {
        self.locked_repo(name).await.and_then(one).doing("lock the repository")
    }

    /// Replaces what the owners decide about a repository.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn edit_repo(&mut self, repo_id: i64, edit: &RepoEdit) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(EDIT_REPO)
                .bind(repo_id)
                .bind(edit.visibility.as_str())
                .bind(edit.keep)
                .bind(edit.official)
                .bind(edit.latest_mode.as_str())
                .bind(edit.updated_at_ms)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("edit the repository")
    }

    /// Replaces what follows from the tags of a repository.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_latest(&mut self, repo_id: i64, latest: &Latest) -> Result<(), DbError> {
        // Before the row says so itself: what is noted is the difference.
        self.note_tags(repo_id, latest.tags).await?;
        within!(self, on => {
            sqlx::query(SET_LATEST)
                .bind(repo_id)
                .bind(latest.tag.as_ref().map(Tag::as_str))
                .bind(latest.semver.as_ref().map(Tag::as_str))
                .bind(int(latest.tags))
                .bind(latest.pushed_at_ms)
                .bind(latest.updated_at_ms)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("set the latest tag of the repository")
    }

    /// Whether the repository, locked by this change, holds any manifest.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn holds_manifests(&mut self, repo_id: i64) -> Result<bool, DbError> {
        let found: Result<i64, _> = within!(self, on => {
            sqlx::query_scalar(HOLDS_MANIFESTS).bind(repo_id).fetch_one(on).await
        });
        found.map(|found| found > 0).doing("look for manifests of the repository")
    }

    /// Whether the repository holds a blob that waits for its manifest: one that came, or was
    /// asked for, after `since_ms`, and that no manifest which went since then has left behind.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn awaits_manifest(&mut self, repo_id: i64, since_ms: i64) -> Result<bool, DbError> {
        let found: Result<i64, _> = within!(self, on => {
            sqlx::query_scalar(AWAITS_MANIFEST).bind(repo_id).bind(since_ms).fetch_one(on).await
        });
        found.map(|found| found > 0).doing("look for blobs that wait for a manifest")
    }

    /// Deletes a repository with everything in it. Blobs and manifests stay for the others; those
    /// that nobody else holds go when their grace, which begins at `at_ms`, has ended.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn delete_repo(&mut self, repo_id: i64, at_ms: i64) -> Result<(), DbError> {
        let doing = "delete the repository";
        self.note_going_repo(repo_id).await?;
        self.lock_holdings(repo_id).await.doing(doing)?;
        within!(self, on => async {
            for leave in [LEAVE_MANIFESTS, LEAVE_BLOBS] {
                sqlx::query(leave).bind(repo_id).bind(at_ms).execute(&mut *on).await?;
            }
            sqlx::query(DELETE_REPO).bind(repo_id).execute(&mut *on).await?;
            Ok::<_, sqlx::Error>(())
        }
        .await)
        .doing(doing)
    }

    /// Gives a user's star to a repository; tells whether it is a new one.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn star(&mut self, repo_id: i64, user_id: i64) -> Result<bool, DbError> {
        self.move_star(STAR, 1, repo_id, user_id).await.doing("star the repository")
    }

    /// Takes a user's star away; tells whether there was one.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn unstar(&mut self, repo_id: i64, user_id: i64) -> Result<bool, DbError> {
        self.move_star(UNSTAR, -1, repo_id, user_id).await.doing("unstar the repository")
    }

    /// How many users starred a repository, as this change sees it; 0 when it is gone.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn stars(&mut self, repo_id: i64) -> Result<u64, DbError> {
        let stars: Result<Option<i64>, _> =
            within!(self, on => sqlx::query_scalar(STARS).bind(repo_id).fetch_optional(on).await);
        stars.and_then(|stars| count(stars.unwrap_or(0))).doing("read the stars of the repository")
    }

    async fn move_star(
        &mut self,
        statement: &'static str,
        stars: i64,
        repo_id: i64,
        user_id: i64,
    ) -> Result<bool, sqlx::Error> {
        within!(self, on => {
            let done = sqlx::query(statement).bind(repo_id).bind(user_id).execute(&mut *on).await?;
            if done.rows_affected() > 0 {
                sqlx::query(ADD_STARS).bind(repo_id).bind(stars).execute(on).await?;
            }
            Ok(done.rows_affected() > 0)
        })
    }
}

#[cfg(test)]
mod tests;
