//! Records against each other and against the index.

use std::collections::HashMap;

use hub_db::{Latest, RepoFilter};
use hub_model::{LetterKind, Repo, RepoName};

use super::super::images;
use super::{Check, CheckError, Kind, NAMED};

/// Repositories read in one go.
const BATCH: i64 = 200;

fn agrees(repo: &Repo, right: &Latest) -> bool {
    let Repo { latest_tag, latest_semver, tags, .. } = repo;
    (latest_tag, latest_semver, tags) == (&right.tag, &right.semver, &right.tags)
}

impl Check<'_> {
    /// Whether manifests have their blobs, and tags their manifests.
    pub(super) async fn manifests(&mut self) -> Result<(), CheckError> {
        let limit = i64::try_from(NAMED).unwrap_or(i64::MAX);
        // Where images may be sparse, that is no fault.
        let missing = if self.app.config.registry.sparse_image {
            Vec::new()
        } else {
            self.app.db.missing_blobs(limit).await?
        };
        for (repo, manifest, blob) in missing {
            let detail = format!("it names {blob}, which {repo} does not hold: push it again");
            self.found(Kind::ManifestWithoutBlob, format!("{repo}@{manifest}"), detail, false);
        }
        for (repo, tag, manifest) in self.app.db.lost_tags(limit).await? {
            let detail = format!("it names {manifest}, which {repo} does not hold: push it again");
            self.found(Kind::TagWithoutManifest, format!("{repo}:{tag}"), detail, false);
        }
        Ok(())
    }

    /// Whether latest tags and counters are right.
    pub(super) async fn repos(&mut self) -> Result<(), CheckError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.app.db.repos(&RepoFilter::All, None, after.as_deref(), BATCH).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.name.to_string());
            for repo in page {
                self.report.repos += 1;
                // Without a lock: nearly always all is well, and nobody has to wait.
                let all = self.app.db.all_imgs(repo.id).await?;
                if !agrees(&repo, &images::right_latest(&repo, &all, 0)) {
                    self.latest(&repo.name).await?;
                }
            }
            self.say(&format!("looked at {} repositories", self.report.repos));
        }
        let limit = i64::try_from(NAMED).unwrap_or(i64::MAX);
        for (repo, said, right) in self.app.db.wrong_stars(limit).await? {
            if self.wish.fix {
                let mut change = self.app.db.change().await?;
                change.count_stars(&repo).await?;
                change.commit().await?;
            }
            let detail = format!("it says {said} stars and has {right}");
            self.found(Kind::WrongStars, repo, detail, self.wish.fix);
        }
        Ok(())
    }

    /// Looks again with the repository locked: a push may have come between two questions.
    async fn latest(&mut self, name: &RepoName) -> Result<(), CheckError> {
        let now = self.app.now_ms();
        let mut change = self.app.db.change().await?;
        // Gone since it was listed, or not.
        let Some(repo) = change.lock_repo(name).await? else { return Ok(()) };
        let right = images::right_latest(&repo, &change.all_imgs(repo.id).await?, now);
        if agrees(&repo, &right) {
            return Ok(());
        }
        let Repo { latest_tag, latest_semver, tags, .. } = &repo;
        let show = |tag: &Option<hub_model::Tag>| {
            tag.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
        };
        let detail = format!(
            "it says latest {}, newest version {}, {tags} tags; right is {}, {}, {}",
            show(latest_tag),
            show(latest_semver),
            show(&right.tag),
            show(&right.semver),
            right.tags
        );
        if self.wish.fix {
            change.set_latest(repo.id, &right).await?;
            change.tell(LetterKind::Repo, name.as_str(), now).await?;
            change.commit().await?;
        }
        self.found(Kind::WrongLatest, name.to_string(), detail, self.wish.fix);
        Ok(())
    }

    /// Whether the collector knows of everything that nothing needs.
    pub(super) async fn forgotten(&mut self) -> Result<(), CheckError> {
        let found = self.app.db.forgotten().await?;
        if found == [0; 3] {
            return Ok(());
        }
        if self.wish.fix {
            let mut change = self.app.db.change().await?;
            change.mark_forgotten(self.app.now_ms()).await?;
            change.commit().await?;
        }
        let [links, blobs, manifests] = found;
        let detail = format!(
            "{links} blobs of repositories, {blobs} blobs and {manifests} manifests are needed by \
             nothing and unknown to the collector"
        );
        self.found(Kind::Forgotten, "garbage".to_owned(), detail, self.wish.fix);
        Ok(())
    }

    /// Whether the index knows every repository, and no other. What is wrong gets a letter, which
    /// the follower of the outbox reads.
    pub(super) async fn index(&mut self) -> Result<(), CheckError> {
        self.report.index_checked = true;
        let index = self.app.index.clone();
        let indexed = tokio::task::spawn_blocking(move || index.documents()).await??;
        let mut indexed: HashMap<String, i64> = indexed.into_iter().collect();
        let mut wrong = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.app.db.repos(&RepoFilter::All, None, after.as_deref(), BATCH).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.name.to_string());
            for repo in page {
                if indexed.remove(repo.name.as_str()) != Some(repo.id) {
                    wrong.push((Kind::NotIndexed, repo.name.to_string()));
                }
            }
        }
        wrong.extend(indexed.into_keys().map(|name| (Kind::IndexedTooMuch, name)));
        if self.wish.fix && !wrong.is_empty() {
            let now = self.app.now_ms();
            let mut change = self.app.db.change().await?;
            for (_, name) in &wrong {
                change.tell(LetterKind::Repo, name, now).await?;
            }
            change.commit().await?;
        }
        for (kind, name) in wrong {
            let detail = match kind {
                Kind::NotIndexed => "searches do not find it".to_owned(),
                _ => "the index knows it, though it is gone".to_owned(),
            };
            self.found(kind, name, detail, self.wish.fix);
        }
        Ok(())
    }
}
