//! The table of metadata: which key of an image becomes which field. Data, so that tests and
//! documentation are made from it.

use hub_model::Field;

/// The form of a field's values, with its caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A document, by the digest of its bytes.
    Document,
    /// Documents by language.
    Documents,
    /// One line of at most so many characters.
    Line(usize),
    /// Lines of at most so many characters in all.
    Lines(usize),
    /// An absolute http or https address of at most 2,048 bytes.
    Url,
    /// An address as for [`Form::Url`], or the digest of a picture.
    Icon,
    /// A list of at most `most` lines of `each` characters.
    Words {
        /// Most entries.
        most: usize,
        /// Most characters of each.
        each: usize,
    },
    /// At most three of [`CATEGORIES`].
    Categories,
    /// `true` or `false`.
    Flag,
    /// At most `most` objects with these keys; `url` is an address.
    Objects {
        /// Most entries.
        most: usize,
        /// Known keys; the others are dropped.
        keys: &'static [&'static str],
    },
    /// An SPDX expression of at most 256 characters.
    Licence,
    /// An object with these keys.
    Map {
        /// Known keys; the others are dropped.
        keys: &'static [&'static str],
    },
    /// A digest.
    Digest,
}

/// How the text behind a key is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it stands.
    Plain,
    /// As a list, divided by commas.
    Commas,
    /// As JSON.
    Json,
    /// As HTML, without its tags.
    Html,
    /// As an address, and passed over without a remark when it is none.
    IfUrl,
    /// As it stands, when other keys of Red Hat's are there too: alone it means something else.
    RedHat,
    /// As it stands, unless the image is a rootfs of sealos: there it means something else.
    NotRootfs,
}

/// An annotation or label, and how its text is read.
pub type Key = (&'static str, Reading);

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The field.
    pub field: Field,
    /// Form and caps of its values.
    pub form: Form,
    /// Key in `/metadata/config.yaml`, below `spec.detail` or, for `type`, below `spec`.
    pub yaml: Option<&'static str>,
    /// Annotations and labels; the first one with a valid value wins.
    pub keys: &'static [Key],
    /// Which files in layers say it, for people.
    pub files: &'static str,
}

/// Curated categories. Source: `docs/sources.md#keywords`.
pub const CATEGORIES: [&str; 11] = [
    "Kubernetes",
    "Storage",
    "Network",
    "Database",
    "Monitoring",
    "Logging",
    "Dashboard",
    "MQ",
    "Platform",
    "GPU",
    "GitOps",
];

/// Words of others for a curated category. Source: categories of Artifact Hub.
const SYNONYMS: [(&str, &str); 6] = [
    ("networking", "Network"),
    ("databases", "Database"),
    ("monitoring-logging", "Monitoring"),
    ("streaming-messaging", "MQ"),
    ("integration-delivery", "GitOps"),
    ("message-queue", "MQ"),
];

/// The curated category of a word, whatever its case.
#[must_use]
pub fn category(word: &str) -> Option<&'static str> {
    let synonym = || {
        let known = SYNONYMS.iter().find(|(other, _)| other.eq_ignore_ascii_case(word));
        known.map(|(_, category)| *category)
    };
    CATEGORIES.into_iter().find(|known| known.eq_ignore_ascii_case(word)).or_else(synonym)
}

const NO_KEYS: &[Key] = &[];

const fn row(
    field: Field,
    form: Form,
    yaml: Option<&'static str>,
    keys: &'static [Key],
    files: &'static str,
) -> Row {
    Row { field, form, yaml, keys, files }
}

/// The table. Source: `docs/sources.md#detail-fields`.
pub const TABLE: &[Row] = {
    use Field as F;
    use Reading::{Commas, Html, IfUrl, Json, NotRootfs, Plain, RedHat};
    &[
        row(
            F::Docs,
            Form::Document,
            Some("docs"),
            &[("com.docker.extension.detailed-description", Plain)],
            "README",
        ),
        row(F::DocsI18n, Form::Documents, None, NO_KEYS, "README.<lang>.md beside the README"),
        row(F::Usage, Form::Lines(25_600), None, NO_KEYS, ""),
        row(
            F::Title,
            Form::Line(128),
            None,
            &[
                ("org.opencontainers.image.title", Plain),
                ("io.k8s.display-name", Plain),
                ("org.label-schema.name", Plain),
                ("name", RedHat),
            ],
            "Chart.yaml",
        ),
        row(
            F::Description,
            Form::Line(1_024),
            Some("description"),
            &[
                ("org.opencontainers.image.description", Plain),
                ("io.k8s.description", Plain),
                ("org.label-schema.description", Plain),
                ("summary", Plain),
                ("description", Plain),
            ],
            "Chart.yaml; first paragraph of the README",
        ),
        row(
            F::Keywords,
            Form::Words { most: 32, each: 64 },
            Some("keywords"),
            &[
                ("io.artifacthub.package.keywords", Commas),
                ("io.openshift.tags", Commas),
                ("com.docker.extension.categories", Commas),
            ],
            "Chart.yaml",
        ),
        row(
            F::Categories,
            Form::Categories,
            None,
            &[
                ("io.artifacthub.package.category", Commas),
                ("com.docker.extension.categories", Commas),
            ],
            "from the keywords",
        ),
        row(
            F::Aliases,
            Form::Words { most: 16, each: 64 },
            None,
            &[("io.theriseunion.hub.aliases", Commas)],
            "",
        ),
        row(
            F::Icon,
            Form::Icon,
            Some("icon"),
            &[
                ("io.artifacthub.package.logo-url", Plain),
                ("com.docker.desktop.extension.icon", Plain),
                ("net.unraid.docker.icon", Plain),
            ],
            "icon.svg, icon.png, icon.jpg, logo.svg, logo.png, metadata/icon.*, \
             extension/icon.png; Chart.yaml",
        ),
        row(
            F::Url,
            Form::Url,
            Some("url"),
            &[
                ("org.opencontainers.image.url", Plain),
                ("org.label-schema.url", Plain),
                ("url", Plain),
                ("com.docker.extension.publisher-url", Plain),
            ],
            "Chart.yaml",
        ),
        row(
            F::DocumentationUrl,
            Form::Url,
            None,
            &[
                ("org.opencontainers.image.documentation", Plain),
                ("org.label-schema.usage", IfUrl),
                ("io.artifacthub.package.readme-url", Plain),
            ],
            "",
        ),
        row(
            F::Source,
            Form::Url,
            None,
            &[
                ("org.opencontainers.image.source", Plain),
                ("vcs-url", Plain),
                ("org.label-schema.vcs-url", Plain),
            ],
            "Chart.yaml",
        ),
        row(
            F::Revision,
            Form::Line(128),
            None,
            &[
                ("org.opencontainers.image.revision", Plain),
                ("vcs-ref", Plain),
                ("org.label-schema.vcs-ref", Plain),
            ],
            "",
        ),
        row(
            F::AppVersion,
            Form::Line(128),
            None,
            &[
                ("org.opencontainers.image.version", Plain),
                ("org.label-schema.version", Plain),
                ("version", NotRootfs),
            ],
            "Chart.yaml",
        ),
        row(
            F::Licenses,
            Form::Licence,
            None,
            &[
                ("org.opencontainers.image.licenses", Plain),
                ("io.artifacthub.package.license", Plain),
            ],
            "LICENSE*, COPYING, licenses/*; Chart.yaml",
        ),
        row(
            F::Vendor,
            Form::Line(128),
            None,
            &[
                ("org.opencontainers.image.vendor", Plain),
                ("org.label-schema.vendor", Plain),
                ("vendor", Plain),
            ],
            "",
        ),
        row(
            F::Authors,
            Form::Line(512),
            None,
            &[("org.opencontainers.image.authors", Plain), ("maintainer", Plain)],
            "",
        ),
        row(
            F::Maintainers,
            Form::Objects { most: 20, keys: &["name", "email"] },
            None,
            &[("io.artifacthub.package.maintainers", Json)],
            "Chart.yaml",
        ),
        row(
            F::Screenshots,
            Form::Objects { most: 20, keys: &["alt", "url"] },
            None,
            &[("com.docker.extension.screenshots", Json)],
            "",
        ),
        row(
            F::Links,
            Form::Objects { most: 20, keys: &["title", "url"] },
            None,
            &[("com.docker.extension.additional-urls", Json)],
            "",
        ),
        row(
            F::Changelog,
            Form::Lines(64 << 10),
            None,
            &[("com.docker.extension.changelog", Html)],
            "CHANGELOG.md",
        ),
        row(
            F::Deprecated,
            Form::Flag,
            None,
            &[("io.artifacthub.package.deprecated", Plain)],
            "Chart.yaml",
        ),
        row(F::Prerelease, Form::Flag, None, &[("io.artifacthub.package.prerelease", Plain)], ""),
        row(
            F::SecurityUpdates,
            Form::Flag,
            None,
            &[("io.artifacthub.package.contains-security-updates", Plain)],
            "",
        ),
        row(
            F::AlternativeLocations,
            Form::Words { most: 20, each: 512 },
            None,
            &[("io.artifacthub.package.alternative-locations", Commas)],
            "",
        ),
        // Its keys tell by being there: `kind.rs`.
        row(F::Type, Form::Line(64), Some("type"), NO_KEYS, "media types; images/shim/*"),
        // Its keys depend on each other: `sealos.rs`.
        row(
            F::Sealos,
            Form::Map { keys: &["type", "version", "distribution", "kubeVersion", "lvscareImage"] },
            None,
            NO_KEYS,
            "",
        ),
        row(
            F::ContainedImages,
            Form::Words { most: 2_000, each: 512 },
            None,
            NO_KEYS,
            "images/shim/*",
        ),
        row(
            F::Charts,
            Form::Objects { most: 50, keys: &["name", "version", "appVersion"] },
            None,
            NO_KEYS,
            "charts/*/Chart.yaml",
        ),
        row(
            F::Ports,
            Form::Words { most: 64, each: 64 },
            None,
            &[("io.openshift.expose-services", Commas)],
            "",
        ),
        row(
            F::BaseName,
            Form::Line(512),
            None,
            &[("org.opencontainers.image.base.name", Plain)],
            "",
        ),
        row(
            F::BaseDigest,
            Form::Digest,
            None,
            &[("org.opencontainers.image.base.digest", Plain)],
            "",
        ),
    ]
};

/// The row of a field.
///
/// # Panics
///
/// Never: every field has a row, as a test proves.
#[must_use]
pub fn row_of(field: Field) -> &'static Row {
    TABLE.iter().find(|row| row.field == field).expect("every field has a row")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_one_row_and_every_key_is_ours_to_read() {
        let rows: Vec<_> = TABLE.iter().map(|row| row.field).collect();
        assert_eq!(rows, Field::ALL);
    }

    #[test]
    fn words_of_others_map_to_curated_categories() {
        assert_eq!(category("database"), Some("Database"));
        assert_eq!(category("Streaming-Messaging"), Some("MQ"));
        assert_eq!(category("operator"), None);
    }
}
