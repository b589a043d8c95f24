//! Bytes of images: manifests, layers, and what they say about themselves.

mod base;
mod build;
mod chain;
pub mod detail_artifact;
mod extract;
mod limits;
mod manifest;
pub mod media_type;
mod sealos;
mod store;
mod values;

pub use base::base_info;
pub use build::{BuiltImage, Compression, Entry, ImageBuilder, IndexBuilder};
pub use chain::{layer_chain, prefix_chains, sha256};
pub use extract::{Extracted, extract, mark_base};
pub use limits::Limits;
pub use manifest::{Child, Layer, ManifestError, Parsed, manifest_media_type, parse_manifest};
pub use sealos::{DetailYaml, DetailYamlError, read_detail_yaml};
pub use store::{ExtractError, ImageStore};
pub use values::{FieldError, check_field};
