//! Gathering: everything an image has to say, before it is weighed.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::config::{ImageConfig, small_blob};
use crate::files::{File, Files};
use crate::media_type::{
    EMPTY, HELM_CONFIG, HELM_LAYER, MARKDOWN, is_foreign_layer, is_image_config,
};
use crate::meter::{Budget, Meter};
use crate::overlay::{Lost, View};
use crate::platform::{choose, load_manifest};
use crate::scan::{Body, Root, Scan, scan};
use crate::wanted::Wanted;
use crate::{ExtractError, ImageStore, Layer, Limits, Parsed, readme};

/// An index inside an index inside an index: deeper ones are nobody's image.
const DEEPEST_INDEX: usize = 3;
/// Reading layers again, because a link leads where nobody looked.
const MAX_PASSES: usize = 3;
/// Most remarks that are kept.
const MAX_NOTES: usize = 50;
/// Annotation of the layer that holds the icon of an artifact. Source: Harbor.
pub(crate) const ICON_ANNOTATION: &str = "io.goharbor.artifact.v1alpha1.icon";
/// Annotation that names a part of a model. Source: the `ModelPack` specification.
const MODEL_PATH: &str = "org.cncf.model.filepath";

/// Everything an image has to say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gathered {
    /// Last part of the repository's name.
    pub(crate) repo: String,
    /// Annotations of the index, when there is one.
    pub(crate) index_annotations: BTreeMap<String, String>,
    /// The manifest that was read.
    pub(crate) manifest: Option<Parsed>,
    /// Its configuration.
    pub(crate) config: ImageConfig,
    /// Picture of an artifact.
    pub(crate) icon: Option<Arc<[u8]>>,
    /// Files in layers.
    pub(crate) files: Files,
    /// Remarks.
    pub(crate) notes: Vec<String>,
}

impl Gathered {
    /// Reads an image or an index.
    pub(crate) fn read(
        parsed: Parsed,
        repo_path: &str,
        store: &dyn ImageStore,
        limits: &Limits,
    ) -> Result<Self, ExtractError> {
        let mut this = Self::default();
        let wanted = Wanted::new(repo_path);
        wanted.repo().clone_into(&mut this.repo);
        if parsed.index {
            this.index_annotations.clone_from(&parsed.annotations);
        }
        let Some(image) = this.descend(parsed, store)? else { return Ok(this) };
        let config_type = image.config_media_type.as_deref().unwrap_or_default();
        let is_image = is_image_config(config_type);
        if let Some(digest) = image.facts.config.as_ref().filter(|_| config_type != EMPTY) {
            match ImageConfig::load(digest, store, limits.config_bytes)? {
                Ok(config) => this.config = config,
                Err(note) => this.note(note),
            }
        }
        let mut reading =
            Reading { store, budget: &Budget::new(limits), wanted, notes: Vec::new() };
        if is_image {
            let windows = this.config.platform.as_ref().is_some_and(|(os, ..)| os == "windows");
            let root = if windows { Root::Files } else { Root::Top };
            this.files = reading.layers(&image.layers, root)?;
        } else if config_type == HELM_CONFIG {
            let archives: Vec<_> = image
                .layers
                .iter()
                .filter(|layer| layer.media_type == HELM_LAYER)
                .cloned()
                .collect();
            this.files = reading.layers(&archives, Root::OneDown)?;
        }
        if !is_image {
            this.artifact_parts(&image.layers, store, limits)?;
        }
        for note in reading.notes {
            this.note(note);
        }
        this.manifest = Some(image);
        Ok(this)
    }

    /// Adds a remark.
    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// From an index down to the image that is read.
    fn descend(
        &mut self,
        parsed: Parsed,
        store: &dyn ImageStore,
    ) -> Result<Option<Parsed>, ExtractError> {
        let mut current = parsed;
        for _ in 0..DEEPEST_INDEX {
            if !current.index {
                return Ok(Some(current));
            }
            let mut children: Vec<_> =
                current.children.iter().filter(|child| !child.attestation).collect();
            let mut next = None;
            while next.is_none() {
                let platforms: Vec<_> = children
                    .iter()
                    .map(|child| child.platform.as_ref())
                    .map(|found| found.map(|(os, arch, _)| (os.as_str(), arch.as_str())))
                    .collect();
                let Some(at) = choose(&platforms) else { return Ok(None) };
                let child = children.remove(at);
                let name = match &child.platform {
                    Some((os, arch, _)) => format!("{os}/{arch}, `{}`", child.digest),
                    None => format!("`{}`", child.digest),
                };
                next = load_manifest(&child.digest, store)?;
                self.note(match next {
                    Some(_) => format!("read from {name}"),
                    None => format!("not stored here or not readable: {name}"),
                });
            }
            let Some(parsed) = next else { return Ok(None) };
            current = parsed;
        }
        Ok((!current.index).then_some(current))
    }

    /// Parts of an artifact that are files by their titles, or Markdown by their type.
    fn artifact_parts(
        &mut self,
        layers: &[Layer],
        store: &dyn ImageStore,
        limits: &Limits,
    ) -> Result<(), ExtractError> {
        for (index, layer) in layers.iter().enumerate() {
            if layer.annotations.contains_key(ICON_ANNOTATION) && self.icon.is_none() {
                match small_blob(&layer.digest, store, limits.document_bytes)? {
                    Ok(bytes) => self.icon = Some(bytes.into()),
                    Err(why) => self.note(format!("icon: {why}")),
                }
                continue;
            }
            let title = layer.title.as_ref().or_else(|| layer.annotations.get(MODEL_PATH));
            let media_type = layer.media_type.split(';').next().unwrap_or_default().trim();
            let untitled = title.is_none() && media_type == MARKDOWN;
            let path = title
                .and_then(|title| readme::artifact_path(title))
                .or_else(|| (untitled || media_type == MARKDOWN).then(|| "README.md".to_owned()));
            let Some(path) = path.filter(|path| !self.files.contains_key(path)) else { continue };
            let body = small_blob(&layer.digest, store, limits.document_bytes)?;
            let file = File { layer: layer.digest.clone(), index, body: body.map(Arc::from) };
            self.files.insert(path, file);
        }
        Ok(())
    }
}

struct Reading<'a> {
    store: &'a dyn ImageStore,
    budget: &'a Budget<'a>,
    wanted: Wanted,
    notes: Vec<String>,
}

impl Reading<'_> {
    fn layers(&mut self, layers: &[Layer], root: Root) -> Result<Files, ExtractError> {
        let mut view = View::default();
        for pass in 1..=MAX_PASSES {
            self.notes.clear();
            self.budget.begin_pass();
            view = View::merge(&self.scan_down(layers, root)?);
            if pass == MAX_PASSES || !view.want_targets(&mut self.wanted) {
                break;
            }
        }
        let mut files = Files::new();
        for path in view.names(&self.wanted) {
            let found = match view.file(&path) {
                Ok(found) => found,
                Err(Lost::NoFile) => continue,
                Err(lost) => {
                    self.notes.push(format!("`/{path}` was passed over: {lost}"));
                    continue;
                }
            };
            let body = match found.body {
                Body::Kept(bytes) => Ok(bytes.clone()),
                Body::Refused(why) => Err(why.clone()),
                Body::Unwanted => continue,
            };
            let layer = layers[found.layer].digest.clone();
            files.insert(path, File { layer, index: found.layer, body });
        }
        Ok(files)
    }

    /// Scans layers from the top, until nothing below can be seen.
    fn scan_down(
        &mut self,
        layers: &[Layer],
        root: Root,
    ) -> Result<Vec<(usize, Scan)>, ExtractError> {
        let mut scans = Vec::new();
        let most = self.budget.limits.layers;
        if layers.len() > most {
            self.notes.push(format!("only the upper {most} layers were read"));
        }
        for (index, layer) in layers.iter().enumerate().rev().take(most) {
            let Some(scan) = self.scan_one(layer, root)? else { continue };
            let ended = scan.stop.as_ref().is_some_and(crate::meter::Stop::ends_image);
            scans.push((index, scan));
            if ended || View::hides_all(&scans) {
                break;
            }
        }
        Ok(scans)
    }

    fn scan_one(&mut self, layer: &Layer, root: Root) -> Result<Option<Scan>, ExtractError> {
        let digest = &layer.digest;
        if is_foreign_layer(&layer.media_type) || layer.media_type.ends_with("+encrypted") {
            self.notes.push(format!("layer `{digest}` was passed over: `{}`", layer.media_type));
            return Ok(None);
        }
        if !layer.media_type.contains("tar") {
            return Ok(None);
        }
        let failed = |source| ExtractError::Store { digest: digest.clone(), source };
        let reader = match self.store.blob(digest) {
            Ok(reader) => reader,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.notes.push(format!("layer `{digest}` is not stored here"));
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        let meter = Meter::new(self.budget);
        let scan = scan(reader, &self.wanted, root, &meter).map_err(failed)?;
        if let Some(stop) = &scan.stop {
            self.notes.push(format!("layer `{digest}` was not read to its end: {stop}"));
        }
        if scan.odd_names > 0 {
            let count = scan.odd_names;
            self.notes.push(format!("layer `{digest}`: {count} entries with odd names left out"));
        }
        if scan.crowded {
            self.notes.push(format!("layer `{digest}`: too many files, some were left out"));
        }
        Ok(Some(scan))
    }
}
