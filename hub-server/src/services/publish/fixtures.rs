//! A hub with a few people, and images pushed to it: for the tests of several services.

use hub_blobs::stream_of;
use hub_model::{Actor, Digest, NewOrg, RepoName, Role, SignedIn, Tag, UserName};
use hub_oci::{BuiltImage, ImageBuilder};
use tempfile::TempDir;

use super::super::{images, uploads};
use super::{ManifestRef, Publication, PublishError, Published, publish};
use crate::App;
use crate::app::Database;

/// A hub with the organisation `labring` and its people.
pub(crate) struct Hub {
    pub(crate) app: App,
    /// Owns `labring`.
    pub(crate) owner: Actor,
    /// Writes in `labring`.
    pub(crate) writer: Actor,
    /// Reads in `labring`.
    pub(crate) reader: Actor,
    /// Has nothing to do with `labring`.
    pub(crate) stranger: Actor,
    _dir: TempDir,
    _database: Option<Database>,
}

pub(crate) fn repo() -> RepoName {
    RepoName::parse("labring/mysql-op").unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

/// An image with this README, unlike every image with another one.
pub(crate) fn image(readme: &str) -> BuiltImage {
    ImageBuilder::new().layer([("README.md", readme)]).build()
}

impl Hub {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// One with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut crate::Config)) -> Self {
        let (app, dir) = App::for_tests_with(change).await;
        Self::of(app, dir, None).await
    }

    /// One on SQLite and one on PostgreSQL, where a server for tests is at hand.
    pub(crate) async fn on_every_engine() -> Vec<Self> {
        let mut hubs = vec![Self::new().await];
        if let Some((app, dir, database)) = App::for_tests_on_postgres().await {
            hubs.push(Self::of(app, dir, Some(database)).await);
        }
        hubs
    }

    async fn of(app: App, dir: TempDir, database: Option<Database>) -> Self {
        let mut change = app.db.change().await.unwrap();
        let org = NewOrg {
            name: repo().org(),
            display_name: String::new(),
            description: String::new(),
            created_by: String::new(),
            created_at_ms: 1,
        };
        let org = change.add_org(&org).await.unwrap();
        let mut actors = Vec::new();
        for (name, role) in [
            ("olga", Some(Role::Owner)),
            ("wei", Some(Role::Writer)),
            ("rosa", Some(Role::Reader)),
            ("sam", None),
        ] {
            let new = hub_db::NewUser {
                name: UserName::parse(name).unwrap(),
                password_hash: None,
                admin: false,
                created_at_ms: 1,
            };
            let user = change.add_user(&new).await.unwrap();
            if let Some(role) = role {
                change.set_member(org.id, user.id, role, 1).await.unwrap();
            }
            actors.push(Actor::User(SignedIn::by_password(user.into())));
        }
        change.commit().await.unwrap();
        let [owner, writer, reader, stranger] = actors.try_into().unwrap();
        Self { app, owner, writer, reader, stranger, _dir: dir, _database: database }
    }

    /// Uploads the blobs of an image.
    pub(crate) async fn upload(&self, image: &BuiltImage) {
        for (digest, bytes) in &image.blobs {
            let body = stream_of(bytes.clone());
            let (app, writer) = (&self.app, &self.writer);
            uploads::whole(app, writer, &repo(), digest, body, None).await.unwrap();
        }
    }

    /// Puts the manifest of an image, as `actor`.
    pub(crate) async fn put(
        &self,
        actor: &Actor,
        reference: ManifestRef,
        image: &BuiltImage,
    ) -> Result<Published, PublishError> {
        let publication = Publication {
            repo: repo(),
            reference,
            tags: Vec::new(),
            media_type: Some(image.media_type.clone()),
            body: image.manifest.clone(),
            visibility: None,
        };
        publish(&self.app, actor, publication).await
    }

    /// Pushes an image whole.
    pub(crate) async fn push(&self, name: &str, image: &BuiltImage) -> Digest {
        self.upload(image).await;
        let published = self.put(&self.writer, ManifestRef::Tag(tag(name)), image).await;
        published.unwrap().digest
    }

    /// The tag that the repository calls its latest.
    pub(crate) async fn latest(&self) -> Option<String> {
        let repo = self.app.db.repo(&repo()).await.unwrap()?;
        repo.latest_tag.map(String::from)
    }

    /// The image behind a tag.
    pub(crate) async fn img(&self, name: &str) -> hub_model::Img {
        images::get(&self.app, &self.writer, &repo(), name).await.unwrap()
    }

    /// The README that a tag shows.
    pub(crate) async fn readme(&self, name: &str) -> Option<String> {
        let img = self.img(name).await;
        images::docs(&self.app, &self.writer, &repo(), &img).await.unwrap()
    }
}
