//! What is searched, and what is found.

use crate::{OrgName, RepoName, Visibility};

/// A repository as the index sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchDoc {
    /// Row of the repository.
    pub repo_id: i64,
    /// Full name, `org/path`.
    pub name: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// A name for people.
    pub title: String,
    /// One line of plain text, in one language or several.
    pub description: String,
    /// Words to be found by.
    pub keywords: Vec<String>,
    /// Curated categories.
    pub categories: Vec<String>,
    /// Other names of the same thing.
    pub aliases: Vec<String>,
    /// README of the latest tag, Markdown.
    pub readme: String,
    /// Who distributes it, and other facts in words.
    pub labels: Vec<String>,
    /// Operating systems and architectures, `linux/amd64`.
    pub platforms: Vec<String>,
    /// Whether the administrators of the hub vouch for it.
    pub official: bool,
    /// Whether nobody should begin to use it.
    pub deprecated: bool,
    /// When the repository was made, in milliseconds.
    pub created_at_ms: i64,
    /// When a tag was last uploaded, in milliseconds.
    pub pushed_at_ms: i64,
    /// Number of pulls.
    pub pulls: u64,
    /// Number of pulls in the last 30 days.
    pub recent_pulls: u64,
    /// Number of people who starred it.
    pub stars: u64,
    /// Compressed size of the latest image, in bytes.
    pub size: u64,
}

/// What the caller may see. It stands inside the query, so that counts cannot leak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessTerms {
    /// Everything: administrators and the hub itself.
    Everything,
    /// What is public, and this.
    PublicAnd(Own),
}

/// What somebody may see though it is private.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Own {
    /// Whatever belongs to these organisations.
    pub orgs: Vec<OrgName>,
    /// These repositories: granted to or shared with the caller.
    pub repos: Vec<RepoName>,
}

impl AccessTerms {
    /// What is public, and nothing else.
    pub const PUBLIC: Self = Self::PublicAnd(Own { orgs: Vec::new(), repos: Vec::new() });

    /// Whether a repository is among what may be seen.
    #[must_use]
    pub fn show(&self, name: &RepoName, visibility: Visibility) -> bool {
        match self {
            Self::Everything => true,
            Self::PublicAnd(own) => {
                visibility == Visibility::Public
                    || own.orgs.contains(&name.org())
                    || own.repos.contains(name)
            }
        }
    }
}

/// What narrows a search down; what is empty or `None` narrows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SearchFilter {
    /// Only repositories of this organisation.
    pub org: Option<OrgName>,
    /// Only repositories with all of these keywords.
    pub keywords: Vec<String>,
    /// Only repositories of all of these categories.
    pub categories: Vec<String>,
    /// Only images for this operating system, `linux`.
    pub os: Option<String>,
    /// Only images for this architecture, `arm64`.
    pub arch: Option<String>,
    /// Only, or none of, what the administrators vouch for.
    pub official: Option<bool>,
    /// Only, or none of, what nobody should begin to use.
    pub deprecated: Option<bool>,
    /// Only repositories with, or without, a README.
    pub readme: Option<bool>,
    /// Only latest images of this size.
    pub size: Option<SizeBucket>,
    /// Only repositories with an upload at or after this time, in milliseconds.
    pub pushed_since_ms: Option<i64>,
}

/// A range of compressed sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SizeBucket {
    /// Below 10 MiB.
    Tiny,
    /// Below 100 MiB.
    Small,
    /// Below 1 GiB.
    Medium,
    /// 1 GiB and more.
    Large,
}

impl SizeBucket {
    /// Every bucket, smallest first.
    pub const ALL: [Self; 4] = [Self::Tiny, Self::Small, Self::Medium, Self::Large];

    /// The bucket of a size in bytes.
    #[must_use]
    pub const fn of(bytes: u64) -> Self {
        const MIB: u64 = 1024 * 1024;
        match bytes / MIB {
            0..10 => Self::Tiny,
            10..100 => Self::Small,
            100..1024 => Self::Medium,
            _ => Self::Large,
        }
    }

    /// The word in addresses: `tiny`, `small`, `medium` or `large`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// The bucket of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.as_str() == word)
    }
}

/// In which order results come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SearchSort {
    /// Best first; without text, newest upload first.
    #[default]
    Relevance,
    /// Most pulls first.
    Pulls,
    /// Most pulls in the last 30 days first.
    Recent,
    /// Most stars first.
    Stars,
    /// Newest upload first.
    Updated,
    /// Newest repository first.
    New,
    /// By full name.
    Name,
    /// Largest image first.
    Size,
}

impl SearchSort {
    /// Every order.
    pub const ALL: [Self; 8] = [
        Self::Relevance,
        Self::Pulls,
        Self::Recent,
        Self::Stars,
        Self::Updated,
        Self::New,
        Self::Name,
        Self::Size,
    ];

    /// The word in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Pulls => "pulls",
            Self::Recent => "recent",
            Self::Stars => "stars",
            Self::Updated => "updated",
            Self::New => "new",
            Self::Name => "name",
            Self::Size => "size",
        }
    }

    /// The order of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }
}

/// Where the words of a search have to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SearchMatch {
    /// Anywhere.
    #[default]
    All,
    /// In the name, in another name, or in that of the organisation.
    Name,
    /// Among keywords and categories.
    Keyword,
}

impl SearchMatch {
    /// Every place.
    pub const ALL: [Self; 3] = [Self::All, Self::Name, Self::Keyword];

    /// The word in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Name => "name",
            Self::Keyword => "keyword",
        }
    }

    /// The place of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.as_str() == word)
    }
}

/// A question to the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// What was typed, operators included; empty lists everything.
    pub text: String,
    /// What narrows it down besides.
    pub filter: SearchFilter,
    /// Where its words have to stand.
    pub matching: SearchMatch,
    /// What the caller may see.
    pub access: AccessTerms,
    /// In which order.
    pub sort: SearchSort,
    /// Whether unknown words may be read as names that are spelled alike.
    pub correct: bool,
    /// Whether facets are counted.
    pub facets: bool,
    /// Whether results say why they are there.
    pub explain: bool,
    /// Now, in milliseconds: what was uploaded lately is a little better.
    pub now_ms: i64,
    /// How many results to pass over.
    pub offset: usize,
    /// How many results to answer, at most.
    pub limit: usize,
}

impl SearchQuery {
    /// A question for the first ten results, best first, with corrections.
    #[must_use]
    pub fn new(text: &str, access: AccessTerms) -> Self {
        Self {
            text: text.to_owned(),
            filter: SearchFilter::default(),
            matching: SearchMatch::All,
            access,
            sort: SearchSort::Relevance,
            correct: true,
            facets: false,
            explain: false,
            now_ms: 0,
            offset: 0,
            limit: 10,
        }
    }
}

/// One repository that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// Row of the repository.
    pub repo_id: i64,
    /// How well it fits; comparable within one answer only.
    pub score: f32,
    /// Why it is there, when that was asked.
    pub why: Option<Why>,
}

/// Why a result is there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Why {
    /// What matched, the greatest share first.
    pub parts: Vec<WhyPart>,
    /// Words of the query that matched, and how many there are.
    pub matched: (usize, usize),
    /// Factor for words that did not match.
    pub coordination: f32,
    /// Factor for what the repository is: official, deprecated, popular, fresh.
    pub prior: f32,
}

/// One thing that matched.
#[derive(Debug, Clone, PartialEq)]
pub struct WhyPart {
    /// Field of the document: `name`, `keywords`, `description`, …
    pub field: &'static str,
    /// What matched there.
    pub term: String,
    /// How it follows from the query: `word`, `alias`, `correction`, `translation`, `concept`, …
    pub by: &'static str,
    /// Its score before it is combined with others.
    pub score: f32,
}

/// How many results have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    /// The value.
    pub value: String,
    /// Results that have it.
    pub count: usize,
}

/// Values of the results and how many have each, the most frequent first; values without results
/// are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// Organisations.
    pub orgs: Vec<FacetCount>,
    /// Keywords.
    pub keywords: Vec<FacetCount>,
    /// Categories.
    pub categories: Vec<FacetCount>,
    /// Operating systems.
    pub os: Vec<FacetCount>,
    /// Architectures.
    pub arch: Vec<FacetCount>,
    /// Words of [`SizeBucket`], smallest first.
    pub sizes: Vec<FacetCount>,
    /// Results that are official.
    pub official: usize,
    /// Results that are deprecated.
    pub deprecated: usize,
    /// Results with a README.
    pub readme: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchHits {
    /// This page, best first.
    pub hits: Vec<SearchHit>,
    /// Number of all results that the caller may see.
    pub total: usize,
    /// Whether there may be more: only so many are ranked.
    pub more: bool,
    /// Values of all results, when that was asked.
    pub facets: Option<Facets>,
    /// What was read instead of what was typed.
    pub corrected: Option<String>,
    /// Words that are worth marking in what is shown: lower case, Latin ones as stems.
    pub marks: Vec<String>,
}

/// What was searched for and not found. Nobody knows by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedSearch {
    /// What was typed: in small letters, at most [`MissedSearch::LONGEST`] characters.
    pub text: String,
    /// How often.
    pub times: u64,
    /// When first, in milliseconds.
    pub first_ms: i64,
    /// When last, in milliseconds.
    pub last_ms: i64,
}

impl MissedSearch {
    /// Most characters of a text that are kept.
    pub const LONGEST: usize = 100;

    /// What is kept of a text, so that spellings of one question are one; nothing of one that holds
    /// no letter and no digit.
    #[must_use]
    pub fn folded(text: &str) -> Option<String> {
        let clean = text.replace(char::is_control, " ").to_lowercase();
        let words: Vec<&str> = clean.split_whitespace().collect();
        let folded: String = words.join(" ").chars().take(Self::LONGEST).collect();
        let folded = folded.trim_end();
        folded.contains(char::is_alphanumeric).then(|| folded.to_owned())
    }
}

/// What somebody is about to type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suggestions {
    /// Rows of repositories, best first.
    pub repos: Vec<i64>,
    /// Organisations.
    pub orgs: Vec<String>,
}

impl SearchDoc {
    /// The organisation in front of the name.
    ///
    /// # Panics
    ///
    /// When the name is none that [`RepoName`] accepts.
    #[must_use]
    pub fn org(&self) -> OrgName {
        RepoName::parse(&self.name).expect("documents are made from records").org()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_question_are_one() {
        for text in ["Message  Queue", " message queue\n", "message\0queue"] {
            assert_eq!(MissedSearch::folded(text).as_deref(), Some("message queue"), "{text:?}");
        }
        assert_eq!(MissedSearch::folded("消息队列").as_deref(), Some("消息队列"));
        for text in ["", "  ", "🦀", "-- ?", "\0"] {
            assert_eq!(MissedSearch::folded(text), None, "{text:?}");
        }
        let long = MissedSearch::folded(&"字 ".repeat(4000)).unwrap();
        assert_eq!((long.chars().count(), long.ends_with('字')), (99, true));
    }

    #[test]
    fn every_order_has_a_word_of_its_own() {
        for sort in SearchSort::ALL {
            assert_eq!(SearchSort::parse(sort.as_str()), Some(sort));
        }
    }
}
