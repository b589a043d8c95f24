//! A whole hub for one test: the real server on a free port, over data of its own.

use hub_server::app::Clock;
use hub_server::listen::TlsError;
use hub_server::{BlobsStore, Config, Running};
use secrecy::SecretString;

use crate::{Person, PgDatabase, TestTls, environment, plain_client, skip};

/// The password of everybody in the tests.
pub const PASSWORD: &str = "correct horse battery";

/// A hub that runs in this process. Its data goes when it goes.
#[derive(Debug)]
pub struct TestHub {
    /// Address without a slash at its end, `http://127.0.0.1:PORT`; `https` with `HUB_TEST_TLS=1`.
    pub url: String,
    running: Running,
    database: Option<PgDatabase>,
    tls: Option<TestTls>,
    data: tempfile::TempDir,
}

impl TestHub {
    /// Starts a hub as a newcomer would.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// Starts a hub with other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(environment::over_tls(), Clock::system(), change).await
    }

    /// Starts a hub by a clock that the test sets.
    pub async fn by(clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        Self::over(environment::over_tls(), clock, change).await
    }

    /// Starts a hub that speaks TLS, with a certificate of an authority of its own.
    pub async fn with_tls(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(true, Clock::system(), change).await
    }

    async fn over(tls: bool, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.listen.address = "127.0.0.1:0".parse().unwrap();
        config.data = data.path().join("data");
        let database = if environment::on_postgres() {
            let server = environment::postgres().expect("HUB_TEST_PG names the server");
            let database = PgDatabase::create(&server).await;
            config.database.url = Some(SecretString::from(database.url()));
            Some(database)
        } else {
            None
        };
        let tls = tls.then(|| TestTls::make(&data.path().join("tls")));
        config.listen.tls_cert = tls.as_ref().map(TestTls::cert);
        config.listen.tls_key = tls.as_ref().map(TestTls::key);
        if environment::on_s3() {
            let endpoint = environment::s3().expect("HUB_TEST_S3 names the service");
            keep_in_bucket(&mut config, endpoint);
        }
        change(&mut config);
        let running = hub_server::start_at(config, clock).await.unwrap();
        Self { url: running.url(), running, database, tls, data }
    }

    /// Two hubs on one PostgreSQL database, and on one bucket or folder for their bytes, with
    /// one key; or says aloud that there is no PostgreSQL.
    pub async fn replicas() -> Option<[Self; 2]> {
        let Some(server) = environment::postgres() else {
            skip("HUB_TEST_PG is not set");
            return None;
        };
        let database = PgDatabase::create(&server).await;
        let url = SecretString::from(database.url());
        let mut first = Self::with(|config| config.database.url = Some(url.clone())).await;
        let mut blobs = first.running.app.config.blobs.clone();
        blobs.dir = Some(first.data());
        let key_file = first.running.app.config.key_file();
        let second = Self::with(|config| {
            config.database.url = Some(url);
            config.blobs = blobs;
            config.auth.key_file = Some(key_file);
        });
        let mut second = second.await;
        // The first keeps the one that both use, in place of those made for each.
        let idle = [first.database.replace(database), second.database.take()];
        for database in idle.into_iter().flatten() {
            database.remove().await;
        }
        Some([first, second])
    }

    /// Starts a hub that keeps its bytes in a bucket, or says aloud that there is none.
    pub async fn on_s3(change: impl FnOnce(&mut Config)) -> Option<Self> {
        let Some(endpoint) = environment::s3() else {
            skip("HUB_TEST_S3 is not set");
            return None;
        };
        let hub = Self::with(|config| {
            keep_in_bucket(config, endpoint);
            change(config);
        });
        Some(hub.await)
    }

    /// Host and port, as references name them.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    /// The authority to trust, when the hub speaks TLS.
    #[must_use]
    pub fn tls(&self) -> Option<&TestTls> {
        self.tls.as_ref()
    }

    /// Reads certificate and key again.
    ///
    /// # Errors
    ///
    /// When they are no good.
    pub fn reload_tls(&self) -> Result<(), TlsError> {
        self.running.reload_tls()
    }

    /// The beginning of a client that trusts the hub.
    pub fn client(&self) -> reqwest::ClientBuilder {
        match &self.tls {
            Some(tls) => tls.trusted(hub_registry_client::http::builder()),
            None => plain_client(),
        }
    }

    /// Connections that are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.running.connections()
    }

    /// The parts inside, for tests that look there.
    #[must_use]
    pub fn app(&self) -> &hub_server::App {
        &self.running.app
    }

    /// The folder that the hub keeps its data in.
    #[must_use]
    pub fn data(&self) -> std::path::PathBuf {
        self.data.path().join("data")
    }

    /// Makes a user who owns the organisation of that name.
    pub async fn person(&self, name: &str) -> Person {
        Person::sign_up(self, name, false).await
    }

    /// Makes an administrator of the whole hub.
    pub async fn administrator(&self, name: &str) -> Person {
        Person::sign_up(self, name, true).await
    }

    /// Somebody who did not sign in.
    #[must_use]
    pub fn nobody(&self) -> Person {
        Person::nobody(self)
    }

    /// Waits until everything is done that happens later: extraction, index, counters.
    pub async fn settle(&self) {
        self.running.app.settle().await.unwrap();
    }

    /// Stops the hub as SIGTERM would, and begins again with the same data.
    pub async fn restart(self) -> Self {
        self.restart_after(|| ()).await
    }

    /// Stops the hub, lets something happen to its data, and begins again.
    pub async fn restart_after(self, happen: impl FnOnce()) -> Self {
        let Self { running, database, tls, data, .. } = self;
        let mut config = running.app.config.clone();
        config.listen.address = "127.0.0.1:0".parse().unwrap();
        running.stop().await;
        happen();
        let running = hub_server::start(config).await.unwrap();
        Self { url: running.url(), running, database, tls, data }
    }

    /// Stops the hub once all its work is done, and fails when some never ends.
    pub async fn stop(self) {
        self.settle().await;
        let Self { running, database, data, .. } = self;
        running.stop().await;
        if let Some(database) = database {
            database.remove().await;
        }
        drop(data);
    }
}

/// Lets a hub keep its bytes in the bucket of the tests, under a prefix of its own.
fn keep_in_bucket(config: &mut Config, endpoint: String) {
    config.blobs.store = BlobsStore::S3;
    let s3 = &mut config.blobs.s3;
    s3.endpoint = Some(endpoint);
    "hub-test".clone_into(&mut s3.bucket);
    s3.prefix = uuid::Uuid::now_v7().to_string();
    s3.access_key_id = Some("id".to_owned());
    s3.secret_access_key = Some(SecretString::from("secret"));
    s3.allow_http = true;
}
