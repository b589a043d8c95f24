//! `detailInfo`: reading it, and saying something about an image.

use std::collections::BTreeMap;

use hub_model::{Detail, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A value of a field: a flag, a text, a list of texts or objects, or a map of texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = serde_json::Value)]
pub struct FieldValue(pub Value);

/// What is said, and where it comes from: `GET …/-/detail`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DetailView {
    /// What is said, field by field.
    pub detail_info: BTreeMap<String, FieldValue>,
    /// Where each field comes from.
    pub sources: BTreeMap<String, String>,
}

/// Says something about an image, or about a whole repository: `PATCH …/-/detail`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditDetail {
    /// Values, by the name of the field. An empty one means "none, on purpose".
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, FieldValue>)]
    pub set: BTreeMap<String, Value>,
    /// The README, Markdown. An empty one means "none, on purpose".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs: Option<String>,
    /// The icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<IconInput>,
    /// Fields to take back, so that what the image says shows again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<String>,
    /// Who says so: `cli`, or `api` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// An icon: its address, or its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", untagged)]
pub enum IconInput {
    /// Where it lives.
    Url {
        /// A public address.
        url: String,
    },
    /// The picture itself.
    File {
        /// `image/png`, `image/svg+xml`, …
        media_type: String,
        /// The bytes, base64.
        data: String,
    },
}

impl From<Detail> for DetailView {
    fn from(detail: Detail) -> Self {
        let mut view = Self::default();
        for (field, sourced) in detail.0 {
            let name = field.as_str().to_owned();
            view.sources.insert(name.clone(), sourced.source.to_string());
            view.detail_info.insert(name, FieldValue(sourced.value));
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_read_as_people_write_it() {
        let edit: EditDetail = serde_json::from_str(
            r##"{
                "set": {"keywords": ["a"], "deprecated": true, "title": ""},
                "docs": "# Hello",
                "icon": {"url": "https://example.com/i.png"},
                "unset": ["url"]
            }"##,
        )
        .unwrap();
        assert_eq!(edit.set["deprecated"], Value::Flag(true));
        assert!(edit.set["title"].is_empty());
        assert_eq!(edit.icon, Some(IconInput::Url { url: "https://example.com/i.png".into() }));
        let file = r#"{"icon": {"mediaType": "image/png", "data": "AA=="}}"#;
        let edit: EditDetail = serde_json::from_str(file).unwrap();
        assert!(matches!(edit.icon, Some(IconInput::File { .. })));
        assert!(serde_json::from_str::<EditDetail>(r#"{"sett": {}}"#).is_err());
    }
}
