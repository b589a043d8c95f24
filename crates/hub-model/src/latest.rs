//! Which tag is latest.

use semver::Version;

use crate::Tag;

/// Tag that Artifact Hub reads its repository file from.
const ARTIFACT_HUB: &str = "artifacthub.io";

/// Whether a tag may become latest: the tags of the referrers schema, of cosign and of Artifact
/// Hub are pushed right behind an image and would win by the clock.
///
/// Source: OCI distribution-spec, Referrers Tag Schema.
#[must_use]
pub fn is_candidate(tag: &Tag, has_subject: bool) -> bool {
    !has_subject && tag.as_str() != ARTIFACT_HUB && !is_referrers_tag(tag.as_str())
}

/// `sha256-<64 hex digits>`, alone or with a suffix such as `.sig`.
fn is_referrers_tag(tag: &str) -> bool {
    let Some(rest) = tag.strip_prefix("sha256-").or_else(|| tag.strip_prefix("sha512-")) else {
        return false;
    };
    let (hex, suffix) = rest.split_once('.').map_or((rest, None), |(hex, end)| (hex, Some(end)));
    let digits = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let plain = |end: &str| {
        !end.is_empty() && end.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    digits && suffix.is_none_or(plain)
}

/// The greatest tag by semantic version, a leading `v` being optional and missing parts being 0.
/// A pre-release counts only when there is no release; tags that are no version never count.
#[must_use]
pub fn latest_semver<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> Option<&'a Tag> {
    tags.into_iter()
        .filter_map(|tag| version(tag.as_str()).map(|version| (tag, version)))
        .max_by(|(a_tag, a), (b_tag, b)| {
            let release = a.pre.is_empty().cmp(&b.pre.is_empty());
            release.then_with(|| a.cmp(b)).then_with(|| a_tag.cmp(b_tag))
        })
        .map(|(tag, _)| tag)
}

/// The version that a tag writes.
fn version(tag: &str) -> Option<Version> {
    let text = tag.strip_prefix('v').unwrap_or(tag);
    let core = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(core);
    let padding = match numbers.matches('.').count() {
        0 => ".0.0",
        1 => ".0",
        _ => "",
    };
    Version::parse(&format!("{numbers}{padding}{rest}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(texts: &[&str]) -> Vec<Tag> {
        texts.iter().map(|text| Tag::parse(text).unwrap()).collect()
    }

    #[test]
    fn companions_of_an_image_never_become_latest() {
        let hex = "0123456789abcdef".repeat(4);
        for (tag, want) in [
            ("v1", true),
            ("sha256-short", true),
            (&*format!("sha256-{hex}"), false),
            (&*format!("sha256-{hex}.sig"), false),
            (&*format!("sha256-{hex}.Sig"), true),
            ("artifacthub.io", false),
        ] {
            assert_eq!(is_candidate(&Tag::parse(tag).unwrap(), false), want, "{tag}");
        }
        assert!(!is_candidate(&Tag::parse("v1").unwrap(), true));
    }

    #[test]
    fn the_greatest_version_is_a_release_when_there_is_one() {
        for (list, want) in [
            (&["v1.2.0", "v1.10.0", "v1.9"][..], Some("v1.10.0")),
            (&["1.0.0", "2.0.0-rc.1"], Some("1.0.0")),
            (&["2.0.0-rc.1", "2.0.0-rc.2"], Some("2.0.0-rc.2")),
            (&["latest", "main", "7-alpine"], Some("7-alpine")),
            (&["edge", "2024.01"], None),
            (&["v1.26.0", "v1.26.0-4.4.1"], Some("v1.26.0")),
        ] {
            let tags = tags(list);
            assert_eq!(latest_semver(&tags).map(Tag::as_str), want, "{list:?}");
        }
    }
}
