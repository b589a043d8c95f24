//! Which platforms of an index are pushed.

use hub_model::Digest;
use hub_oci::Child;
use serde_json::Value;

use super::SourceManifest;

/// The platforms asked for; all of them when the list is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Platforms(pub(crate) Vec<String>);

impl Platforms {
    /// Whether the whole index is wanted.
    pub(super) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a child of an index is wanted.
    pub(super) fn wants(&self, child: &Child) -> bool {
        let Some((os, arch, variant)) = &child.platform else {
            return false;
        };
        let plain = format!("{os}/{arch}");
        let full = variant.as_ref().map(|variant| format!("{plain}/{variant}"));
        !child.attestation
            && self.0.iter().any(|asked| *asked == plain || Some(asked) == full.as_ref())
    }
}

/// `linux/arm64/v8`, for messages.
pub(super) fn label(child: &Child) -> Option<String> {
    let (os, arch, variant) = child.platform.as_ref()?;
    let variant = variant.as_ref().map_or(String::new(), |variant| format!("/{variant}"));
    Some(format!("{os}/{arch}{variant}"))
}

/// The same index with only the manifests of `kept`: it is another manifest with another digest.
pub(super) fn thin(index: &SourceManifest, kept: &[Digest]) -> Option<SourceManifest> {
    let mut json: Value = serde_json::from_slice(&index.bytes).ok()?;
    let manifests = json.get_mut("manifests")?.as_array_mut()?;
    manifests.retain(|entry| {
        let digest = entry.get("digest").and_then(Value::as_str).unwrap_or_default();
        kept.iter().any(|kept| kept.as_str() == digest)
    });
    let bytes = serde_json::to_vec(&json).ok()?;
    let digest = hub_oci::sha256(&bytes);
    Some(SourceManifest { media_type: index.media_type.clone(), bytes, digest })
}
