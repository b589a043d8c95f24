//! Docker's `config.json`, which podman, skopeo and others read as well.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::private_file;

/// Where the credentials of a login went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Into docker's file.
    File,
    /// Into the keeping of this credential program.
    Program(String),
}

/// Why docker's credentials could not be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DockerConfigError {
    /// The file cannot be read.
    #[error("could not read docker's configuration")]
    Read(#[source] io::Error),
    /// The file is no JSON object.
    #[error("docker's configuration is no JSON object")]
    Json(#[source] Option<serde_json::Error>),
    /// The file cannot be written.
    #[error("could not write docker's configuration")]
    Write(#[source] io::Error),
    /// The credential program cannot be run.
    #[error("could not run docker-credential-{program}")]
    Program {
        /// Its name, without the prefix.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The credential program says no.
    #[error("docker-credential-{program} refused: {said}")]
    Refused {
        /// Its name, without the prefix.
        program: String,
        /// What it said.
        said: String,
    },
}

/// Stores credentials for `host`: with the credential program that is configured, else in the
/// file itself.
///
/// # Errors
///
/// When neither works; what was there stays.
pub(crate) fn store(
    path: &Path,
    host: &str,
    user: &str,
    secret: &SecretString,
) -> Result<Stored, DockerConfigError> {
    let mut config = read(path)?;
    if let Some(program) = program_for(&config, host) {
        let entry = json!({"ServerURL": host, "Username": user, "Secret": secret.expose_secret()});
        run(&program, "store", &entry.to_string())?;
        return Ok(Stored::Program(program));
    }
    let auth = BASE64_STANDARD.encode(format!("{user}:{}", secret.expose_secret()));
    let auths = config.entry("auths").or_insert_with(|| json!({}));
    if !auths.is_object() {
        *auths = json!({});
    }
    auths[host] = json!({"auth": auth});
    write(path, &config)?;
    Ok(Stored::File)
}

/// Removes the credentials for `host`; `false` when there were none.
///
/// # Errors
///
/// When the file cannot be read or written, or the program says no.
pub(crate) fn erase(path: &Path, host: &str) -> Result<bool, DockerConfigError> {
    let mut config = read(path)?;
    if let Some(program) = program_for(&config, host) {
        return match run(&program, "erase", host) {
            Ok(()) => Ok(true),
            // The sentence is part of the protocol of credential programs.
            Err(DockerConfigError::Refused { said, .. }) if said.contains("not found") => Ok(false),
            Err(error) => Err(error),
        };
    }
    let auths = config.get_mut("auths").and_then(Value::as_object_mut);
    let found = auths.is_some_and(|auths| auths.remove(host).is_some());
    if found {
        write(path, &config)?;
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Map<String, Value>, DockerConfigError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(DockerConfigError::Read(error)),
    };
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(config)) => Ok(config),
        Ok(_) => Err(DockerConfigError::Json(None)),
        Err(_) if bytes.trim_ascii().is_empty() => Ok(Map::new()),
        Err(error) => Err(DockerConfigError::Json(Some(error))),
    }
}

fn write(path: &Path, config: &Map<String, Value>) -> Result<(), DockerConfigError> {
    let mut text = serde_json::to_string_pretty(config)
        .map_err(|error| DockerConfigError::Json(Some(error)))?;
    text.push('\n');
    private_file::write(path, text.as_bytes()).map_err(DockerConfigError::Write)
}

/// The credential program for `host`: its own one, else the one for all.
fn program_for(config: &Map<String, Value>, host: &str) -> Option<String> {
    let own = config.get("credHelpers").and_then(|helpers| helpers.get(host));
    let name = own.or_else(|| config.get("credsStore"))?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Runs `docker-credential-<program> <verb>` and gives it `input`.
fn run(program: &str, verb: &str, input: &str) -> Result<(), DockerConfigError> {
    let failed = |source| DockerConfigError::Program { program: program.to_owned(), source };
    let mut child = Command::new(format!("docker-credential-{program}"))
        .arg(verb)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    // Programs say what is wrong on stdout; some use stderr.
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    Err(DockerConfigError::Refused { program: program.to_owned(), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(before: &str) -> (Value, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, before).unwrap();
        store(&path, "127.0.0.1:5000", "alice", &"hub_pat_x".into()).unwrap();
        let after = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        (after, private_file::is_open_to_others(&path))
    }

    #[test]
    fn storing_keeps_what_it_does_not_know_and_hides_the_file() {
        let (after, open) = stored(
            r#"{"z": 1, "auths": {"other": {"auth": "x", "email": "y"}}, "HttpHeaders": {"a": "b"}}"#,
        );
        assert_eq!(after["z"], 1);
        assert_eq!(after["HttpHeaders"]["a"], "b");
        assert_eq!(after["auths"]["other"]["email"], "y");
        let auth = after["auths"]["127.0.0.1:5000"]["auth"].as_str().unwrap();
        assert_eq!(BASE64_STANDARD.decode(auth).unwrap(), b"alice:hub_pat_x");
        assert!(!open);
    }

    #[test]
    fn an_empty_file_is_none_at_all_and_another_one_is_left_alone() {
        assert!(stored("").0["auths"].is_object());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        for bad in ["[]", "{", "null"] {
            std::fs::write(&path, bad).unwrap();
            assert!(store(&path, "h", "u", &"s".into()).is_err(), "{bad}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bad);
        }
    }

    #[test]
    fn erasing_takes_one_host_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker/config.json");
        assert!(!erase(&path, "a").unwrap());
        for host in ["a", "b"] {
            assert_eq!(store(&path, host, "u", &"s".into()).unwrap(), Stored::File);
        }
        assert!(erase(&path, "a").unwrap());
        let after: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert!(after["auths"]["a"].is_null());
        assert!(after["auths"]["b"].is_object());
    }

    #[test]
    fn a_credential_program_is_preferred_and_its_absence_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, r#"{"credHelpers": {"a": "hub-no-such-program"}}"#).unwrap();
        let error = store(&path, "a", "u", &"s".into()).unwrap_err();
        assert!(matches!(error, DockerConfigError::Program { .. }));
        assert_eq!(store(&path, "b", "u", &"s".into()).unwrap(), Stored::File);
    }
}
