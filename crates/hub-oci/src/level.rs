//! Levels: what each place of an image says, field by field.

use std::collections::BTreeMap;

use hub_model::{Detail, Digest, Document, Field, Source, Value};

use crate::files::{File, Files, licence_name, picture_type};
use crate::media_type::MARKDOWN;
use crate::scan::split;
use crate::sealos::{facts, is_rootfs, read_config_yaml};
use crate::table::{Key, Reading, Row, TABLE, row_of};
use crate::text::{decode_text, without_tags};
use crate::values::{address, by_commas, categories, from_json, shape};
use crate::{charts, readme};

/// Longest label or annotation that is read, in bytes. Source: `docs/sources.md#detail-fields`.
const MAX_TEXT_BYTES: usize = 64 << 10;
/// Where sealos keeps the description of an image.
const CONFIG_YAML: &str = "metadata/config.yaml";
/// Most charts and contained images that are read. Source: `docs/sources.md#detail-fields`.
const MAX_CHARTS: usize = 50;
const MAX_IMAGES: usize = 2_000;
/// Pictures, best first; those in `metadata/` come between the last two.
const ICONS: [&str; 5] = ["icon.svg", "icon.png", "icon.jpg", "logo.svg", "logo.png"];

/// Documents by digest, and remarks.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    documents: BTreeMap<Digest, Document>,
    /// Remarks.
    pub(crate) notes: Vec<String>,
}

impl Shelf {
    /// Keeps a text; `None` with a remark when it is too large.
    pub(crate) fn put_text(&mut self, text: &str, from: &Source) -> Option<Digest> {
        let text = text.replace('\0', "");
        if text.len() > Document::MAX_BYTES {
            let most = Document::MAX_BYTES;
            self.notes.push(format!("{from}: refused, it is larger than {most} bytes"));
            return None;
        }
        Some(self.put(MARKDOWN, text.into_bytes()))
    }

    /// Keeps bytes.
    pub(crate) fn put(&mut self, media_type: &str, body: Vec<u8>) -> Digest {
        let digest = crate::sha256(&body);
        let media_type = media_type.to_owned();
        let document = Document { digest: digest.clone(), media_type, body };
        self.documents.insert(digest.clone(), document);
        digest
    }

    /// Keeps a picture and offers it as the icon; a remark when it is none.
    pub(crate) fn put_icon(&mut self, bytes: &[u8], source: Source) -> Option<(Digest, Source)> {
        let Some(media_type) = picture_type(bytes) else {
            self.notes.push(format!("{source}: no picture that browsers show"));
            return None;
        };
        Some((self.put(media_type, bytes.to_vec()), source))
    }

    /// The text of a document.
    pub(crate) fn text(&self, digest: &Digest) -> Option<&str> {
        std::str::from_utf8(&self.documents.get(digest)?.body).ok()
    }

    /// The documents that a detail names.
    pub(crate) fn named_by(&mut self, detail: &Detail) -> Vec<Document> {
        let mut named: Vec<&str> = Vec::new();
        for field in [Field::Docs, Field::Icon] {
            named.extend(detail.text(field));
        }
        if let Some(Value::Map(map)) = detail.get(Field::DocsI18n).map(|sourced| &sourced.value) {
            named.extend(map.values().map(String::as_str));
        }
        self.documents
            .values()
            .filter(|document| named.contains(&document.digest.as_str()))
            .cloned()
            .collect()
    }
}

/// Offers a value to a field that is free; one that breaks a rule leaves a remark.
pub(crate) fn offer(
    detail: &mut Detail,
    field: Field,
    value: Value,
    source: Source,
    notes: &mut Vec<String>,
) {
    if detail.get(field).is_some() || value.is_empty() {
        return;
    }
    match shape(row_of(field).form, value) {
        Ok(value) if value.is_empty() => {}
        Ok(value) => detail.set(field, value, source),
        Err(rule) => notes.push(format!("{source}: `{field}` {rule}")),
    }
}

/// Categories follow from keywords where a level names none.
pub(crate) fn map_keywords(detail: &mut Detail) {
    let curated = categories(detail.list(Field::Keywords));
    if let Some(source) = detail.get(Field::Keywords).map(|sourced| sourced.source.clone())
        && !curated.is_empty()
    {
        detail.offer(Field::Categories, curated, source);
    }
}

/// The level of annotations or of labels.
pub(crate) fn from_texts(
    texts: &BTreeMap<String, String>,
    source: fn(String) -> Source,
    shelf: &mut Shelf,
) -> Detail {
    let mut detail = Detail::default();
    for row in TABLE {
        for key in row.keys {
            let Some(text) = texts.get(key.0).filter(|text| !text.trim().is_empty()) else {
                continue;
            };
            let from = source(key.0.to_owned());
            if text.len() > MAX_TEXT_BYTES {
                shelf.notes.push(format!("{from}: longer than {MAX_TEXT_BYTES} bytes"));
                continue;
            }
            if let Some(value) = read(row, *key, text, texts, &from, shelf) {
                offer(&mut detail, row.field, value, from, &mut shelf.notes);
            }
        }
    }
    if let Some((facts, key)) = facts(texts) {
        detail.set(Field::Type, "cluster-image", source(key.clone()));
        offer(&mut detail, Field::Sealos, facts, source(key), &mut shelf.notes);
    }
    for key in ["com.docker.desktop.extension.api.version", "io.podman-desktop.api.version"] {
        if texts.contains_key(key) {
            detail.offer(Field::Type, "extension", source(key.to_owned()));
        }
    }
    map_keywords(&mut detail);
    detail
}

fn read(
    row: &Row,
    (_, reading): Key,
    text: &str,
    texts: &BTreeMap<String, String>,
    from: &Source,
    shelf: &mut Shelf,
) -> Option<Value> {
    if row.field == Field::Docs {
        return shelf.put_text(text, from).map(|digest| digest.as_str().into());
    }
    match reading {
        Reading::Plain => Some(text.into()),
        Reading::Commas => Some(by_commas(text).into()),
        Reading::Html => Some(without_tags(text).into()),
        Reading::IfUrl => address(text).ok().map(Value::from),
        Reading::Json => {
            let read = serde_json::from_str(text).ok().as_ref().and_then(from_json);
            if read.is_none() {
                shelf.notes.push(format!("{from}: `{}` must be a JSON list", row.field));
            }
            read
        }
        Reading::RedHat => {
            let is_red_hats = |key: &String| {
                ["io.k8s.", "io.openshift.", "com.redhat."].iter().any(|own| key.starts_with(own))
            };
            texts.keys().any(is_red_hats).then(|| text.into())
        }
        Reading::NotRootfs => (!is_rootfs(texts)).then(|| text.into()),
    }
}

/// The level of `/metadata/config.yaml`.
pub(crate) fn from_config_yaml(files: &Files, shelf: &mut Shelf) -> Detail {
    let mut detail = Detail::default();
    let Some(file) = files.get(CONFIG_YAML) else { return detail };
    let source = file.source(CONFIG_YAML);
    let bytes = match &file.body {
        Ok(bytes) => bytes,
        Err(why) => {
            shelf.notes.push(format!("`/{CONFIG_YAML}`: {why}"));
            return detail;
        }
    };
    match read_config_yaml(&decode_text(bytes)) {
        Ok((fields, docs, notes)) => {
            shelf.notes.extend(notes.iter().map(|note| format!("`/{CONFIG_YAML}`: {note}")));
            for (field, value) in fields {
                detail.set(field, value, source.clone());
            }
            if let Some(digest) = docs.and_then(|docs| shelf.put_text(&docs, &source)) {
                detail.set(Field::Docs, digest.as_str(), source);
            }
        }
        Err(error) => shelf.notes.push(format!("`/{CONFIG_YAML}`: {error}")),
    }
    map_keywords(&mut detail);
    detail
}

/// The level of files in layers, without what follows from the README's text.
pub(crate) fn from_files(files: &Files, repo: &str, shelf: &mut Shelf) -> Detail {
    let mut detail = Detail::default();
    readme_fields(&mut detail, files, repo, shelf);
    icon_field(&mut detail, files, shelf);
    list_fields(&mut detail, files, shelf);
    let licence = files
        .iter()
        .filter(|(path, _)| crate::wanted::is_licence(path))
        .find_map(|(path, file)| Some((path, file, licence_name(file.bytes()?)?)));
    if let Some((path, file, name)) = licence {
        detail.set(Field::Licenses, name, file.source(path));
    }
    let changelog = files.iter().find(|(path, _)| path.eq_ignore_ascii_case("changelog.md"));
    if let Some((path, file)) = changelog
        && let Some(bytes) = file.bytes()
    {
        let text = decode_text(bytes).into();
        offer(&mut detail, Field::Changelog, text, file.source(path), &mut shelf.notes);
    }
    if let Some((path, file)) = speaking_chart(files, repo)
        && let Some(chart) = file.bytes().and_then(|bytes| charts::parse_chart(&decode_text(bytes)))
    {
        let said = charts::fields(&chart, &|_| file.source(path), &mut shelf.notes);
        detail = Detail::merge([detail, said]);
    }
    map_keywords(&mut detail);
    detail
}

fn readme_fields(detail: &mut Detail, files: &Files, repo: &str, shelf: &mut Shelf) {
    let mut refused = Vec::new();
    let mut refuse =
        |path: &str, why: &str| refused.push(format!("`/{path}` was passed over: {why}"));
    let chosen = readme::choose(files, repo, &mut refuse);
    shelf.notes.append(&mut refused);
    let Some((path, file)) = chosen else { return };
    let source = file.source(path);
    let text = decode_text(file.bytes().unwrap_or_default());
    // Manual pages are no Markdown: show them as they are.
    let text = if path == "help.1" { format!("```\n{text}\n```\n") } else { text };
    let Some(digest) = shelf.put_text(&text, &source) else { return };
    detail.set(Field::Docs, digest.as_str(), source);

    let mut by_language = BTreeMap::new();
    let mut first: Option<Source> = None;
    for (language, (path, file)) in readme::translations(files, path) {
        let source = file.source(path);
        match &file.body {
            Ok(bytes) => {
                if let Some(digest) = shelf.put_text(&decode_text(bytes), &source) {
                    by_language.insert(language, digest.to_string());
                    first.get_or_insert(source);
                }
            }
            Err(why) => shelf.notes.push(format!("`/{path}` was passed over: {why}")),
        }
    }
    if let Some(source) = first {
        detail.set(Field::DocsI18n, Value::Map(by_language), source);
    }
}

fn icon_field(detail: &mut Detail, files: &Files, shelf: &mut Shelf) {
    let in_metadata = files.keys().map(String::as_str).filter(|path| {
        path.strip_prefix("metadata/").is_some_and(|name| name.starts_with("icon."))
    });
    let order = ICONS.into_iter().chain(in_metadata).chain(["extension/icon.png"]);
    for path in order {
        let Some(file) = files.get(path) else { continue };
        let kept = match &file.body {
            Ok(bytes) => shelf.put_icon(bytes, file.source(path)),
            Err(why) => {
                shelf.notes.push(format!("`/{path}` was passed over: {why}"));
                None
            }
        };
        if let Some((digest, source)) = kept {
            detail.set(Field::Icon, digest.as_str(), source);
            return;
        }
    }
}

/// Contained images and charts.
fn list_fields(detail: &mut Detail, files: &Files, shelf: &mut Shelf) {
    let below =
        |folder: &'static str| files.iter().filter(move |(path, _)| path.starts_with(folder));
    let mut images = Vec::new();
    for (_, file) in below("images/shim/") {
        let text = decode_text(file.bytes().unwrap_or_default());
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        images.extend(lines.take(MAX_IMAGES - images.len()).map(str::to_owned));
    }
    if let Some((path, file)) = below("images/shim/").next() {
        detail.offer(Field::Type, "cluster-image", file.source(path));
        let source = file.source(path);
        offer(detail, Field::ContainedImages, images.into(), source, &mut shelf.notes);
    }
    let mut found: Option<(&String, &File)> = None;
    let mut charts = Vec::new();
    let descriptions = below("charts/").filter(|(path, _)| split(path).1 == "Chart.yaml");
    for (path, file) in descriptions.take(MAX_CHARTS) {
        let bytes = file.bytes().unwrap_or_default();
        match charts::parse_chart(&decode_text(bytes)) {
            Some(chart) => {
                charts.push(charts::summary(&chart));
                found.get_or_insert((path, file));
            }
            None => shelf.notes.push(format!("`/{path}` is no description of a chart")),
        }
    }
    if let Some((path, file)) = found {
        let source = file.source(path);
        offer(detail, Field::Charts, Value::Objects(charts), source, &mut shelf.notes);
    }
}

/// The chart that speaks for the image: the one of the repository's name, or the only one.
fn speaking_chart<'a>(files: &'a Files, repo: &str) -> Option<(&'a str, &'a File)> {
    let named = files.get_key_value(&format!("charts/{repo}/Chart.yaml"));
    let mut all = files
        .iter()
        .filter(|(path, _)| path.starts_with("charts/") && split(path).1 == "Chart.yaml");
    let only = all.next().filter(|_| all.next().is_none());
    let chart = named.or(only).or_else(|| files.get_key_value("Chart.yaml"));
    chart.map(|(path, file)| (path.as_str(), file))
}
