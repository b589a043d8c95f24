//! Ranges: the header `Range` of downloads and `Content-Range` of uploads.

use std::ops::Range;

use axum::http::HeaderValue;

/// Most ranges that one answer gives; who asks for more gets the whole. Clients that pull parts of
/// layers ask for some dozens at once.
const MOST: usize = 1024;

/// What a `Range` header asks of a content of known length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it: no range, one that is not understood, or too much in too many pieces.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Several pieces, in the order asked; those that do not exist are left out.
    Parts(Vec<Range<u64>>),
    /// Nothing that exists.
    Unsatisfiable,
}

/// Reads the header `Range` for a content of `size` bytes.
///
/// Source: RFC 9110, section 14; what conformance asks for is stricter in one point:
/// `bytes=500-0` is unsatisfiable instead of ignored.
pub(crate) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some((unit, ranges)) = header.and_then(|text| text.trim().split_once('=')) else {
        return Wanted::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let asked: Vec<_> = ranges.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    if asked.len() > MOST {
        return Wanted::Whole;
    }
    let mut parts = Vec::with_capacity(asked.len());
    for one in &asked {
        match one_range(one, size) {
            Wanted::Part(part) => parts.push(part),
            Wanted::Unsatisfiable => {}
            Wanted::Whole | Wanted::Parts(_) => return Wanted::Whole,
        }
    }
    match (asked.len(), parts.len()) {
        (0, _) => Wanted::Whole,
        (_, 0) => Wanted::Unsatisfiable,
        (1, _) => Wanted::Part(parts.swap_remove(0)),
        // The same bytes again and again are an attack: the whole is shorter.
        _ if total(&parts).is_none_or(|total| total > size) => Wanted::Whole,
        _ => Wanted::Parts(parts),
    }
}

/// Bytes of all parts together, when that is a number.
fn total(parts: &[Range<u64>]) -> Option<u64> {
    parts.iter().try_fold(0, |sum: u64, part| sum.checked_add(part.end - part.start))
}

/// What one range asks of a content of `size` bytes; the whole when it is no range.
fn one_range(text: &str, size: u64) -> Wanted {
    let Some((first, last)) = text.split_once('-') else { return Wanted::Whole };
    let (start, last) = match (number(first.trim()), last.trim()) {
        (None, last) if first.trim().is_empty() => match number(last) {
            Some(length) => (size.saturating_sub(length), u64::MAX),
            None => return Wanted::Whole,
        },
        (Some(start), "") => (start, u64::MAX),
        (Some(start), last) => match number(last) {
            Some(last) => (start, last),
            None => return Wanted::Whole,
        },
        (None, _) => return Wanted::Whole,
    };
    let end = last.saturating_add(1).min(size);
    if start < end { Wanted::Part(start..end) } else { Wanted::Unsatisfiable }
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
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_range_never_panics_and_stays_inside_the_content(
            text in "(bytes ?=)?([0-9]{0,20}-?[0-9]{0,20}[, ]{0,2}){0,4}|\\PC{0,30}",
            size in prop_oneof![0..4096_u64, any::<u64>()],
        ) {
            let parts = match wanted(Some(&text), size) {
                Wanted::Whole | Wanted::Unsatisfiable => Vec::new(),
                Wanted::Part(part) => vec![part],
                Wanted::Parts(parts) => parts,
            };
            let mut total = 0_u64;
            for part in parts {
                prop_assert!(part.start < part.end && part.end <= size);
                total = total.checked_add(part.end - part.start).unwrap();
            }
            prop_assert!(total <= size);
        }

        #[test]
        fn any_chunk_never_panics_and_one_that_is_written_is_read(
            start in any::<u64>(), end in any::<u64>(), text in "\\PC{0,30}",
        ) {
            let _ = chunk(&text);
            prop_assert_eq!(chunk(&format!("{start}-{end}")), Some((start, end)));
            prop_assert_eq!(chunk(&format!("bytes {start}-{end}/*")), Some((start, end)));
            let _ = received(start);
        }
    }

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
            ("bytes=0-1, ,4-5,", Wanted::Parts(vec![0..2, 4..6])),
            ("Bytes=-1,9000-,0-0", Wanted::Parts(vec![2047..2048, 0..1])),
            ("bytes=4000-,0-1", Wanted::Parts(std::iter::once(0..2).collect())),
            ("bytes=4000-,9-8,-0", Wanted::Unsatisfiable),
            ("bytes=0-1,x", Wanted::Whole),
            ("bytes=0-,0-,0-", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes=,", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), 2048), want, "{header}");
        }
        assert_eq!(wanted(None, 5), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-18446744073709551615"), 5), Wanted::Part(0..5));
        // More digits than a number holds are still a number: its end is the end of the blob.
        assert_eq!(wanted(Some("bytes=0-99999999999999999999"), 5), Wanted::Part(0..5));
        assert_eq!(wanted(Some("bytes=99999999999999999999-"), 5), Wanted::Unsatisfiable);
        // Two ranges that together are more than a number holds are more than any blob.
        assert_eq!(wanted(Some("bytes=0-,0-"), u64::MAX), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
        assert_eq!(wanted(Some("bytes=-1"), 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn a_thousand_ranges_are_answered_and_more_are_not() {
        let ranges = |count: u64| {
            let all: Vec<_> = (0..count).map(|at| format!("{at}-{at}")).collect();
            wanted(Some(&format!("bytes={}", all.join(","))), 4096)
        };
        assert_eq!(ranges(1024), Wanted::Parts((0..1024).map(|at| at..at + 1).collect()));
        assert_eq!(ranges(1025), Wanted::Whole);
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
