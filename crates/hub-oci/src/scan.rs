//! One layer, read once: wanted files, links, whiteouts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::Arc;

use tar::EntryType;

use crate::decode::decode;
use crate::meter::{Meter, Stop};
use crate::wanted::{Interest, Wanted, is_document, is_licence};

/// Where the files of an image begin in its layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// At the top.
    Top,
    /// Below `Files/`, as Windows images have it.
    Files,
    /// Below the one folder of an archive, whatever its name: Helm charts.
    OneDown,
}

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A file.
    File(Body),
    /// A folder.
    Folder,
    /// A symbolic link, with its target as written.
    Symlink(String),
    /// A hard link to a path that this layer does not hold.
    HardLink(String),
    /// A device, a pipe, a socket: never read.
    Other,
}

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// The whole content, or as much as is wanted of it.
    Kept(Arc<[u8]>),
    /// Refused, for this reason.
    Refused(String),
    /// Nobody asked for it.
    Unwanted,
}

/// What one layer holds of what is wanted. Paths have no leading slash.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Entries by path; the last one of a path wins.
    pub(crate) entries: BTreeMap<String, Node>,
    /// Paths hidden in the layers below.
    pub(crate) whiteouts: BTreeSet<String>,
    /// Folders whose content in the layers below is hidden; the root is the empty path.
    pub(crate) opaque: BTreeSet<String>,
    /// Why the reading ended early, if it did.
    pub(crate) stop: Option<Stop>,
    /// Number of entries passed over because of their names.
    pub(crate) odd_names: u64,
    /// Whether some wanted entries were left out because there are too many.
    pub(crate) crowded: bool,
}

/// Reads a layer. A damaged or hostile one ends early, with what was found so far.
///
/// # Errors
///
/// Only those of the store.
pub(crate) fn scan(
    layer: Box<dyn Read + Send>,
    wanted: &Wanted,
    root: Root,
    meter: &Meter<'_>,
) -> io::Result<Scan> {
    let mut scan = Scan::default();
    if let Err(error) = walk(layer, wanted, root, meter, &mut scan) {
        scan.stop = Some(meter.reason(&error)?);
    }
    Ok(scan)
}

fn walk(
    layer: Box<dyn Read + Send>,
    wanted: &Wanted,
    root: Root,
    meter: &Meter<'_>,
    scan: &mut Scan,
) -> io::Result<()> {
    let limits = meter.budget.limits;
    let mut archive = tar::Archive::new(decode(layer, meter)?);
    let mut entries = archive.entries()?;
    let mut unread = 0;
    for count in 0.. {
        meter.in_header(unread);
        let Some(entry) = entries.next() else { break };
        let mut entry = entry?;
        meter.in_content();
        if count >= limits.entries {
            scan.stop = Some(Stop::Entries(limits.entries));
            break;
        }
        unread = stored_bytes(&mut entry)?;
        let Some(path) = normal(&entry.path_bytes(), limits.path_bytes, limits.path_depth) else {
            scan.odd_names += 1;
            continue;
        };
        if let Some(path) = root.strip(path) {
            scan.take(path, &mut entry, wanted, meter)?;
        }
    }
    Ok(())
}

impl Scan {
    fn take<R: Read>(
        &mut self,
        path: String,
        entry: &mut tar::Entry<'_, R>,
        wanted: &Wanted,
        meter: &Meter<'_>,
    ) -> io::Result<()> {
        let (parent, name) = split(&path);
        if let Some(hidden) = name.strip_prefix(".wh.") {
            if hidden == ".wh..opq" {
                if parent.is_empty() || wanted.interest(parent) != Interest::None {
                    self.opaque.insert(parent.to_owned());
                }
            } else if !hidden.is_empty() && !hidden.starts_with(".wh.") {
                let hidden = join(parent, hidden);
                if wanted.interest(&hidden) != Interest::None && meter.budget.keep_entry() {
                    self.whiteouts.insert(hidden);
                }
            }
            return Ok(());
        }
        let interest = wanted.interest(&path);
        if interest == Interest::None {
            return Ok(());
        }
        let node = self.node(&path, entry, interest, meter)?;
        self.put(path, node, meter);
        Ok(())
    }

    /// Puts a node in. The last entry of a path wins, and so does its kind for what lies below.
    fn put(&mut self, path: String, node: Node, meter: &Meter<'_>) {
        if !self.entries.contains_key(&path) && !meter.budget.keep_entry() {
            self.crowded = true;
            return;
        }
        for folder in parents(&path) {
            if self.entries.get(folder).is_some_and(|above| *above != Node::Folder) {
                self.entries.remove(folder);
            }
        }
        if node != Node::Folder {
            let prefix = format!("{path}/");
            let beneath = self.entries.range(prefix.clone()..);
            let beneath: Vec<_> = beneath
                .map(|(beneath, _)| beneath.clone())
                .take_while(|beneath| beneath.starts_with(&prefix))
                .collect();
            for gone in beneath {
                self.entries.remove(&gone);
            }
        }
        self.entries.insert(path, node);
    }

    fn node<R: Read>(
        &self,
        path: &str,
        entry: &mut tar::Entry<'_, R>,
        interest: Interest,
        meter: &Meter<'_>,
    ) -> io::Result<Node> {
        let limits = meter.budget.limits;
        let target = |entry: &tar::Entry<'_, R>| {
            let bytes = entry.link_name_bytes()?;
            let short = !bytes.is_empty() && bytes.len() <= limits.path_bytes;
            String::from_utf8(bytes.into_owned()).ok().filter(|text| short && !text.contains('\0'))
        };
        Ok(match entry.header().entry_type() {
            EntryType::Directory => Node::Folder,
            EntryType::Symlink => target(entry).map_or(Node::Other, Node::Symlink),
            EntryType::Link => {
                let target = target(entry)
                    .and_then(|text| normal(text.as_bytes(), limits.path_bytes, limits.path_depth));
                match target.map(|target| (self.entries.get(&target).cloned(), target)) {
                    Some((Some(node @ Node::File(_)), _)) => node,
                    Some((_, target)) => Node::HardLink(target),
                    None => Node::Other,
                }
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                Node::File(match interest {
                    Interest::File => body(path, entry, meter)?,
                    Interest::Folder | Interest::None => Body::Unwanted,
                })
            }
            _ => Node::Other,
        })
    }
}

/// Reads the content of a file, as far as its kind allows.
fn body<R: Read>(path: &str, entry: &mut tar::Entry<'_, R>, meter: &Meter<'_>) -> io::Result<Body> {
    let limits = meter.budget.limits;
    let (most, cut) = if is_licence(path) {
        (limits.licence_bytes, true)
    } else if is_document(path) {
        (limits.document_bytes, false)
    } else {
        (limits.file_bytes, false)
    };
    let too_large = || Ok(Body::Refused(format!("it is larger than {most} bytes")));
    if entry.size() > most && !cut {
        return too_large();
    }
    if is_pax_sparse(entry)? {
        return Ok(Body::Refused("it is stored as a sparse file".to_owned()));
    }
    let mut bytes = Vec::new();
    entry.take(most.saturating_add(u64::from(!cut))).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return too_large();
    }
    if !meter.budget.keep_bytes(bytes.len() as u64) {
        return Ok(Body::Refused("the image has too many such files".to_owned()));
    }
    Ok(Body::Kept(bytes.into()))
}

/// Bytes that an entry takes in the archive, without its padding.
fn stored_bytes<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<u64> {
    if !entry.header().entry_type().is_gnu_sparse() {
        return Ok(entry.size());
    }
    // A sparse entry tells its expanded size; what the archive holds stands in the headers.
    let mut stored = entry.header().entry_size()?;
    for extension in entry.pax_extensions()?.into_iter().flatten() {
        let extension = extension?;
        if extension.key_bytes() == b"size" {
            stored = extension.value().ok().and_then(|text| text.parse().ok()).unwrap_or(stored);
        }
    }
    Ok(stored)
}

fn is_pax_sparse<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<bool> {
    for extension in entry.pax_extensions()?.into_iter().flatten() {
        if extension?.key_bytes().starts_with(b"GNU.sparse") {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Root {
    /// The path seen from this root; `None` for what lies outside.
    fn strip(self, path: String) -> Option<String> {
        match self {
            Self::Top => Some(path),
            Self::Files => path.strip_prefix("Files/").map(str::to_owned),
            Self::OneDown => path.split_once('/').map(|(_, rest)| rest.to_owned()),
        }
    }
}

/// A path without `.`, doubled and outer slashes; `None` when it climbs, is too long or too deep,
/// or is no UTF-8 text without NUL.
pub(crate) fn normal(path: &[u8], most: usize, deepest: usize) -> Option<String> {
    if path.len() > most || path.contains(&0) {
        return None;
    }
    let text = std::str::from_utf8(path).ok()?;
    let mut parts = Vec::new();
    for part in text.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." || parts.len() >= deepest {
            return None;
        }
        parts.push(part);
    }
    Some(parts.join("/"))
}

/// Folder and base name of a path.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// A path below a folder.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The folders above a path, without the root, nearest last.
pub(crate) fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

#[cfg(test)]
mod tests;
