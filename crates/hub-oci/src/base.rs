//! `baseInfo`: the facts of an image.

use std::collections::BTreeMap;

use hub_model::{BaseInfo, Digest, Link, LinkKind, Platform};

use crate::config::{ImageConfig, MAX_CONFIG_BYTES};
use crate::media_type::is_image_config;
use crate::platform::{choose, load_manifest};
use crate::{Child, ExtractError, ImageStore, Parsed, parse_manifest};

/// An index inside an index inside an index: deeper ones are nobody's image.
const DEEPEST_INDEX: usize = 3;

/// Reads the facts of an image out of its manifests and configurations.
///
/// # Errors
///
/// When the manifest breaks a rule, or the store fails.
pub fn base_info(
    media_type: &str,
    bytes: &[u8],
    store: &dyn ImageStore,
) -> Result<BaseInfo, ExtractError> {
    let parsed = parse_manifest(media_type, bytes)?;
    let mut walk = Walk { store, unique: BTreeMap::new(), platforms: Vec::new() };
    if parsed.index {
        walk.index(&parsed, 0)?;
    } else {
        walk.image(&parsed, crate::sha256(bytes), None)?;
    }

    let mut info = BaseInfo {
        media_type: media_type.to_owned(),
        size: walk.unique.values().fold(0, |sum, size| sum.saturating_add(*size)),
        ..BaseInfo::default()
    };
    let labels: Vec<_> = walk
        .platforms
        .iter()
        .map(|seen| Some((seen.platform.os.as_str(), seen.platform.arch.as_str())))
        .collect();
    if let Some(preferred) = choose(&labels).map(|at| &walk.platforms[at]) {
        let config = &preferred.config;
        info.config_digest.clone_from(&preferred.config_digest);
        info.created.clone_from(&config.created);
        info.entrypoint.clone_from(&config.entrypoint);
        info.cmd.clone_from(&config.cmd);
        info.exposed_ports.clone_from(&config.exposed_ports);
        info.user.clone_from(&config.user);
        info.workdir.clone_from(&config.workdir);
    } else {
        info.config_digest = parsed.facts.config;
        info.created = parsed.annotations.get("org.opencontainers.image.created").cloned();
    }
    info.platforms = walk.platforms.into_iter().map(|seen| seen.platform).collect();
    Ok(info)
}

struct Seen {
    platform: Platform,
    config_digest: Option<Digest>,
    config: ImageConfig,
}

struct Walk<'a> {
    store: &'a dyn ImageStore,
    unique: BTreeMap<Digest, u64>,
    platforms: Vec<Seen>,
}

impl Walk<'_> {
    fn index(&mut self, index: &Parsed, depth: usize) -> Result<(), ExtractError> {
        for child in index.children.iter().filter(|child| !child.attestation) {
            match load_manifest(&child.digest, self.store)? {
                Some(parsed) if parsed.index && depth < DEEPEST_INDEX => {
                    self.index(&parsed, depth + 1)?;
                }
                Some(parsed) if parsed.index => {}
                Some(parsed) => self.image(&parsed, child.digest.clone(), Some(child))?,
                None => self.absent(child),
            }
        }
        Ok(())
    }

    /// A child that was never pushed: all we know is what the index says.
    fn absent(&mut self, child: &Child) {
        if let Some((os, arch, variant)) = child.platform.clone() {
            let platform = Platform { os, arch, variant, digest: child.digest.clone(), size: 0 };
            let config = ImageConfig::default();
            self.platforms.push(Seen { platform, config_digest: None, config });
        }
    }

    fn image(
        &mut self,
        parsed: &Parsed,
        digest: Digest,
        child: Option<&Child>,
    ) -> Result<(), ExtractError> {
        let own: BTreeMap<_, _> = blobs(parsed).map(|link| (&link.digest, link.size)).collect();
        let size = own.values().fold(0u64, |sum, size| sum.saturating_add(*size));
        self.unique.extend(own.into_iter().map(|(digest, size)| (digest.clone(), size)));

        let is_image = parsed.config_media_type.as_deref().is_some_and(is_image_config);
        let config = match &parsed.facts.config {
            Some(digest) if is_image => {
                ImageConfig::load(digest, self.store, MAX_CONFIG_BYTES)?.unwrap_or_default()
            }
            _ => ImageConfig::default(),
        };
        let said = child.and_then(|child| child.platform.clone());
        if let Some((os, arch, variant)) = said.or_else(|| config.platform.clone()) {
            let platform = Platform { os, arch, variant, digest, size };
            let config_digest = parsed.facts.config.clone();
            self.platforms.push(Seen { platform, config_digest, config });
        }
        Ok(())
    }
}

fn blobs(parsed: &Parsed) -> impl Iterator<Item = &Link> {
    parsed.facts.links.iter().filter(|link| link.kind != LinkKind::Manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_type::DOCKER_LIST;
    use crate::{ImageBuilder, IndexBuilder};

    #[test]
    fn the_facts_of_an_image_are_its_configurations() {
        let image = ImageBuilder::new()
            .layer([("a", "1")])
            .layer([("a", "1")])
            .created("2026-02-03T04:05:06Z")
            .entrypoint(&["/bin/a", "-x"])
            .port("8080/tcp")
            .build();
        let info = base_info(&image.media_type, &image.manifest, &image).unwrap();
        assert_eq!(info.platforms.len(), 1);
        assert_eq!(info.platforms[0].label(), "linux/amd64");
        assert_eq!(info.platforms[0].digest, image.digest);
        // The two equal layers are one blob.
        let blobs: BTreeMap<_, _> = image.blobs.iter().cloned().collect();
        let size: usize = blobs.values().map(Vec::len).sum();
        assert_eq!((info.size, info.platforms[0].size), (size as u64, size as u64));
        assert_eq!(info.created.as_deref(), Some("2026-02-03T04:05:06Z"));
        assert_eq!(info.entrypoint, ["/bin/a", "-x"]);
        assert_eq!(info.exposed_ports, ["8080/tcp"]);
        assert!(info.config_digest.is_some());
    }

    #[test]
    fn the_facts_of_an_index_are_those_of_linux_amd64() {
        let arm = ImageBuilder::new().platform("linux", "arm64").layer([("a", "1")]).created("A");
        let amd = ImageBuilder::new().layer([("a", "1")]).layer([("b", "2")]).created("B");
        let attestation = ImageBuilder::new().platform("unknown", "unknown").created("C");
        let index = IndexBuilder::new()
            .docker()
            .image(attestation.docker().build())
            .image(arm.docker().build())
            .image(amd.docker().build())
            .build();
        let info = base_info(&index.media_type, &index.manifest, &index).unwrap();
        assert_eq!(info.media_type, DOCKER_LIST);
        assert_eq!(info.created.as_deref(), Some("B"));
        let labels: Vec<_> = info.platforms.iter().map(Platform::label).collect();
        assert_eq!(labels, ["linux/arm64", "linux/amd64"]);
        // The layer that both share counts once in the whole.
        let sum: u64 = info.platforms.iter().map(|platform| platform.size).sum();
        assert!(info.size < sum);
    }

    #[test]
    fn a_child_that_was_never_pushed_is_still_a_platform() {
        let mut index = IndexBuilder::new().image(ImageBuilder::new().build()).build();
        index.children.clear();
        let info = base_info(&index.media_type, &index.manifest, &index).unwrap();
        assert_eq!(info.platforms[0].label(), "linux/amd64");
        assert_eq!(info.size, 0);
    }
}
