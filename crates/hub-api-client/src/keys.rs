//! Access keys of the caller.

use hub_api::{CreateKey, CreatedKey, EditKey, KeyView};
use hub_model::AccessKeyId;

use crate::{ApiError, Client};

impl Client {
    /// The access keys of the caller, the newest first.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn keys(&self) -> Result<Vec<KeyView>, ApiError> {
        self.get(&["keys"]).read().await
    }

    /// Makes an access key.
    ///
    /// # Errors
    ///
    /// A problem `invalid` that names the field.
    pub async fn create_key(&self, key: &CreateKey) -> Result<CreatedKey, ApiError> {
        self.post(&["keys"], key).read().await
    }

    /// Disables an access key, or enables it.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when the caller has none of this name.
    pub async fn edit_key(&self, id: &AccessKeyId, edit: &EditKey) -> Result<KeyView, ApiError> {
        self.patch(&["keys", id.as_str()], edit).read().await
    }

    /// Deletes an access key.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when the caller has none of this name.
    pub async fn delete_key(&self, id: &AccessKeyId) -> Result<(), ApiError> {
        self.delete(&["keys", id.as_str()]).done().await
    }
}
