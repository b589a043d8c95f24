//! `Img`: one tag of a repository, with what it is and what it says.

use serde::{Deserialize, Serialize};

use crate::{Detail, Digest, RepoName, Tag};

/// Whether the bytes of an image are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImgState {
    /// Pushed: it can be pulled from here.
    Pushed,
    /// Written down only: not pullable, never latest. It lives elsewhere, or is yet to come.
    Declared,
}

/// How far the reading of an image's own metadata has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state", content = "reason")]
pub enum Extraction {
    /// Nothing to read: only declared.
    None,
    /// Waits for its turn.
    Pending,
    /// Done.
    Done,
    /// Refused or failed, for the reason given; the image itself is whole.
    Failed(String),
}

/// One image behind a tag: a manifest for one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Platform {
    /// Operating system, `linux`.
    pub os: String,
    /// Architecture, `amd64`.
    pub arch: String,
    /// Variant of the architecture, `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Digest of the platform's manifest.
    pub digest: Digest,
    /// Compressed size of its unique layers and its configuration, in bytes.
    pub size: u64,
}

impl Platform {
    /// `linux/arm64/v8`.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}/{}/{variant}", self.os, self.arch),
            None => format!("{}/{}", self.os, self.arch),
        }
    }
}

/// `baseInfo`: the facts of an image, always taken from its manifest and configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BaseInfo {
    /// Media type of the manifest.
    pub media_type: String,
    /// Digest of the configuration, the `ID` of sealos; of the preferred platform in an index.
    pub config_digest: Option<Digest>,
    /// The platforms, in the order of the index; attestations are none.
    pub platforms: Vec<Platform>,
    /// Compressed size of the unique blobs of all platforms, in bytes.
    pub size: u64,
    /// When the image was built, RFC 3339, as its configuration says.
    pub created: Option<String>,
    /// What runs when nothing else is asked for.
    pub entrypoint: Vec<String>,
    /// Arguments of the entry point.
    pub cmd: Vec<String>,
    /// Ports the image says it listens on, `8080/tcp`.
    pub exposed_ports: Vec<String>,
    /// User the image runs as.
    pub user: Option<String>,
    /// Folder the image starts in.
    pub workdir: Option<String>,
}

/// One image of a repository under one tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Img {
    /// Row in the database.
    pub id: i64,
    /// Repository it belongs to.
    pub repo: RepoName,
    /// Its tag.
    pub tag: Tag,
    /// Digest of its manifest; `None` while it is only declared.
    pub digest: Option<Digest>,
    /// Whether its bytes are here.
    pub state: ImgState,
    /// Facts.
    pub base: BaseInfo,
    /// What it says, and what people said about it: every level merged.
    pub detail: Detail,
    /// Where the reading of its metadata stands.
    pub extraction: Extraction,
    /// Remarks of the extraction, for the image's page: what was left out, and why.
    pub notes: Vec<String>,
    /// When the tag was uploaded last, by the server's clock, in milliseconds.
    pub pushed_at_ms: i64,
    /// Name of who uploaded it.
    pub pushed_by: String,
    /// When the tag was last pulled, in milliseconds; 0 for never.
    pub pulled_at_ms: i64,
}

/// Facts and state of an [`Img`] about to be written.
#[derive(Debug, Clone)]
pub struct NewImg {
    /// Row of the repository.
    pub repo_id: i64,
    /// Its tag.
    pub tag: Tag,
    /// Digest of its manifest; `None` to declare it only.
    pub digest: Option<Digest>,
    /// Facts.
    pub base: BaseInfo,
    /// What is known about it so far.
    pub detail: Detail,
    /// Where the reading of its metadata stands.
    pub extraction: Extraction,
    /// When it was uploaded, by the server's clock, in milliseconds.
    pub pushed_at_ms: i64,
    /// Name of who uploaded it.
    pub pushed_by: String,
}

/// Which explicit or extracted values a row of details holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DetailScope {
    /// Said by people about the whole repository.
    Repo,
    /// Said by people about one tag.
    Tag(Tag),
    /// Carried by a detail artifact that refers to this digest.
    Artifact(Digest),
    /// Read out of the image of this digest.
    Image(Digest),
}

impl DetailScope {
    /// The key of the row: `repo`, `tag:v1`, `artifact:sha256:…`, `image:sha256:…`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Repo => "repo".to_owned(),
            Self::Tag(tag) => format!("tag:{tag}"),
            Self::Artifact(digest) => format!("artifact:{digest}"),
            Self::Image(digest) => format!("image:{digest}"),
        }
    }
}

/// A text or picture kept by its digest: a README, a translation, an icon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// `text/markdown`, `image/png`, …
    pub media_type: String,
    /// The bytes, at most 1 MiB.
    pub body: Vec<u8>,
}

impl Document {
    /// Largest document, in bytes. Source: the cap of `docs` (`docs/sources.md#detail-fields`).
    pub const MAX_BYTES: usize = 1 << 20;
}
