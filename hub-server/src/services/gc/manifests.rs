//! Manifests that no tag leads to, and manifests that no repository holds.

use hub_db::{Candidate, DbError, Place, Verdict};
use hub_model::{DetailScope, LetterKind};

use super::run::{Course, Cut, Stop};

/// Candidates read in one go.
const BATCH: i64 = 200;

impl Course<'_> {
    /// Takes manifests out of repositories that nothing holds there, when the policy says so.
    pub(super) async fn drop_untagged(&mut self) -> Result<(), Cut> {
        let Some(untagged_ms) = self.wish.untagged_ms else { return Ok(()) };
        let before = self.began_ms.saturating_sub(untagged_ms);
        loop {
            let known = self.report.manifests;
            self.drop_untagged_once(before).await?;
            if self.report.manifests == known {
                return Ok(());
            }
            // Once more: what those that went have held may stand in front of them.
        }
    }

    async fn drop_untagged_once(&mut self, before: i64) -> Result<(), Cut> {
        let mut after = Place::default();
        loop {
            let some = self.app.db.untagged_manifests(before, &after, BATCH).await?;
            let Some(last) = some.last() else { return Ok(()) };
            after = last.place();
            for candidate in &some {
                self.breathe().await?;
                self.report.examined += 1;
                match self.drop_manifest(candidate, before).await {
                    Ok(Verdict::Gone) => {
                        self.report.manifests += 1;
                        let Candidate { repo, digest, .. } = candidate;
                        self.report.example(|| format!("{repo}@{digest}"));
                        self.maybe_stop(Stop::Manifests)?;
                    }
                    Ok(Verdict::Needed) => self.report.spared += 1,
                    Ok(Verdict::Changed) => {}
                    Err(error) => self.report.failed(format!("{error}: {}", candidate.digest)),
                }
            }
        }
    }

    async fn drop_manifest(
        &self,
        candidate: &Candidate,
        before_ms: i64,
    ) -> Result<Verdict, DbError> {
        let Candidate { repo_id, repo: name, digest, since_ms, .. } = candidate;
        let now = self.app.now_ms();
        let mut change = self.app.db.change().await?;
        let repo = change.lock_repo(name).await?;
        if repo.is_none_or(|repo| repo.id != *repo_id) {
            return Ok(Verdict::Changed);
        }
        let verdict = change.judge_untagged(*repo_id, digest, before_ms).await?;
        if verdict == Verdict::Gone {
            change.unlink_untagged(*repo_id, digest, *since_ms, now).await?;
            change.drop_details(*repo_id, &DetailScope::Image(digest.clone())).await?;
            change.drop_details(*repo_id, &DetailScope::Artifact(digest.clone())).await?;
            change.tell(LetterKind::Repo, name.as_str(), now).await?;
        }
        change.commit().await?;
        Ok(verdict)
    }

    /// Finds out which untagged manifests would go first; what they hold would follow.
    pub(super) async fn would_drop_untagged(&mut self) -> Result<(), Cut> {
        let Some(untagged_ms) = self.wish.untagged_ms else { return Ok(()) };
        let before = self.began_ms.saturating_sub(untagged_ms);
        let mut after = Place::default();
        loop {
            let some = self.app.db.untagged_manifests(before, &after, BATCH).await?;
            let Some(last) = some.last() else { return Ok(()) };
            after = last.place();
            for Candidate { repo_id, repo, digest, .. } in &some {
                self.breathe().await?;
                self.report.examined += 1;
                if self.app.db.manifest_holder(*repo_id, digest).await?.is_some() {
                    self.report.spared += 1;
                } else {
                    self.report.manifests += 1;
                    self.report.example(|| format!("{repo}@{digest}"));
                }
            }
        }
    }

    /// Removes manifests that no repository holds. They need no grace: a push brings its own.
    pub(super) async fn drop_orphans(&mut self) -> Result<(), Cut> {
        loop {
            self.breathe().await?;
            let mut change = self.app.db.change().await?;
            let (gone, spared) = change.drop_orphans(self.began_ms, BATCH).await?;
            change.commit().await?;
            self.report.orphans += gone;
            self.report.spared += spared;
            self.report.examined += gone + spared;
            if gone + spared == 0 {
                return Ok(());
            }
            self.maybe_stop(Stop::Manifests)?;
        }
    }
}
