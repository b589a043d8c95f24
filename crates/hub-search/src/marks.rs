//! Which parts of a text are what was searched for.

use crate::fold::fold;
use crate::text::{self, Kind};

/// A stretch of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<'a> {
    /// The stretch, as it stands there.
    pub text: &'a str,
    /// Whether it is worth marking.
    pub marked: bool,
}

/// Cuts `text` into stretches; those are marked that match one of `marks`
/// ([`hub_model::SearchHits::marks`]). Joined they are the text again.
#[must_use]
pub fn spans<'a>(text: &'a str, marks: &[String]) -> Vec<Span<'a>> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (from, to) in runs(text) {
        spans.extend(marked(&text[from..to], marks).map(|(start, end)| (from + start, from + end)));
    }
    let mut cut = Vec::new();
    let mut at = 0;
    for (from, to) in spans {
        if at < from {
            cut.push(Span { text: &text[at..from], marked: false });
        }
        cut.push(Span { text: &text[from..to], marked: true });
        at = to;
    }
    if at < text.len() {
        cut.push(Span { text: &text[at..], marked: false });
    }
    cut
}

/// Where words and stretches of Chinese begin and end, in bytes.
fn runs(text: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut before = Kind::Border;
    let mut small = false;
    for (at, c) in text.char_indices() {
        let kind = fold(c.encode_utf8(&mut [0; 4])).chars().next().map_or(Kind::Border, text::kind);
        let end = at + c.len_utf8();
        let hump = small && c.is_uppercase();
        match runs.last_mut() {
            Some(run) if kind == before && !hump && kind != Kind::Border => run.1 = end,
            _ if kind != Kind::Border => runs.push((at, end)),
            _ => {}
        }
        before = kind;
        small = c.is_lowercase();
    }
    runs
}

/// The parts of one run that are marked: a word as a whole, of Chinese every occurrence.
fn marked(run: &str, marks: &[String]) -> impl Iterator<Item = (usize, usize)> {
    let folded = fold(run).to_lowercase();
    let mut found = Vec::new();
    if run.chars().next().is_some_and(|c| text::kind(c) == Kind::Cjk) {
        // Folding keeps the number of characters here, but not that of bytes.
        let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
        let folded: Vec<char> = folded.chars().collect();
        let mut at = 0;
        while at < folded.len() {
            let len = marks.iter().map(|mark| begins(&folded[at..], mark)).max().unwrap_or(0);
            if len > 0 && starts.len() == folded.len() + 1 {
                found.push((starts[at], starts[at + len]));
            }
            at += len.max(1);
        }
    } else {
        let stem = text::stem(&folded);
        let fits = |mark: &String| stem == *mark || (mark.len() > 1 && folded.starts_with(mark));
        if marks.iter().any(fits) {
            found.push((0, run.len()));
        }
    }
    found.into_iter()
}

/// Characters of `mark` when `text` begins with it, else 0.
fn begins(text: &[char], mark: &str) -> usize {
    let len = mark.chars().count();
    if text.len() >= len && mark.chars().zip(text).all(|(left, right)| left == *right) {
        len
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, marks: &[&str]) -> String {
        let marks: Vec<String> = marks.iter().map(|mark| (*mark).to_owned()).collect();
        let show = |span: Span<'_>| {
            if span.marked { format!("[{}]", span.text) } else { span.text.to_owned() }
        };
        spans(text, &marks).into_iter().map(show).collect()
    }

    #[test]
    fn words_are_marked_by_stem_or_beginning_and_chinese_by_its_characters() {
        for (text, marks, want) in [
            ("Message queues, fast", &["queue", "messag"][..], "[Message] [queues], fast"),
            ("kube-PrometheusStack", &["prom"], "kube-[Prometheus]Stack"),
            ("分布式訊息佇列与消息队列", &["消息队列"], "分布式訊息佇列与[消息队列]"),
            ("資料庫 mysql数据库", &["资料库", "数据库"], "[資料庫] mysql[数据库]"),
            ("Café au lait", &["cafe"], "[Café] au lait"),
            ("nothing", &[], "nothing"),
            ("", &["x"], ""),
        ] {
            assert_eq!(shown(text, marks), want);
        }
    }

    proptest! {
        #[test]
        fn spans_joined_are_the_text(text in any::<String>(), mark in any::<String>()) {
            let joined: String = spans(&text, &[mark]).iter().map(|span| span.text).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
