//! The manifests and blobs of one repository, as the reader of images wants them.

use std::io;
use std::sync::Arc;

use hub_blobs::BlobStore;
use hub_db::Db;
use hub_model::Digest;
use hub_oci::ImageStore;
use tokio::runtime::Handle;

use crate::App;

/// Reads what one repository holds, and nothing else. Blocks: only for blocking threads.
#[derive(Debug, Clone)]
pub(crate) struct RepoStore {
    db: Db,
    blobs: Arc<dyn BlobStore>,
    repo_id: i64,
    runtime: Handle,
}

impl RepoStore {
    /// A store for the repository in row `repo_id`. Called inside the runtime.
    pub(crate) fn new(app: &App, repo_id: i64) -> Self {
        Self {
            db: app.db.clone(),
            blobs: Arc::clone(&app.blobs),
            repo_id,
            runtime: Handle::current(),
        }
    }
}

impl ImageStore for RepoStore {
    fn manifest(&self, digest: &Digest) -> io::Result<Option<(String, Vec<u8>)>> {
        let found = self.runtime.block_on(self.db.manifest(self.repo_id, digest));
        let found = found.map_err(io::Error::other)?;
        Ok(found.map(|manifest| (manifest.media_type, manifest.body)))
    }

    fn blob(&self, digest: &Digest) -> io::Result<Box<dyn io::Read + Send>> {
        let held = self.runtime.block_on(self.db.blob_in(self.repo_id, digest));
        if held.map_err(io::Error::other)?.is_none() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the repository has no such blob"));
        }
        self.blobs.open(digest).map_err(io::Error::other)
    }
}
