//! The browsers that the caller is signed in with, and making one's own account.

use hub_api::{Register, SessionView, UserView};

use crate::{ApiError, Client};

impl Client {
    /// The sessions of the caller, the newest first.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn sessions(&self) -> Result<Vec<SessionView>, ApiError> {
        self.get(&["sessions"]).read().await
    }

    /// Ends a session of the caller.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when the caller has none of this number.
    pub async fn end_session(&self, id: i64) -> Result<(), ApiError> {
        self.delete(&["sessions", &id.to_string()]).done().await
    }

    /// Ends every session of the caller and every refresh token; with `tokens` personal tokens as
    /// well, but for the one that the call is made with when `others` says so.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn end_sessions(&self, others: bool, tokens: bool) -> Result<(), ApiError> {
        let call = self.delete(&["sessions"]).query("others", others.then_some(true));
        call.query("tokens", tokens.then_some(true)).done().await
    }

    /// Makes an account, where the hub lets strangers do so.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` where it does not, `conflict` when the name is taken.
    pub async fn register(&self, register: &Register) -> Result<UserView, ApiError> {
        self.post(&["register"], register).read().await
    }
}
