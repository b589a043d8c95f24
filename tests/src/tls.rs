//! An authority of certificates for one test, and what it signs.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use reqwest::{Certificate, ClientBuilder};

/// An authority, and the files of a server's certificate that it signed for `localhost` and
/// `127.0.0.1`.
pub struct TestTls {
    folder: PathBuf,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for TestTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestTls").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl TestTls {
    /// Makes an authority and a certificate in a folder.
    #[must_use]
    pub fn make(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("trust")).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(folder.join("trust/ca.crt"), authority.pem()).unwrap();
        let tls = Self { folder: folder.to_owned(), authority };
        let _ = tls.renew();
        tls
    }

    /// Signs a new certificate for a new key, into the same files. Answers its DER.
    #[must_use]
    pub fn renew(&self) -> Vec<u8> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names).unwrap();
        let cert = params.signed_by(&key, &self.authority).unwrap();
        fs::write(self.key(), key.serialize_pem()).unwrap();
        fs::write(self.cert(), cert.pem()).unwrap();
        cert.der().to_vec()
    }

    /// File of the server's certificate.
    #[must_use]
    pub fn cert(&self) -> PathBuf {
        self.folder.join("server.crt")
    }

    /// File of the server's key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.join("server.key")
    }

    /// File of the authority to trust.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.join("trust/ca.crt")
    }

    /// Folder of the authority alone, the form that `--cert-dir` of skopeo and podman reads.
    #[must_use]
    pub fn cert_dir(&self) -> PathBuf {
        self.folder.join("trust")
    }

    /// A client that trusts this authority only.
    pub fn trusted(&self, client: ClientBuilder) -> ClientBuilder {
        let ca = Certificate::from_pem(self.authority.pem().as_bytes()).unwrap();
        client.tls_certs_only([ca])
    }
}

/// The beginning of a client for addresses without TLS. It trusts nobody, for reading the
/// authorities of the system takes longer than most tests.
pub fn plain_client() -> ClientBuilder {
    hub_registry_client::http::builder().tls_certs_only([])
}
