//! The file that holds the hub's own key, and the proof in the database that it is the right one.
//!
//! Replicas share the file. What one sealed with another key, none of the others could open, so a
//! hub whose file does not belong to its database does not start.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use hub_db::{Db, DbError};
use zeroize::Zeroizing;

use super::secrets::{HubKey, KEY_BYTES, sealed_with};

/// Setting that holds something sealed with the key that counts.
pub(crate) const CHECK: &str = "hub_key";

/// What is sealed there.
const PROOF: &[u8] = b"hub";

/// Why the hub has no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read, or not be made.
    #[error("could not use the key file {}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read it.
    #[error(
        "the key file {} has mode {mode:04o}, others than its owner may use it: chmod 600 {}",
        .path.display(), .path.display()
    )]
    Open {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It holds no key.
    #[error(
        "the key file {} is damaged, it should hold 64 hexadecimal digits: bring it back from its \
         backup, or copy it from another replica", .path.display()
    )]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// The database knows a key, and there is no file.
    #[error(
        "the key file {} is missing, and this database was written with key {id}: bring the file \
         back from its backup, or copy it from another replica (`auth.key_file` says where it is); \
         if it is lost for good, `hub-server key forget` begins with a new one, and every access \
         key is gone", .path.display()
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
        /// Id of the key that is wanted.
        id: String,
    },
    /// The file holds another key than the one that the database was written with.
    #[error(
        "the key file {} holds key {found}, and this database was written with key {known}: bring \
         the file of that key back from its backup, or copy it from another replica \
         (`auth.key_file` says where it is); if it is lost for good, `hub-server key forget` \
         begins with this one, and every access key is gone", .path.display()
    )]
    Other {
        /// Which.
        path: PathBuf,
        /// Id of the key in the file.
        found: String,
        /// Id of the key that is wanted.
        known: String,
    },
    /// The metadata store failed.
    #[error("could not compare the key with the database")]
    Db(#[from] DbError),
}

/// Reads the key, or makes it the first time, and compares it with the database.
///
/// # Errors
///
/// [`KeyFileError`] says what to do.
pub(crate) async fn load(path: &Path, db: &Db) -> Result<HubKey, KeyFileError> {
    let known = db.setting(CHECK).await?;
    let (key, made) = match (read(path)?, &known) {
        (Some(key), _) => (key, false),
        (None, None) => make(path)?,
        (None, Some(known)) => {
            return Err(KeyFileError::Missing { path: path.to_owned(), id: sealed_with(known) });
        }
    };
    let known = if let Some(known) = known {
        known
    } else {
        let mut change = db.change().await?;
        // Another replica may have been faster: what was stored first counts.
        let known = change.init_setting(CHECK, &key.seal(CHECK, PROOF)).await?;
        change.commit().await?;
        known
    };
    if key.open(CHECK, &known).is_ok() {
        return Ok(key);
    }
    if made {
        // Nothing was sealed with it, and in its place the right one is to come.
        let _ = fs::remove_file(path);
    }
    let (found, known) = (key.id(), sealed_with(&known));
    Err(KeyFileError::Other { path: path.to_owned(), found, known })
}

/// The key in the file, when there is one.
fn read(path: &Path) -> Result<Option<HubKey>, KeyFileError> {
    let wrong = |source| KeyFileError::File { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error)),
    };
    let metadata = file.metadata().map_err(wrong)?;
    let mode = metadata.mode() & 0o777;
    // Orchestrators mount a secret as root's, for the group that the process is in.
    let is_mounted = fs::metadata("/proc/self").is_ok_and(|own| own.uid() != metadata.uid());
    if mode & if is_mounted { 0o037 } else { 0o077 } != 0 {
        return Err(KeyFileError::Open { path: path.to_owned(), mode });
    }
    // One byte more than there may be, and never a byte that moves while the text grows.
    let mut text = Zeroizing::new([0; 2 * KEY_BYTES + 3]);
    let mut length = 0;
    loop {
        match file.read(&mut text[length..]).map_err(wrong)? {
            0 => break,
            count => length += count,
        }
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    hex::decode_to_slice(text[..length].trim_ascii(), &mut key[..])
        .map_err(|_| KeyFileError::Damaged { path: path.to_owned() })?;
    Ok(Some(HubKey::new(&key)))
}

/// Makes the file; tells whether it was this call that made it.
fn make(path: &Path) -> Result<(HubKey, bool), KeyFileError> {
    let wrong = |source| KeyFileError::File { path: path.to_owned(), source };
    let bytes: Zeroizing<[u8; KEY_BYTES]> = Zeroizing::new(rand::random());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // A new temporary file has mode 0600, and keeps it.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
    let text = Zeroizing::new(hex::encode(*bytes) + "\n");
    file.write_all(text.as_bytes()).map_err(wrong)?;
    file.as_file().sync_all().map_err(wrong)?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            let there = read(path)?;
            let there = there.ok_or_else(|| wrong(io::ErrorKind::NotFound.into()))?;
            return Ok((there, false));
        }
        Err(error) => return Err(wrong(error.error)),
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(wrong)?;
    Ok((HubKey::new(&bytes), true))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    async fn database(dir: &Path) -> Db {
        let db = Db::open(&format!("sqlite:{}", dir.join("hub.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        db
    }

    #[tokio::test]
    async fn the_first_start_makes_a_key_that_later_ones_find() {
        let dir = tempfile::tempdir().unwrap();
        let (db, path) = (database(dir.path()).await, dir.path().join("secret.key"));
        let first = load(&path, &db).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap().trim().len(), 64);
        assert_eq!(load(&path, &db).await.unwrap().id(), first.id());
    }

    #[tokio::test]
    async fn a_hub_does_not_start_with_a_key_that_is_not_its_databases() {
        let dir = tempfile::tempdir().unwrap();
        let (db, path) = (database(dir.path()).await, dir.path().join("secret.key"));
        let id = load(&path, &db).await.unwrap().id();
        let kept = fs::read(&path).unwrap();

        fs::remove_file(&path).unwrap();
        let missing = load(&path, &db).await.unwrap_err().to_string();
        assert!(missing.contains("is missing") && missing.contains(&id), "{missing}");
        assert!(!path.exists(), "no other one takes its place");

        let (other, _) = make(&path).unwrap();
        let wrong = load(&path, &db).await.unwrap_err().to_string();
        assert!(wrong.contains(&other.id()) && wrong.contains(&id), "{wrong}");
        assert!(path.exists(), "it was there before, and may be of use elsewhere");

        fs::write(&path, kept).unwrap();
        load(&path, &db).await.unwrap();
    }

    #[tokio::test]
    async fn a_key_that_others_may_read_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let (db, path) = (database(dir.path()).await, dir.path().join("secret.key"));
        load(&path, &db).await.unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let open = load(&path, &db).await.unwrap_err().to_string();
            assert!(open.contains("chmod 600") && open.contains(&format!("{mode:04o}")), "{open}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        load(&path, &db).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_no_key_is_named_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let (db, path) = (database(dir.path()).await, dir.path().join("secret.key"));
        load(&path, &db).await.unwrap();
        let long = "0".repeat(66);
        for text in ["", "00", "zz", long.as_str()] {
            fs::write(&path, text).unwrap();
            let damaged = load(&path, &db).await;
            assert!(matches!(damaged, Err(KeyFileError::Damaged { .. })), "{text:?}");
        }
    }
}
