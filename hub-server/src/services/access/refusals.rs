//! How a refusal is told, and that it is noted when something would have been changed.

use hub_db::DbError;
use hub_model::{
    Action, Actor, Ground, OrgName, Refusal, RepoName, Role, Since, TokenScope, UserName,
};

use super::super::audit;
use crate::App;

/// Why an act is refused.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Nobody signed in: with credentials the answer may be another one.
    #[error("sign in first")]
    Unauthenticated,
    /// The caller may know that the thing exists, but not do this to it.
    #[error("you may not {} `{name}`{}", .action.verb(), here(.ground))]
    Forbidden {
        /// What was tried.
        action: Action,
        /// The repository or organisation.
        name: String,
        /// What the caller is there.
        ground: Ground,
        /// Owners of the organisation, who can grant it; only for those who belong to it.
        ask: Vec<UserName>,
    },
    /// The caller may do so, but not with this credential.
    #[error("this credential is for {}{}, it may not {} `{name}`", .scope.as_str(),
        if *.bounded { " in some places" } else { "" }, .action.verb())]
    Narrow {
        /// What was tried.
        action: Action,
        /// The repository or organisation.
        name: String,
        /// What the credential is good for.
        scope: TokenScope,
        /// Whether it is good in some places only, where that is the reason.
        bounded: bool,
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
    /// For people only.
    #[error("this is for people: a robot has no account")]
    NotForRobots,
    /// The metadata store failed.
    #[error("could not find out who may do this")]
    Db(#[from] DbError),
}

/// What the caller is there, behind a sentence that says what they may not do.
fn here(ground: &Ground) -> &'static str {
    match ground {
        Ground::Member(Since { role: Role::Reader, .. }) => ": you are a reader there",
        Ground::Member(Since { role: Role::Writer, .. }) => ": you are a writer there",
        Ground::Grant(Since { role: Role::Reader, .. }) => ": you were granted reading only",
        Ground::Grant(Since { role: Role::Writer, .. }) => ": you were granted pushing only",
        Ground::Share { .. } => ": it is shared with you for reading only",
        Ground::Robot(_) => ": this robot may not",
        Ground::Elsewhere => ": this credential is for other places",
        Ground::Hub
        | Ground::Administrator
        | Ground::Member(_)
        | Ground::Grant(_)
        | Ground::Stranger
        | Ground::Anonymous => "",
    }
}

/// The refusal as an error. One of an act that would have changed something is noted, unless nobody
/// is known yet: then it only asks who calls.
pub(super) async fn told(
    app: &App,
    actor: &Actor,
    refusal: Refusal,
    (action, name, ground): (Action, &str, Ground),
) -> Result<AccessError, DbError> {
    let org = org_of(name).filter(|_| refusal == Refusal::Forbidden && belongs(&ground));
    let ask = match org {
        Some(org) => owners(app, &org).await?,
        None => Vec::new(),
    };
    Ok(noted(app, actor, refusal, (action, name, ground), ask))
}

/// As [`told`], where who can grant what is missing is known, or not to be told.
pub(super) fn noted(
    app: &App,
    actor: &Actor,
    refusal: Refusal,
    (action, name, ground): (Action, &str, Ground),
    ask: Vec<UserName>,
) -> AccessError {
    let owned = || name.to_owned();
    let error = match refusal {
        Refusal::Unauthenticated => return AccessError::Unauthenticated,
        Refusal::Hidden => AccessError::Hidden { name: owned() },
        Refusal::Forbidden => AccessError::Forbidden { action, name: owned(), ground, ask },
        Refusal::Narrow => {
            AccessError::Narrow { action, name: owned(), scope: actor.scope(), bounded: false }
        }
    };
    if action != Action::Pull && !matches!(actor, Actor::Anonymous) {
        audit::denied(app, actor, action, name, &error);
    }
    error
}

/// Whether somebody belongs to the organisation itself, and so may know its owners; a role on one
/// repository, or a share, is not enough.
pub(super) const fn belongs(ground: &Ground) -> bool {
    matches!(ground, Ground::Hub | Ground::Administrator | Ground::Member(_) | Ground::Robot(_))
}

/// The owners of an organisation, by name.
pub(super) async fn owners(app: &App, org: &OrgName) -> Result<Vec<UserName>, DbError> {
    let Some(org) = app.db.org(org).await? else { return Ok(Vec::new()) };
    let members = app.db.members(org.id).await?.into_iter();
    Ok(members.filter(|member| member.role == Role::Owner).map(|member| member.user).collect())
}

/// The organisation of a name, which is one itself or of a repository.
fn org_of(name: &str) -> Option<OrgName> {
    OrgName::parse(name.split('/').next()?).ok()
}
