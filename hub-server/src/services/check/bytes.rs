//! Records of blobs against the store of bytes.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use hub_blobs::BlobError;
use hub_db::BlobRecord;
use hub_model::{BlobState, Digest};

use super::super::damage::{self, Damage, DamageError, Pace};
use super::super::hours_ms;
use super::{Check, CheckError, Finding, Kind, Rehash};
use crate::App;

/// Records read in one go.
const BATCH: i64 = 500;

/// Blobs looked at at the same time.
const AT_ONCE: usize = 16;

/// Images that are named for one damaged blob.
const IMAGES: i64 = 20;

async fn look(app: App, record: BlobRecord) -> (BlobRecord, Result<Option<Damage>, DamageError>) {
    let damage = damage::look(&app, &record.digest, record.size).await;
    (record, damage)
}

impl Check<'_> {
    /// Whether every blob has its bytes.
    pub(super) async fn blobs(&mut self) -> Result<(), CheckError> {
        let mut after = String::new();
        loop {
            let records = self.app.db.blob_records(&after, BATCH).await?;
            let Some(last) = records.last() else { return Ok(()) };
            after = last.digest.to_string();
            let mut live = Vec::new();
            for record in records {
                match record.state {
                    BlobState::Live => live.push(look(self.app.clone(), record)),
                    BlobState::Damaged => {
                        let detail = "it waits to be pushed again".to_owned();
                        self.damaged(Kind::Damaged, &record.digest, detail, false).await?;
                    }
                    // The collector ends what it began.
                    BlobState::Deleting => {}
                }
            }
            let looked: Vec<_> = stream::iter(live).buffer_unordered(AT_ONCE).collect().await;
            for (record, damage) in looked {
                self.report.blobs += 1;
                self.report.bytes += record.size;
                self.judge(&record, damage).await?;
            }
            self.say(&format!("looked at {} blobs", self.report.blobs));
        }
    }

    async fn judge(
        &mut self,
        record: &BlobRecord,
        damage: Result<Option<Damage>, DamageError>,
    ) -> Result<(), CheckError> {
        let BlobRecord { digest, size, .. } = record;
        let damage = match damage {
            Ok(None) => return Ok(()),
            Ok(Some(damage)) => damage,
            Err(DamageError::Store(error)) => {
                self.found(Kind::Unreadable, digest.to_string(), error.to_string(), false);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let kind = match damage {
            Damage::Missing => Kind::BytesMissing,
            Damage::Size { .. } => Kind::WrongSize,
            Damage::Changed => Kind::WrongDigest,
        };
        // It may have been collected or pushed again in this moment.
        let there = if self.wish.fix {
            damage::record(self.app, digest, *size, &damage).await?
        } else {
            let now = self.app.db.blob(digest).await?;
            now == Some((*size, BlobState::Live))
                && (damage == Damage::Changed
                    || damage::look(self.app, digest, *size).await?.is_some())
        };
        if there {
            let fixed = self.wish.fix;
            self.damaged(kind, digest, damage.describe(*size), fixed).await?;
        }
        Ok(())
    }

    async fn damaged(
        &mut self,
        kind: Kind,
        digest: &Digest,
        detail: String,
        fixed: bool,
    ) -> Result<(), CheckError> {
        let needed_by = self.app.db.needed_by(digest, IMAGES).await?;
        self.report.add(Finding { kind, subject: digest.to_string(), detail, needed_by, fixed });
        Ok(())
    }

    /// Reads bytes again.
    pub(super) async fn rehash(&mut self) -> Result<(), CheckError> {
        match self.wish.rehash {
            Rehash::None => Ok(()),
            Rehash::Some(blobs) => {
                let limit = i64::try_from(blobs).unwrap_or(i64::MAX);
                let oldest = self.app.db.unchecked_blobs(i64::MAX, limit).await?;
                self.read_all(oldest).await
            }
            Rehash::All => {
                let mut after = String::new();
                loop {
                    let records = self.app.db.blob_records(&after, BATCH).await?;
                    let Some(last) = records.last() else { return Ok(()) };
                    after = last.digest.to_string();
                    self.read_all(records).await?;
                }
            }
        }
    }

    async fn read_all(&mut self, records: Vec<BlobRecord>) -> Result<(), CheckError> {
        for record in records.into_iter().filter(|record| record.state == BlobState::Live) {
            let mut pace = Pace::new(0);
            let read = damage::read(self.app, &record.digest, record.size, &mut pace).await;
            self.report.rehashed += 1;
            match read {
                Ok(None) => {
                    self.app.db.blob_checked(&record.digest, self.app.now_ms()).await?;
                }
                // Found already.
                Ok(Some(Damage::Missing | Damage::Size { .. })) => {}
                read => self.judge(&record, read).await?,
            }
            if self.report.rehashed.is_multiple_of(1000) {
                self.say(&format!("read {} blobs", self.report.rehashed));
            }
        }
        Ok(())
    }

    /// Whether every stored blob is recorded.
    pub(super) async fn store(&mut self) -> Result<(), CheckError> {
        let app = self.app.clone();
        let mut pieces = app.blobs.list().try_chunks(usize::try_from(BATCH).unwrap_or(1));
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| error.1)?;
            let digests: Vec<_> = piece.iter().map(|stored| stored.digest.clone()).collect();
            let known: std::collections::HashSet<_> =
                app.db.known_blobs(&digests).await?.into_iter().collect();
            for stored in piece.iter().filter(|stored| !known.contains(&stored.digest)) {
                // The collector may have ended it since it was listed.
                if stored.modified_ms >= self.old_ms()
                    || app.blobs.stat(&stored.digest).await?.is_none()
                {
                    continue;
                }
                let fixed = self.wish.fix && self.remove_unknown(&stored.digest).await?;
                let detail = format!("{} bytes that no record knows", stored.size);
                self.found(Kind::UnknownBytes, stored.digest.to_string(), detail, fixed);
            }
        }
        Ok(())
    }

    /// What is younger may belong to an upload that goes on.
    fn old_ms(&self) -> i64 {
        self.app.now_ms().saturating_sub(hours_ms(self.app.config.gc.grace_hours))
    }

    /// Removes bytes without a record; answers whether there was none. Meanwhile a record that is
    /// never committed keeps every upload of the same bytes waiting, which then sees them gone.
    async fn remove_unknown(&self, digest: &Digest) -> Result<bool, CheckError> {
        let mut change = self.app.db.change().await?;
        if !change.put_blob(digest, 0, self.app.now_ms()).await? {
            return Ok(false);
        }
        match self.app.blobs.delete(digest).await {
            Ok(()) | Err(BlobError::NotFound { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether staged bytes belong to an upload.
    pub(super) async fn leftovers(&mut self) -> Result<(), CheckError> {
        let app = self.app.clone();
        // Before the store is listed: see `BlobStore::list_leftovers`.
        let uploads: std::collections::HashSet<_> =
            app.db.upload_ids().await?.into_iter().collect();
        let mut leftovers = app.blobs.list_leftovers(self.old_ms());
        while let Some(leftover) = leftovers.next().await {
            let leftover = leftover?;
            if uploads.contains(&leftover.upload) {
                continue;
            }
            if self.wish.fix {
                app.blobs.remove_leftover(&leftover).await?;
            }
            let detail = format!("{} staged bytes without an upload", leftover.size);
            self.found(Kind::Leftover, leftover.name, detail, self.wish.fix);
        }
        Ok(())
    }
}
