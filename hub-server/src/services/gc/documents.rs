//! Documents (READMEs, icons) that the details of no image and no repository name.

use super::run::{Course, Cut};

/// Documents looked at in one go.
const BATCH: i64 = 200;

impl Course<'_> {
    /// Marks the documents that nothing names, and removes those that had their mark for as long
    /// as the grace.
    pub(super) async fn drop_documents(&mut self) -> Result<(), Cut> {
        let mut after = String::new();
        loop {
            self.breathe().await?;
            let some = self.app.db.unnamed_documents(&after, BATCH).await?;
            let Some(last) = some.last() else { break };
            after = last.to_string();
            let mut change = self.app.db.change().await?;
            change.mark_documents(&some, self.began_ms).await?;
            change.commit().await?;
        }
        loop {
            self.breathe().await?;
            let mut change = self.app.db.change().await?;
            let (gone, spared) = change.drop_documents(self.before_ms(), BATCH).await?;
            change.commit().await?;
            self.report.documents += gone;
            self.report.spared += spared;
            self.report.examined += gone + spared;
            if gone + spared == 0 {
                return Ok(());
            }
        }
    }

    /// Finds out how many documents would be removed.
    pub(super) async fn would_drop_documents(&mut self) -> Result<(), Cut> {
        let before = self.before_ms();
        self.report.documents = self.app.db.count_unnamed(before, self.began_ms).await?;
        Ok(())
    }
}
