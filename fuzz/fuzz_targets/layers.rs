//! Layers: any bytes as tar, and inside gzip and zstd, are read within the limits.
#![no_main]

use hub_oci::media_type::{OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD};
use hub_oci::{ImageBuilder, Limits, extract};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8], &[u8])| {
    let (kind, lower, upper) = input;
    let media_type = [OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD][usize::from(kind) % 3];
    let image = ImageBuilder::new()
        .raw_layer(media_type, lower.to_vec())
        .raw_layer(media_type, upper.to_vec())
        .build();
    let limits = Limits {
        layer_bytes: 4 << 20,
        image_bytes: 8 << 20,
        ratio_free_bytes: 1 << 20,
        kept_bytes: 1 << 20,
        ..Limits::default()
    };
    let said = extract(&image.media_type, &image.manifest, "fuzz/app", &image, &limits);
    let said = said.expect("a damaged layer is no error of the image");
    for document in &said.documents {
        assert!(document.body.len() as u64 <= limits.document_bytes);
    }
});
