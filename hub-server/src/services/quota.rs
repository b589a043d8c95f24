//! What organisations may hold, and whether more fits.
//!
//! A question costs one read by key; only where something is limited, what the organisation holds
//! is added up. Nothing is reserved: those who ask at the same moment are answered the same, so an
//! organisation may end up above its quota by what was on its way then.

use hub_db::DbError;
use hub_model::{
    Action, Actor, Counted, Digest, Job, Org, OrgName, OrgUsage, Quota, QuotaExceeded,
    QuotaOverride, RepoName, Tag,
};
use serde_json::{Value, json};

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::publish::{PublishError, Right};
use super::repos::RepoError;
use super::uploads::UploadError;
use crate::App;

/// Why a quota was not shown, set or kept.
#[derive(Debug, thiserror::Error)]
pub enum QuotaError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It does not fit.
    #[error(transparent)]
    Exceeded(#[from] QuotaExceeded),
    /// The metadata store failed.
    #[error("could not read or record the quota")]
    Db(#[from] DbError),
}

/// What brings something into an organisation fails for the same reasons, by the same names.
macro_rules! told_by {
    ($($error:ty),+) => {
        $(impl From<QuotaError> for $error {
            fn from(error: QuotaError) -> Self {
                match error {
                    QuotaError::Access(error) => Self::Access(error),
                    QuotaError::Exceeded(error) => Self::Quota(error.into()),
                    QuotaError::Db(error) => Self::Db(error),
                }
            }
        })+
    };
}

told_by!(PublishError, RepoError, UploadError);

/// What an organisation may hold, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrgQuota {
    /// The limits that count.
    pub quota: Quota,
    /// Those of them that an administrator set for this organisation.
    pub own: QuotaOverride,
    /// What it holds.
    pub usage: OrgUsage,
}

/// Limits and use of an organisation, for its members and for administrators.
///
/// # Errors
///
/// [`AccessError::Forbidden`] for strangers.
pub async fn get(app: &App, actor: &Actor, name: &OrgName) -> Result<OrgQuota, QuotaError> {
    let org = access::require_inside(app, actor, name).await?;
    Ok(of(app, org.id).await?)
}

/// Limits and use, when the caller may know them.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn shown(app: &App, actor: &Actor, org: &Org) -> Result<Option<OrgQuota>, DbError> {
    if !access::standing(app, actor, &org.name).await?.is_inside() {
        return Ok(None);
    }
    of(app, org.id).await.map(Some)
}

/// Sets the limits of one organisation; what is `None` follows the settings of the hub. What it
/// holds is counted anew.
///
/// # Errors
///
/// [`AccessError::NotAdministrator`] for everybody but administrators of the hub.
pub async fn set(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    own: QuotaOverride,
) -> Result<OrgQuota, QuotaError> {
    access::require_administrator(actor)?;
    let org = access::require_org(app, actor, Action::Administer, name).await?;
    let now = app.now_ms();
    let before = app.db.org_quota(org.id).await?;
    let mut change = app.db.change().await?;
    change.set_quota(org.id, own).await?;
    let act = Act { action: "quota.set", target: name.as_str(), org_id: Some(org.id) };
    audit::done(app, &mut change, actor, act, (noted(before), noted(own))).await?;
    change.recount_usage(org.id, now).await?;
    change.enqueue(&Job::CountUsage, now).await?;
    change.commit().await?;
    app.kick();
    Ok(of(app, org.id).await?)
}

/// What is noted of limits: those that are the organisation's own.
fn noted(own: QuotaOverride) -> Value {
    json!({"bytes": own.bytes, "repos": own.repos, "tags": own.tags})
}

async fn of(app: &App, org_id: i64) -> Result<OrgQuota, DbError> {
    let own = app.db.org_quota(org_id).await?;
    let usage = app.db.org_usage(org_id).await?;
    Ok(OrgQuota { quota: own.over(settings(app)), own, usage })
}

fn settings(app: &App) -> Quota {
    let quota = &app.config.quota;
    Quota { bytes: quota.org_bytes, repos: quota.org_repos, tags: quota.org_tags }
}

/// Whether an organisation may hold so much more.
///
/// # Errors
///
/// [`QuotaError::Exceeded`] with the numbers.
pub(crate) async fn require(
    app: &App,
    org: (&OrgName, i64),
    more: (Counted, u64),
) -> Result<(), QuotaError> {
    let quota = app.db.quota_of(org.1, settings(app)).await?;
    if !quota.is_set() {
        return Ok(());
    }
    Ok(quota.admit(org.0, &app.db.org_usage(org.1).await?, more)?)
}

/// Whether an organisation may hold another blob of `size` bytes; one that it holds already
/// takes no room.
///
/// # Errors
///
/// [`QuotaError::Exceeded`] with the numbers.
pub(crate) async fn require_blob(
    app: &App,
    org: (&OrgName, i64),
    digest: &Digest,
    size: u64,
) -> Result<(), QuotaError> {
    match require(app, org, (Counted::Bytes, size)).await {
        Err(QuotaError::Exceeded(_)) if app.db.org_holds(org.1, digest).await? => Ok(()),
        outcome => outcome,
    }
}

/// Whether the repository that a push goes to may be made, when it is not there.
///
/// # Errors
///
/// [`QuotaError::Exceeded`] with the numbers.
pub(crate) async fn require_repo(
    app: &App,
    name: &RepoName,
    right: &Right,
) -> Result<(), QuotaError> {
    if right.repo().is_some() {
        return Ok(());
    }
    require(app, (&name.org(), right.org_id()), (Counted::Repos, 1)).await
}

/// Whether those of `tags` that the repository does not have yet may be added.
///
/// # Errors
///
/// [`QuotaError::Exceeded`] with the numbers.
pub(crate) async fn require_tags(
    app: &App,
    name: &RepoName,
    right: &Right,
    tags: &[Tag],
) -> Result<(), QuotaError> {
    let quota = app.db.quota_of(right.org_id(), settings(app)).await?;
    if quota.tags == 0 {
        return Ok(());
    }
    let mut new = 0;
    for tag in tags {
        let known = match right.repo() {
            Some(repo) => app.db.tag_digest(repo.id, tag).await?.is_some(),
            None => false,
        };
        new += u64::from(!known);
    }
    let usage = app.db.org_usage(right.org_id()).await?;
    Ok(quota.admit(&name.org(), &usage, (Counted::Tags, new))?)
}

/// How many more bytes an organisation may hold, and the refusal of any more; `None` without a
/// limit.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn room(
    app: &App,
    org: (&OrgName, i64),
) -> Result<Option<(u64, QuotaExceeded)>, DbError> {
    let quota = app.db.quota_of(org.1, settings(app)).await?;
    if quota.bytes == 0 {
        return Ok(None);
    }
    let usage = app.db.org_usage(org.1).await?;
    let room = quota.bytes.saturating_sub(usage.bytes);
    let (org, what) = (org.0.clone(), Counted::Bytes);
    let more = room.saturating_add(1);
    Ok(Some((room, QuotaExceeded { org, what, limit: quota.bytes, used: usage.bytes, more })))
}

/// What to warn about after a push: what the organisation holds nearly as much of as it may.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn warning(app: &App, repo: &RepoName) -> Result<Option<String>, DbError> {
    let name = repo.org();
    let Some(org) = app.db.org(&name).await? else { return Ok(None) };
    let quota = app.db.quota_of(org.id, settings(app)).await?;
    if !quota.is_set() {
        return Ok(None);
    }
    let usage = app.db.org_usage(org.id).await?;
    let full: Vec<_> = quota
        .nearly_full(&usage)
        .into_iter()
        .map(|(what, limit, used)| format!("{used} of {limit} {what}"))
        .collect();
    Ok((!full.is_empty())
        .then(|| format!("the quota of {name} is nearly full: {}", full.join(", "))))
}
