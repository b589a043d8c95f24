//! Bytes that are lost or changed behind our back: found, set aside, never served, and healed by
//! the next upload of the same digest.

use std::time::Duration;

use futures::StreamExt as _;
use hub_blobs::{BlobError, Hash};
use hub_db::DbError;
use hub_model::{BlobState, Digest, LetterKind};
use tokio::time::Instant;

use crate::App;

/// What is wrong with the bytes of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// There are none.
    Missing,
    /// They are more or fewer.
    Size {
        /// How many there are.
        found: u64,
    },
    /// They have another digest.
    Changed,
}

impl Damage {
    /// What is wrong, for people.
    #[must_use]
    pub fn describe(&self, size: u64) -> String {
        match self {
            Self::Missing => "its bytes are gone".to_owned(),
            Self::Size { found } => format!("it has {found} bytes instead of {size}"),
            Self::Changed => "its bytes have another digest".to_owned(),
        }
    }
}

/// Why a blob could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DamageError {
    /// The metadata store failed.
    #[error("could not record the state of the blob")]
    Db(#[from] DbError),
    /// The store of bytes failed. That is no damage: it may answer again.
    #[error("could not read the blob")]
    Store(#[from] BlobError),
    /// The thread that hashed is gone.
    #[error("could not finish hashing")]
    Lost(#[from] tokio::task::JoinError),
}

/// Compares the size of the stored bytes.
///
/// # Errors
///
/// When the store cannot say.
pub(crate) async fn look(
    app: &App,
    digest: &Digest,
    size: u64,
) -> Result<Option<Damage>, DamageError> {
    Ok(match app.blobs.stat(digest).await? {
        Some(found) if found == size => None,
        Some(found) => Some(Damage::Size { found }),
        None => Some(Damage::Missing),
    })
}

/// How fast bytes are read.
#[derive(Debug)]
pub(crate) struct Pace {
    per_second: Option<u64>,
    next: Instant,
}

impl Pace {
    /// At most so many bytes per second; 0 for as fast as it goes.
    pub(crate) fn new(per_second: u64) -> Self {
        Self { per_second: Some(per_second).filter(|n| *n > 0), next: Instant::now() }
    }

    /// Waits until `bytes` more may be read.
    async fn wait(&mut self, bytes: usize) {
        let Some(per_second) = self.per_second else { return };
        tokio::time::sleep_until(self.next).await;
        let micros = (bytes as u64).saturating_mul(1_000_000) / per_second;
        self.next = self.next.max(Instant::now()) + Duration::from_micros(micros);
    }
}

/// Reads the stored bytes and compares size and digest.
///
/// # Errors
///
/// When the store cannot be read, which is no damage.
pub(crate) async fn read(
    app: &App,
    digest: &Digest,
    size: u64,
    pace: &mut Pace,
) -> Result<Option<Damage>, DamageError> {
    if let Some(damage) = look(app, digest, size).await? {
        return Ok(Some(damage));
    }
    let mut pieces = app.blobs.read(digest, 0..size).await?;
    let mut hash = Hash::new(digest.algorithm());
    let mut found = 0;
    while let Some(piece) = pieces.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            // It became shorter while it was read.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(source) => {
                return Err(BlobError::Io { doing: "read the bytes of a blob", source }.into());
            }
        };
        found += piece.len() as u64;
        pace.wait(piece.len()).await;
        hash = tokio::task::spawn_blocking(move || {
            hash.update(&piece);
            hash
        })
        .await?;
    }
    if found != size {
        return Ok(Some(Damage::Size { found }));
    }
    Ok(if hash.finish() == *digest { None } else { Some(Damage::Changed) })
}

/// Looks once more, sets the bytes aside and records the damage. Answers whether there was any:
/// an upload may have healed it meanwhile.
///
/// The bytes go first: a crash in between leaves a live row without bytes, which the next look
/// finds, and never wrong bytes behind a row that counts.
///
/// # Errors
///
/// When it cannot be recorded.
pub(crate) async fn record(
    app: &App,
    digest: &Digest,
    size: u64,
    damage: &Damage,
) -> Result<bool, DamageError> {
    let checked_at = app.db.blob_checked_at(digest).await?;
    if *damage == Damage::Changed {
        // A bad cable or a bad byte of memory must not cost a good blob.
        let again = read(app, digest, size, &mut Pace::new(0)).await?;
        if again.is_none() {
            return Ok(false);
        }
    }
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    // Nobody links it until this ends, and who published it just now has ended.
    if !matches!(change.lock_blob(digest).await?, Some((_, BlobState::Live))) {
        return Ok(false);
    }
    let healed = if *damage == Damage::Changed {
        // It was damaged and stored again since it was read: these are other bytes.
        change.blob_checked_at(digest).await? != checked_at
    } else {
        look(app, digest, size).await?.is_none()
    };
    if healed {
        return Ok(false);
    }
    app.blobs.set_aside(digest).await?;
    change.damage_blob(digest, now).await?;
    let holders = app.db.holders_of(digest).await?;
    for name in &holders {
        change.tell(LetterKind::Repo, name, now).await?;
    }
    change.commit().await?;
    app.kick();
    metrics::counter!("hub_damaged_blobs_total").increment(1);
    tracing::error!(
        blob = digest.as_str(),
        repositories = holders.len(),
        "a blob is damaged, push an image that holds it again: {}",
        damage.describe(size)
    );
    Ok(true)
}

/// Looks at a blob that could not be read as it should.
///
/// # Errors
///
/// When neither records nor bytes can be read.
pub(crate) async fn suspect(app: &App, digest: &Digest) -> Result<bool, DamageError> {
    let Some((size, BlobState::Live)) = app.db.blob(digest).await? else { return Ok(false) };
    match look(app, digest, size).await? {
        Some(damage) => record(app, digest, size, &damage).await,
        None => Ok(false),
    }
}
