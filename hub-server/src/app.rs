//! What every room is given: the memories, the clock, the keys, and the means to do things later.

mod clock;
mod guesses;
mod key_file;
mod keys;
mod known;
mod missed;
mod origin;
mod outgoing;
mod passwords;
#[cfg(feature = "oidc")]
mod provider;
mod pulls;
mod secrets;
#[cfg(test)]
mod testing;
mod throttle;
#[cfg(feature = "oidc")]
mod ticket;
#[cfg(feature = "oidc")]
mod vouched;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hub_blobs::BlobStore;
use hub_db::{Db, DbError, Listener};
use hub_search::Index;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use clock::Clock;
use guesses::Guesses;
#[cfg(test)]
pub(crate) use hub_db::STATEMENT_LOG;
pub(crate) use key_file::CHECK as KEY_CHECK;
pub use key_file::KeyFileError;
pub use keys::{KeyError, TokenKeys};
pub(crate) use keys::{SETTING as TOKEN_KEY, TICKET_SETTING as TICKET_KEY};
pub use known::KnownManifest;
pub(crate) use known::{
    Bearer, Known, KnownRepo, KnownUser, SignedToken, Spot, as_one_request, password_mark,
    virtual_latest,
};
use known::{Cache, News};
pub use origin::Origin;
pub(crate) use origin::{Refusals, Refused, neighbours};
pub use outgoing::{Outgoing, Watched};
pub use passwords::{HashError, Passwords};
#[cfg(test)]
pub(crate) use testing::Database;

pub use missed::MissedSearches;
#[cfg(feature = "oidc")]
pub use provider::{Brought, Journey, Provider, ProviderError};
pub use pulls::{AskedBlobs, LastUses, PullCounter, Suspects, Used, Uses};
pub use secrets::{HubKey, Unsealed};
pub use throttle::{Allowance, Often, TakingIn, Throttle, TooMany};
#[cfg(feature = "oidc")]
pub use ticket::{TICKET_MS, Ticket, TicketKey};
#[cfg(feature = "oidc")]
pub use vouched::Vouched;

use crate::Config;

/// Everything that services, doors and jobs work with. A cheap handle: clone it freely.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] holds.
pub struct Parts {
    /// The metadata store.
    pub db: Db,
    /// The bytes.
    pub blobs: Arc<dyn BlobStore>,
    /// What is searched.
    pub index: Index,
    /// The time.
    pub clock: Clock,
    /// The settings.
    pub config: Config,
    /// The key that encrypts what has to be read again.
    pub secrets: HubKey,
    /// Keys that sign the registry's tokens.
    pub keys: TokenKeys,
    /// What was read and checked a moment ago; [`App::known`] asks it.
    pub(crate) cache: Arc<Cache>,
    /// What the cache has heard of.
    pub(crate) news: News,
    /// Where people are sent to sign in at a provider of OpenID Connect.
    #[cfg(feature = "oidc")]
    pub oidc: Option<Desk>,
    /// The slow part of checking passwords.
    pub passwords: Passwords,
    /// Blobs that are being sent.
    pub outgoing: Outgoing,
    /// Pulls not yet written down.
    pub pulls: PullCounter,
    /// Searches that found nothing, not yet written down.
    pub missed: MissedSearches,
    /// Uses of credentials not yet written down.
    pub uses: LastUses,
    /// Unused blobs that somebody asked for, not yet written down.
    pub asked: AskedBlobs,
    /// Acts that were refused, not yet written down.
    pub(crate) refused: Refusals,
    /// Blobs whose bytes could not be read as they should.
    pub suspects: Suspects,
    /// Held by who collects garbage in this process.
    pub(crate) collecting: tokio::sync::Mutex<()>,
    pub(crate) wake_gc: Notify,
    /// When this process put the app together, in milliseconds.
    pub started_ms: i64,
    /// How often and how much at a time.
    pub throttle: Throttle,
    /// Wrong passwords.
    pub(crate) guesses: Guesses,
    /// Name of this process where it holds jobs and leases.
    pub holder: String,
    /// Tasks of this process.
    pub tasks: TaskTracker,
    /// Says that the process is to stop.
    pub stop: CancellationToken,
    pub(crate) wake_jobs: Notify,
    pub(crate) wake_outbox: Notify,
    /// Held while the index follows the outbox, so that two readers never apply one letter twice,
    /// and while another index takes its place, so that none is left out.
    pub(crate) following: tokio::sync::Mutex<()>,
    draining: AtomicBool,
}

impl App {
    /// The time, in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }

    /// Says that a letter or a job was just committed, so that its reader need not wait for its
    /// next round.
    pub fn kick(&self) {
        self.0.wake_jobs.notify_one();
        self.0.wake_outbox.notify_one();
    }

    /// Starts a task that belongs to this process: it should end when [`Parts::stop`] says so.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(task);
    }

    /// Whether this process is about to stop and wants no new callers.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// From now on `/readyz` says no.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// Does everything that waits to be done: open jobs and the letters that the index has not
    /// read. For tests and for commands; a running server does so by itself.
    ///
    /// # Errors
    ///
    /// What is still open after half a minute.
    pub async fn settle(&self) -> Result<(), crate::jobs::Unsettled> {
        crate::jobs::settle(self).await
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("holder", &self.holder).finish_non_exhaustive()
    }
}

/// Where people are sent to the provider of OpenID Connect, and received from there.
#[cfg(feature = "oidc")]
#[derive(Debug)]
pub struct Desk {
    /// The provider.
    pub provider: Provider,
    /// Seals what browsers carry meanwhile.
    pub key: TicketKey,
}

#[cfg(feature = "oidc")]
impl Desk {
    async fn open(
        settings: &crate::config::Oidc,
        db: &Db,
        secrets: &HubKey,
    ) -> Result<Option<Self>, BuildError> {
        let Some(provider) = Provider::of(settings)? else { return Ok(None) };
        Ok(Some(Self { provider, key: TicketKey::load(db, secrets).await? }))
    }
}

/// Puts an [`App`] together.
#[derive(Debug)]
pub struct AppBuilder {
    db: Db,
    blobs: Arc<dyn BlobStore>,
    index: Index,
    clock: Clock,
    config: Config,
}

impl AppBuilder {
    /// Begins with the three memories. The database is migrated already.
    #[must_use]
    pub fn new(config: Config, db: Db, blobs: Arc<dyn BlobStore>, index: Index) -> Self {
        Self { db, blobs, index, clock: Clock::system(), config }
    }

    /// Another clock than the system's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Reads the keys, or makes them the first time, and is done.
    ///
    /// # Errors
    ///
    /// When the keys can be neither read nor stored, or are not those of the database.
    pub async fn build(self) -> Result<App, BuildError> {
        let secrets = key_file::load(&self.config.key_file(), &self.db).await?;
        let keys = TokenKeys::load(&self.db, &secrets).await?;
        let verified = Duration::from_secs(self.config.auth.verified_seconds);
        let cache = Arc::new(Cache::new(self.config.cache.max_bytes, verified));
        let own = self.db.listen(Arc::clone(&cache) as Arc<dyn Listener>);
        let news = News::begin(&self.db, own).await?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(App(Arc::new(Parts {
            #[cfg(feature = "oidc")]
            oidc: Desk::open(&self.config.oidc, &self.db, &secrets).await?,
            secrets,
            keys,
            cache,
            news,
            passwords: Passwords::new(cores),
            outgoing: Outgoing::default(),
            pulls: PullCounter::default(),
            missed: MissedSearches::default(),
            uses: LastUses::default(),
            asked: AskedBlobs::default(),
            refused: Refusals::default(),
            suspects: Suspects::default(),
            collecting: tokio::sync::Mutex::new(()),
            wake_gc: Notify::new(),
            started_ms: self.clock.now_ms(),
            throttle: Throttle::new(&self.config.limits),
            guesses: Guesses::new(self.config.limits.wrong_passwords),
            holder: format!("hub-server-{}", uuid::Uuid::now_v7()),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            wake_jobs: Notify::new(),
            wake_outbox: Notify::new(),
            following: tokio::sync::Mutex::new(()),
            draining: AtomicBool::new(false),
            db: self.db,
            blobs: self.blobs,
            index: self.index,
            clock: self.clock,
            config: self.config,
        })))
    }
}

/// Why an [`App`] could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The metadata store failed.
    #[error("could not read the settings of the hub")]
    Db(#[from] DbError),
    /// The hub's own key is not there.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The provider of OpenID Connect cannot be spoken to.
    #[cfg(feature = "oidc")]
    #[error("could not prepare signing in at a provider")]
    Provider(#[from] ProviderError),
    /// The stored keys are damaged, or none could be made.
    #[error("could not prepare the keys of registry tokens")]
    Keys(#[from] KeyError),
}
