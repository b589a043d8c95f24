//! READMEs in pages: where they come from, and their HTML, kept for the next reader.

use std::sync::Arc;

use hub_model::{Digest, Field, Img, RepoName, Source, Value};
use moka::future::Cache;

use super::Web;
use super::failure::Failure;
use super::lang::{Lang, Words};
use super::markdown::{self, Context, Rendered};
use super::params;
use super::view::Link;
use super::visitor::Visitor;
use crate::services;

/// Rendered READMEs are kept up to this many bytes.
const KEPT_BYTES: u64 = 64 << 20;

/// What a rendering depends on.
type Key = (Digest, u32, Lang, bool, Option<String>);

/// The rendered READMEs of this process.
#[derive(Debug, Clone)]
pub(super) struct Readmes(Cache<Key, Arc<Rendered>>);

impl Readmes {
    pub(super) fn new() -> Self {
        let weigh = |_: &Key, rendered: &Arc<Rendered>| rendered.weight();
        Self(Cache::builder().max_capacity(KEPT_BYTES).weigher(weigh).build())
    }
}

/// The README that a reader gets to see, and the others that there are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    digest: Digest,
    /// The field that names it: the main README, or its translations.
    pub field: Field,
    /// What the address of this version ends in.
    pub query: String,
    /// Links to all versions, when there is more than one.
    pub versions: Vec<Link>,
}

/// Name of the main README in addresses.
const MAIN: &str = "main";

/// All READMEs of an image by name, the main one first.
fn all(img: &Img) -> Vec<(&str, Digest)> {
    let translations = match img.detail.get(Field::DocsI18n).map(|sourced| &sourced.value) {
        Some(Value::Map(map)) => map.iter().collect(),
        _ => Vec::new(),
    };
    let main = img.detail.docs().map(|digest| (MAIN, digest));
    let others = translations
        .into_iter()
        .filter_map(|(lang, text)| Some((lang.as_str(), Digest::parse(text).ok()?)));
    main.into_iter().chain(others).collect()
}

/// The README with this name, or the main one without a name.
pub(super) fn named(img: &Img, name: Option<&str>) -> Option<Digest> {
    let name = name.unwrap_or(MAIN);
    all(img).into_iter().find(|(other, _)| *other == name).map(|(_, digest)| digest)
}

/// Chooses among the READMEs of an image: the one that the address names, else the one in the
/// reader's language, else the main one.
pub(super) fn choose(visitor: &Visitor, img: &Img) -> Option<Choice> {
    let all = all(img);
    let asked = visitor.query().get("readme");
    let named = all.iter().position(|(name, _)| Some(*name) == asked);
    // Said by somebody, the main one is newer than translations out of the image.
    let said = |field| img.detail.get(field).is_some_and(|sourced| sourced.source.is_explicit());
    let outdated = said(Field::Docs) && !said(Field::DocsI18n);
    let spoken = all
        .iter()
        .position(|(name, _)| Lang::parse(name) == Some(visitor.lang()))
        .filter(|_| !outdated);
    let at = named.or(spoken).unwrap_or(0);
    let (name, digest) = all.get(at)?.clone();
    let mut choice =
        Choice { digest, field: Field::Docs, query: String::new(), versions: Vec::new() };
    if name != MAIN {
        choice.field = Field::DocsI18n;
        choice.query = params::address("", &[("readme", name)]);
    }
    if all.len() > 1 {
        let link = |(number, (name, _)): (usize, &(&str, Digest))| {
            let words = match Lang::parse(name) {
                Some(lang) => lang.words().language,
                None if *name == MAIN => visitor.words().readme_main,
                None => name,
            };
            let href = visitor.query().with("readme", Some(name)).address(visitor.path());
            Link { current: number == at, ..Link::new(href, words) }
        };
        choice.versions = all.iter().enumerate().map(link).collect();
    }
    Some(choice)
}

/// The README of an image as HTML; `None` when it has none.
pub(super) async fn rendered(
    web: &Web,
    visitor: &Visitor,
    repo: &RepoName,
    img: &Img,
) -> Result<Option<Arc<Rendered>>, Failure> {
    let Some(choice) = choose(visitor, img) else { return Ok(None) };
    let plain = choice.field == Field::Docs && is_plain(img);
    let digest = choice.digest;
    let lang = visitor.lang();
    let source = img.detail.text(Field::Source).map(str::to_owned);
    let key = (digest, markdown::RENDERER_VERSION, lang, plain, source);
    if let Some(kept) = web.readmes.0.get(&key).await {
        return Ok(Some(kept));
    }
    let document = services::images::document(&web.app, visitor.actor(), repo, &key.0).await?;
    let text = String::from_utf8_lossy(&document.body).into_owned();
    let source = key.4.clone();
    let heavy = text.len() > markdown::INLINE_BYTES;
    let render = move || {
        let words = lang.words();
        let words = markdown::Words { image: words.image, alerts: words.alerts };
        if plain {
            markdown::render_plain(&text)
        } else {
            markdown::render(&text, Context { words, source: source.as_deref() })
        }
    };
    let rendered = if heavy {
        tokio::task::spawn_blocking(render).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "request failed");
            Failure::Broken
        })?
    } else {
        render()
    };
    let rendered = Arc::new(rendered);
    web.readmes.0.insert(key, Arc::clone(&rendered)).await;
    Ok(Some(rendered))
}

/// Whether the README is no Markdown: it came from a file whose name does not say so.
fn is_plain(img: &Img) -> bool {
    match img.detail.get(Field::Docs).map(|sourced| &sourced.source) {
        Some(Source::File { path, .. } | Source::Base { path, .. }) => {
            let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
            match name.rsplit_once('.') {
                Some((_, extension)) => matches!(extension, "txt" | "rst" | "adoc"),
                None => true,
            }
        }
        _ => false,
    }
}

/// Where a value comes from, in words.
pub(super) fn origin(t: &Words, source: &Source) -> String {
    let short = |digest: &Digest| format!("{}:{}", digest.algorithm().as_str(), digest.short());
    match source {
        Source::Cli => t.source_cli.to_owned(),
        Source::Web => t.source_web.to_owned(),
        Source::Api => t.source_api.to_owned(),
        Source::Referrer(digest) => (t.source_referrer)(&short(digest)),
        Source::File { layer, path } => (t.source_file)(path, &short(layer)),
        Source::Base { layer, path } => (t.source_base)(path, &short(layer)),
        Source::IndexAnnotation(key) | Source::ManifestAnnotation(key) => {
            (t.source_annotation)(key)
        }
        Source::Label(key) => (t.source_label)(key),
        Source::Config(key) => (t.source_config)(key),
        Source::Default => t.source_default.to_owned(),
        Source::Inherited(tag) => (t.source_inherited)(tag),
    }
}
