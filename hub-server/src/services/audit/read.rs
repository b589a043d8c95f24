//! Who may read what was noted, and which of it; and what is forgotten after a time.

use hub_db::{AuditFilter, DbError};
use hub_model::{Action, Actor, AuditEntry, OrgName, Outcome, RepoName};

use super::super::access::{self, AccessError};
use super::super::{hours_ms, limit_rows, plain};
use crate::App;

/// How many entries are forgotten at once: others write meanwhile.
const BATCH: i64 = 1000;

/// Why what was noted is not shown.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A place in a list that was not made by the list before.
    #[error("`{cursor}` is no place in this list")]
    Cursor {
        /// The text.
        cursor: String,
    },
    /// The metadata store failed.
    #[error("could not read what was noted")]
    Db(#[from] DbError),
}

/// Whose acts are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// All of the hub: for its administrators.
    Hub,
    /// What concerns an organisation: for its owners.
    Org(OrgName),
    /// What concerns a repository: for those who administer it.
    Repo(RepoName),
}

/// Which acts are wanted: those that fit every field that is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// By whom.
    pub actor: Option<String>,
    /// What was done, `member.set`; or to what kind of thing, `member`.
    pub action: Option<String>,
    /// To what; of a repository, its images as well.
    pub target: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Not before, in milliseconds.
    pub since_ms: Option<i64>,
    /// Before, in milliseconds.
    pub until_ms: Option<i64>,
    /// Where the part before ended: its `next`.
    pub before: Option<String>,
}

/// A part of the list, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The acts.
    pub items: Vec<AuditEntry>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<String>,
}

/// What was done and refused, the newest first.
///
/// # Errors
///
/// When the caller does not administer what is asked about.
pub async fn list(
    app: &App,
    actor: &Actor,
    about: &About,
    wanted: &Wanted,
    limit: u64,
) -> Result<Part, AuditError> {
    let (org_id, repo) = allowed(app, actor, about).await?;
    let bad = |text: &String| AuditError::Cursor { cursor: text.clone() };
    let before = wanted.before.as_ref();
    let before = before.map(|text| text.parse().map_err(|_| bad(text))).transpose()?;
    let text = |text: &Option<String>| text.as_deref().map(plain);
    let filter = AuditFilter {
        org_id,
        repo,
        actor: text(&wanted.actor),
        action: text(&wanted.action),
        target: text(&wanted.target),
        outcome: wanted.outcome,
        since_ms: wanted.since_ms,
        until_ms: wanted.until_ms,
        before,
    };
    let mut items = app.db.audit(&filter, limit_rows(limit).saturating_add(1)).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|act| act.id.to_string());
    Ok(Part { items, next })
}

/// Row of the organisation and name of the repository that the list is bound to.
async fn allowed(
    app: &App,
    actor: &Actor,
    about: &About,
) -> Result<(Option<i64>, Option<String>), AccessError> {
    match about {
        About::Hub => {
            access::require_administrator(actor)?;
            Ok((None, None))
        }
        About::Org(name) => {
            let org = access::require_org(app, actor, Action::Administer, name).await?;
            Ok((Some(org.id), None))
        }
        About::Repo(name) => {
            let repo = access::repo(app, actor, Action::Administer, name).await?;
            Ok((Some(repo.org_id), Some(name.to_string())))
        }
    }
}

/// Forgets what was noted longer ago than it is to be kept.
///
/// # Errors
///
/// When the metadata store fails; what is left is forgotten the next time.
pub(crate) async fn forget(app: &App) -> Result<(), DbError> {
    let days = app.config.audit.days;
    if days == 0 {
        return Ok(());
    }
    let before = app.now_ms().saturating_sub(hours_ms(days.saturating_mul(24)));
    while app.db.drop_audit(before, BATCH).await? > 0 {}
    Ok(())
}
