//! The extraction: from an image to its `detailInfo`.

use std::sync::Arc;

use hub_model::{Detail, Digest, Document, Field, Source, Value};

use crate::files::Files;
use crate::gather::{Gathered, ICON_ANNOTATION};
use crate::level::{Shelf, from_config_yaml, from_files, from_texts, map_keywords, offer};
use crate::media_type::{HELM_CONFIG, is_image_config};
use crate::readme::first_paragraph;
use crate::{ExtractError, ImageStore, Limits, charts, kind, parse_manifest};

/// What an image says about itself.
#[derive(Debug, Clone, Default)]
pub struct Extracted {
    /// The fields, levels 2 to 5 merged; values of `docs` and `icon` are digests of
    /// [`Extracted::documents`].
    pub detail: Detail,
    /// Texts and pictures that fields name.
    pub documents: Vec<Document>,
    /// What was left out, and why; and which platform was read.
    pub notes: Vec<String>,
    /// Layer of the README, and its index counted from the bottom.
    pub docs_layer: Option<(Digest, usize)>,
    /// Layers of the platform that was read, bottom first; none for artifacts.
    pub layers: Vec<Digest>,
    gathered: Arc<Gathered>,
}

/// Reads what an image says about itself. `repo_path` is the name of the repository.
///
/// Hostile or damaged layers are no error: what was found is kept, and a note tells the rest.
///
/// # Errors
///
/// When the manifest breaks a rule, or the store fails.
pub fn extract(
    media_type: &str,
    bytes: &[u8],
    repo_path: &str,
    store: &dyn ImageStore,
    limits: &Limits,
) -> Result<Extracted, ExtractError> {
    let parsed = parse_manifest(media_type, bytes)?;
    let gathered = Gathered::read(parsed, repo_path, store, limits)?;
    let mut extracted = Extracted { gathered: Arc::new(gathered), ..Extracted::default() };
    extracted.weigh(0);
    Ok(extracted)
}

/// Marks what comes from the first `base_layers` layers as the base image's: files of the image
/// itself go before it, and its sources become [`Source::Base`].
pub fn mark_base(extracted: &mut Extracted, base_layers: usize, base_name: Option<&str>) {
    extracted.weigh(base_layers);
    if let Some(name) = base_name {
        extracted.detail.offer(Field::BaseName, name, Source::Default);
    }
}

impl Extracted {
    /// Works the fields out of what was gathered.
    fn weigh(&mut self, base_layers: usize) {
        let gathered = Arc::clone(&self.gathered);
        let mut out = Shelf::default();
        out.notes.clone_from(&gathered.notes);
        let (from_base, own): (Files, Files) =
            gathered.files.clone().into_iter().partition(|(_, file)| file.index < base_layers);

        let own = gathered.own_level(&own, &mut out);
        let mut base = gathered.file_levels(&from_base, Vec::new(), &mut out);
        for sourced in base.0.values_mut() {
            if let Source::File { layer, path } = sourced.source.clone() {
                sourced.source = Source::Base { layer, path };
            }
        }
        let mut detail = Detail::merge([own, base]);
        gathered.last_words(&mut detail);

        let manifest = gathered.manifest.as_ref();
        self.layers = manifest
            .filter(|parsed| parsed.config_media_type.as_deref().is_some_and(is_image_config))
            .map(|parsed| parsed.layers.iter().map(|layer| layer.digest.clone()).collect())
            .unwrap_or_default();
        self.docs_layer = detail.get(Field::Docs).and_then(|docs| gathered.layer_of(&docs.source));
        self.documents = out.named_by(&detail);
        self.detail = detail;
        self.notes = out.notes;
    }
}

impl Gathered {
    /// Levels 2 to 5 of the image itself.
    fn own_level(&self, files: &Files, out: &mut Shelf) -> Detail {
        let index = from_texts(&self.index_annotations, Source::IndexAnnotation, out);
        let annotations = self.manifest.as_ref().map(|parsed| parsed.annotations.clone());
        let mut manifest =
            from_texts(&annotations.unwrap_or_default(), Source::ManifestAnnotation, out);
        if let Some(icon) = &self.icon
            && let Some((digest, source)) =
                out.put_icon(icon, Source::ManifestAnnotation(ICON_ANNOTATION.to_owned()))
        {
            manifest.offer(Field::Icon, digest.as_str(), source);
        }
        let mut labels = from_texts(&self.config.labels, Source::Label, out);
        if let Some(author) = &self.config.author {
            let source = Source::Config("author".to_owned());
            offer(&mut labels, Field::Authors, author.as_str().into(), source, &mut out.notes);
        }
        self.file_levels(files, vec![index, manifest, labels], out)
    }

    /// The levels that files make, with others between them.
    fn file_levels(&self, files: &Files, between: Vec<Detail>, out: &mut Shelf) -> Detail {
        let first = from_config_yaml(files, out);
        let last = from_files(files, &self.repo, out);
        let chart = if between.is_empty() { Detail::default() } else { self.chart(out) };
        let levels = std::iter::once(first).chain(between).chain([last, chart]);
        let mut detail = Detail::merge(levels);
        // Of its own level, and after all others: it is only an excerpt.
        if let Some(docs) = detail.docs()
            && let Some(words) = out.text(&docs).and_then(first_paragraph)
            && let Some(source) = detail.get(Field::Docs).map(|docs| docs.source.clone())
        {
            detail.offer(Field::Description, words, source);
        }
        detail
    }

    /// A Helm chart's configuration is its `Chart.yaml` in JSON.
    fn chart(&self, out: &mut Shelf) -> Detail {
        let config_type = self.manifest.as_ref().and_then(|read| read.config_media_type.as_deref());
        if config_type == Some(HELM_CONFIG) {
            let source = |key: &str| Source::Config(key.to_owned());
            let mut detail = charts::fields(&self.config.json, &source, &mut out.notes);
            map_keywords(&mut detail);
            detail
        } else {
            Detail::default()
        }
    }

    /// What the media types and the configuration say when nobody else does.
    fn last_words(&self, detail: &mut Detail) {
        if let Some(parsed) = &self.manifest {
            let layers: Vec<_> =
                parsed.layers.iter().map(|layer| layer.media_type.as_str()).collect();
            let kind = kind::kind(
                parsed.config_media_type.as_deref(),
                parsed.facts.artifact_type.as_deref(),
                &layers,
            );
            detail.offer(Field::Type, kind, Source::Config("mediaType".to_owned()));
        }
        let mut ports = detail.list(Field::Ports).to_vec();
        let number = |port: &str| port.split(['/', ':']).next().unwrap_or_default().to_owned();
        let named: Vec<_> = ports.iter().map(|port| number(port)).collect();
        let others = self.config.exposed_ports.iter().filter(|port| !named.contains(&number(port)));
        ports.extend(others.take(64).cloned());
        if !ports.is_empty() {
            let source = detail.get(Field::Ports).map(|ports| ports.source.clone());
            let source = source.unwrap_or_else(|| Source::Config("ExposedPorts".to_owned()));
            detail.set(Field::Ports, Value::List(ports), source);
        }
    }

    /// The layer that a value comes from.
    fn layer_of(&self, source: &Source) -> Option<(Digest, usize)> {
        let (Source::File { layer, path } | Source::Base { layer, path }) = source else {
            return None;
        };
        let file = self.files.get(path.trim_start_matches('/'))?;
        Some((layer.clone(), file.index))
    }
}

#[cfg(test)]
mod tests;
