//! Manifests as the registry keeps them.

use crate::Digest;

/// A manifest or index, stored byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Digest under which it was pushed.
    pub digest: Digest,
    /// Its media type, as pushed.
    pub media_type: String,
    /// The bytes as received.
    pub body: Vec<u8>,
    /// What it links to, and what it is; worked out once, when it is pushed.
    pub facts: ManifestFacts,
}

/// What a [`Manifest`] links to, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManifestFacts {
    /// `artifactType`, or the media type of the configuration where there is none.
    pub artifact_type: Option<String>,
    /// Digest of the manifest that this one refers to.
    pub subject: Option<Digest>,
    /// Annotations, as a JSON object.
    pub annotations: String,
    /// Digest of the configuration.
    pub config: Option<Digest>,
    /// One digest for the whole list of layers, so that a base image is found by its prefix.
    pub layer_chain: Option<Digest>,
    /// Everything it links to.
    pub links: Vec<Link>,
}

/// A descriptor inside a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What the descriptor points at.
    pub kind: LinkKind,
    /// Digest of the target.
    pub digest: Digest,
    /// Size of the target as the manifest states it, in bytes.
    pub size: u64,
    /// Whether the target need not be here: foreign layers, and descriptors with `urls`.
    pub elsewhere: bool,
}

/// What a [`Link`] points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// The configuration blob.
    Config,
    /// A layer blob.
    Layer,
    /// A manifest of an index.
    Manifest,
}

impl LinkKind {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Layer => "layer",
            Self::Manifest => "manifest",
        }
    }

    /// Reads the word of the database.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Config, Self::Layer, Self::Manifest].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Which of the manifests that name a subject are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferrersAsked<'a> {
    /// Only those of this artifact type.
    pub artifact_type: Option<&'a str>,
    /// Only those whose digest comes after this text.
    pub after: Option<&'a str>,
    /// Most entries.
    pub limit: u64,
    /// Most bytes of all their manifests together, which bounds what is read of them. One entry is
    /// given however large it is.
    pub bytes: u64,
}

/// A manifest that names another one as its subject, as the referrers list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// Digest of the referring manifest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// Its annotations, as a JSON object.
    pub annotations: String,
}
