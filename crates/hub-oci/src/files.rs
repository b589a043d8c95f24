//! The files of an image that say something about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hub_model::{Digest, Source};

/// A file, with the layer that its content comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Digest of the layer.
    pub(crate) layer: Digest,
    /// Index of the layer, counted from the bottom.
    pub(crate) index: usize,
    /// The content, or why it was refused.
    pub(crate) body: Result<Arc<[u8]>, String>,
}

/// Files by path, without a leading slash.
pub(crate) type Files = BTreeMap<String, File>;

impl File {
    /// The source of a value out of this file.
    pub(crate) fn source(&self, path: &str) -> Source {
        Source::File { layer: self.layer.clone(), path: format!("/{path}") }
    }

    /// The content, when it was kept.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.body.as_deref().ok()
    }
}

/// Media type of a picture, by its content.
pub(crate) fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        Some("image/gif")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else if is_svg(bytes) {
        Some("image/svg+xml")
    } else {
        None
    }
}

/// Whether the first element of an XML document is `svg`.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = if rest.starts_with("<?") {
            rest.find("?>").map(|at| at + 2)
        } else if rest.starts_with("<!--") {
            rest.find("-->").map(|at| at + 3)
        } else if rest.starts_with("<!") {
            rest.find('>').map(|at| at + 1)
        } else {
            let name = rest.strip_prefix("<svg");
            return name.is_some_and(|after| after.starts_with([' ', '\n', '\t', '\r', '>', '/']));
        };
        match end {
            Some(end) => rest = rest[end..].trim_start(),
            None => return false,
        }
    }
}

/// Texts of licences that are told apart by their first words, and their SPDX name.
const LICENCES: &[(&[&str], &str)] = &[
    (&["Apache License", "Version 2.0"], "Apache-2.0"),
    (&["Mozilla Public License", "2.0"], "MPL-2.0"),
    (&["GNU AFFERO GENERAL PUBLIC LICENSE", "Version 3"], "AGPL-3.0-only"),
    (&["GNU LESSER GENERAL PUBLIC LICENSE", "Version 3"], "LGPL-3.0-only"),
    (&["GNU LESSER GENERAL PUBLIC LICENSE", "Version 2.1"], "LGPL-2.1-only"),
    (&["GNU GENERAL PUBLIC LICENSE", "Version 3"], "GPL-3.0-only"),
    (&["GNU GENERAL PUBLIC LICENSE", "Version 2"], "GPL-2.0-only"),
    (&["Permission is hereby granted, free of charge"], "MIT"),
    (&["Redistribution and use", "Neither the name"], "BSD-3-Clause"),
    (&["Redistribution and use in source and binary forms"], "BSD-2-Clause"),
    (&["Permission to use, copy, modify, and/or distribute"], "ISC"),
    (&["This is free and unencumbered software"], "Unlicense"),
];

/// SPDX name of the text of a licence, when it is a common one.
pub(crate) fn licence_name(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = |marks: &[&str]| marks.iter().all(|mark| text.contains(mark));
    LICENCES.iter().find(|(marks, _)| fits(marks)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_content() {
        for (bytes, want) in [
            (&b"\x89PNG\r\n\x1a\nxx"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8", Some("image/webp")),
            (
                b"<?xml version='1.0'?><!-- x --><!DOCTYPE svg>\n<svg xmlns=''/>",
                Some("image/svg+xml"),
            ),
            (b"<html><svg></svg></html>", None),
            (b"<!--", None),
            (b"<svgx>", None),
            (b"", None),
            (b"MZ", None),
        ] {
            assert_eq!(picture_type(bytes), want);
        }
    }

    #[test]
    fn common_licences_are_known_by_their_words() {
        assert_eq!(licence_name(b"   Apache License\n  Version 2.0, January"), Some("Apache-2.0"));
        assert_eq!(licence_name(b"All rights reserved"), None);
    }
}
