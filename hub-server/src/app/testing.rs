//! An app on a temporary folder, for tests of services and doors.

use std::sync::Arc;

use hub_blobs::FsStore;
use hub_db::Db;
use hub_search::Index;
use secrecy::ExposeSecret;

use super::{App, AppBuilder};
use crate::Config;

impl App {
    /// An empty hub without workers: [`App::settle`] does what waits. It lives as long as the
    /// folder.
    pub(crate) async fn for_tests() -> (Self, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::local(dir.path());
        let db = Db::open(config.database_url().expose_secret()).await.unwrap();
        db.migrate().await.unwrap();
        let blobs = FsStore::open(dir.path()).await.unwrap();
        let index = Index::in_memory().unwrap();
        let app = AppBuilder::new(config, db, Arc::new(blobs), index).build().await.unwrap();
        (app, dir)
    }
}
