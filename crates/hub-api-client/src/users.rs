//! Users, for administrators, and the caller's own password.

use hub_api::{
    AccountView, ChangePassword, CreateUser, DeletedUser, EditUser, PageOf, SetPassword, UserView,
};
use hub_model::{UserName, UserState};

use crate::{ApiError, Client};

impl Client {
    /// A page of the users, by name, whose name holds `text`.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` unless the caller administers the hub.
    pub async fn users(
        &self,
        (text, state): (&str, UserState),
        after: Option<&str>,
        limit: Option<u32>,
    ) -> Result<PageOf<UserView>, ApiError> {
        let text = (!text.is_empty()).then_some(text);
        let state = (state != UserState::Any).then_some(state.as_str());
        let call = self.get(&["users"]).query("q", text).query("state", state);
        call.query("after", after).query("limit", limit).read().await
    }

    /// One user, with what belongs to them.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when nobody ever had the name.
    pub async fn user(&self, name: &UserName) -> Result<AccountView, ApiError> {
        self.get(&["users", name.as_str()]).read().await
    }

    /// Makes a user.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` unless the caller administers the hub, `conflict` when the name is
    /// taken.
    pub async fn create_user(&self, user: &CreateUser) -> Result<UserView, ApiError> {
        self.post(&["users"], user).read().await
    }

    /// Changes a user.
    ///
    /// # Errors
    ///
    /// A problem `conflict` when nobody could administer the hub any more.
    pub async fn edit_user(&self, name: &UserName, edit: &EditUser) -> Result<UserView, ApiError> {
        self.patch(&["users", name.as_str()], edit).read().await
    }

    /// Deletes a user; answers the organisations that went along.
    ///
    /// # Errors
    ///
    /// A problem `conflict` while repositories would belong to nobody.
    pub async fn delete_user(&self, name: &UserName) -> Result<DeletedUser, ApiError> {
        self.delete(&["users", name.as_str()]).read().await
    }

    /// Sets the password of a user.
    ///
    /// # Errors
    ///
    /// A problem `invalid` that tells the rule.
    pub async fn set_password(
        &self,
        name: &UserName,
        password: &SetPassword,
    ) -> Result<(), ApiError> {
        self.put(&["users", name.as_str(), "password"], password).done().await
    }

    /// Changes the caller's own password.
    ///
    /// # Errors
    ///
    /// A problem `invalid` when the old one is wrong, or that tells the rule.
    pub async fn change_password(&self, change: &ChangePassword) -> Result<(), ApiError> {
        self.put(&["password"], change).done().await
    }
}
