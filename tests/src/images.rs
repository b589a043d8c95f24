//! Small real images, and the folders they are handed to other programs in.

use std::fs;
use std::path::Path;

use hub_oci::{BuiltImage, ImageBuilder};
use serde_json::json;

/// An image of one layer with this README at its root.
#[must_use]
pub fn readme_image(readme: &str) -> BuiltImage {
    ImageBuilder::new().layer([("README.md", readme)]).build()
}

/// Writes an image as an OCI layout with one tag, the form that `oci:DIR:TAG` reads.
///
/// Source: OCI image-spec, Image Layout.
pub fn write_layout(dir: &Path, tag: &str, image: &BuiltImage) {
    let blobs = dir.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    write_blobs(&blobs, image);
    let index = json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": image.manifest.len(),
            "annotations": { "org.opencontainers.image.ref.name": tag },
        }],
    });
    fs::write(dir.join("index.json"), index.to_string()).unwrap();
    fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

fn write_blobs(folder: &Path, image: &BuiltImage) {
    fs::write(folder.join(image.digest.hex()), &image.manifest).unwrap();
    for (digest, bytes) in &image.blobs {
        fs::write(folder.join(digest.hex()), bytes).unwrap();
    }
    for child in &image.children {
        write_blobs(folder, child);
    }
}

/// The digest of some bytes by an algorithm, `sha256` or `sha512`.
#[must_use]
pub fn digest(algorithm: &str, bytes: &[u8]) -> String {
    use sha2::Digest;
    match algorithm {
        "sha512" => format!("sha512:{}", hex::encode(sha2::Sha512::digest(bytes))),
        _ => sha256(bytes),
    }
}

/// The digest of some bytes, `sha256:…`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    format!("sha256:{}", hex::encode(sha2::Sha256::digest(bytes)))
}
