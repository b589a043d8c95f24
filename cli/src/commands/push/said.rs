//! What the flags say about an image: read and checked before anything is sent.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hub_api::{EditDetail, IconInput};
use hub_model::{Detail, Document, Field, Source, Value};
use hub_oci::check_field;
use hub_oci::detail_artifact::{self, Icon};

use crate::args::Metadata;
use crate::report::{Exit, Failure};

/// What the flags say.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// The same for the artifact.
    pub(super) artifact: detail_artifact::Said,
    /// Where the README was read.
    readme: Option<String>,
}

/// Reads and checks everything that the flags name.
pub(super) fn read(flags: &Metadata) -> Result<Said, Failure> {
    let mut said = Said::default();
    if let Some(file) = &flags.detail {
        said.take_yaml(file)?;
    }
    let lists = [(Field::Keywords, &flags.keywords), (Field::Aliases, &flags.aliases)];
    for (field, words) in lists.into_iter().filter(|(_, words)| !words.is_empty()) {
        said.set(field, Value::List(words.clone()))?;
    }
    let texts = [(Field::Description, &flags.description), (Field::Url, &flags.url)];
    for (field, text) in texts {
        if let Some(text) = text {
            said.set(field, Value::Text(text.clone()))?;
        }
    }
    if let Some(icon) = &flags.icon {
        said.artifact.icon = Some(read_icon(icon)?);
    }
    if flags.no_readme {
        said.artifact.docs = Some(String::new());
    }
    if let Some(path) = &flags.readme {
        said.artifact.docs = Some(read_readme(path)?);
        said.readme = Some(if path == Path::new("-") {
            "stdin".to_owned()
        } else {
            path.file_name().unwrap_or_default().display().to_string()
        });
    }
    Ok(said)
}

impl Said {
    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.artifact == detail_artifact::Said::default()
    }

    /// What the README is called.
    pub(super) fn readme_label(&self) -> String {
        self.readme.clone().unwrap_or_else(|| "README".to_owned())
    }

    /// The fields that are said, for people.
    pub(super) fn summary(&self) -> String {
        let fields = self.detail().0;
        fields.keys().map(|field| field.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The same for the API.
    pub(super) fn edit(&self) -> EditDetail {
        let fields = self.artifact.fields.iter();
        let icon = self.artifact.icon.as_ref().map(|icon| match icon {
            Icon::Url(url) => IconInput::Url { url: url.clone() },
            Icon::File { media_type, bytes } => {
                IconInput::File { media_type: media_type.clone(), data: STANDARD.encode(bytes) }
            }
        });
        EditDetail {
            set: fields.map(|(field, value)| (field.as_str().to_owned(), value.clone())).collect(),
            docs: self.artifact.docs.clone(),
            icon,
            unset: Vec::new(),
            source: Some(Source::Cli.to_string()),
        }
    }

    /// The same as a level of detail; documents are named by their digests.
    pub(super) fn detail(&self) -> Detail {
        let mut detail = Detail::default();
        for (field, value) in &self.artifact.fields {
            detail.set(*field, value.clone(), Source::Cli);
        }
        match &self.artifact.docs {
            Some(docs) if docs.is_empty() => detail.set(Field::Docs, "", Source::Cli),
            Some(docs) => {
                let digest = hub_oci::sha256(docs.as_bytes());
                detail.set(Field::Docs, digest.as_str(), Source::Cli);
            }
            None => {}
        }
        match &self.artifact.icon {
            Some(Icon::Url(url)) => detail.set(Field::Icon, url.clone(), Source::Cli),
            Some(Icon::File { bytes, .. }) => {
                detail.set(Field::Icon, hub_oci::sha256(bytes).as_str(), Source::Cli);
            }
            None => {}
        }
        detail
    }

    fn set(&mut self, field: Field, value: Value) -> Result<(), Failure> {
        let value = check_field(field, value)
            .map_err(|error| Failure::usage(format!("{field} is not usable")).cause(error))?;
        self.artifact.fields.insert(field, value);
        Ok(())
    }

    fn take_yaml(&mut self, file: &Path) -> Result<(), Failure> {
        let text = text(file, read_file(file))?;
        let (mut fields, docs, notes) = hub_oci::read_detail_yaml(&text).map_err(|error| {
            Failure::new(Exit::Failed, format!("could not read {}", file.display())).cause(error)
        })?;
        // What a person wrote down and is then not taken would be missed.
        if let Some(note) = notes.first() {
            let shown = file.display();
            return Err(Failure::new(Exit::Failed, format!("{shown} is not usable: {note}")));
        }
        self.artifact.docs = docs;
        self.readme = self.artifact.docs.is_some().then(|| file.display().to_string());
        if let Some(Value::Text(url)) = fields.remove(&Field::Icon) {
            self.artifact.icon = Some(Icon::Url(url));
        }
        self.artifact.fields = fields;
        Ok(())
    }
}

fn read_readme(path: &Path) -> Result<String, Failure> {
    let bytes = if path == Path::new("-") { read_at_most(io::stdin()) } else { read_file(path) };
    let text = text(path, bytes)?;
    if text.trim().is_empty() {
        return Err(Failure::new(Exit::Failed, format!("{} is empty", path.display()))
            .hint("use --no-readme to have none"));
    }
    Ok(text)
}

fn read_icon(text: &str) -> Result<Icon, Failure> {
    if text.starts_with("https://") || text.starts_with("http://") {
        let checked = check_field(Field::Icon, Value::Text(text.to_owned()))
            .map_err(|error| Failure::usage("icon is not usable").cause(error))?;
        return Ok(match checked {
            Value::Text(url) => Icon::Url(url),
            _ => Icon::Url(text.to_owned()),
        });
    }
    let path = Path::new(text);
    let bytes = whole(path, read_file(path))?;
    let media_type = picture_type(&bytes).ok_or_else(|| {
        Failure::new(Exit::Failed, format!("{text} is no picture"))
            .hint("an icon is PNG, JPEG, GIF, WebP or SVG")
    })?;
    Ok(Icon::File { media_type: media_type.to_owned(), bytes })
}

/// The type of a picture, by its first bytes.
fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    let is_svg = || {
        let start = &bytes[..bytes.len().min(4096)];
        let start = String::from_utf8_lossy(start);
        let start = start.trim_start_matches('\u{feff}').trim_start();
        (start.starts_with("<svg") || start.starts_with("<?xml") || start.starts_with("<!"))
            && start.contains("<svg")
    };
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ if is_svg() => Some("image/svg+xml"),
        _ => None,
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_at_most(File::open(path)?)
}

/// Reads one byte more than is allowed, so that too much can be told from enough.
fn read_at_most(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(Document::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn whole(path: &Path, bytes: io::Result<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    let shown =
        if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() };
    let bytes = bytes.map_err(|error| {
        Failure::new(Exit::Failed, format!("could not read {shown}"))
            .cause(error)
            .hint("nothing was pushed")
    })?;
    if bytes.len() > Document::MAX_BYTES {
        let most = Document::MAX_BYTES >> 20;
        return Err(Failure::new(Exit::Failed, format!("{shown} is longer than {most} MiB"))
            .hint("nothing was pushed"));
    }
    Ok(bytes)
}

fn text(path: &Path, bytes: io::Result<Vec<u8>>) -> Result<String, Failure> {
    let bytes = whole(path, bytes)?;
    String::from_utf8(bytes).map_err(|error| {
        Failure::new(Exit::Failed, format!("{} is no UTF-8 text", path.display()))
            .cause(error.utf8_error())
            .hint("nothing was pushed")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_bytes_not_by_its_name() {
        for (bytes, want) in [
            (&b"\x89PNG\r\n\x1a\n"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Some("image/webp")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Some("image/svg+xml")),
            (b"<?xml version='1.0'?>\n<svg/>", Some("image/svg+xml")),
            (b"<html><svg/></html>", None),
            (b"", None),
        ] {
            assert_eq!(picture_type(bytes), want, "{bytes:?}");
        }
    }

    #[test]
    fn a_readme_that_cannot_be_shown_stops_the_push() {
        let folder = tempfile::tempdir().unwrap();
        let long = "a".repeat(Document::MAX_BYTES + 1);
        for (name, body, want) in [
            ("long.md", long.as_bytes(), "is longer than 1 MiB"),
            ("latin.md", b"caf\xe9", "is no UTF-8 text"),
            ("empty.md", b" \n", "is empty"),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, body).unwrap();
            let flags = Metadata { readme: Some(path), ..Metadata::default() };
            assert!(read(&flags).unwrap_err().to_string().ends_with(want), "{name}");
        }
        let absent = Metadata { readme: Some(folder.path().join("no.md")), ..Metadata::default() };
        assert!(read(&absent).unwrap_err().to_string().starts_with("could not read"));
    }

    #[test]
    fn no_readme_is_said_and_not_left_out() {
        let said = read(&Metadata { no_readme: true, ..Metadata::default() }).unwrap();
        assert!(!said.is_empty());
        assert_eq!(said.edit().docs.as_deref(), Some(""));
        assert!(read(&Metadata::default()).unwrap().is_empty());
    }
}
