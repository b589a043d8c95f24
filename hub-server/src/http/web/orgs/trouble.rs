//! What a form could not do, said on the page that the form stands on.

use super::super::failure::Failure;
use super::super::lang::Words;
use crate::services::grants::GrantError;
use crate::services::orgs::OrgError;

/// Why a form did nothing.
#[derive(Debug)]
pub(in super::super) enum Trouble {
    /// Something to be mended there, in the reader's language.
    Said(String),
    /// A page of its own.
    Failed(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What an act on an organisation met.
pub(in super::super) fn trouble(t: &Words, error: OrgError) -> Trouble {
    let words = t.people;
    Trouble::Said(match &error {
        OrgError::UnknownUser { name } => (words.error_user)(name.as_str()),
        OrgError::Member { user, .. } => (words.error_member)(user.as_str()),
        OrgError::NotMember { user, .. } => (words.error_not_member)(user.as_str()),
        OrgError::NotInvited { org, .. } => (words.error_not_invited)(org.as_str()),
        OrgError::Ended { org } => (words.error_ended)(org.as_str()),
        OrgError::LastOwner { .. } => words.error_last_owner.to_owned(),
        OrgError::Personal { .. } => words.error_personal.to_owned(),
        OrgError::TooLong { most, .. } => (words.error_long)(*most),
        _ => return Trouble::Failed(error.into()),
    })
}

/// What an act on a role on a single repository met.
pub(in super::super) fn grant_trouble(t: &Words, error: GrantError) -> Trouble {
    let words = t.people;
    Trouble::Said(match &error {
        GrantError::UnknownUser { name } => (words.error_user)(name.as_str()),
        GrantError::NotGranted { user, .. } => (words.error_not_granted)(user.as_str()),
        GrantError::Oneself { .. } => words.error_oneself.to_owned(),
        GrantError::Access(_) | GrantError::Db(_) => return Trouble::Failed(error.into()),
    })
}
