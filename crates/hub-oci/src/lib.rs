//! Bytes of images: manifests, layers, and what they say about themselves.
//!
//! Three questions are answered here. *What does a manifest link to, and is it one?*
//! [`parse_manifest`]. *What is the image?* [`base_info`]: platforms, sizes, what it runs.
//! *What does it say about itself?* [`extract()`]: README, description, icon and the other fields,
//! from `/metadata/config.yaml`, annotations, labels and files in layers, each value with its
//! source. Which key means which field is data: [`table::TABLE`].
//!
//! Everything that is read is hostile until proven otherwise: layers are read as streams and
//! never unpacked, [`Limits`] count what bytes become rather than what headers promise, and what
//! breaks a rule is left out with a remark, so that one bad file does not cost the others.
//! Layers are scanned from the top, and whiteouts and links resolved in the one view that a
//! container would see.
//!
//! All of it blocks and works on what an [`ImageStore`] gives it. It must not know where bytes
//! are kept, who asks, or what the records of the hub do with the answer.
//!
//! ```
//! use hub_model::Field;
//! use hub_oci::{ImageBuilder, Limits, extract};
//!
//! let image = ImageBuilder::new()
//!     .label("org.opencontainers.image.title", "MySQL operator")
//!     .layer([("README.md", "# MySQL\n\nRuns MySQL clusters and their backups.\n")])
//!     .build();
//! let said =
//!     extract(&image.media_type, &image.manifest, "labring/mysql", &image, &Limits::default())?;
//! assert_eq!(said.detail.text(Field::Title), Some("MySQL operator"));
//! assert_eq!(said.detail.text(Field::Description), Some("Runs MySQL clusters and their backups."));
//! assert_eq!(said.documents[0].media_type, "text/markdown");
//! # Ok::<(), hub_oci::ExtractError>(())
//! ```

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
