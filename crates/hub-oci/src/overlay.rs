//! Layers on top of each other: the one view that a container would see.
//!
//! Source: whiteouts and opaque folders of `docs/sources.md#image-spec`.

use std::collections::{BTreeMap, BTreeSet};

use crate::scan::{Body, Node, Scan, join, parents, split};
use crate::wanted::{Interest, Wanted};

/// Links followed for one file. Source: `docs/sources.md#extraction-limits`.
const MAX_HOPS: usize = 8;
/// Layers whose hard links are followed downwards: each needs a view of its own.
const MAX_LINKED_LAYERS: usize = 8;

/// The merged view.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// What lies at each path, and the index of its layer counted from the bottom.
    entries: BTreeMap<String, (usize, Node)>,
    hidden: BTreeSet<String>,
    opaque: BTreeSet<String>,
}

/// A file of the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    /// Index of its layer, counted from the bottom.
    pub(crate) layer: usize,
    /// Its content.
    pub(crate) body: &'a Body,
}

/// Why a path leads to no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lost {
    #[error("its links lead out of the image")]
    Outside,
    #[error("its links go round in a circle, or through more than 8 places")]
    Circle,
    #[error("its link leads to nothing that was found")]
    Nothing,
    #[error("it is no file")]
    NoFile,
}

impl View {
    /// Merges scans, the top layer first, each with its index counted from the bottom.
    pub(crate) fn merge(scans: &[(usize, Scan)]) -> Self {
        let mut view = Self::stack(scans);
        view.follow_hard_links(scans);
        view
    }

    /// Whether nothing of the layers below can be seen any more.
    pub(crate) fn hides_all(scans: &[(usize, Scan)]) -> bool {
        scans.last().is_some_and(|(_, scan)| scan.opaque.contains(""))
    }

    fn stack(scans: &[(usize, Scan)]) -> Self {
        let mut view = Self::default();
        for (layer, scan) in scans {
            // Against the layers above only: what a layer hides, it hides below itself.
            let seen: Vec<_> = scan
                .entries
                .iter()
                .filter(|(path, node)| !view.covers(path) && !view.has_below(path, node))
                .collect();
            for (path, node) in seen {
                view.entries.insert(path.clone(), (*layer, node.clone()));
            }
            // What is no folder hides what lay in a folder of that name, also when a layer above
            // makes a folder of it again.
            let no_folders = scan.entries.iter().filter(|(_, node)| **node != Node::Folder);
            view.opaque.extend(no_folders.map(|(path, _)| path.clone()));
            view.hidden.extend(scan.whiteouts.iter().cloned());
            view.opaque.extend(scan.opaque.iter().cloned());
        }
        view
    }

    /// Whether the layers so far decide what lies at `path`.
    fn covers(&self, path: &str) -> bool {
        self.entries.contains_key(path)
            || self.hidden.contains(path)
            || self.opaque.contains("")
            || parents(path)
                .any(|folder| self.hidden.contains(folder) || self.opaque.contains(folder))
    }

    /// Whether a layer above makes a folder out of what is none here.
    fn has_below(&self, path: &str, node: &Node) -> bool {
        let prefix = format!("{path}/");
        *node != Node::Folder
            && self
                .entries
                .range(prefix.clone()..)
                .next()
                .is_some_and(|(next, _)| next.starts_with(&prefix))
    }

    /// A hard link shares the file that lay there when its layer was made: it is looked for in
    /// the same layer and below, whatever became of the name above.
    fn follow_hard_links(&mut self, scans: &[(usize, Scan)]) {
        let is_link = |node: &Node| matches!(node, Node::HardLink(_));
        let linked: BTreeSet<usize> = self
            .entries
            .values()
            .filter(|(_, node)| is_link(node))
            .map(|(layer, _)| *layer)
            .collect();
        for layer in linked.into_iter().take(MAX_LINKED_LAYERS) {
            let from = scans.iter().position(|(at, _)| *at == layer).unwrap_or(scans.len());
            let lower = Self::stack(&scans[from..]);
            for (at, node) in self.entries.values_mut() {
                if *at == layer
                    && is_link(node)
                    && let Some((found_at, found)) = lower.end_of_hard_links(node)
                {
                    (*at, *node) = (found_at, found);
                }
            }
        }
    }

    fn end_of_hard_links(&self, node: &Node) -> Option<(usize, Node)> {
        let mut node = node;
        for _ in 0..MAX_HOPS {
            let Node::HardLink(target) = node else { return None };
            let real = self.real_path(target).ok()?;
            match self.entries.get(&real)? {
                (layer, file @ Node::File(_)) => return Some((*layer, file.clone())),
                (_, next) => node = next,
            }
        }
        None
    }

    /// The path without symbolic links. What lies there may be nothing.
    fn real_path(&self, path: &str) -> Result<String, Lost> {
        let mut rest: Vec<&str> = path.split('/').rev().collect();
        let mut real = String::new();
        let mut hops = 0;
        while let Some(part) = rest.pop() {
            match part {
                "" | "." => continue,
                ".." if real.is_empty() => return Err(Lost::Outside),
                ".." => {
                    real.truncate(split(&real).0.len());
                    continue;
                }
                _ => {}
            }
            let next = join(&real, part);
            if let Some((_, Node::Symlink(target))) = self.entries.get(&next) {
                hops += 1;
                if hops > MAX_HOPS {
                    return Err(Lost::Circle);
                }
                if target.starts_with('/') {
                    real.clear();
                }
                rest.extend(target.split('/').rev());
            } else {
                real = next;
            }
        }
        Ok(real)
    }

    /// The file at a path, links followed.
    pub(crate) fn file(&self, path: &str) -> Result<Found<'_>, Lost> {
        let real = self.real_path(path)?;
        match self.entries.get(&real) {
            Some((layer, Node::File(body))) => Ok(Found { layer: *layer, body }),
            Some((_, Node::HardLink(_))) | None => Err(Lost::Nothing),
            Some((_, Node::Folder | Node::Symlink(_) | Node::Other)) => Err(Lost::NoFile),
        }
    }

    /// The names of all files that the conventions know, each once.
    pub(crate) fn names(&self, wanted: &Wanted) -> BTreeSet<String> {
        self.entries.keys().flat_map(|path| wanted.names(path)).collect()
    }

    /// Wants the places that links lead to and that were not looked at. Says whether there are any
    /// new ones, so that another pass finds more.
    pub(crate) fn want_targets(&self, wanted: &mut Wanted) -> bool {
        let mut new = false;
        for (path, (_, node)) in &self.entries {
            let real = match node {
                Node::Symlink(_) => self.real_path(path),
                Node::HardLink(target) => self.real_path(target),
                Node::File(_) | Node::Folder | Node::Other => continue,
            };
            let Ok(real) = real else { continue };
            let kept = matches!(
                self.entries.get(&real),
                Some((_, Node::File(Body::Kept(_) | Body::Refused(_))))
            );
            let enough = kept && wanted.interest(path) == Interest::File;
            if !enough && !real.is_empty() {
                new |= wanted.follow(&real, path);
            }
        }
        new
    }
}

#[cfg(test)]
mod tests;
