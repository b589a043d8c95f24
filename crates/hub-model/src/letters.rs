//! Letters: news for every replica, left in the outbox by the change they tell about.

/// What a [`Letter`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterKind {
    /// A repository changed, came or went: its subject is the repository's name.
    Repo,
    /// How often a repository is pulled or starred changed notably: its subject is the repository's
    /// name. For the index: nothing that is kept in memory depends on it.
    Counts,
    /// Rights in an organisation changed: its subject is the organisation's name.
    Access,
    /// A user's credentials changed: its subject is the user's name.
    Credentials,
    /// Something that only newer replicas know of. It is read, and nothing is done.
    Other,
}

impl LetterKind {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Repo => "repo",
            Self::Counts => "counts",
            Self::Access => "access",
            Self::Credentials => "credentials",
            Self::Other => "other",
        }
    }

    /// Reads the word of the database. While replicas are replaced by newer ones, these may leave
    /// letters of kinds that did not exist.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        [Self::Repo, Self::Counts, Self::Access, Self::Credentials]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .unwrap_or(Self::Other)
    }
}

/// News: a name, not a value. Its reader fetches the record as it is now, so that replays and
/// doubles do no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Number in the outbox: the order in which changes were committed.
    pub seq: i64,
    /// What it is about.
    pub kind: LetterKind,
    /// The name of the thing.
    pub subject: String,
}
