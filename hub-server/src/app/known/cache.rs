//! Bounded memory, filed under what letters name.
//!
//! Every repository, organisation and user that something was read of has an *edition*: a number
//! that no other one ever had. Facts are filed under the edition that was current before they were
//! read; a letter ends the edition, and what stands under it is never found again. So whoever read
//! an old record and files it after the letter came files it where nobody looks: no lock is held
//! while the store is read, and nothing has to be searched for what depends on a letter.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hub_db::Listener;
use hub_model::{Digest, LetterKind, Repo, Role, Tag, User};

use super::{KnownManifest, SignedToken};

/// A state of one repository, organisation or user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Edition(u64);

/// What a letter can name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Subject {
    kind: LetterKind,
    name: Box<str>,
}

/// Names a fact of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// The record itself.
    Record,
    /// Of a repository: what a tag means.
    Tag(Tag),
    /// Of a repository: a manifest.
    Manifest(Digest),
    /// Of a repository: the size of a blob.
    Blob(Digest),
    /// Of an organisation: the role of the user in that row.
    Role(i64),
    /// Of a user: the credential in that row.
    Credential(i64),
}

/// Something that was read.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    /// A repository.
    Repo(Arc<Repo>),
    /// The tag that is meant, and its manifest.
    Tag(Tag, Digest),
    /// A manifest.
    Manifest(Arc<KnownManifest>),
    /// Size of a blob, in bytes.
    Blob(u64),
    /// The role, or that there is none.
    Role(Option<Role>),
    /// A user.
    User(Arc<User>),
    /// When a credential ends, in milliseconds since 1970; `None` for never.
    Credential(Option<i64>),
}

/// What an entry weighs besides the bytes it points at: keys, links and counters of the cache.
/// Measured as memory per entry of a full cache.
const ENTRY_BYTES: usize = 400;

/// One manifest may take this part of the memory, larger ones are read each time.
const LARGEST_PART: u64 = 16;

/// The facts, and the editions that are current.
pub(crate) struct Cache {
    editions: moka::sync::Cache<Subject, (u64, Edition)>,
    facts: moka::sync::Cache<(Edition, Key), Fact>,
    tokens: moka::sync::Cache<[u8; 32], Arc<SignedToken>>,
    passwords: moka::sync::Cache<(Edition, [u8; 32]), ()>,
    max_bytes: u64,
    next: AtomicU64,
    /// Editions of earlier eras are over.
    era: AtomicU64,
    doubts: AtomicU64,
    settled: AtomicU64,
}

impl Cache {
    /// An empty cache of about `max_bytes`, which keeps checked passwords for `verified`.
    pub(crate) fn new(max_bytes: u64, verified: Duration) -> Self {
        Self {
            editions: moka::sync::Cache::builder()
                .max_capacity(max_bytes / 8)
                .weigher(|subject: &Subject, _| weight(subject.name.len()))
                .build(),
            facts: moka::sync::Cache::builder()
                .max_capacity(max_bytes / 4 * 3)
                .weigher(|_, fact: &Fact| weight(fact.bytes()))
                .build(),
            tokens: moka::sync::Cache::builder()
                .max_capacity(max_bytes / 8)
                .weigher(|_, token: &Arc<SignedToken>| weight(200 * token.access.len()))
                .build(),
            passwords: moka::sync::Cache::builder()
                .max_capacity(10_000)
                .time_to_live(verified)
                .build(),
            max_bytes,
            next: AtomicU64::new(0),
            era: AtomicU64::new(0),
            doubts: AtomicU64::new(0),
            settled: AtomicU64::new(0),
        }
    }

    /// The current edition of a subject. Ask before reading what is to be filed under it.
    pub(crate) fn edition(&self, kind: LetterKind, name: &str) -> Edition {
        let subject = Subject { kind, name: name.into() };
        let era = self.era.load(Ordering::SeqCst);
        match self.editions.get(&subject) {
            Some((begun, edition)) if begun == era => edition,
            _ => {
                let edition = Edition(self.next.fetch_add(1, Ordering::SeqCst));
                self.editions.insert(subject, (era, edition));
                edition
            }
        }
    }

    /// A fact, when it is known.
    pub(crate) fn get(&self, edition: Edition, key: Key) -> Option<Fact> {
        self.facts.get(&(edition, key))
    }

    /// Files a fact that was read after its edition was asked for.
    pub(crate) fn put(&self, edition: Edition, key: Key, fact: Fact) {
        if self.takes(fact.bytes() as u64) {
            self.facts.insert((edition, key), fact);
        }
    }

    /// Whether something of this size is kept, in bytes.
    pub(crate) const fn takes(&self, bytes: u64) -> bool {
        bytes <= self.max_bytes / LARGEST_PART
    }

    /// A token that was checked before, by its hash.
    pub(crate) fn token(&self, hash: &[u8; 32]) -> Option<Arc<SignedToken>> {
        self.tokens.get(hash)
    }

    /// Keeps a token whose signature is good.
    pub(crate) fn put_token(&self, hash: [u8; 32], token: Arc<SignedToken>) {
        self.tokens.insert(hash, token);
    }

    /// Whether the user of this edition proved a moment ago to know the password of this hash.
    pub(crate) fn knows_password(&self, user: Edition, hash: [u8; 32]) -> bool {
        self.passwords.contains_key(&(user, hash))
    }

    /// The user of this edition knows the password of this hash.
    pub(crate) fn put_password(&self, user: Edition, hash: [u8; 32]) {
        self.passwords.insert((user, hash), ());
    }

    /// Ends the edition of what a letter names.
    pub(crate) fn end(&self, kind: LetterKind, name: &str) {
        self.editions.invalidate(&Subject { kind, name: name.into() });
    }

    /// Ends every edition.
    pub(crate) fn end_all(&self) {
        self.era.fetch_add(1, Ordering::SeqCst);
        self.editions.invalidate_all();
        self.facts.invalidate_all();
    }

    /// The number of the last change that may or may not have been made, and of the last one of
    /// them that is settled.
    pub(super) fn doubts(&self) -> (u64, u64) {
        (self.doubts.load(Ordering::SeqCst), self.settled.load(Ordering::SeqCst))
    }

    /// Everything up to doubt number `doubt` is over.
    pub(super) fn settle(&self, doubt: u64) {
        self.end_all();
        self.settled.store(doubt, Ordering::SeqCst);
    }

    /// Number of facts. For tests.
    #[cfg(test)]
    pub(super) fn len(&self) -> u64 {
        self.facts.run_pending_tasks();
        self.facts.entry_count()
    }
}

impl Listener for Cache {
    fn told(&self, letters: &[(LetterKind, String)]) {
        for (kind, name) in letters {
            self.end(*kind, name);
        }
    }

    fn in_doubt(&self) {
        self.doubts.fetch_add(1, Ordering::SeqCst);
    }
}

impl Fact {
    /// Bytes behind the entry.
    fn bytes(&self) -> usize {
        match self {
            Self::Manifest(manifest) => manifest.body.len() + 300,
            Self::Repo(_) | Self::User(_) => 300,
            Self::Tag(..) | Self::Blob(_) | Self::Role(_) | Self::Credential(_) => 100,
        }
    }
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(ENTRY_BYTES + bytes).unwrap_or(u32::MAX)
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("max_bytes", &self.max_bytes).finish_non_exhaustive()
    }
}
