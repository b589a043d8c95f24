//! Invitations, grants on single repositories, and who may what.

use hub_api::{
    AccessEntryView, CheckView, InvitationView, Invite, MemberView, RepoAccessView, SetGrant,
    TransferOrg,
};
use hub_model::{Action, OrgName, Place, RepoName, Role, UserName};

use crate::repos::path;
use crate::{ApiError, Client};

impl Client {
    /// Invites a user into an organisation.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when there is no such user, `conflict` for a member.
    pub async fn invite(
        &self,
        org: &OrgName,
        user: &UserName,
        role: Role,
    ) -> Result<InvitationView, ApiError> {
        let body = Invite { user: user.to_string(), role: role.as_str().to_owned() };
        self.post(&["orgs", org.as_str(), "invitations"], &body).read().await
    }

    /// Who is invited into an organisation.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` unless the caller owns it.
    pub async fn invitations_of(&self, org: &OrgName) -> Result<Vec<InvitationView>, ApiError> {
        self.get(&["orgs", org.as_str(), "invitations"]).read().await
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when there is none.
    pub async fn withdraw_invitation(
        &self,
        org: &OrgName,
        user: &UserName,
    ) -> Result<(), ApiError> {
        self.delete(&["orgs", org.as_str(), "invitations", user.as_str()]).done().await
    }

    /// The caller's own invitations.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn invitations(&self) -> Result<Vec<InvitationView>, ApiError> {
        self.get(&["invitations"]).read().await
    }

    /// Accepts an invitation.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when there is none, `conflict` when it ended.
    pub async fn accept_invitation(&self, org: &OrgName) -> Result<MemberView, ApiError> {
        self.post(&["invitations", org.as_str(), "accept"], &()).read().await
    }

    /// Declines an invitation.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when there is none.
    pub async fn decline_invitation(&self, org: &OrgName) -> Result<(), ApiError> {
        self.post(&["invitations", org.as_str(), "decline"], &()).done().await
    }

    /// Hands an organisation over to a member; the caller stays as a writer.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when the user is no member.
    pub async fn transfer_org(&self, org: &OrgName, to: &UserName) -> Result<(), ApiError> {
        let body = TransferOrg { to: to.to_string() };
        self.post(&["orgs", org.as_str(), "transfer"], &body).done().await
    }

    /// Who may what at a repository.
    ///
    /// # Errors
    ///
    /// A problem `not_found`.
    pub async fn repo_access(&self, repo: &RepoName) -> Result<RepoAccessView, ApiError> {
        self.get(&path(repo, &["-", "access"])).read().await
    }

    /// Grants a user a role on one repository.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` unless the caller owns it, `not_found` when there is no such user.
    pub async fn grant(
        &self,
        repo: &RepoName,
        user: &UserName,
        role: Role,
    ) -> Result<AccessEntryView, ApiError> {
        let body = SetGrant { role: role.as_str().to_owned() };
        self.put(&path(repo, &["-", "access", user.as_str()]), &body).read().await
    }

    /// Takes a user's role on one repository.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when there is none.
    pub async fn revoke_grant(&self, repo: &RepoName, user: &UserName) -> Result<(), ApiError> {
        self.delete(&path(repo, &["-", "access", user.as_str()])).done().await
    }

    /// Whether the caller, or somebody else, may do something, and why.
    ///
    /// # Errors
    ///
    /// A problem `not_found`; `forbidden` about others, unless the caller owns the place.
    pub async fn check_access(
        &self,
        place: &Place,
        action: Action,
        user: Option<&UserName>,
    ) -> Result<CheckView, ApiError> {
        let call = match place {
            Place::Org(org) => self.get(&["orgs", org.as_str(), "access", "check"]),
            Place::Repo(repo) => self.get(&path(repo, &["-", "access", "check"])),
        };
        call.query("action", Some(action)).query("user", user).read().await
    }
}
