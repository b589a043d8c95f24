//! A hub that runs: opens the memories, starts the workers, listens, and stops in order.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use hub_blobs::{BlobError, BlobStore, FsStore, S3Settings, S3Store};
use hub_db::{Db, DbError};
use hub_search::{Index, SearchError};
use secrecy::ExposeSecret;

use crate::app::{BuildError, Clock, KEY_CHECK, TICKET_KEY, TOKEN_KEY};
use crate::config::{BlobsStore, OidcSettingsError};
use crate::listen::{self, Tls, TlsError};
use crate::services::audit;
use crate::{App, AppBuilder, Config, http, jobs, telemetry};

/// Setting of the database that holds the name of the store of blobs.
const STORE_NAME: &str = "blob-store";

/// How long workers may take to end.
const WORKERS_END: Duration = Duration::from_secs(10);

/// Why a hub did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("could not use the data folder {}", .path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process has the data folder.
    #[error(
        "{} is being served by another process: a database file has one server; stop it first, or \
         use PostgreSQL for more than one",
        .path.display()
    )]
    Taken {
        /// Which.
        path: PathBuf,
    },
    /// The database cannot be opened or migrated.
    #[error("could not open the database")]
    Db(#[from] DbError),
    /// The store of bytes cannot be opened.
    #[error("could not open the store of blobs")]
    Blobs(#[from] BlobError),
    /// Bytes are to be kept in a bucket without a name.
    #[error("`blobs.store` is `s3`, and `blobs.s3.bucket` names no bucket")]
    NoBucket,
    /// Pulls are to be sent to a bucket that there is not.
    #[error(
        "`blobs.redirect` is true and `blobs.store` is `fs`: only a bucket (`s3`) gives blobs out \
         by itself; for files there is `blobs.x_accel_redirect`"
    )]
    NoRedirect,
    /// The settings of the provider of OpenID Connect are no good.
    #[error("could not prepare signing in at a provider")]
    Oidc(#[from] OidcSettingsError),
    /// These are not the bytes that the database speaks of.
    #[error(
        "the store of blobs is not the one that this database knows: {found} instead of store \
         `{known}`; is the volume mounted, and do `blobs.dir` or `blobs.s3` say where it is?"
    )]
    OtherStore {
        /// The name that the database knows.
        known: String,
        /// What was found.
        found: String,
    },
    /// The index cannot be opened.
    #[error("could not open the search index")]
    Index(#[from] SearchError),
    /// The app could not be put together.
    #[error("could not prepare the hub")]
    Build(#[from] BuildError),
    /// Certificate and key cannot be used.
    #[error("could not prepare TLS")]
    Tls(#[from] TlsError),
    /// The address is taken, or not ours.
    #[error("could not listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A thread is gone.
    #[error("could not finish starting")]
    Lost(#[from] tokio::task::JoinError),
}

/// The memories of a hub, opened, and nobody serving yet.
#[derive(Debug)]
pub struct Opened {
    /// The app.
    pub app: App,
    lock: Option<File>,
}

/// A hub that listens.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// What it works with.
    pub app: App,
    handle: Handle<SocketAddr>,
    tls: Option<Tls>,
    /// Kept open: closing it gives the data folder free.
    _lock: Option<File>,
}

/// Opens the memories, making and migrating what is not there yet.
///
/// # Errors
///
/// [`StartError::Taken`] when another process serves the same folder.
pub async fn open(config: Config) -> Result<Opened, StartError> {
    open_at(config, Clock::system()).await
}

/// Opens records and bytes without the index, beside whoever serves the same PostgreSQL database.
///
/// # Errors
///
/// [`StartError::Taken`] when another process serves the same folder.
pub(crate) async fn open_records(config: Config) -> Result<Opened, StartError> {
    Ok(open_with(config, Clock::system(), Need::Nothing).await?.0)
}

/// Lets a database forget the hub's own key, with all that only that key opens: access keys, and
/// the key of registry tokens. The next start begins with the key in the file, or makes one.
/// Answers how many access keys went.
///
/// # Errors
///
/// [`StartError::Taken`] when another process serves the same folder.
pub(crate) async fn forget_key(config: &Config) -> Result<u64, StartError> {
    make_folder(&config.data)?;
    let _lock = if config.is_single() { Some(lock(&config.data)?) } else { None };
    let db = Db::open(config.database_url().expose_secret()).await?;
    db.migrate().await?;
    let mut change = db.change().await?;
    let gone = change.delete_access_keys().await?;
    for setting in [KEY_CHECK, TOKEN_KEY, TICKET_KEY] {
        change.drop_setting(setting).await?;
    }
    audit::forgot_key(&mut change, Clock::system().now_ms(), gone).await?;
    change.commit().await?;
    db.close().await;
    Ok(gone)
}

/// Opens records and bytes, and the index when no process has it open; tells whether it has it.
///
/// # Errors
///
/// [`StartError::Taken`] when another process serves the same folder.
pub(crate) async fn open_beside(config: Config) -> Result<(Opened, bool), StartError> {
    open_with(config, Clock::system(), Need::IfFree).await
}

/// Whether the index is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Index,
    IfFree,
    Nothing,
}

async fn open_at(config: Config, clock: Clock) -> Result<Opened, StartError> {
    Ok(open_with(config, clock, Need::Index).await?.0)
}

async fn open_with(config: Config, clock: Clock, need: Need) -> Result<(Opened, bool), StartError> {
    make_folder(&config.data)?;
    let lock = if config.is_single() { Some(lock(&config.data)?) } else { None };
    let db = Db::open(config.database_url().expose_secret()).await?;
    db.migrate().await?;
    if lock.is_some() {
        // Nobody else is there, so whoever held something was killed: nobody waits for them.
        db.free_leases().await?;
    }
    let blobs = open_blobs(&config).await?;
    recognise(&db, &*blobs).await?;
    let dir = config.index_dir();
    let found = if need == Need::Nothing {
        None
    } else {
        match tokio::task::spawn_blocking(move || Index::open(&dir)).await? {
            Err(SearchError::Busy { .. }) if need == Need::IfFree => None,
            opened => Some(opened?),
        }
    };
    let has_index = found.is_some();
    let index = match found {
        Some(index) => index,
        None => Index::in_memory()?,
    };
    if !has_index || is_lost(&db, &index).await? {
        index.outdate();
    }
    let app = AppBuilder::new(config, db, blobs, index).clock(clock).build().await?;
    Ok((Opened { app, lock }, has_index))
}

/// Opens the store of bytes that the settings name.
async fn open_blobs(config: &Config) -> Result<Arc<dyn BlobStore>, StartError> {
    match config.blobs.store {
        BlobsStore::Fs if config.blobs.redirect => Err(StartError::NoRedirect),
        BlobsStore::Fs => Ok(Arc::new(FsStore::open(config.blobs_dir()).await?)),
        BlobsStore::S3 => {
            let s3 = &config.blobs.s3;
            if s3.bucket.is_empty() {
                return Err(StartError::NoBucket);
            }
            let settings = S3Settings {
                endpoint: s3.endpoint.clone(),
                bucket: s3.bucket.clone(),
                region: s3.region.clone(),
                prefix: s3.prefix.clone(),
                access_key_id: s3.access_key_id.clone(),
                secret_access_key: s3.secret_access_key.clone(),
                session_token: s3.session_token.clone(),
                path_style: s3.path_style,
                allow_http: s3.allow_http,
                timeout: Duration::from_secs(s3.timeout_seconds),
            };
            Ok(Arc::new(S3Store::open(&settings).await?))
        }
    }
}

/// Sees that the store holds the bytes that the database speaks of. An empty mount point looks like
/// a store that lost everything, and every blob would be taken for damaged.
async fn recognise(db: &Db, blobs: &dyn BlobStore) -> Result<(), StartError> {
    let known = db.setting(STORE_NAME).await?;
    let known = known.map(|name| String::from_utf8_lossy(&name).into_owned());
    match (known, blobs.name().await?) {
        (Some(known), Some(found)) if known == found => Ok(()),
        (Some(known), Some(found)) => {
            Err(StartError::OtherStore { known, found: format!("store `{found}`") })
        }
        (Some(known), None) if !db.blob_records("", 1).await?.is_empty() => {
            Err(StartError::OtherStore { known, found: "one without a name".to_owned() })
        }
        (Some(known), None) => Ok(blobs.give_name(&known).await?),
        (None, _) => {
            // The store first: what the database knows is then never a name that nothing bears.
            blobs.give_name(&uuid::Uuid::now_v7().to_string()).await?;
            let name = blobs.name().await?.unwrap_or_default();
            let mut change = db.change().await?;
            change.init_setting(STORE_NAME, name.as_bytes()).await?;
            Ok(change.commit().await?)
        }
    }
}

/// Whether the letters that the index would need next are gone, or are those of another database.
async fn is_lost(db: &Db, index: &Index) -> Result<bool, DbError> {
    let position = index.position();
    if db.last_letter().await? < position {
        return Ok(true);
    }
    // Not the next letter: numbers of changes that were given up are never seen.
    Ok(db.first_letter().await? > position + 1)
}

/// Opens everything, starts the workers and listens.
///
/// # Errors
///
/// When anything of it cannot be had; nothing keeps running then.
pub async fn start(config: Config) -> Result<Running, StartError> {
    start_at(config, Clock::system()).await
}

/// Starts a hub by another clock than the system's, for tests.
///
/// # Errors
///
/// Those of [`start`].
pub async fn start_at(config: Config, clock: Clock) -> Result<Running, StartError> {
    let _ = telemetry::metrics();
    // First what costs nothing: a bad certificate should not begin a migration.
    let tls = Tls::of(&config.listen)?;
    config.oidc.check()?;
    let opened = open_at(config, clock).await?;
    let app = opened.app;
    let address = app.config.listen.address;
    let listening = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(listening)?;
    listener.set_nonblocking(true).map_err(listening)?;
    let addr = listener.local_addr().map_err(listening)?;

    let handle = Handle::new();
    listen::serve(&app, listener, handle.clone(), (tls.as_ref(), http::Door::new(&app)))
        .map_err(listening)?;
    if let Some(tls) = &tls {
        tls.watch(&app);
    }
    jobs::start(&app);
    tracing::info!(database = app.db.engine(), "listening on {}://{addr}", app.config.scheme());
    Ok(Running { addr, app, handle, tls, _lock: opened.lock })
}

impl Running {
    /// Address for clients on this machine, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.app.config.scheme(), self.addr)
    }

    /// Connections that are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.handle.connection_count()
    }

    /// Reads certificate and key again, as SIGHUP does; without TLS there is nothing to read.
    ///
    /// # Errors
    ///
    /// When the files are no good; the old certificate stays in use then.
    pub fn reload_tls(&self) -> Result<(), TlsError> {
        self.tls.as_ref().map_or(Ok(()), Tls::reload)
    }

    /// Stops in order: no new callers, then running requests end, then the workers, then what was
    /// counted is written down.
    pub async fn stop(self) {
        let app = self.app;
        app.drain();
        let patience = Duration::from_secs(app.config.listen.stop_timeout_seconds);
        self.handle.graceful_shutdown(Some(patience));
        wait_for_callers(&self.handle, patience).await;
        app.stop.cancel();
        app.tasks.close();
        if tokio::time::timeout(WORKERS_END, app.tasks.wait()).await.is_err() {
            tracing::warn!("some work was cut off, it begins again at the next start");
        }
        jobs::flush(&app).await;
        app.db.close().await;
        tracing::info!("stopped");
    }
}

/// Waits until no connection is open.
async fn wait_for_callers(handle: &Handle<SocketAddr>, patience: Duration) {
    let gone = async {
        while handle.connection_count() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = tokio::time::timeout(patience, gone).await;
}

/// Makes the data folder, for its owner only.
fn make_folder(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;

    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| StartError::Folder { path: path.to_owned(), source })
}

/// Takes the data folder for this process.
fn lock(data: &Path) -> Result<File, StartError> {
    let path = data.join("hub.lock");
    let wrong = |source| StartError::Folder { path: data.to_owned(), source };
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(wrong)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::Taken { path: data.to_owned() }),
        Err(TryLockError::Error(source)) => Err(wrong(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(url: &str) -> (u16, String) {
        let client = hub_registry_client::http::builder().no_proxy().build().unwrap();
        let answer = client.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    #[tokio::test]
    async fn it_starts_on_a_free_port_gets_ready_and_gives_the_folder_back() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("absent");
        let running = start(Config::local(&data)).await.unwrap();
        let (status, text) = get(&format!("{}/readyz", running.url())).await;
        assert_eq!((status, text.lines().count()), (200, 4), "{text}");

        running.app.drain();
        let (status, text) = get(&format!("{}/readyz", running.url())).await;
        assert_eq!((status, text.contains("draining: yes")), (503, true), "{text}");
        assert_eq!(get(&format!("{}/healthz", running.url())).await.0, 200);

        let second = start(Config::local(&data)).await;
        assert!(matches!(second, Err(StartError::Taken { .. })));
        running.stop().await;
        start(Config::local(&data)).await.unwrap().stop().await;
    }

    #[tokio::test]
    async fn an_index_that_was_deleted_comes_back() {
        use hub_model::{Actor, Visibility};

        let dir = tempfile::tempdir().unwrap();
        let config = Config::local(dir.path());
        let running = start(config.clone()).await.unwrap();
        let name = "labring/app".parse().unwrap();
        let (app, system) = (&running.app, Actor::System);
        crate::services::orgs::create(app, &system, &"labring".parse().unwrap(), "", "")
            .await
            .unwrap();
        crate::services::repos::create(app, &system, &name, Visibility::Public).await.unwrap();
        running.app.settle().await.unwrap();
        let position = running.app.index.position();
        running.stop().await;

        fs::remove_dir_all(config.index_dir()).unwrap();
        let running = start(config).await.unwrap();
        running.app.settle().await.unwrap();
        assert_eq!(running.app.index.position(), position);
        running.stop().await;
    }

    #[tokio::test]
    async fn a_hub_does_not_start_without_the_bytes_of_its_database() {
        use hub_model::{Actor, Algorithm, Visibility};

        let dir = tempfile::tempdir().unwrap();
        let (blobs, away) = (dir.path().join("bytes"), dir.path().join("away"));
        let mut config = Config::local(dir.path());
        config.blobs.dir = Some(blobs.clone());
        start(config.clone()).await.unwrap().stop().await;
        // Nothing is lost with a store in which nothing was.
        fs::remove_dir_all(&blobs).unwrap();
        let running = start(config.clone()).await.unwrap();
        let (app, system) = (&running.app, Actor::System);
        let (org, name) = ("labring".parse().unwrap(), "labring/app".parse().unwrap());
        crate::services::orgs::create(app, &system, &org, "", "").await.unwrap();
        crate::services::repos::create(app, &system, &name, Visibility::Public).await.unwrap();
        let digest = hub_blobs::digest_of(b"bytes", Algorithm::Sha256);
        let bytes = hub_blobs::stream_of("bytes");
        crate::services::uploads::whole(app, &system, &name, &digest, bytes, None).await.unwrap();
        running.stop().await;

        fs::rename(&blobs, &away).unwrap();
        let unmounted = start(config.clone()).await.unwrap_err().to_string();
        assert!(unmounted.contains("one without a name"), "{unmounted}");
        fs::write(blobs.join("store-id"), "another\n").unwrap();
        let other = start(config.clone()).await.unwrap_err().to_string();
        assert!(other.contains("store `another`"), "{other}");
        // Whoever lost the bytes for good says so.
        fs::copy(away.join("store-id"), blobs.join("store-id")).unwrap();
        start(config.clone()).await.unwrap().stop().await;

        fs::remove_dir_all(&blobs).unwrap();
        fs::rename(&away, &blobs).unwrap();
        start(config).await.unwrap().stop().await;
    }

    #[tokio::test]
    async fn who_lost_the_key_begins_with_a_new_one_when_they_say_so() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::local(dir.path());
        let running = start(config.clone()).await.unwrap();
        let (kid, first) = (running.app.keys.kid.clone(), running.app.secrets.id());
        let taken = forget_key(&config).await;
        assert!(matches!(taken, Err(StartError::Taken { .. })));
        running.stop().await;

        fs::remove_file(config.key_file()).unwrap();
        let missing = start(config.clone()).await.unwrap_err();
        let causes = anyhow::Error::new(missing);
        assert!(format!("{causes:#}").contains("hub-server key forget"), "{causes:#}");
        assert_eq!(forget_key(&config).await.unwrap(), 0);
        let running = start(config).await.unwrap();
        assert_ne!((&running.app.keys.kid, running.app.secrets.id()), (&kid, first));
        let acts = running.app.db.audit(&hub_db::AuditFilter::default(), 9).await.unwrap();
        let forgot = acts.iter().find(|act| act.entry.action == "key.forget").unwrap();
        assert_eq!(
            (&*forgot.entry.actor, &*forgot.entry.before),
            ("system", r#"{"accessKeys":0}"#)
        );
        running.stop().await;
    }
}
