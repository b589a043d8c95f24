//! Blobs of repositories that no manifest there names.

use hub_db::{Candidate, Place, Verdict};
use hub_model::LetterKind;

use super::run::{Course, Cut, Stop};

/// Candidates read in one go.
const BATCH: i64 = 200;

impl Course<'_> {
    /// Takes blobs out of repositories whose manifests no longer name them.
    pub(super) async fn drop_links(&mut self) -> Result<(), Cut> {
        let before = self.before_ms();
        let mut after = Place::default();
        loop {
            let some = self.app.db.unused_links(before, &after, BATCH).await?;
            let Some(last) = some.last() else { return Ok(()) };
            after = last.place();
            for candidate in &some {
                self.breathe().await?;
                self.report.examined += 1;
                // One broken repository does not stop the others.
                match self.drop_link(candidate, before).await {
                    Ok(Verdict::Gone) => {
                        self.report.links += 1;
                        self.maybe_stop(Stop::Unlinked)?;
                    }
                    Ok(Verdict::Needed) => self.report.spared += 1,
                    Ok(Verdict::Changed) => {}
                    Err(error) => self.report.failed(format!("{error}: {}", candidate.digest)),
                }
            }
        }
    }

    async fn drop_link(
        &self,
        candidate: &Candidate,
        before_ms: i64,
    ) -> Result<Verdict, hub_db::DbError> {
        let mut change = self.app.db.change().await?;
        // While it is locked, nobody publishes there.
        let repo = change.lock_repo(&candidate.repo).await?;
        if repo.is_none_or(|repo| repo.id != candidate.repo_id) {
            return Ok(Verdict::Changed);
        }
        let verdict = change.drop_unused(candidate.repo_id, &candidate.digest, before_ms).await?;
        if verdict == Verdict::Gone {
            // Replicas remember which blobs a repository holds.
            change.tell(LetterKind::Repo, candidate.repo.as_str(), self.app.now_ms()).await?;
        }
        change.commit().await?;
        Ok(verdict)
    }

    /// Finds out which blobs would be taken out, and which would then be held by nobody.
    pub(super) async fn would_drop_links(&mut self) -> Result<(), Cut> {
        let before = self.before_ms();
        let mut after = Place::default();
        loop {
            let some = self.app.db.unused_links(before, &after, BATCH).await?;
            let Some(last) = some.last() else { return Ok(()) };
            after = last.place();
            for Candidate { repo_id, repo, digest, size, .. } in &some {
                self.breathe().await?;
                self.report.examined += 1;
                if self.app.db.blob_used(*repo_id, digest).await? {
                    self.report.spared += 1;
                    continue;
                }
                self.report.links += 1;
                self.report.example(|| format!("{repo}@{digest}"));
                if !self.app.db.stays_elsewhere(*repo_id, digest, before).await? {
                    self.report.blobs += 1;
                    self.report.bytes += size;
                }
            }
        }
    }
}
