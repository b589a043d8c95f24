//! Who may do what: asks the record, then the one table of the policy.

use hub_db::DbError;
use hub_model::{
    AccessTerms, Action, Actor, Org, OrgName, Refusal, Repo, RepoName, Role, Standing, TokenScope,
    Visibility, decide,
};

use crate::App;
use crate::app::{Known, KnownRepo};

/// Why an act is refused.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Nobody signed in: with credentials the answer may be another one.
    #[error("sign in first")]
    Unauthenticated,
    /// The caller may know that the thing exists, but not do this to it.
    #[error("you may not {} `{name}`{}", .action.verb(), standing_here(*.role))]
    Forbidden {
        /// What was tried.
        action: Action,
        /// The repository or organisation.
        name: String,
        /// The caller's role there.
        role: Option<Role>,
    },
    /// The caller may do so, but not with this token.
    #[error("this token is for {} only, it may not {} `{name}`", .scope.as_str(), .action.verb())]
    Narrow {
        /// What was tried.
        action: Action,
        /// The repository or organisation.
        name: String,
        /// What the token is good for.
        scope: TokenScope,
    },
    /// The thing is not there, or the caller may not know that it is.
    #[error("`{name}` was not found")]
    Hidden {
        /// The name asked for.
        name: String,
    },
    /// Clients could not name it: many take at most 255 characters for host and name together.
    #[error(
        "`{name}` is too long: with the hub's address it has {found} characters, clients take 255"
    )]
    TooLong {
        /// The name asked for.
        name: RepoName,
        /// Length of address and name.
        found: usize,
    },
    /// For administrators of the hub only.
    #[error("only an administrator of the hub may do this")]
    NotAdministrator,
    /// The metadata store failed.
    #[error("could not find out who may do this")]
    Db(#[from] DbError),
}

fn standing_here(role: Option<Role>) -> &'static str {
    match role {
        Some(Role::Reader) => ": you are a reader there",
        Some(Role::Writer) => ": you are a writer there",
        Some(Role::Owner) | None => "",
    }
}

/// What the caller is to an organisation.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn standing(app: &App, actor: &Actor, org: &OrgName) -> Result<Standing, DbError> {
    let user = match actor {
        Actor::Anonymous => return Ok(Standing::Anonymous),
        Actor::System => return Ok(Standing::Administrator),
        Actor::User(signed_in) => &signed_in.user,
    };
    if user.admin {
        return Ok(Standing::Administrator);
    }
    let role = app.known().await?.role(org, user.id).await?;
    Ok(role.map_or(Standing::Stranger, Standing::from))
}

/// The caller's role in an organisation, for pages that show it.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn role(app: &App, actor: &Actor, org: &OrgName) -> Result<Option<Role>, DbError> {
    match actor.user() {
        Some(user) => app.db.role(org, user.id).await,
        None => Ok(None),
    }
}

/// Whether the caller may act on a repository that was found.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub async fn require(
    app: &App,
    actor: &Actor,
    action: Action,
    repo: &Repo,
) -> Result<(), AccessError> {
    let standing = standing(app, actor, &repo.name.org()).await?;
    judge(actor, standing, repo.visibility, action, repo.name.as_str())
}

/// Finds a repository and asks [`require`]; an absent one is refused exactly like a hidden one.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub async fn repo(
    app: &App,
    actor: &Actor,
    action: Action,
    name: &RepoName,
) -> Result<Repo, AccessError> {
    let standing = standing(app, actor, &name.org()).await?;
    let repo = app.db.repo(name).await?;
    // What is not there is judged like something private.
    let visibility = repo.as_ref().map_or(Visibility::Private, |repo| repo.visibility);
    judge(actor, standing, visibility, action, name.as_str())?;
    repo.ok_or_else(|| AccessError::Hidden { name: name.to_string() })
}

/// Finds a repository that the caller may pull from, like [`repo`] does, but out of memory. For
/// the requests that come by the thousand: nothing of it is older than the request, except the
/// counters of the repository.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub(crate) async fn pull<'a>(
    app: &'a App,
    actor: &Actor,
    name: &RepoName,
) -> Result<(Known<'a>, KnownRepo), AccessError> {
    let standing = standing(app, actor, &name.org()).await?;
    let known = app.known().await?;
    let repo = known.repo(name).await?;
    let visibility = repo.as_ref().map_or(Visibility::Private, |repo| repo.visibility);
    judge(actor, standing, visibility, Action::Pull, name.as_str())?;
    let repo = repo.ok_or_else(|| AccessError::Hidden { name: name.to_string() })?;
    Ok((known, repo))
}

/// Finds an organisation and asks whether the caller may act on it. Organisations are public:
/// everybody may see that they exist.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub async fn require_org(
    app: &App,
    actor: &Actor,
    action: Action,
    name: &OrgName,
) -> Result<Org, AccessError> {
    let standing = standing(app, actor, name).await?;
    judge(actor, standing, Visibility::Public, action, name.as_str())?;
    let org = app.db.org(name).await?;
    org.ok_or_else(|| AccessError::Hidden { name: name.to_string() })
}

/// Whether clients can name a repository that is to be made. Source: OCI distribution-spec,
/// Pulling manifests.
///
/// # Errors
///
/// [`AccessError::TooLong`] when host and name have more than 255 characters together.
pub fn fits(app: &App, name: &RepoName) -> Result<(), AccessError> {
    let Some(url) = &app.config.listen.public_url else { return Ok(()) };
    let port = url.port().map_or(0, |port| format!(":{port}").len());
    let found = url.host_str().unwrap_or_default().len() + port + 1 + name.as_str().len();
    if found > RepoName::MAX_BYTES {
        return Err(AccessError::TooLong { name: name.clone(), found });
    }
    Ok(())
}

/// Whether the caller administers the hub.
///
/// # Errors
///
/// [`AccessError::Unauthenticated`] for nobody, [`AccessError::NotAdministrator`] for others.
pub fn require_administrator(actor: &Actor) -> Result<(), AccessError> {
    match actor {
        Actor::Anonymous => Err(AccessError::Unauthenticated),
        Actor::User(signed_in) if !signed_in.user.admin => Err(AccessError::NotAdministrator),
        Actor::User(signed_in) if !signed_in.scope.covers(Action::Administer) => {
            Err(AccessError::Narrow {
                action: Action::Administer,
                name: "the hub".to_owned(),
                scope: signed_in.scope,
            })
        }
        Actor::User(_) | Actor::System => Ok(()),
    }
}

/// What the caller may see, as it stands inside a query.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn terms(app: &App, actor: &Actor) -> Result<AccessTerms, DbError> {
    let user = match actor {
        Actor::System => return Ok(AccessTerms::Everything),
        Actor::Anonymous => return Ok(AccessTerms::PublicAnd(Vec::new())),
        Actor::User(signed_in) => &signed_in.user,
    };
    if user.admin {
        return Ok(AccessTerms::Everything);
    }
    let orgs = app.db.orgs_of(user.id).await?;
    Ok(AccessTerms::PublicAnd(orgs.into_iter().map(|(org, _)| org.name).collect()))
}

/// The policy, and on top of it what the caller's credential is good for.
fn judge(
    actor: &Actor,
    standing: Standing,
    visibility: Visibility,
    action: Action,
    name: &str,
) -> Result<(), AccessError> {
    let name = || name.to_owned();
    match decide(standing, visibility, action) {
        Ok(()) => {}
        Err(Refusal::Unauthenticated) => return Err(AccessError::Unauthenticated),
        Err(Refusal::Hidden) => return Err(AccessError::Hidden { name: name() }),
        Err(Refusal::Forbidden) => {
            let role = match standing {
                Standing::Owner => Some(Role::Owner),
                Standing::Writer => Some(Role::Writer),
                Standing::Reader => Some(Role::Reader),
                Standing::Administrator | Standing::Stranger | Standing::Anonymous => None,
            };
            return Err(AccessError::Forbidden { action, name: name(), role });
        }
    }
    match actor {
        Actor::User(signed_in) if !signed_in.scope.covers(action) => {
            Err(AccessError::Narrow { action, name: name(), scope: signed_in.scope })
        }
        Actor::User(_) | Actor::Anonymous | Actor::System => Ok(()),
    }
}
