//! Ranges: the header `Range` of downloads and `Content-Range` of uploads.

use std::ops::Range;

use axum::http::HeaderValue;

/// What a `Range` header asks of a content of known length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it: no range, one that is not understood, or several.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Nothing that exists.
    Unsatisfiable,
}

/// Reads the header `Range` for a content of `size` bytes.
///
/// Source: RFC 9110, section 14; what conformance asks for is stricter in one point:
/// `bytes=500-0` is unsatisfiable instead of ignored.
pub(crate) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(ranges) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = ranges.trim().split_once('-') else { return Wanted::Whole };
    if ranges.contains(',') {
        return Wanted::Whole;
    }
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Wanted::Unsatisfiable,
        (Some(first), _) if first >= size && (last.is_empty() || number(last).is_some()) => {
            Wanted::Unsatisfiable
        }
        (Some(first), Some(last)) => Wanted::Part(first..last.saturating_add(1).min(size)),
        (Some(first), None) if last.is_empty() => Wanted::Part(first..size),
        (None, Some(0)) if first.is_empty() => Wanted::Unsatisfiable,
        (None, Some(_)) if first.is_empty() && size == 0 => Wanted::Unsatisfiable,
        (None, Some(last)) if first.is_empty() => Wanted::Part(size.saturating_sub(last)..size),
        _ => Wanted::Whole,
    }
}

/// Reads the `Content-Range` of an upload: `start-end`, leniently also `bytes start-end/total`.
/// `None` when it is none.
pub(crate) fn chunk(header: &str) -> Option<(u64, u64)> {
    let text = header.trim();
    let text = text.strip_prefix("bytes").map_or(text, |rest| rest.trim_start_matches(['=', ' ']));
    let text = text.split_once('/').map_or(text, |(range, _)| range);
    let (start, end) = text.split_once('-')?;
    Some((number(start)?, number(end)?))
}

/// The header `Range` of an upload of which `offset` bytes came. Clients want an end that is not
/// before the beginning, so nothing is written like one byte.
pub(crate) fn received(offset: u64) -> HeaderValue {
    super::ascii(&format!("0-{}", offset.saturating_sub(1)))
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_answered_as_conformance_asks() {
        for (header, want) in [
            ("bytes=500-1499", Wanted::Part(500..1500)),
            ("bytes=500-", Wanted::Part(500..2048)),
            ("bytes=-500", Wanted::Part(1548..2048)),
            ("bytes=-5000", Wanted::Part(0..2048)),
            ("bytes=2000-5000", Wanted::Part(2000..2048)),
            ("bytes=500-0", Wanted::Unsatisfiable),
            ("bytes=5000-10000", Wanted::Unsatisfiable),
            ("bytes=2048-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=0-1,4-5", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), 2048), want, "{header}");
        }
        assert_eq!(wanted(None, 5), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-18446744073709551615"), 5), Wanted::Part(0..5));
        assert_eq!(wanted(Some("bytes=0-99999999999999999999"), 5), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
        assert_eq!(wanted(Some("bytes=-1"), 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn a_chunk_is_read_with_and_without_unit() {
        for (header, want) in [
            ("0-511", Some((0, 511))),
            ("bytes 512-1023", Some((512, 1023))),
            ("bytes=5-6", Some((5, 6))),
            ("bytes 5-6/7", Some((5, 6))),
            ("5-", None),
            ("x", None),
            ("-5", None),
        ] {
            assert_eq!(chunk(header), want, "{header}");
        }
    }
}
