//! Bytes of images: manifests, layers, and what they say about themselves.

mod base;
mod build;
mod chain;
mod charts;
mod config;
mod decode;
pub mod detail_artifact;
mod extract;
mod files;
mod gather;
mod kind;
mod level;
mod limits;
mod manifest;
pub mod media_type;
mod meter;
mod overlay;
mod platform;
mod readme;
mod scan;
mod sealos;
mod store;
pub mod table;
mod text;
mod values;
mod wanted;

pub use base::base_info;
pub use build::{BuiltImage, Compression, Entry, ImageBuilder, IndexBuilder};
pub use chain::{layer_chain, prefix_chains, sha256};
pub use extract::{Extracted, extract, mark_base};
pub use limits::Limits;
pub use manifest::{Child, Layer, ManifestError, Parsed, manifest_media_type, parse_manifest};
pub use readme::first_paragraph;
pub use sealos::{DetailYaml, DetailYamlError, read_detail_yaml};
pub use store::{ExtractError, ImageStore};
pub use values::{FieldError, check_field};
