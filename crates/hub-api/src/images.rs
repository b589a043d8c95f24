//! `Img`: one tag of a repository.

use std::collections::BTreeMap;

use hub_model::{BaseInfo, Extraction, Img, ImgState, Platform, Tag, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DetailView, FieldValue, time, time_or_never};

/// One tag of a repository: what the image is, and what it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImgView {
    /// `org/path:tag`.
    pub name: String,
    /// Full name of the repository.
    pub repo: String,
    /// The tag.
    pub tag: String,
    /// Digest of its manifest; null while it is only declared.
    pub digest: Option<String>,
    /// `pushed`, or `declared`: written down only.
    pub state: String,
    /// Whether it is the tag uploaded last.
    pub latest: bool,
    /// Facts of the image.
    pub base_info: BaseInfoView,
    /// What it says, and what people said about it, field by field.
    pub detail_info: BTreeMap<String, FieldValue>,
    /// Where each field of `detailInfo` comes from.
    pub sources: BTreeMap<String, String>,
    /// How far the reading of its own metadata has come: `none`, `pending`, `done`, `failed`.
    pub extraction: String,
    /// Why the reading failed; null unless it did.
    pub extraction_error: Option<String>,
    /// Remarks of the reading: what was left out, and why.
    pub notes: Vec<String>,
    /// When the tag was uploaded.
    pub pushed_at: String,
    /// Who uploaded it.
    pub pushed_by: String,
    /// When the tag was last pulled; null for never.
    #[serde(default)]
    pub pulled_at: Option<String>,
}

/// Facts of an image, always taken from its manifest and configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaseInfoView {
    /// Media type of the manifest.
    pub media_type: String,
    /// Digest of the configuration; null without one.
    pub config_digest: Option<String>,
    /// The platforms.
    pub platforms: Vec<PlatformView>,
    /// Compressed size of the unique blobs of all platforms, in bytes.
    pub size: u64,
    /// When the image was built, as it says itself; null when it does not.
    pub created: Option<String>,
    /// What runs when nothing else is asked for.
    pub entrypoint: Vec<String>,
    /// Arguments of the entry point.
    pub cmd: Vec<String>,
    /// Ports the image says it listens on, `8080/tcp`.
    pub exposed_ports: Vec<String>,
    /// User the image runs as; null for the default.
    pub user: Option<String>,
    /// Folder the image starts in; null for the default.
    pub workdir: Option<String>,
}

/// One platform of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlatformView {
    /// Operating system, `linux`.
    pub os: String,
    /// Architecture, `amd64`.
    pub arch: String,
    /// Variant of the architecture, `v8`; null without one.
    pub variant: Option<String>,
    /// Digest of the platform's manifest.
    pub digest: String,
    /// Compressed size, in bytes.
    pub size: u64,
}

/// Writes an image down before it is pushed: `PUT /repos/{org}/{repo}/-/tags/{tag}`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclareImg {
    /// What is said about it, field by field.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, FieldValue>)]
    pub detail: BTreeMap<String, Value>,
}

impl ImgView {
    /// An image; `latest` is the tag that its repository calls so.
    #[must_use]
    pub fn new(img: Img, latest: Option<&Tag>) -> Self {
        let (extraction, extraction_error) = match img.extraction {
            Extraction::None => ("none", None),
            Extraction::Pending => ("pending", None),
            Extraction::Done => ("done", None),
            Extraction::Failed(why) => ("failed", Some(why)),
        };
        let DetailView { detail_info, sources } = img.detail.into();
        Self {
            name: format!("{}:{}", img.repo, img.tag),
            latest: latest == Some(&img.tag),
            repo: img.repo.into(),
            tag: img.tag.into(),
            digest: img.digest.map(Into::into),
            state: match img.state {
                ImgState::Pushed => "pushed",
                ImgState::Declared => "declared",
            }
            .to_owned(),
            base_info: img.base.into(),
            detail_info,
            sources,
            extraction: extraction.to_owned(),
            extraction_error,
            notes: img.notes,
            pushed_at: time(img.pushed_at_ms),
            pushed_by: img.pushed_by,
            pulled_at: time_or_never(img.pulled_at_ms),
        }
    }
}

impl From<BaseInfo> for BaseInfoView {
    fn from(base: BaseInfo) -> Self {
        Self {
            media_type: base.media_type,
            config_digest: base.config_digest.map(Into::into),
            platforms: base.platforms.into_iter().map(Into::into).collect(),
            size: base.size,
            created: base.created,
            entrypoint: base.entrypoint,
            cmd: base.cmd,
            exposed_ports: base.exposed_ports,
            user: base.user,
            workdir: base.workdir,
        }
    }
}

impl From<Platform> for PlatformView {
    fn from(platform: Platform) -> Self {
        Self {
            os: platform.os,
            arch: platform.arch,
            variant: platform.variant,
            digest: platform.digest.into(),
            size: platform.size,
        }
    }
}

impl PlatformView {
    /// `linux/arm64/v8`.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}/{}/{variant}", self.os, self.arch),
            None => format!("{}/{}", self.os, self.arch),
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{Detail, Digest, Field, RepoName, Source};

    use super::*;

    #[test]
    fn an_image_tells_its_facts_its_detail_and_the_sources() {
        let mut detail = Detail::default();
        detail.set(Field::Keywords, vec!["mysql".to_owned()], Source::Label("k".into()));
        detail.set(Field::Docs, "sha256:x", Source::Cli);
        let digest = Digest::parse(&format!("sha256:{}", "1".repeat(64))).unwrap();
        let tag = Tag::parse("v1").unwrap();
        let img = Img {
            id: 1,
            repo: RepoName::parse("labring/mysql-op").unwrap(),
            tag: tag.clone(),
            digest: None,
            state: ImgState::Declared,
            base: BaseInfo {
                platforms: vec![Platform {
                    os: "linux".into(),
                    arch: "arm64".into(),
                    variant: Some("v8".into()),
                    digest,
                    size: 10,
                }],
                ..BaseInfo::default()
            },
            detail,
            extraction: Extraction::Failed("too large".into()),
            notes: vec![],
            pushed_at_ms: 1_763_712_000_000,
            pushed_by: "alice".into(),
            pulled_at_ms: 0,
        };
        let view = ImgView::new(img, Some(&tag));
        assert_eq!(view.base_info.platforms[0].label(), "linux/arm64/v8");
        insta::assert_json_snapshot!(view, { ".baseInfo.platforms[].digest" => "[digest]" }, @r#"
        {
          "name": "labring/mysql-op:v1",
          "repo": "labring/mysql-op",
          "tag": "v1",
          "digest": null,
          "state": "declared",
          "latest": true,
          "baseInfo": {
            "mediaType": "",
            "configDigest": null,
            "platforms": [
              {
                "os": "linux",
                "arch": "arm64",
                "variant": "v8",
                "digest": "[digest]",
                "size": 10
              }
            ],
            "size": 0,
            "created": null,
            "entrypoint": [],
            "cmd": [],
            "exposedPorts": [],
            "user": null,
            "workdir": null
          },
          "detailInfo": {
            "docs": "sha256:x",
            "keywords": [
              "mysql"
            ]
          },
          "sources": {
            "docs": "cli",
            "keywords": "label:k"
          },
          "extraction": "failed",
          "extractionError": "too large",
          "notes": [],
          "pushedAt": "2025-11-21T08:00:00.000Z",
          "pushedBy": "alice",
          "pulledAt": null
        }
        "#);
    }
}
