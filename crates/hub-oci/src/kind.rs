//! What an image is, by its media types.

use crate::media_type::{HELM_CONFIG, is_image_config};

/// The type of an image: `container-image`, `helm-chart`, `model`, `wasm` or `artifact`.
pub(crate) fn kind(config: Option<&str>, artifact: Option<&str>, layers: &[&str]) -> &'static str {
    let said = |words: &[&str]| {
        let mut types = config.into_iter().chain(artifact).chain(layers.iter().copied());
        types.any(|media_type| words.iter().any(|word| media_type.contains(word)))
    };
    // Ollama stores models with the configuration type of images, so models are asked first.
    if said(&["vnd.cncf.model.", "vnd.ollama.image.model", "vnd.docker.ai.", "kitops.modelkit"]) {
        "model"
    } else if config == Some(HELM_CONFIG) {
        "helm-chart"
    } else if said(&["vnd.wasm.", "application/wasm"]) {
        "wasm"
    } else if config.is_some_and(is_image_config) {
        "container-image"
    } else {
        "artifact"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_type::*;

    #[test]
    fn media_types_tell_what_an_image_is() {
        for (config, artifact, layer, want) in [
            (Some(OCI_CONFIG), None, OCI_LAYER, "container-image"),
            (Some(DOCKER_CONFIG), None, "application/vnd.ollama.image.model", "model"),
            (Some("application/vnd.cncf.model.config.v1+json"), None, OCI_LAYER, "model"),
            (Some(HELM_CONFIG), None, HELM_LAYER, "helm-chart"),
            (Some("application/vnd.wasm.config.v0+json"), None, "application/wasm", "wasm"),
            (Some(EMPTY), Some("application/x"), EMPTY, "artifact"),
            (None, None, OCI_LAYER, "artifact"),
        ] {
            assert_eq!(kind(config, artifact, &[layer]), want);
        }
    }
}
