//! What is known of the records: read once, kept while no letter says that it changed.
//!
//! The metadata store is the truth. What stands here is served only to a request that began after
//! the last change of it was heard of (`known/news.rs`), so a right that was taken back, a closed
//! account or a deleted tag is refused at the next request, on every replica.
//! Why and at what cost: `docs/decisions/0009-reads-from-memory.md`.

mod cache;
mod news;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use hub_db::{Db, DbError, HeldBlob};
use hub_model::{
    AccessKey, Credential, Digest, Field, LatestMode, LetterKind, OrgName, PasswordMark, Repo,
    RepoName, Robot, RobotName, Scope, Share, Since, Tag, Token, TokenScope, User, UserName,
};
use sha2::{Digest as _, Sha256};

use super::App;
use cache::{Fact, Key};

pub(crate) use cache::{Cache, Edition};
pub(crate) use news::{News, as_one_request};

/// A repository that is there.
#[derive(Debug, Clone)]
pub(crate) struct KnownRepo {
    repo: Arc<Repo>,
    edition: Edition,
}

impl Deref for KnownRepo {
    type Target = Repo;

    /// The record. Its counters may be older than the request.
    fn deref(&self) -> &Repo {
        &self.repo
    }
}

/// What stands for the password that is stored so: a hash of what is a hash with a salt.
pub(crate) fn password_mark(stored: Option<&str>) -> PasswordMark {
    let Some(stored) = stored else { return PasswordMark::NONE };
    let hash = Sha256::digest(stored);
    let mut mark = [0; 16];
    mark.copy_from_slice(&hash[..16]);
    PasswordMark(mark)
}

/// A user who is there.
#[derive(Debug, Clone)]
pub(crate) struct KnownUser {
    /// The record.
    pub(crate) user: Arc<User>,
    /// Changes with the user's password.
    pub(crate) mark: PasswordMark,
    /// Changes with the user's credentials.
    pub(crate) edition: Edition,
}

impl Deref for KnownUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

/// A manifest of a repository, as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownManifest {
    /// Digest of its bytes.
    pub digest: Digest,
    /// Its media type in this repository.
    pub media_type: String,
    /// Its bytes.
    pub body: Bytes,
    /// Whether a tag names it; else it is a part of something else.
    pub tagged: bool,
    /// Whether the record of a tag that names it says that it is deprecated.
    pub deprecated: bool,
}

/// A registry token whose signature was checked. Whether its time has come, and whether its user
/// is still there, is asked each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedToken {
    /// Whose it is.
    pub(crate) bearer: Bearer,
    /// Not before, in seconds since 1970.
    pub(crate) begins: i64,
    /// Not after, in seconds since 1970.
    pub(crate) ends: i64,
    /// What it allows, at most.
    pub(crate) access: Arc<[Scope]>,
    /// What the credential was good for that the token was asked for with.
    pub(crate) credential_scope: TokenScope,
}

/// Whose a registry token is, and which credential it was asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// Nobody's: it is good for what everybody may do.
    Nobody,
    /// A user's.
    User {
        /// Who.
        name: UserName,
        /// The credential.
        by: Credential,
    },
    /// A robot's.
    Robot {
        /// Which.
        name: RobotName,
        /// When the secret was made that it came with, in milliseconds.
        secret_at_ms: i64,
    },
}

/// What is known of a name of a repository.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    /// The repository, when there is one.
    pub(crate) repo: Option<Arc<Repo>>,
    edition: Edition,
}

impl Spot {
    /// The repository that is there.
    pub(crate) fn known(self) -> Option<KnownRepo> {
        let edition = self.edition;
        self.repo.map(|repo| KnownRepo { repo, edition })
    }

    /// Its row. What is not there is asked for like what is, so that the time tells nothing.
    fn row(&self) -> i64 {
        self.repo.as_ref().map_or(0, |repo| repo.id)
    }
}

/// The records as a request may see them that began before this was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    db: &'a Db,
    cache: &'a Cache,
}

impl App {
    /// What is known now: every change that was committed before this was called counts.
    ///
    /// # Errors
    ///
    /// When the metadata store cannot say whether something changed.
    pub(crate) async fn known(&self) -> Result<Known<'_>, DbError> {
        self.news.catch_up(&self.db, &self.cache).await?;
        Ok(Known { db: &self.db, cache: &self.cache })
    }
}

impl Known<'_> {
    /// The repository of that name.
    pub(crate) async fn repo(&self, name: &RepoName) -> Result<Option<KnownRepo>, DbError> {
        Ok(self.spot(name).await?.known())
    }

    /// The repository of that name, or that there is none.
    pub(crate) async fn spot(&self, name: &RepoName) -> Result<Spot, DbError> {
        let edition = self.cache.edition(LetterKind::Repo, name.as_str());
        if let Some(Fact::Repo(repo)) = self.cache.get(edition, Key::Record) {
            return Ok(Spot { repo, edition });
        }
        let repo = Box::pin(self.db.repo(name)).await?.map(Arc::new);
        self.cache.put(edition, Key::Record, Fact::Repo(repo.clone()));
        Ok(Spot { repo, edition })
    }

    /// What a user is on a single repository.
    pub(crate) async fn grant(&self, spot: &Spot, user_id: i64) -> Result<Option<Since>, DbError> {
        if let Some(Fact::Role(role)) = self.cache.get(spot.edition, Key::Grant(user_id)) {
            return Ok(role);
        }
        let role = Box::pin(self.db.grant(spot.row(), user_id)).await?;
        self.cache.put(spot.edition, Key::Grant(user_id), Fact::Role(role));
        Ok(role)
    }

    /// With whom a repository is shared; what ended is among them.
    pub(crate) async fn shares(&self, spot: &Spot) -> Result<Arc<[Share]>, DbError> {
        if let Some(Fact::Shares(shares)) = self.cache.get(spot.edition, Key::Shares) {
            return Ok(shares);
        }
        let shares: Arc<[Share]> = Box::pin(self.db.shares_of_repo(spot.row())).await?.into();
        self.cache.put(spot.edition, Key::Shares, Fact::Shares(Arc::clone(&shares)));
        Ok(shares)
    }

    /// The robot of that name.
    pub(crate) async fn robot(&self, name: &RobotName) -> Result<Option<Arc<Robot>>, DbError> {
        let edition = self.cache.edition(LetterKind::Access, name.org().as_str());
        if let Some(Fact::Robot(robot)) = self.cache.get(edition, Key::Robot(name)) {
            return Ok(robot);
        }
        let robot = Box::pin(self.db.robot(name)).await?.map(Arc::new);
        self.cache.put(edition, Key::Robot(name), Fact::Robot(robot.clone()));
        Ok(robot)
    }

    /// The tag that is meant, and its manifest: `latest` is the tag uploaded last, unless a tag of
    /// that name was pushed.
    pub(crate) async fn tag(
        &self,
        repo: &KnownRepo,
        asked: &Tag,
    ) -> Result<Option<(Tag, Digest)>, DbError> {
        let key = Key::Tag(asked);
        if let Some(Fact::Tag(tag, digest)) = self.cache.get(repo.edition, key) {
            return Ok(Some((tag, digest)));
        }
        for tag in std::iter::once(asked).chain(virtual_latest(repo, asked)) {
            if let Some(digest) = Box::pin(self.db.tag_digest(repo.id, tag)).await? {
                self.cache.put(repo.edition, key, Fact::Tag(tag.clone(), digest.clone()));
                return Ok(Some((tag.clone(), digest)));
            }
        }
        Ok(None)
    }

    /// A manifest that the repository holds.
    pub(crate) async fn manifest(
        &self,
        repo: &KnownRepo,
        digest: &Digest,
    ) -> Result<Option<Arc<KnownManifest>>, DbError> {
        let key = Key::Manifest(digest);
        if let Some(Fact::Manifest(manifest)) = self.cache.get(repo.edition, key) {
            return Ok(Some(manifest));
        }
        let served = Box::pin(self.db.served_manifest(repo.id, digest)).await?;
        let Some((media_type, body)) = served else { return Ok(None) };
        let details = Box::pin(self.db.img_details_of(repo.id, digest)).await?;
        let manifest = Arc::new(KnownManifest {
            digest: digest.clone(),
            media_type,
            body: body.into(),
            tagged: !details.is_empty(),
            deprecated: details.iter().any(|detail| detail.flag(Field::Deprecated)),
        });
        self.cache.put(repo.edition, key, Fact::Manifest(Arc::clone(&manifest)));
        Ok(Some(manifest))
    }

    /// Media type and size in bytes of a manifest that the repository holds.
    pub(crate) async fn manifest_head(
        &self,
        repo: &KnownRepo,
        digest: &Digest,
    ) -> Result<Option<(String, u64)>, DbError> {
        let cached = self.cache.get(repo.edition, Key::Manifest(digest));
        if let Some(Fact::Manifest(manifest)) = cached {
            return Ok(Some((manifest.media_type.clone(), manifest.body.len() as u64)));
        }
        let Some(head) = Box::pin(self.db.manifest_head(repo.id, digest)).await? else {
            return Ok(None);
        };
        // Who only asks for heads, as watchers of tags do, is to find it in memory the next time.
        if self.cache.takes(head.1) {
            self.manifest(repo, digest).await?;
        }
        Ok(Some(head))
    }

    /// A blob that the repository holds.
    pub(crate) async fn blob(
        &self,
        repo: &KnownRepo,
        digest: &Digest,
    ) -> Result<Option<HeldBlob>, DbError> {
        let key = Key::Blob(digest);
        if let Some(Fact::Blob(size)) = self.cache.get(repo.edition, key) {
            return Ok(Some(HeldBlob { size, unused: false }));
        }
        let held = Box::pin(self.db.held_blob(repo.id, digest)).await?;
        // Only what is there: a blob that comes leaves no letter. And only what a manifest names:
        // each question after another one is counted, or the blob would be collected.
        if let Some(HeldBlob { size, unused: false }) = held {
            self.cache.put(repo.edition, key, Fact::Blob(size));
        }
        Ok(held)
    }

    /// What a user is in an organisation.
    pub(crate) async fn role(&self, org: &OrgName, user_id: i64) -> Result<Option<Since>, DbError> {
        let edition = self.cache.edition(LetterKind::Access, org.as_str());
        if let Some(Fact::Role(role)) = self.cache.get(edition, Key::Role(user_id)) {
            return Ok(role);
        }
        let role = Box::pin(self.db.role(org, user_id)).await?;
        self.cache.put(edition, Key::Role(user_id), Fact::Role(role));
        Ok(role)
    }

    /// The user of that name.
    pub(crate) async fn user(&self, name: &UserName) -> Result<Option<KnownUser>, DbError> {
        let edition = self.cache.edition(LetterKind::Credentials, name.as_str());
        if let Some(Fact::User(user, mark)) = self.cache.get(edition, Key::Record) {
            return Ok(Some(KnownUser { user, mark, edition }));
        }
        let Some(user) = Box::pin(self.db.user(name)).await? else { return Ok(None) };
        let stored = Box::pin(self.db.password_hash(user.id)).await?;
        let mark = password_mark(stored.as_deref());
        let user = Arc::new(user);
        self.cache.put(edition, Key::Record, Fact::User(Arc::clone(&user), mark));
        Ok(Some(KnownUser { user, mark, edition }))
    }

    /// The user's credential in row `token`, when it is good at `now_ms`.
    pub(crate) async fn credential(
        &self,
        user: &KnownUser,
        token: i64,
        now_ms: i64,
    ) -> Result<Option<Arc<Token>>, DbError> {
        let good = |token: &Arc<Token>| token.expires_at_ms.is_none_or(|end| now_ms < end);
        if let Some(Fact::Credential(known)) = self.cache.get(user.edition, Key::Credential(token))
        {
            return Ok(Some(known).filter(good));
        }
        let Some(known) = Box::pin(self.db.token(user.id, token)).await? else {
            return Ok(None);
        };
        let known = Arc::new(known);
        let fact = Fact::Credential(Arc::clone(&known));
        self.cache.put(user.edition, Key::Credential(token), fact);
        Ok(Some(known).filter(good))
    }

    /// The user's access key in that row, when it is good at `now_ms`.
    pub(crate) async fn access_key(
        &self,
        user: &KnownUser,
        row: i64,
        now_ms: i64,
    ) -> Result<Option<Arc<AccessKey>>, DbError> {
        let good = |key: &Arc<AccessKey>| key.is_open(now_ms);
        if let Some(Fact::AccessKey(known)) = self.cache.get(user.edition, Key::Pair(row)) {
            return Ok(Some(known).filter(good));
        }
        let Some(known) = Box::pin(self.db.access_key(user.id, row)).await? else {
            return Ok(None);
        };
        let known = Arc::new(known);
        let fact = Fact::AccessKey(Arc::clone(&known));
        self.cache.put(user.edition, Key::Pair(row), fact);
        Ok(Some(known).filter(good))
    }
}

/// The tag that `latest` stands for, when no tag of that name was found.
pub(crate) fn virtual_latest<'a>(repo: &'a Repo, tag: &Tag) -> Option<&'a Tag> {
    let asked = tag.as_str() == "latest" && repo.latest_mode == LatestMode::Auto;
    repo.latest_tag.as_ref().filter(|_| asked)
}
