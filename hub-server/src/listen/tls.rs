//! Certificate and key, read from PEM files, and read again when the files change.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::signal::unix::{SignalKind, signal};

use crate::App;
use crate::config::Listen;

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Only one of the two is set.
    #[error("`listen.tls_cert` and `listen.tls_key` belong together, and only one of them is set")]
    Half,
    /// A file cannot be read.
    #[error("could not read {}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is no PEM, or damaged.
    #[error("{} is damaged or no PEM", .path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: pem::Error,
    },
    /// A file holds no certificate.
    #[error("{} holds no certificate (`BEGIN CERTIFICATE`)", .path.display())]
    NoCertificate {
        /// Which.
        path: PathBuf,
    },
    /// A file holds no key.
    #[error("{} holds no private key (`BEGIN PRIVATE KEY`)", .path.display())]
    NoKey {
        /// Which.
        path: PathBuf,
    },
    /// The two do not belong together, or the library knows no such key.
    #[error("the key in {} does not fit the certificate in {}", .key.display(), .cert.display())]
    Unfit {
        /// File of the certificate.
        cert: PathBuf,
        /// File of the key.
        key: PathBuf,
        /// What is wrong.
        #[source]
        source: rustls::Error,
    },
}

/// A certificate in use, and the files that it comes from. A cheap handle.
#[derive(Debug, Clone)]
pub struct Tls(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    cert: PathBuf,
    key: PathBuf,
    config: RustlsConfig,
    /// What the files were when they were last read, whether they were good or not.
    seen: Mutex<Option<Stamp>>,
}

/// What changes when the files change.
type Stamp = [(SystemTime, u64, u64); 2];

impl Tls {
    /// Reads the files that the settings name; `None` when they name none.
    ///
    /// # Errors
    ///
    /// When a file is missing or damaged, or the key does not fit the certificate.
    pub fn of(listen: &Listen) -> Result<Option<Self>, TlsError> {
        let (cert, key) = match (&listen.tls_cert, &listen.tls_key) {
            (None, None) => return Ok(None),
            (Some(cert), Some(key)) => (cert.clone(), key.clone()),
            _ => return Err(TlsError::Half),
        };
        let seen = Mutex::new(stamp(&cert, &key).ok());
        let config = RustlsConfig::from_config(Arc::new(read(&cert, &key)?));
        Ok(Some(Self(Arc::new(Parts { cert, key, config, seen }))))
    }

    /// What new connections use.
    pub(super) fn config(&self) -> RustlsConfig {
        self.0.config.clone()
    }

    /// Reads the files again. Connections that are open keep what they have.
    ///
    /// # Errors
    ///
    /// When the files are no good; the old certificate stays in use then.
    pub fn reload(&self) -> Result<(), TlsError> {
        let parts = &*self.0;
        let stamp = stamp(&parts.cert, &parts.key).ok();
        *parts.seen.lock().unwrap_or_else(PoisonError::into_inner) = stamp;
        parts.config.reload_from_config(Arc::new(read(&parts.cert, &parts.key)?));
        Ok(())
    }

    /// Whether the files changed since they were last read. Files that are just not there are in
    /// the middle of being replaced.
    fn has_changed(&self) -> bool {
        let Ok(now) = stamp(&self.0.cert, &self.0.key) else { return false };
        *self.0.seen.lock().unwrap_or_else(PoisonError::into_inner) != Some(now)
    }

    /// Reads the files again whenever they change, and on SIGHUP, until the process stops.
    pub(crate) fn watch(&self, app: &App) {
        let pause = Duration::from_secs(app.config.listen.tls_reload_seconds.max(1));
        let (tls, stop) = (self.clone(), app.stop.clone());
        app.spawn(async move {
            let mut ticks = tokio::time::interval(pause);
            let mut hangup = signal(SignalKind::hangup()).ok();
            loop {
                let asked = tokio::select! {
                    () = stop.cancelled() => return,
                    _ = ticks.tick() => false,
                    () = hung_up(hangup.as_mut()) => true,
                };
                let tls = tls.clone();
                // Files may lie on a network.
                let _ = tokio::task::spawn_blocking(move || tls.look(asked)).await;
            }
        });
    }

    fn look(&self, asked: bool) {
        if !asked && !self.has_changed() {
            return;
        }
        let cert = self.0.cert.display();
        match self.reload() {
            Ok(()) => tracing::info!("new connections use the certificate now in {cert}"),
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "the new certificate is refused, the old one stays in use"
            ),
        }
    }
}

async fn hung_up(signal: Option<&mut tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            if signal.recv().await.is_none() {
                std::future::pending::<()>().await;
            }
        }
        None => std::future::pending().await,
    }
}

fn stamp(cert: &Path, key: &Path) -> io::Result<Stamp> {
    let of = |meta: Metadata| Ok::<_, io::Error>((meta.modified()?, meta.len(), meta.ino()));
    Ok([of(fs::metadata(cert)?)?, of(fs::metadata(key)?)?])
}

fn read(cert: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let text = |path: &Path| {
        fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
    };
    let damaged = |path: &Path, source| TlsError::Pem { path: path.to_owned(), source };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&text(cert)?)
        .collect::<Result<_, _>>()
        .map_err(|source| damaged(cert, source))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path: cert.to_owned() });
    }
    let private = PrivateKeyDer::from_pem_slice(&text(key)?).map_err(|source| match source {
        pem::Error::NoItemsFound => TlsError::NoKey { path: key.to_owned() },
        source => damaged(key, source),
    })?;
    let unfit = |source| TlsError::Unfit { cert: cert.to_owned(), key: key.to_owned(), source };
    // Named, since other libraries in the process may bring a provider of their own.
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
