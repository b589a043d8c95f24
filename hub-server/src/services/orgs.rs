//! Organisations and their members.

use hub_db::DbError;
use hub_model::{Actor, Member, Org, OrgName, Role, UserName};

use super::Page;
use super::access::AccessError;
use crate::App;

/// Why an organisation was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum OrgError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A user or an organisation of that name is there already.
    #[error("the name `{name}` is taken")]
    Taken {
        /// The name.
        name: OrgName,
    },
    /// It still owns repositories.
    #[error("`{name}` still owns {repos} repositories: delete them first")]
    NotEmpty {
        /// The organisation.
        name: OrgName,
        /// How many.
        repos: u64,
    },
    /// Nobody would own it any more.
    #[error("`{name}` needs an owner: name another one first")]
    LastOwner {
        /// The organisation.
        name: OrgName,
    },
    /// There is no such user.
    #[error("there is no user `{name}`")]
    UnknownUser {
        /// The name.
        name: UserName,
    },
    /// The user is no member.
    #[error("`{user}` is no member of `{org}`")]
    NotMember {
        /// The user.
        user: UserName,
        /// The organisation.
        org: OrgName,
    },
    /// A text that is too long.
    #[error("{what} has at most {most} characters, this one has {found}")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// The longest accepted one, in characters.
        most: usize,
        /// Length of the rejected one.
        found: usize,
    },
    /// The metadata store failed.
    #[error("could not read or record the organisation")]
    Db(#[from] DbError),
}

/// An organisation as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgPage {
    /// The record.
    pub org: Org,
    /// The caller's role in it.
    pub role: Option<Role>,
    /// Its members, for members and administrators only.
    pub members: Option<Vec<Member>>,
    /// Number of repositories that the caller may see.
    pub repos: u64,
}

/// One organisation.
///
/// # Errors
///
/// [`AccessError::Hidden`] when there is none.
pub async fn get(app: &App, actor: &Actor, name: &OrgName) -> Result<OrgPage, OrgError> {
    todo!("{app:?} {actor:?} {name}")
}

/// All organisations, by name, those after `after`.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn list(
    app: &App,
    actor: &Actor,
    after: Option<&str>,
    limit: u64,
) -> Result<Page<Org>, OrgError> {
    todo!("{app:?} {actor:?} {after:?} {limit}")
}

/// Makes an organisation, with the caller as its owner.
///
/// # Errors
///
/// [`OrgError::Taken`] when a user or an organisation has the name already.
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    display_name: &str,
    description: &str,
) -> Result<Org, OrgError> {
    todo!("{app:?} {actor:?} {name} {display_name} {description}")
}

/// Changes the texts of an organisation; `None` leaves one as it is.
///
/// # Errors
///
/// When the caller is no owner.
pub async fn edit(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    display_name: Option<&str>,
    description: Option<&str>,
) -> Result<Org, OrgError> {
    todo!("{app:?} {actor:?} {name} {display_name:?} {description:?}")
}

/// Deletes an empty organisation.
///
/// # Errors
///
/// [`OrgError::NotEmpty`] while it owns repositories.
pub async fn delete(app: &App, actor: &Actor, name: &OrgName) -> Result<(), OrgError> {
    todo!("{app:?} {actor:?} {name}")
}

/// The members of an organisation, for its members.
///
/// # Errors
///
/// When the caller is neither a member nor an administrator.
pub async fn members(app: &App, actor: &Actor, name: &OrgName) -> Result<Vec<Member>, OrgError> {
    todo!("{app:?} {actor:?} {name}")
}

/// Makes a user a member, or changes their role.
///
/// # Errors
///
/// [`OrgError::LastOwner`] when nobody would own the organisation any more.
pub async fn set_member(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    user: &UserName,
    role: Role,
) -> Result<Member, OrgError> {
    todo!("{app:?} {actor:?} {name} {user} {role:?}")
}

/// Ends a membership. Owners may end any, everybody their own.
///
/// # Errors
///
/// [`OrgError::LastOwner`] when nobody would own the organisation any more.
pub async fn remove_member(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    user: &UserName,
) -> Result<(), OrgError> {
    todo!("{app:?} {actor:?} {name} {user}")
}

/// The caller's own organisations.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<(Org, Role)>, OrgError> {
    todo!("{app:?} {actor:?}")
}
