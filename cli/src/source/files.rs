//! A folder or a tar archive as a set of named files. Nothing is ever unpacked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, EntryType};

use super::{Place, SourceError, compress};

/// Largest file of JSON that is read, in bytes. Source: the limit of registries for manifests.
const LARGEST: u64 = 4 << 20;

/// How many links are followed, one to the other.
const MOST_LINKS: usize = 8;

/// Named files.
#[derive(Debug)]
pub(super) struct Files {
    /// The folder or archive.
    pub(super) path: PathBuf,
    /// What an archive holds; `None` for a folder.
    entries: Option<BTreeMap<String, Entry>>,
}

#[derive(Debug, Clone)]
enum Entry {
    Bytes(Place),
    /// To another name in the same archive.
    Link(String),
}

impl Files {
    /// Takes a folder as it is, and reads the table of contents of an archive. A compressed
    /// archive is decompressed into `scratch`.
    pub(super) fn open(path: &Path, scratch: &Path) -> Result<Self, SourceError> {
        let unreadable = |source| SourceError::Read { file: path.display().to_string(), source };
        if path.is_dir() {
            return Ok(Self { path: path.to_owned(), entries: None });
        }
        let plain = compress::plain_archive(path, scratch).map_err(unreadable)?;
        let file = plain.as_deref().unwrap_or(path);
        let entries = contents(file).map_err(unreadable)?;
        Ok(Self { path: path.to_owned(), entries: Some(entries) })
    }

    /// Where the file called `name` lies.
    pub(super) fn locate(&self, name: &str) -> Option<Place> {
        let mut name = normal(Path::new(name))?;
        let Some(entries) = &self.entries else {
            let file = self.path.join(&name);
            let size = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
            return Some(Place { file, at: 0, size });
        };
        for _ in 0..MOST_LINKS {
            match entries.get(&name)? {
                Entry::Bytes(place) => return Some(place.clone()),
                Entry::Link(target) => name.clone_from(target),
            }
        }
        None
    }

    /// Reads a small file, `None` when it is not there.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let Some(place) = self.locate(name) else {
            return Ok(None);
        };
        if place.size > LARGEST {
            return Err(self.wrong(format!("{name} is longer than {LARGEST} bytes")));
        }
        let mut bytes = Vec::new();
        let read = place.open().and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_err(|source| SourceError::Read { file: self.shown(name), source })?;
        Ok(Some(bytes))
    }

    /// An error about the form of what is here.
    pub(super) fn wrong(&self, rule: impl Into<String>) -> SourceError {
        SourceError::Form { file: self.path.display().to_string(), rule: rule.into() }
    }

    /// A file, for messages.
    pub(super) fn shown(&self, name: &str) -> String {
        format!("{} in {}", name, self.path.display())
    }
}

/// The table of contents of an archive.
fn contents(file: &Path) -> io::Result<BTreeMap<String, Entry>> {
    let mut archive = Archive::new(BufReader::new(File::open(file)?));
    let mut found = BTreeMap::new();
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        let path = entry.path()?.into_owned();
        let Some(name) = normal(&path) else {
            continue;
        };
        let what = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                let (at, size) = (entry.raw_file_position(), entry.size());
                Entry::Bytes(Place { file: file.to_owned(), at, size })
            }
            // Symbolic links count from the folder of the link, hard links from the root.
            kind @ (EntryType::Symlink | EntryType::Link) => {
                let base = match kind {
                    EntryType::Symlink => path.parent().unwrap_or(Path::new("")).to_owned(),
                    _ => PathBuf::new(),
                };
                let target = entry.link_name()?.and_then(|target| normal(&base.join(target)));
                match target {
                    Some(target) => Entry::Link(target),
                    None => continue,
                }
            }
            _ => continue,
        };
        found.insert(name, what);
    }
    Ok(found)
}

/// The path without `.` and `..`, `None` when it leads out of its root.
fn normal(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out() {
        for (path, want) in [
            ("a/b", Some("a/b")),
            ("./a/./b", Some("a/b")),
            ("x/../a", Some("a")),
            ("../a", None),
            ("a/../../etc/passwd", None),
            ("/etc/passwd", None),
        ] {
            assert_eq!(normal(Path::new(path)).as_deref(), want, "{path}");
        }
    }
}
