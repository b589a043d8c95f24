//! Organisations and their members.

use hub_api::{CreateOrg, EditOrg, MemberView, OrgView, PageOf, RemovedMember, SetMember};
use hub_model::{OrgName, Role, UserName};

use crate::{ApiError, Client};

impl Client {
    /// A page of the organisations, by name.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn orgs(
        &self,
        after: Option<&str>,
        limit: Option<u32>,
    ) -> Result<PageOf<OrgView>, ApiError> {
        self.get(&["orgs"]).query("after", after).query("limit", limit).read().await
    }

    /// One organisation.
    ///
    /// # Errors
    ///
    /// A problem `not_found`.
    pub async fn org(&self, org: &OrgName) -> Result<OrgView, ApiError> {
        self.get(&["orgs", org.as_str()]).read().await
    }

    /// Makes an organisation; the caller owns it.
    ///
    /// # Errors
    ///
    /// A problem `conflict` when the name is taken.
    pub async fn create_org(&self, org: &CreateOrg) -> Result<OrgView, ApiError> {
        self.post(&["orgs"], org).read().await
    }

    /// Changes an organisation.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` unless the caller owns it.
    pub async fn edit_org(&self, org: &OrgName, edit: &EditOrg) -> Result<OrgView, ApiError> {
        self.patch(&["orgs", org.as_str()], edit).read().await
    }

    /// Deletes an organisation without repositories.
    ///
    /// # Errors
    ///
    /// A problem `conflict` while it has repositories.
    pub async fn delete_org(&self, org: &OrgName) -> Result<(), ApiError> {
        self.delete(&["orgs", org.as_str()]).done().await
    }

    /// The members of an organisation.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn members(&self, org: &OrgName) -> Result<Vec<MemberView>, ApiError> {
        self.get(&["orgs", org.as_str(), "members"]).read().await
    }

    /// Makes a user a member, or gives a member another role.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when there is no such user.
    pub async fn set_member(
        &self,
        org: &OrgName,
        user: &UserName,
        role: Role,
    ) -> Result<(), ApiError> {
        let body = SetMember { role: role.as_str().to_owned() };
        self.put(&["orgs", org.as_str(), "members", user.as_str()], &body).done().await
    }

    /// Ends a membership; answers which roles on single repositories stay.
    ///
    /// # Errors
    ///
    /// A problem `conflict` for the last owner.
    pub async fn remove_member(
        &self,
        org: &OrgName,
        user: &UserName,
    ) -> Result<RemovedMember, ApiError> {
        self.delete(&["orgs", org.as_str(), "members", user.as_str()]).read().await
    }
}
