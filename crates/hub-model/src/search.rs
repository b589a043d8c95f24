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
    /// One line of plain text.
    pub description: String,
    /// Words to be found by.
    pub keywords: Vec<String>,
    /// Other names of the same thing.
    pub aliases: Vec<String>,
    /// README of the latest tag, Markdown.
    pub readme: String,
    /// Operating systems and architectures, `linux/amd64`.
    pub platforms: Vec<String>,
    /// Whether the administrators of the hub vouch for it.
    pub official: bool,
    /// Whether nobody should begin to use it.
    pub deprecated: bool,
    /// When a tag was last uploaded, in milliseconds.
    pub pushed_at_ms: i64,
    /// Number of pulls.
    pub pulls: u64,
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

/// A question to the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// What was typed; empty lists everything, newest upload first.
    pub text: String,
    /// Only repositories of this organisation.
    pub org: Option<OrgName>,
    /// Only repositories with this keyword.
    pub keyword: Option<String>,
    /// What the caller may see.
    pub access: AccessTerms,
    /// How many results to pass over.
    pub offset: usize,
    /// How many results to answer, at most.
    pub limit: usize,
}

/// One repository that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// Row of the repository.
    pub repo_id: i64,
    /// How well it fits; comparable within one answer only.
    pub score: f32,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchHits {
    /// This page, best first.
    pub hits: Vec<SearchHit>,
    /// Number of all results that the caller may see.
    pub total: usize,
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
