//! `detailInfo`: what an image says about itself, and what people said about it, with sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::value::Value;
use crate::Digest;

mod value;

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $json:literal,)+) => {
        /// A field of `detailInfo`.
        ///
        /// Source: the field table of imagehub (`docs/sources.md#detail-fields`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Field {
            $($(#[$doc])* #[serde(rename = $json)] $variant,)+
        }

        impl Field {
            /// Every field.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $json,)+
                }
            }
        }
    };
}

fields! {
    /// The README: the [`Digest`] of a Markdown document of at most 1 MiB.
    Docs = "docs",
    /// Translations of the README: language to [`Digest`] of a document.
    DocsI18n = "docsI18n",
    /// How to run it, Markdown.
    Usage = "usage",
    /// A name for people.
    Title = "title",
    /// One line of plain text.
    Description = "description",
    /// Words to be found by.
    Keywords = "keywords",
    /// Curated categories.
    Categories = "categories",
    /// Other names of the same thing.
    Aliases = "aliases",
    /// A public address, or the [`Digest`] of a picture taken out of the image.
    Icon = "icon",
    /// Home page.
    Url = "url",
    /// Where the documentation lives.
    DocumentationUrl = "documentationUrl",
    /// Where the source code lives.
    Source = "source",
    /// Version of the source code.
    Revision = "revision",
    /// Version of the packaged software.
    AppVersion = "appVersion",
    /// SPDX expression.
    Licenses = "licenses",
    /// Who distributes it.
    Vendor = "vendor",
    /// Who made it.
    Authors = "authors",
    /// Who looks after it: objects with `name` and `email`.
    Maintainers = "maintainers",
    /// Pictures: objects with `alt` and `url`.
    Screenshots = "screenshots",
    /// Further addresses: objects with `title` and `url`.
    Links = "links",
    /// What changed, text.
    Changelog = "changelog",
    /// Nobody should begin to use it.
    Deprecated = "deprecated",
    /// Not a release.
    Prerelease = "prerelease",
    /// Mends a vulnerability.
    SecurityUpdates = "securityUpdates",
    /// Where else the same image lies.
    AlternativeLocations = "alternativeLocations",
    /// `container-image`, `cluster-image`, `helm-chart`, …
    Type = "type",
    /// Facts of a sealos cluster image.
    Sealos = "sealos",
    /// References to images inside this one.
    ContainedImages = "containedImages",
    /// Helm charts inside: objects with `name`, `version`, `appVersion`.
    Charts = "charts",
    /// Names of ports: `8080:http`.
    Ports = "ports",
    /// Reference of the base image.
    BaseName = "baseName",
    /// Digest of the base image.
    BaseDigest = "baseDigest",
}

impl Field {
    /// The field called `name` in JSON.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.as_str() == name)
    }

    /// Whether an image without the field takes it over from the upload before.
    #[must_use]
    pub const fn inherits(self) -> bool {
        matches!(
            self,
            Self::Docs
                | Self::DocsI18n
                | Self::Icon
                | Self::Description
                | Self::Keywords
                | Self::Url
                | Self::Aliases
        )
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a value comes from. Printed and parsed as `label:org.opencontainers.image.title` and
/// the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Source {
    /// `hub push -o`, its flags, or `hub describe`: `cli`.
    Cli,
    /// An edit on the web: `web`.
    Web,
    /// An edit through the API: `api`.
    Api,
    /// A detail artifact that refers to the image: `referrer:<digest>`.
    Referrer(Digest),
    /// A file in a layer: `file:<digest of the layer>:<path>`.
    File {
        /// The layer that holds the file.
        layer: Digest,
        /// Absolute path in the image.
        path: String,
    },
    /// A file in a layer of the base image: `base:<digest of the layer>:<path>`.
    Base {
        /// The layer that holds the file.
        layer: Digest,
        /// Absolute path in the image.
        path: String,
    },
    /// An annotation of the index: `annotation:index:<key>`.
    IndexAnnotation(String),
    /// An annotation of the manifest, or of one of its layers: `annotation:manifest:<key>`.
    ManifestAnnotation(String),
    /// A label of the image configuration: `label:<key>`.
    Label(String),
    /// A field of the image configuration: `config:<key>`.
    Config(String),
    /// Worked out from another field, or the only possible value: `default`.
    Default,
    /// The upload before in the same repository: `inherited:<tag>`.
    Inherited(String),
}

impl Source {
    /// Whether a person said so, which beats everything in the image.
    #[must_use]
    pub const fn is_explicit(&self) -> bool {
        matches!(self, Self::Cli | Self::Web | Self::Api | Self::Referrer(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cli => f.write_str("cli"),
            Self::Web => f.write_str("web"),
            Self::Api => f.write_str("api"),
            Self::Referrer(digest) => write!(f, "referrer:{digest}"),
            Self::File { layer, path } => write!(f, "file:{layer}:{path}"),
            Self::Base { layer, path } => write!(f, "base:{layer}:{path}"),
            Self::IndexAnnotation(key) => write!(f, "annotation:index:{key}"),
            Self::ManifestAnnotation(key) => write!(f, "annotation:manifest:{key}"),
            Self::Label(key) => write!(f, "label:{key}"),
            Self::Config(key) => write!(f, "config:{key}"),
            Self::Default => f.write_str("default"),
            Self::Inherited(tag) => write!(f, "inherited:{tag}"),
        }
    }
}

/// A text that names no [`Source`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no source of a field")]
pub struct UnknownSource(String);

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        let unknown = || UnknownSource(text.to_owned());
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        // A digest holds a colon of its own, so the path begins behind the second one.
        let located = || {
            let (path_at, _) = rest.match_indices(':').nth(1)?;
            let layer = Digest::parse(&rest[..path_at]).ok()?;
            Some((layer, rest[path_at + 1..].to_owned()))
        };
        Ok(match kind {
            "cli" => Self::Cli,
            "web" => Self::Web,
            "api" => Self::Api,
            "default" => Self::Default,
            "referrer" => Self::Referrer(Digest::parse(rest).map_err(|_| unknown())?),
            "file" => {
                let (layer, path) = located().ok_or_else(unknown)?;
                Self::File { layer, path }
            }
            "base" => {
                let (layer, path) = located().ok_or_else(unknown)?;
                Self::Base { layer, path }
            }
            "annotation" => match rest.split_once(':').ok_or_else(unknown)? {
                ("index", key) => Self::IndexAnnotation(key.to_owned()),
                ("manifest", key) => Self::ManifestAnnotation(key.to_owned()),
                _ => return Err(unknown()),
            },
            "label" => Self::Label(rest.to_owned()),
            "config" => Self::Config(rest.to_owned()),
            "inherited" => Self::Inherited(rest.to_owned()),
            _ => return Err(unknown()),
        })
    }
}

impl TryFrom<String> for Source {
    type Error = UnknownSource;

    fn try_from(text: String) -> Result<Self, UnknownSource> {
        text.parse()
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.to_string()
    }
}

/// A value with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced {
    /// What is said.
    pub value: Value,
    /// Who says it.
    pub source: Source,
}

/// `detailInfo` of an image: for each field at most one value, with its source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Detail(pub BTreeMap<Field, Sourced>);

impl Detail {
    /// Puts a value in, in place of an earlier one.
    pub fn set(&mut self, field: Field, value: impl Into<Value>, source: Source) {
        self.0.insert(field, Sourced { value: value.into(), source });
    }

    /// Puts a value in unless the field is taken.
    pub fn offer(&mut self, field: Field, value: impl Into<Value>, source: Source) {
        self.0.entry(field).or_insert_with(|| Sourced { value: value.into(), source });
    }

    /// The field with its source. An explicit "none" is there, with an empty value.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&Sourced> {
        self.0.get(&field)
    }

    /// Documents that the fields name: README, translations, icon.
    #[must_use]
    pub fn documents(&self) -> BTreeSet<Digest> {
        let fields = [Field::Docs, Field::DocsI18n, Field::Icon];
        let values = fields.into_iter().filter_map(|field| Some(&self.get(field)?.value));
        let texts = values.flat_map(|value| match value {
            Value::Text(text) => vec![text],
            Value::Map(map) => map.values().collect(),
            Value::Flag(_) | Value::List(_) | Value::Objects(_) => Vec::new(),
        });
        texts.filter_map(|text| Digest::parse(text).ok()).collect()
    }

    /// The text of a field, when it holds one that is not empty.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        match &self.get(field)?.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The list of a field, empty when it holds none.
    #[must_use]
    pub fn list(&self, field: Field) -> &[String] {
        match self.get(field).map(|sourced| &sourced.value) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn flag(&self, field: Field) -> bool {
        matches!(self.get(field).map(|sourced| &sourced.value), Some(Value::Flag(true)))
    }

    /// The digest of the README, when there is one.
    #[must_use]
    pub fn docs(&self) -> Option<Digest> {
        self.text(Field::Docs).and_then(|text| Digest::parse(text).ok())
    }

    /// Merges levels, strongest first: for each field on its own the first level with a value
    /// wins. An empty value counts only where a person said it: then it means "none, on purpose".
    #[must_use]
    pub fn merge(levels: impl IntoIterator<Item = Self>) -> Self {
        let mut merged = Self::default();
        for level in levels {
            for (field, sourced) in level.0 {
                if !sourced.value.is_empty() || sourced.source.is_explicit() {
                    merged.0.entry(field).or_insert(sourced);
                }
            }
        }
        merged
    }

    /// What the next upload inherits from this image of `tag`: only fields that inherit, never
    /// a "none", and each with the tag it first came from.
    #[must_use]
    pub fn bequest(&self, tag: &str) -> Self {
        let inherited = self.0.iter().filter(|(field, sourced)| {
            field.inherits()
                && !sourced.value.is_empty()
                && !matches!(sourced.source, Source::Base { .. } | Source::Default)
        });
        Self(
            inherited
                .map(|(field, sourced)| {
                    let source = match &sourced.source {
                        Source::Inherited(first) => Source::Inherited(first.clone()),
                        _ => Source::Inherited(tag.to_owned()),
                    };
                    (*field, Sourced { value: sourced.value.clone(), source })
                })
                .collect(),
        )
    }

    /// Takes the values out that come from a base image: they rank below what is inherited from
    /// the upload before.
    #[must_use]
    pub fn split_off_base(&mut self) -> Self {
        let from_base = |sourced: &Sourced| matches!(sourced.source, Source::Base { .. });
        let base = self.0.iter().filter(|(_, sourced)| from_base(sourced));
        let base = Self(base.map(|(field, sourced)| (*field, sourced.clone())).collect());
        self.0.retain(|_, sourced| !from_base(sourced));
        base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer() -> Digest {
        Digest::parse(&format!("sha256:{}", "1".repeat(64))).unwrap()
    }

    fn one(field: Field, text: &str, source: Source) -> Detail {
        let mut detail = Detail::default();
        detail.set(field, text, source);
        detail
    }

    #[test]
    fn every_source_survives_print_and_parse() {
        for source in [
            Source::Cli,
            Source::Referrer(layer()),
            Source::File { layer: layer(), path: "/a:b.md".into() },
            Source::Base { layer: layer(), path: "/README.md".into() },
            Source::IndexAnnotation("k".into()),
            Source::ManifestAnnotation("a:b".into()),
            Source::Label("l".into()),
            Source::Inherited("v1".into()),
            Source::Default,
        ] {
            assert_eq!(source.to_string().parse(), Ok(source));
        }
        assert!("file:nothing".parse::<Source>().is_err());
    }

    #[test]
    fn the_first_level_with_a_value_wins_field_by_field() {
        let merged = Detail::merge([
            one(Field::Title, "", Source::Label("x".into())),
            one(Field::Title, "second", Source::Label("y".into())),
            one(Field::Title, "third", Source::Default),
            one(Field::Url, "u", Source::Default),
        ]);
        assert_eq!(merged.text(Field::Title), Some("second"));
        assert_eq!(merged.text(Field::Url), Some("u"));
    }

    #[test]
    fn none_on_purpose_hides_what_the_image_holds() {
        let merged = Detail::merge([
            one(Field::Docs, "", Source::Cli),
            one(Field::Docs, layer().as_str(), Source::File { layer: layer(), path: "/R".into() }),
        ]);
        assert_eq!(merged.docs(), None);
        assert_eq!(merged.get(Field::Docs).unwrap().source, Source::Cli);
    }

    #[test]
    fn a_bequest_names_the_tag_it_first_came_from() {
        let first = one(Field::Description, "d", Source::Label("x".into())).bequest("v1");
        assert_eq!(first.get(Field::Description).unwrap().source, Source::Inherited("v1".into()));
        let second = first.bequest("v2");
        assert_eq!(second.get(Field::Description).unwrap().source, Source::Inherited("v1".into()));
        assert_eq!(one(Field::Title, "t", Source::Cli).bequest("v1"), Detail::default());
    }
}
