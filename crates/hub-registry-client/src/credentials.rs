//! Credentials, and where docker and podman keep them.

use docker_credential::{CredentialRetrievalError, DockerCredential};
use secrecy::SecretString;

/// What a registry is shown.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// User and password, or user and personal token.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token for the registry itself, sent as it is.
    Bearer(SecretString),
    /// An identity token, exchanged for tokens of the registry.
    Identity(SecretString),
}

/// Why stored credentials could not be read.
#[derive(Debug, thiserror::Error)]
#[error("could not read the credentials for {host}")]
pub struct CredentialsError {
    /// The registry.
    pub host: String,
    /// Why not.
    #[source]
    pub source: CredentialRetrievalError,
}

/// The name under which docker keeps the credentials for `host`.
#[must_use]
pub fn docker_key(host: &str) -> &str {
    match host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => "https://index.docker.io/v1/",
        other => other,
    }
}

/// Credentials for `host` from docker's `config.json` (with `DOCKER_CONFIG` and credential
/// programs), else from podman's `auth.json` (with `REGISTRY_AUTH_FILE`). Runs programs, so it
/// may block.
///
/// # Errors
///
/// When there is an entry that cannot be read. No entry, and no file, is `None`.
pub fn find_credentials(host: &str) -> Result<Option<Credentials>, CredentialsError> {
    let key = docker_key(host);
    for lookup in [docker_credential::get_credential, docker_credential::get_podman_credential] {
        match lookup(key) {
            Ok(found) => return Ok(usable(found)),
            Err(error) if is_absent(&error) => {}
            Err(source) => return Err(CredentialsError { host: host.to_owned(), source }),
        }
    }
    Ok(None)
}

/// Credential programs answer empty names for what they do not have.
fn usable(found: DockerCredential) -> Option<Credentials> {
    match found {
        DockerCredential::IdentityToken(token) if token.is_empty() => None,
        DockerCredential::IdentityToken(token) => Some(Credentials::Identity(token.into())),
        DockerCredential::UsernamePassword(user, _) if user.is_empty() => None,
        DockerCredential::UsernamePassword(user, password) => {
            Some(Credentials::Basic { user, password: password.into() })
        }
    }
}

fn is_absent(error: &CredentialRetrievalError) -> bool {
    match error {
        CredentialRetrievalError::NoCredentialConfigured
        | CredentialRetrievalError::ConfigNotFound
        | CredentialRetrievalError::ConfigReadError => true,
        // The sentence is part of the protocol of credential programs.
        CredentialRetrievalError::HelperFailure { stdout, stderr, .. } => {
            [stdout, stderr].iter().any(|text| text.contains("credentials not found"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_hub_has_an_address_of_its_own() {
        assert_eq!(docker_key("docker.io"), "https://index.docker.io/v1/");
        assert_eq!(docker_key("127.0.0.1:5000"), "127.0.0.1:5000");
    }

    #[test]
    fn secrets_do_not_appear_in_debug_output() {
        let basic = Credentials::Basic { user: "alice".into(), password: "s3cret".into() };
        for credentials in [basic, Credentials::Identity("s3cret".into())] {
            assert!(!format!("{credentials:?}").contains("s3cret"));
        }
    }

    #[test]
    fn a_program_without_the_entry_is_no_failure() {
        let failure = |stdout: &str| CredentialRetrievalError::HelperFailure {
            helper: "x".into(),
            stdout: stdout.into(),
            stderr: String::new(),
        };
        assert!(is_absent(&failure("credentials not found in native keychain")));
        assert!(!is_absent(&failure("the keychain is locked")));
        assert!(!is_absent(&CredentialRetrievalError::CredentialDecodingError));
        assert!(usable(DockerCredential::UsernamePassword(String::new(), "x".into())).is_none());
    }
}
