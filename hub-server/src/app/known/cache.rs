//! Bounded memory, filed under what letters name.
//!
//! Every repository, organisation and user that something was read of has an *edition*: a number
//! that no other one ever had. Facts are filed under the edition that was current before they were
//! read; a letter ends the edition, and what stands under it is never found again. So whoever read
//! an old record and files it after the letter came files it where nobody looks: no lock is held
//! while the store is read, and nothing has to be searched for what depends on a letter.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hub_db::Listener;
use hub_model::{
    AccessKey, Digest, LetterKind, PasswordMark, Repo, Robot, RobotName, Share, Since, Tag, Token,
    User,
};
use quick_cache::sync::DefaultLifecycle;
use quick_cache::{DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter};

use super::{KnownManifest, SignedToken};

/// A state of one repository, organisation or user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Edition(u64);

/// What a letter can name. `T` is text, owned where it is kept and borrowed where it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Subject<T> {
    kind: LetterKind,
    name: T,
}

impl Equivalent<Subject<Box<str>>> for Subject<&str> {
    fn equivalent(&self, kept: &Subject<Box<str>>) -> bool {
        self.kind == kept.kind && *self.name == *kept.name
    }
}

/// Names a fact of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    /// The record itself.
    Record,
    /// Of a repository: what a tag means.
    Tag(&'a Tag),
    /// Of a repository: a manifest.
    Manifest(&'a Digest),
    /// Of a repository: the size of a blob.
    Blob(&'a Digest),
    /// Of an organisation: the role of the user in that row.
    Role(i64),
    /// Of a repository: the role of the user in that row.
    Grant(i64),
    /// Of a repository: with whom it is shared.
    Shares,
    /// Of an organisation: the robot of that name.
    Robot(&'a RobotName),
    /// Of a user: the credential in that row.
    Credential(i64),
    /// Of a user: the access key in that row.
    Pair(i64),
}

/// Where a fact stands. `T` is text, owned where it is kept and borrowed where it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place<T> {
    edition: Edition,
    /// Tells the kinds of keys apart.
    kind: u8,
    row: i64,
    name: T,
}

impl<'a> Place<&'a str> {
    fn of(edition: Edition, key: Key<'a>) -> Self {
        let (kind, row, name) = match key {
            Key::Record => (0, 0, ""),
            Key::Tag(tag) => (1, 0, tag.as_str()),
            Key::Manifest(digest) => (2, 0, digest.as_str()),
            Key::Blob(digest) => (3, 0, digest.as_str()),
            Key::Role(user) => (4, user, ""),
            Key::Credential(token) => (5, token, ""),
            Key::Grant(user) => (6, user, ""),
            Key::Shares => (7, 0, ""),
            Key::Robot(name) => (8, 0, name.as_str()),
            Key::Pair(row) => (9, row, ""),
        };
        Self { edition, kind, row, name }
    }

    fn kept(self) -> Place<Box<str>> {
        let Self { edition, kind, row, name } = self;
        Place { edition, kind, row, name: name.into() }
    }
}

impl Equivalent<Place<Box<str>>> for Place<&str> {
    fn equivalent(&self, kept: &Place<Box<str>>) -> bool {
        let same = (self.edition, self.kind, self.row) == (kept.edition, kept.kind, kept.row);
        same && *self.name == *kept.name
    }
}

/// Something that was read.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    /// A repository, or that there is none.
    Repo(Option<Arc<Repo>>),
    /// The tag that is meant, and its manifest.
    Tag(Tag, Digest),
    /// A manifest.
    Manifest(Arc<KnownManifest>),
    /// Size of a blob, in bytes.
    Blob(u64),
    /// The role, or that there is none.
    Role(Option<Since>),
    /// With whom a repository is shared.
    Shares(Arc<[Share]>),
    /// A robot, or that there is none.
    Robot(Option<Arc<Robot>>),
    /// A user, and what stands for the password.
    User(Arc<User>, PasswordMark),
    /// A credential.
    Credential(Arc<Token>),
    /// An access key.
    AccessKey(Arc<AccessKey>),
}

/// What an entry weighs besides the bytes it points at: keys, links and counters of the cache.
/// Measured as memory per entry of a full cache.
const ENTRY_BYTES: usize = 400;

/// One manifest may take this part of the memory, larger ones are read each time.
const LARGEST_PART: u64 = 16;

/// Parts that are locked each by itself. One part must hold what [`LARGEST_PART`] lets in.
const SHARDS: usize = 8;

/// Most passwords that are remembered.
const PASSWORDS: usize = 10_000;

/// A memory of bounded weight.
type Memory<K, V> = quick_cache::sync::Cache<K, V, Weigh>;

/// The facts, and the editions that are current.
pub(crate) struct Cache {
    editions: Memory<Subject<Box<str>>, (u64, Edition)>,
    facts: Memory<Place<Box<str>>, Fact>,
    tokens: Memory<[u8; 32], Arc<SignedToken>>,
    /// Until when a password counts as checked.
    passwords: quick_cache::sync::Cache<(Edition, [u8; 32]), Instant>,
    verified: Duration,
    max_bytes: u64,
    next: AtomicU64,
    /// Editions of earlier eras are over.
    era: AtomicU64,
    doubts: AtomicU64,
    settled: AtomicU64,
}

/// A memory of about `max_bytes`.
fn memory<K: Eq + Hash, V: Clone>(max_bytes: u64) -> Memory<K, V>
where
    Weigh: Weighter<K, V>,
{
    let most = usize::try_from(max_bytes).unwrap_or(usize::MAX) / ENTRY_BYTES;
    let options = OptionsBuilder::new()
        .estimated_items_capacity(most)
        .weight_capacity(max_bytes)
        .shards(SHARDS)
        .build()
        .expect("everything that has no usual value is set");
    Memory::with_options(options, Weigh, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

impl Cache {
    /// An empty cache of about `max_bytes`, which keeps checked passwords for `verified`.
    pub(crate) fn new(max_bytes: u64, verified: Duration) -> Self {
        Self {
            editions: memory(max_bytes / 8),
            facts: memory(max_bytes / 4 * 3),
            tokens: memory(max_bytes / 8),
            passwords: quick_cache::sync::Cache::new(PASSWORDS),
            verified,
            max_bytes,
            next: AtomicU64::new(0),
            era: AtomicU64::new(0),
            doubts: AtomicU64::new(0),
            settled: AtomicU64::new(0),
        }
    }

    /// The current edition of a subject. Ask before reading what is to be filed under it.
    pub(crate) fn edition(&self, kind: LetterKind, name: &str) -> Edition {
        let subject = Subject { kind, name };
        let era = self.era.load(Ordering::SeqCst);
        match self.editions.get(&subject) {
            Some((begun, edition)) if begun == era => edition,
            _ => {
                let edition = Edition(self.next.fetch_add(1, Ordering::SeqCst));
                self.editions.insert(Subject { kind, name: name.into() }, (era, edition));
                edition
            }
        }
    }

    /// A fact, when it is known.
    pub(crate) fn get(&self, edition: Edition, key: Key<'_>) -> Option<Fact> {
        self.facts.get(&Place::of(edition, key))
    }

    /// Files a fact that was read after its edition was asked for.
    pub(crate) fn put(&self, edition: Edition, key: Key<'_>, fact: Fact) {
        if self.takes(fact.bytes() as u64) {
            self.facts.insert(Place::of(edition, key).kept(), fact);
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
        self.passwords.get(&(user, hash)).is_some_and(|until| Instant::now() < until)
    }

    /// The user of this edition knows the password of this hash.
    pub(crate) fn put_password(&self, user: Edition, hash: [u8; 32]) {
        self.passwords.insert((user, hash), Instant::now() + self.verified);
    }

    /// Ends the edition of what a letter names.
    pub(crate) fn end(&self, kind: LetterKind, name: &str) {
        self.editions.remove(&Subject { kind, name });
    }

    /// Ends every edition.
    pub(crate) fn end_all(&self) {
        self.era.fetch_add(1, Ordering::SeqCst);
        self.editions.clear();
        self.facts.clear();
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
    pub(super) fn len(&self) -> usize {
        self.facts.len()
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
            Self::Shares(shares) => 300 * shares.len(),
            Self::Repo(Some(_)) | Self::User(..) | Self::Robot(Some(_)) => 300,
            Self::Credential(_) | Self::AccessKey(_) => 200,
            Self::Tag(..)
            | Self::Blob(_)
            | Self::Role(_)
            | Self::Repo(None)
            | Self::Robot(None) => 100,
        }
    }
}

/// Weighs what is kept, in bytes.
#[derive(Debug, Clone, Copy)]
struct Weigh;

impl Weighter<Subject<Box<str>>, (u64, Edition)> for Weigh {
    fn weight(&self, subject: &Subject<Box<str>>, _: &(u64, Edition)) -> u64 {
        weight(subject.name.len())
    }
}

impl Weighter<Place<Box<str>>, Fact> for Weigh {
    fn weight(&self, _: &Place<Box<str>>, fact: &Fact) -> u64 {
        weight(fact.bytes())
    }
}

impl Weighter<[u8; 32], Arc<SignedToken>> for Weigh {
    fn weight(&self, _: &[u8; 32], token: &Arc<SignedToken>) -> u64 {
        weight(200 * token.access.len())
    }
}

fn weight(bytes: usize) -> u64 {
    (ENTRY_BYTES + bytes) as u64
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("max_bytes", &self.max_bytes).finish_non_exhaustive()
    }
}
