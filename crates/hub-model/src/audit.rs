//! What was done and what was refused, for those who have to answer for it.

/// How an act ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Denied,
}

impl Outcome {
    /// The word on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Done, Self::Denied].into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// An act, about to be noted. No field ever holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// When, in milliseconds.
    pub at_ms: i64,
    /// Row of the organisation that it concerns, when it concerns one. Rows are never given twice,
    /// so an organisation that takes over a name does not take over its past.
    pub org_id: Option<i64>,
    /// Name of who acted; empty for nobody, `system` for the hub itself.
    pub actor: String,
    /// How the actor was known: `password`, `oidc`, `token 12` (a session and a refresh
    /// token are such rows too), `key 4`, `robot`; may be empty.
    pub credential: String,
    /// The address of the caller, as text; empty when that is not known.
    pub address: String,
    /// Id of the request, as logs name it; empty outside of requests.
    pub request_id: String,
    /// What was done: a noun and a verb, `member.set`.
    pub action: String,
    /// To what: the name of an organisation, a repository, an image, a user.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
    /// JSON of what it was before; empty for nothing.
    pub before: String,
    /// JSON of what it is now; of a refusal, the reason as text.
    pub after: String,
}

/// An act that was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Row in the database; a later act has a greater one.
    pub id: i64,
    /// The act.
    pub entry: NewAuditEntry,
}
