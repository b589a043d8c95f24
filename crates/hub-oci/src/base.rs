//! `baseInfo`: the facts of an image.

use hub_model::BaseInfo;

use crate::{ExtractError, ImageStore};

/// Reads the facts of an image out of its manifests and configurations.
///
/// # Errors
///
/// When the manifest breaks a rule, or the store fails.
pub fn base_info(
    _media_type: &str,
    _bytes: &[u8],
    _store: &dyn ImageStore,
) -> Result<BaseInfo, ExtractError> {
    todo!()
}
