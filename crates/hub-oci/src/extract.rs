//! The extraction: from an image to its `detailInfo`.

use hub_model::{Detail, Digest, Document};

use crate::{ExtractError, ImageStore, Limits};

/// What an image says about itself.
#[derive(Debug, Clone, Default)]
pub struct Extracted {
    /// The fields, levels 2 to 5 merged; values of `docs` and `icon` are digests of
    /// [`Extracted::documents`].
    pub detail: Detail,
    /// Texts and pictures that fields name.
    pub documents: Vec<Document>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// Layer of the README, and its index counted from the bottom.
    pub docs_layer: Option<(Digest, usize)>,
    /// Layers of the platform that was read, bottom first.
    pub layers: Vec<Digest>,
}

/// Reads what an image says about itself. `repo_path` is the name of the repository.
///
/// # Errors
///
/// When the manifest breaks a rule, or the store fails. Hostile or damaged layers are no error:
/// they leave a note.
pub fn extract(
    _media_type: &str,
    _bytes: &[u8],
    _repo_path: &str,
    _store: &dyn ImageStore,
    _limits: &Limits,
) -> Result<Extracted, ExtractError> {
    todo!()
}

/// Marks what comes from the first `base_layers` layers as the base image's: files of the image
/// itself go before it, and its sources become [`hub_model::Source::Base`].
pub fn mark_base(_extracted: &mut Extracted, _base_layers: usize, _base_name: Option<&str>) {
    todo!()
}
