//! What travels: blobs of any size whose digests cost nothing to know, and images of them.

use bytes::Bytes;
use rand::Rng;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::client::Payload;

/// One mebibyte, which `zb` and we call a megabyte.
pub(crate) const MIB: u64 = 1 << 20;

/// Media type of the manifests.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What clients say that they take when they ask for a manifest.
pub(crate) const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// Media type of bytes.
pub(crate) const BYTES: &str = "application/octet-stream";

/// Bytes at the end of each blob that make it different from all others.
const TAIL_BYTES: u64 = 64;

/// A blob that exists as a rule for making it: one random piece again and again, and a tail.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    /// `sha256:…`.
    pub(crate) digest: String,
    /// Bytes.
    pub(crate) size: u64,
    piece: Bytes,
    tail: Bytes,
}

impl Blob {
    /// These few bytes.
    pub(crate) fn of(bytes: impl Into<Bytes>) -> Self {
        let tail = bytes.into();
        let digest = digest_of(&tail);
        Self { digest, size: tail.len() as u64, piece: Bytes::new(), tail }
    }

    /// The whole blob as the body of a request.
    pub(crate) fn payload(&self) -> Payload {
        self.part(0, self.size)
    }

    /// The bytes from `from` to before `to`. Parts begin at multiples of the size of the piece.
    pub(crate) fn part(&self, from: u64, to: u64) -> Payload {
        let body = self.size - self.tail.len() as u64;
        let in_tail = |at: u64| usize::try_from(at.max(body) - body).unwrap_or(usize::MAX);
        Payload {
            piece: self.piece.clone(),
            repeated_bytes: to.min(body) - from.min(body),
            tail: self.tail.slice(in_tail(from)..in_tail(to)),
        }
    }
}

/// Makes blobs of one size: the hash of what they share is taken once.
#[derive(Debug, Clone)]
pub(crate) struct Maker {
    size: u64,
    piece: Bytes,
    shared: Sha256,
}

impl Maker {
    /// A maker of blobs of `size` bytes, at least 64.
    pub(crate) fn new(size: u64) -> Self {
        let mut piece = vec![0; usize::try_from(MIB).unwrap_or(usize::MAX)];
        rand::rng().fill_bytes(&mut piece);
        let piece = Bytes::from(piece);
        let mut shared = Sha256::new();
        let body = Payload {
            piece: piece.clone(),
            repeated_bytes: size.saturating_sub(TAIL_BYTES),
            tail: Bytes::new(),
        };
        each_piece(&body, |piece| shared.update(piece));
        Self { size: size.max(TAIL_BYTES), piece, shared }
    }

    /// A blob that nobody has seen.
    pub(crate) fn make(&self) -> Blob {
        let mut tail = vec![0; usize::try_from(TAIL_BYTES).unwrap_or(usize::MAX)];
        rand::rng().fill_bytes(&mut tail);
        let mut hash = self.shared.clone();
        hash.update(&tail);
        let digest = format!("sha256:{}", hex::encode(hash.finalize()));
        Blob { digest, size: self.size, piece: self.piece.clone(), tail: tail.into() }
    }
}

/// Shows every piece of a payload, in order.
pub(crate) fn each_piece(payload: &Payload, mut show: impl FnMut(&[u8])) {
    let mut left = payload.repeated_bytes;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(payload.piece.len());
        show(&payload.piece[..most]);
        left -= most as u64;
    }
    show(&payload.tail);
}

/// `sha256:…` of some bytes.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// An image: a configuration, layers, and the manifest that names them.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// The configuration.
    pub(crate) config: Blob,
    /// The layers.
    pub(crate) layers: Vec<Blob>,
    /// The manifest.
    pub(crate) manifest: Blob,
}

impl Image {
    /// An image of these layers. They are not archives: nothing in the registry protocol asks.
    pub(crate) fn of(layers: Vec<Blob>) -> Self {
        let ids: Vec<_> = layers.iter().map(|layer| layer.digest.as_str()).collect();
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": ids},
        });
        let config = Blob::of(config.to_string());
        let described = |media_type: &str, blob: &Blob| json!({"mediaType": media_type, "digest": blob.digest, "size": blob.size});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described("application/vnd.oci.image.config.v1+json", &config),
            "layers": layers
                .iter()
                .map(|layer| described("application/vnd.oci.image.layer.v1.tar+gzip", layer))
                .collect::<Vec<_>>(),
        });
        let manifest = Blob::of(manifest.to_string());
        Self { config, layers, manifest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(payload: &Payload) -> Vec<u8> {
        let mut bytes = Vec::new();
        each_piece(payload, |piece| bytes.extend_from_slice(piece));
        bytes
    }

    #[test]
    fn the_digest_of_a_blob_is_that_of_its_bytes_and_no_two_are_equal() {
        for size in [64, 65, MIB - 1, MIB, MIB + 63, MIB + 64, 3 * MIB + 7] {
            let maker = Maker::new(size);
            let (one, two) = (maker.make(), maker.make());
            let bytes = whole(&one.payload());
            assert_eq!((bytes.len() as u64, one.payload().len()), (size, size));
            assert_eq!(digest_of(&bytes), one.digest);
            assert_ne!(one.digest, two.digest);
        }
    }

    #[test]
    fn the_parts_of_a_blob_are_its_bytes() {
        for size in [4 * MIB, 4 * MIB + 10, 5 * MIB + 10] {
            let blob = Maker::new(size).make();
            let mut parts = Vec::new();
            for from in (0..size).step_by(usize::try_from(2 * MIB).unwrap()) {
                let to = (from + 2 * MIB).min(size);
                let part = blob.part(from, to);
                assert_eq!(part.len(), to - from, "{from}");
                parts.extend(whole(&part));
            }
            assert_eq!(digest_of(&parts), blob.digest);
        }
    }

    #[test]
    fn a_manifest_names_what_the_image_holds() {
        let image = Image::of(vec![Blob::of("layer")]);
        let bytes = whole(&image.manifest.payload());
        let manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(manifest["layers"][0]["digest"], digest_of(b"layer"));
        assert_eq!(manifest["config"]["size"], image.config.size);
    }
}
