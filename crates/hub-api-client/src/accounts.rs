//! Signing in, tokens, versions.

use hub_api::{CreateToken, CreatedToken, Login, TokenView, VersionView, WhoAmI};

use crate::{ApiError, Client};

impl Client {
    /// Which program answers.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn version(&self) -> Result<VersionView, ApiError> {
        self.get(&["version"]).read().await
    }

    /// Who the credentials belong to.
    ///
    /// # Errors
    ///
    /// A problem `unauthenticated` when they are not accepted.
    pub async fn whoami(&self) -> Result<WhoAmI, ApiError> {
        self.get(&["whoami"]).read().await
    }

    /// Exchanges a password for a personal token.
    ///
    /// # Errors
    ///
    /// A problem `unauthenticated` when user or password are wrong.
    pub async fn login(&self, login: &Login) -> Result<CreatedToken, ApiError> {
        self.post(&["login"], login).read().await
    }

    /// The personal tokens of the caller.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn tokens(&self) -> Result<Vec<TokenView>, ApiError> {
        self.get(&["tokens"]).read().await
    }

    /// Makes a personal token.
    ///
    /// # Errors
    ///
    /// A problem `invalid` that names the field.
    pub async fn create_token(&self, token: &CreateToken) -> Result<CreatedToken, ApiError> {
        self.post(&["tokens"], token).read().await
    }

    /// Revokes a personal token.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when the caller has none of this number.
    pub async fn delete_token(&self, id: i64) -> Result<(), ApiError> {
        self.delete(&["tokens", &id.to_string()]).done().await
    }

    /// Puts a token with a new secret in the place of one; the old one has ended.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when the caller has none of this number.
    pub async fn rotate_token(&self, id: i64) -> Result<CreatedToken, ApiError> {
        self.post(&["tokens", &id.to_string(), "rotate"], &()).read().await
    }
}
