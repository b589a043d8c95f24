//! From text to tokens, the same for documents and queries.

use crate::fold::fold;

/// Words that say nothing about an image, in order. Source: tried on judged queries.
const STOP_WORDS: &[&str] = &[
    "a",
    "an",
    "and",
    "are",
    "as",
    "at",
    "be",
    "by",
    "compatible",
    "container",
    "docker",
    "for",
    "from",
    "hosted",
    "how",
    "image",
    "images",
    "in",
    "into",
    "is",
    "it",
    "latest",
    "of",
    "on",
    "or",
    "self",
    "server",
    "service",
    "that",
    "the",
    "to",
    "with",
];

/// Endings that the light stemmer strips, the first that fits.
const SUFFIXES: &[(&str, &str)] =
    &[("ies", "y"), ("ing", ""), ("ers", ""), ("er", ""), ("es", ""), ("ed", ""), ("s", "")];

/// Letters that a stem keeps at least.
const STEM_LETTERS: usize = 4;

/// Letters that a word has at least which is found without its ending: `s3` and `k8s` are names.
const BARE_LETTERS: usize = 3;

/// Longest token, in bytes. Longer ones are encoded data, not words.
const MAX_TOKEN_BYTES: usize = 64;

/// A stretch of text that is analysed in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// ASCII letters and digits, lower-cased.
    Latin(String),
    /// Characters of a script that is written without blanks.
    Cjk(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Latin,
    Cjk,
    Border,
}

pub(crate) fn kind(c: char) -> Kind {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Kind::Latin,
        // Kana, ideographs, Hangul syllables: pairs of characters serve all three.
        '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => Kind::Cjk,
        _ => Kind::Border,
    }
}

/// Stretches of folded text, as they are written. A capital after a small letter begins a new one.
fn stretches(folded: &str) -> impl Iterator<Item = (Kind, &str)> {
    let mut rest = folded;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let here = kind(first);
            let mut small = false;
            let goes_on = |c: char| {
                let hump = small && c.is_ascii_uppercase();
                small = c.is_ascii_lowercase();
                kind(c) == here && !hump
            };
            let end = end_of(rest, goes_on);
            let (stretch, after) = rest.split_at(end);
            rest = after;
            if here != Kind::Border && (here == Kind::Cjk || end <= MAX_TOKEN_BYTES) {
                return Some((here, stretch));
            }
        }
    })
}

/// Where the characters end that go on.
fn end_of(text: &str, mut goes_on: impl FnMut(char) -> bool) -> usize {
    text.char_indices().find(|(_, c)| !goes_on(*c)).map_or(text.len(), |(at, _)| at)
}

/// Cuts text into runs, folded.
pub(crate) fn runs(text: &str) -> Vec<Run> {
    let run = |(kind, stretch): (Kind, &str)| match kind {
        Kind::Latin => Run::Latin(stretch.to_ascii_lowercase()),
        Kind::Cjk | Kind::Border => Run::Cjk(stretch.to_owned()),
    };
    stretches(&fold(text)).map(run).collect()
}

/// Pairs of neighbours; a single character stays as it is.
pub(crate) fn bigrams(run: &str) -> Vec<String> {
    pairs(run).map(str::to_owned).collect()
}

fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let ends = run.char_indices().skip(2).map(|(at, _)| at).chain([run.len()]);
    run.char_indices().zip(ends).map(|((start, _), end)| &run[start..end])
}

/// Tokens of a name: nothing is dropped or stemmed.
pub(crate) fn name_tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for run in runs(text) {
        match run {
            Run::Latin(word) => tokens.push(word),
            Run::Cjk(run) => tokens.extend(bigrams(&run)),
        }
    }
    tokens
}

/// Tokens of a name as they are kept: words with a number behind also without it, so that
/// `postgres15` is found by `postgres`, and `nodejs` by `node`.
pub(crate) fn indexed_name_tokens(text: &str) -> Vec<String> {
    let mut tokens = name_tokens(text);
    let bare: Vec<String> = tokens.iter().filter_map(|token| bare(token)).collect();
    tokens.extend(bare);
    tokens
}

/// The letters in front of a number, or of `js`, when they are a word of their own.
pub(crate) fn bare(token: &str) -> Option<String> {
    let bare = token.trim_end_matches(|c: char| c.is_ascii_digit());
    let bare = bare.strip_suffix("js").unwrap_or(bare);
    (bare.len() < token.len() && bare.len() >= BARE_LETTERS).then(|| bare.to_owned())
}

/// Tokens of prose: without stop words, stemmed.
pub(crate) fn prose_tokens(text: &str) -> Vec<String> {
    prose(text).split_ascii_whitespace().map(str::to_owned).collect()
}

/// The same, with blanks between them.
pub(crate) fn prose(text: &str) -> String {
    let mut tokens = String::with_capacity(text.len());
    let mut word = String::new();
    for (kind, stretch) in stretches(&fold(text)) {
        if kind == Kind::Latin {
            word.clear();
            word.push_str(stretch);
            word.make_ascii_lowercase();
            if !is_stop_word(&word) {
                let (rest, ending) = cut(&word);
                tokens.extend([rest, ending, " "]);
            }
        } else {
            pairs(stretch).for_each(|pair| tokens.extend([pair, " "]));
        }
    }
    tokens
}

/// The letters and digits of a name, lower-cased and joined: `kube-prometheus` and
/// `KubePrometheus` are one.
pub(crate) fn canonical(text: &str) -> String {
    let text = fold(text);
    let letters = text.chars().filter(|&c| kind(c) != Kind::Border);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a word says nothing about an image.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// A light stem. A stronger one would make store and storm the same.
pub(crate) fn stem(word: &str) -> String {
    let (rest, ending) = cut(word);
    [rest, ending].concat()
}

/// What stays of a word, and what stands for the rest.
fn cut(word: &str) -> (&str, &'static str) {
    let fits = |(suffix, ending): &(&str, &'static str)| {
        let rest = word.strip_suffix(suffix).filter(|rest| rest.len() >= STEM_LETTERS)?;
        Some((rest, *ending))
    };
    SUFFIXES.iter().find_map(fits).unwrap_or((word, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_humps_and_signs_but_not_at_digits() {
        for (text, want) in [
            ("KubePrometheusStack", "kube prometheus stack"),
            ("labring/mysql-op", "labring mysql op"),
            ("s3 K8s postgres15", "s3 k8s postgres15"),
            ("消息队列mq", "消息 息队 队列 mq"),
            ("库", "库"),
            ("검색 サーバー", "검색 サー ーハ ハー"),
            ("資料庫", "资料 料库"),
            ("naïve", "naive"),
            ("🦀 \u{0} --", ""),
        ] {
            assert_eq!(name_tokens(text).join(" "), want, "{text}");
        }
    }

    #[test]
    fn prose_loses_stop_words_and_endings() {
        assert_eq!(
            prose_tokens("The image for monitoring databases and storing queries").join(" "),
            "monitor databas stor query"
        );
        assert_eq!(prose_tokens("red rings").join(" "), "red ring");
    }

    #[test]
    fn spellings_of_one_name_are_one() {
        for text in ["kube-prometheus", "KubePrometheus", "kube_prometheus", "Kube Prometheus"] {
            assert_eq!(canonical(text), "kubeprometheus");
        }
    }

    #[test]
    fn stop_words_stand_in_order() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn encoded_data_is_no_word() {
        assert_eq!(name_tokens(&format!("x {} y", "a1".repeat(60))), ["x", "y"]);
    }
}
