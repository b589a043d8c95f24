//! Our own tokens: `credentials.toml`, one table for each hub.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use toml_edit::value;

use crate::config::{edit, table};
use crate::private_file;
use crate::report::{Exit, Failure};
use crate::server::Server;

/// What is kept for one hub.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Kept {
    /// Who one is there.
    pub(crate) user: String,
    /// The token, `hub_pat_…`; absent when a credential program keeps it.
    pub(crate) token: Option<SecretString>,
    /// Its number on the server, when `hub login` made it: then `hub logout` revokes it.
    pub(crate) token_id: Option<i64>,
}

/// Everything that is kept, by host.
///
/// # Errors
///
/// When the file cannot be read, or others may read it.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<String, Kept>, Failure> {
    let unreadable = || Failure::new(Exit::Failed, format!("could not read {}", path.display()));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(unreadable().cause(error)),
    };
    if private_file::is_open_to_others(path) {
        let shown = path.display();
        return Err(Failure::new(Exit::Failed, format!("others may read the tokens in {shown}"))
            .hint(format!("chmod 600 {shown}")));
    }
    toml_edit::de::from_str(&text).map_err(|error| unreadable().cause(error))
}

/// Keeps a token.
///
/// # Errors
///
/// When the file cannot be written.
pub(crate) fn keep(path: &Path, server: &Server, kept: &Kept) -> Result<(), Failure> {
    edit(path, |document| {
        let entry = table(document.as_table_mut(), server.host());
        entry.clear();
        entry["user"] = value(&kept.user);
        if let Some(token) = &kept.token {
            entry["token"] = value(token.expose_secret());
        }
        if let Some(id) = kept.token_id {
            entry["token_id"] = value(id);
        }
    })
}

/// Forgets the token of a hub.
///
/// # Errors
///
/// When the file cannot be written.
pub(crate) fn forget(path: &Path, server: &Server) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    edit(path, |document| {
        document.remove(server.host());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_for_its_owner_only_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub/credentials.toml");
        let server = Server::parse("127.0.0.1:5000", false).unwrap();
        let kept =
            Kept { user: "alice".into(), token: Some("hub_pat_x".into()), token_id: Some(7) };

        assert!(read(&path).unwrap().is_empty());
        keep(&path, &server, &kept).unwrap();
        assert!(!private_file::is_open_to_others(&path));
        let all = read(&path).unwrap();
        assert_eq!(all["127.0.0.1:5000"].token.as_ref().unwrap().expose_secret(), "hub_pat_x");
        assert_eq!(all["127.0.0.1:5000"].token_id, Some(7));

        forget(&path, &server).unwrap();
        assert!(read(&path).unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.toml");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("others may read"));
    }
}
