//! Bold text beside CJK punctuation, which `CommonMark` alone leaves literal.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::{events, is_cjk, is_cjk_punctuation};

/// Makes a seam between punctuation and a letter; the sanitiser drops it.
const SEAM: &str = "<!---->";

/// Puts seams where a run of `**` stands between CJK punctuation and a CJK letter.
///
/// By the flanking rule, `**note：**text` does not close, since the closing run stands between
/// punctuation and a letter. An empty comment at the seam makes it close.
pub(super) fn mark(text: &str) -> Cow<'_, str> {
    if !text.contains("**") || !text.chars().any(is_cjk_punctuation) {
        return Cow::Borrowed(text);
    }
    let code = code_ranges(text);
    let mut seams = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        seams_of_line(text, start..start + line.len(), &code, &mut seams);
        start += line.len();
    }
    if seams.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut marked = String::with_capacity(text.len() + seams.len() * SEAM.len());
    let mut from = 0;
    for at in seams {
        marked.push_str(&text[from..at]);
        marked.push_str(SEAM);
        from = at;
    }
    marked.push_str(&text[from..]);
    Cow::Owned(marked)
}

/// Ranges of code and raw HTML, in order, in which nothing may be inserted.
fn code_ranges(text: &str) -> Vec<Range<usize>> {
    Parser::new_ext(text, events::options())
        .into_offset_iter()
        .filter(|(event, _)| {
            matches!(
                event,
                Event::Code(_)
                    | Event::Html(_)
                    | Event::InlineHtml(_)
                    | Event::InlineMath(_)
                    | Event::DisplayMath(_)
                    | Event::Start(
                        Tag::CodeBlock(_)
                            | Tag::HtmlBlock
                            | Tag::MetadataBlock(_)
                            | Tag::Image { .. }
                    )
            )
        })
        .map(|(_, range)| range)
        .collect()
}

/// Takes the runs of one line in pairs and notes where a seam is needed.
fn seams_of_line(text: &str, line: Range<usize>, code: &[Range<usize>], seams: &mut Vec<usize>) {
    let runs: Vec<usize> = text[line.clone()]
        .match_indices("**")
        .map(|(at, _)| line.start + at)
        .filter(|at| !in_ranges(code, *at))
        .filter(|at| !text[..*at].ends_with(['*', '\\']) && !text[at + 2..].starts_with('*'))
        .collect();
    for pair in runs.chunks_exact(2) {
        let (open, close) = (pair[0], pair[1]);
        let before = text[line.start..open].chars().next_back();
        let inside = text[open + 2..close].chars();
        let after = text[close + 2..line.end].chars().next();
        let (first, last) = (inside.clone().next(), inside.clone().next_back());
        if before.is_some_and(is_cjk) && first.is_some_and(is_cjk_punctuation) {
            seams.push(open);
        }
        if last.is_some_and(is_cjk_punctuation) && after.is_some_and(is_cjk) {
            seams.push(close + 2);
        }
    }
}

/// Whether a place lies in one of the ranges, which are sorted by their starts.
fn in_ranges(ranges: &[Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.start <= at);
    // A block may hold shorter ranges; looking at a few neighbours is enough.
    ranges[next.saturating_sub(4)..next].iter().any(|range| range.contains(&at))
}
