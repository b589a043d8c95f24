//! Whose certificates count.

use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder};

use crate::report::{Exit, Failure};

/// How the certificate of a hub is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trust {
    /// File of an authority that counts beside those of the system, by its whole path.
    pub(crate) file: Option<PathBuf>,
    /// What the file holds, PEM.
    pub(crate) ca: Option<Vec<u8>>,
    /// Whether certificates are not checked.
    pub(crate) insecure: bool,
}

impl Trust {
    /// Reads the file of an authority.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or holds no certificate.
    pub(super) fn read(file: Option<&Path>, insecure: bool) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self { insecure, ..Self::default() }) };
        let wrong = |text: &str| {
            Failure::usage(format!("{text} {}", file.display()))
                .hint("name a PEM file with the certificate of the authority")
        };
        let ca = std::fs::read(file).map_err(|error| wrong("could not read").cause(error))?;
        match Certificate::from_pem_bundle(&ca) {
            Ok(all) if !all.is_empty() => {}
            _ => return Err(wrong("there is no certificate in")),
        }
        let file = file.canonicalize().ok();
        Ok(Self { file, ca: Some(ca), insecure })
    }

    /// The same for an HTTP client.
    ///
    /// # Errors
    ///
    /// When the authority is no certificate.
    pub(crate) fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, Failure> {
        let client = client.tls_danger_accept_invalid_certs(self.insecure);
        let Some(ca) = &self.ca else { return Ok(client) };
        let unusable = "the authority of --ca-cert cannot be used";
        let ca = Certificate::from_pem_bundle(ca)
            .map_err(|error| Failure::new(Exit::Failed, unusable).cause(error))?;
        Ok(client.tls_certs_merge(ca))
    }
}
