//! Images that share layers, small enough to push by the hundred.

use std::sync::Arc;

use hub_tests::{Dice, sha256};
use serde_json::json;

/// Bytes and their digest.
#[derive(Debug)]
pub struct Blob {
    pub digest: String,
    pub bytes: Vec<u8>,
}

impl Blob {
    fn new(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { digest: sha256(&bytes), bytes })
    }
}

/// An image with all it holds.
#[derive(Debug)]
pub struct Goods {
    pub digest: String,
    pub manifest: Vec<u8>,
    pub blobs: Vec<Arc<Blob>>,
}

/// Layers that many images have in common.
#[derive(Debug)]
pub struct Pool(Vec<Arc<Blob>>);

impl Pool {
    /// Layers between some hundred bytes and two megabytes, the same for the same seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::of(seed, u64::MAX);
        let sizes = [300, 5_000, 40_000, 40_000, 150_000, 600_000, 2_000_000];
        Self((0..28).map(|n| Blob::new(layer(&mut dice, sizes[n % sizes.len()]))).collect())
    }

    pub fn any(&self, dice: &mut Dice) -> Arc<Blob> {
        self.0[dice.below(self.0.len())].clone()
    }

    /// An image that nobody has yet: its configuration names who made it.
    pub fn image(&self, dice: &mut Dice, maker: &str) -> Goods {
        let mut layers: Vec<_> = (0..=dice.below(3)).map(|_| self.any(dice)).collect();
        if dice.one_in(3) {
            let size = 200 + dice.below(20_000);
            layers.push(Blob::new(layer(dice, size)));
        }
        let digests: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "author": maker,
            "rootfs": {"type": "layers", "diff_ids": digests},
        });
        let config = Blob::new(config.to_string().into_bytes());
        let described = |media_type: &str, blob: &Blob| json!({"mediaType": media_type, "digest": blob.digest, "size": blob.bytes.len()});
        let tar = "application/vnd.oci.image.layer.v1.tar";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described("application/vnd.oci.image.config.v1+json", &config),
            "layers": layers.iter().map(|layer| described(tar, layer)).collect::<Vec<_>>(),
        });
        let manifest = manifest.to_string().into_bytes();
        layers.push(config);
        Goods { digest: sha256(&manifest), manifest, blobs: layers }
    }
}

/// Media type of the manifests here.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A tar of one file of noise.
fn layer(dice: &mut Dice, size: usize) -> Vec<u8> {
    let noise = dice.bytes(size);
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(size as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "noise", &noise[..]).unwrap();
    tar.into_inner().unwrap()
}
