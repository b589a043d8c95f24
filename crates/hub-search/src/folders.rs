//! Where the index lies: numbered folders, of which the newest complete one counts.
//!
//! ```text
//! <dir>/lock        held while the index is open
//! <dir>/index-4/    the engine's files, and VERSION, written last
//! ```
//!
//! A folder without `VERSION` is a rebuild that was not finished, or an empty index that waits
//! for its first one. It never counts, so staleness survives a restart.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tantivy::Index;

use crate::SearchError;
use crate::error::Doing as _;
use crate::schema;

/// Where new indexes are made.
pub(crate) struct Home(Option<Place>);

struct Place {
    dir: PathBuf,
    /// Of fields, analysis and dictionary.
    version: String,
    /// Number of the next folder.
    next: AtomicU64,
    /// Two processes would remove each other's folders.
    _lock: File,
}

/// One index, and where it lies.
pub(crate) struct Housed {
    pub(crate) index: Index,
    /// `None` in memory.
    pub(crate) folder: Option<PathBuf>,
}

impl Home {
    /// No folder at all.
    pub(crate) fn memory() -> Self {
        Self(None)
    }

    /// Takes possession of `dir`, finds the index that counts and clears away the others. One of
    /// another version that can be read may answer until there is a better one; it is told which of
    /// both it is.
    pub(crate) fn open(
        dir: &Path,
        version: &str,
    ) -> Result<(Self, Option<(Housed, bool)>), SearchError> {
        fs::create_dir_all(dir).doing("make the folder of the search index")?;
        let lock = lock(dir)?;
        let folders = numbered(dir).doing("list the folder of the search index")?;
        let next = folders.first().map_or(1, |(number, _)| number + 1);
        let complete = folders.iter().filter_map(|(_, folder)| Some((folder, written(folder)?)));
        let complete: Vec<_> = complete.collect();
        let counts = complete.iter().filter(|(_, found)| found == version).take(1);
        let others = complete.iter().filter(|(_, found)| found != version);
        let found = counts
            .chain(others)
            .find_map(|(folder, found)| intact(folder).map(|housed| (housed, found == version)));
        let kept = found.as_ref().and_then(|(found, _)| found.folder.as_ref());
        for (_, folder) in folders.iter().filter(|(_, folder)| kept != Some(folder)) {
            remove(folder);
        }
        let version = version.to_owned();
        let dir = dir.to_owned();
        let place = Place { dir, version, next: AtomicU64::new(next), _lock: lock };
        Ok((Self(Some(place)), found))
    }

    /// Makes an empty index in the next folder.
    pub(crate) fn fresh(&self) -> Result<Housed, SearchError> {
        let (schema, _) = schema::schema();
        let Some(place) = &self.0 else {
            return Ok(Housed { index: Index::create_in_ram(schema), folder: None });
        };
        let number = place.next.fetch_add(1, Ordering::Relaxed);
        let folder = place.dir.join(format!("index-{number}"));
        fs::create_dir_all(&folder).doing("make a folder for the search index")?;
        let index = Index::create_in_dir(&folder, schema).doing("make a search index")?;
        Ok(Housed { index, folder: Some(folder) })
    }

    /// Lets the index in `folder` count from now on.
    pub(crate) fn complete(&self, folder: &Path) -> Result<(), SearchError> {
        let Some(place) = &self.0 else { return Ok(()) };
        let write = || {
            let mut file = File::create(folder.join("VERSION"))?;
            file.write_all(place.version.as_bytes())?;
            file.sync_all()?;
            File::open(folder)?.sync_all()
        };
        write().doing("complete the search index")
    }
}

/// Removes a folder. What cannot be removed now goes at the next start.
pub(crate) fn remove(folder: &Path) {
    // VERSION goes first: a half-removed index must not count.
    let _ = fs::remove_file(folder.join("VERSION"));
    let _ = fs::remove_dir_all(folder);
}

fn lock(dir: &Path) -> Result<File, SearchError> {
    let file = File::create(dir.join("lock")).doing("open the lock of the search index")?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SearchError::Busy { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(source).doing("lock the search index"),
    }
}

/// The folders `index-<n>`, newest first.
fn numbered(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(number) = name.strip_prefix("index-").and_then(|number| number.parse().ok()) {
            folders.push((number, path));
        }
    }
    folders.sort_by(|left, right| right.cmp(left));
    Ok(folders)
}

/// The version that was written when the index in `folder` was complete.
fn written(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join("VERSION")).ok()
}

/// The index in `folder`, when every file of it is there and unchanged.
fn intact(folder: &Path) -> Option<Housed> {
    let index = Index::open_in_dir(folder).ok()?;
    let same_fields = index.schema() == schema::schema().0;
    let whole = index.validate_checksum().is_ok_and(|damaged| damaged.is_empty());
    let placed = position(&index).is_some();
    (same_fields && whole && placed).then(|| Housed { index, folder: Some(folder.to_owned()) })
}

/// Position in the payload of the last commit.
pub(crate) fn position(index: &Index) -> Option<i64> {
    index.load_metas().ok()?.payload?.parse().ok()
}
