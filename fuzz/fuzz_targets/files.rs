//! What images and people say about images: README, configuration, chart, labels, detail files.
#![no_main]

use hub_oci::{ImageBuilder, Limits, extract};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (which, text) = input;
    let paths = [
        "README.md",
        "docs/README_zh.md",
        "metadata/config.yaml",
        "charts/x/Chart.yaml",
        "Kubefile",
        "icon.svg",
        "LICENSE",
        "images/shim/xImages",
    ];
    let path = paths[usize::from(which) % paths.len()];
    let image = ImageBuilder::new()
        .label("org.opencontainers.image.description", text)
        .label("org.opencontainers.image.url", text)
        .annotation("org.opencontainers.image.documentation", text)
        .layer([(path, text.as_bytes().to_vec())])
        .build();
    let limits = Limits::default();
    let said = extract(&image.media_type, &image.manifest, "fuzz/app", &image, &limits);
    said.expect("words of an image are no error of it");
    let _ = hub_oci::first_paragraph(text);
    let _ = hub_oci::read_detail_yaml(text);
});
