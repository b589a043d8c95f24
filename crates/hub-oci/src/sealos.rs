//! Image descriptions in YAML: sealos' Image, and our own by JSON names.

use std::collections::BTreeMap;

use hub_model::{Field, Value};

/// Fields, README text and remarks read out of a description.
pub type DetailYaml = (BTreeMap<Field, Value>, Option<String>, Vec<String>);

/// A text that is no description of an image.
#[derive(Debug, thiserror::Error)]
pub enum DetailYamlError {
    /// It is no YAML.
    #[error("the description is no YAML")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// It is no mapping.
    #[error("the description is no mapping of fields")]
    Shape,
}

/// Reads a description: a sealos Image with `spec.detail`, or a mapping of fields by JSON names.
///
/// Values that do not fit their field are left out with a remark.
///
/// # Errors
///
/// When the text is no YAML, or no mapping.
pub fn read_detail_yaml(_text: &str) -> Result<DetailYaml, DetailYamlError> {
    todo!()
}
