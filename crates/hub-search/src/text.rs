//! From text to tokens, the same for documents and queries.

use crate::fold::fold;

/// Words that say nothing about an image. Source: tried on judged queries.
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

/// Letters that a word has at least which is found without its number: `s3` and `k8s` are names.
const NUMBERED_LETTERS: usize = 3;

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

/// Cuts text into runs, folded. A capital after a small letter begins a new one.
pub(crate) fn runs(text: &str) -> Vec<Run> {
    let text = fold(text);
    let mut runs = Vec::new();
    let mut current = String::new();
    let mut before = (Kind::Border, false);
    for c in text.chars() {
        let kind = kind(c);
        let hump = before.1 && c.is_ascii_uppercase();
        if kind != before.0 || hump {
            close(&mut runs, &mut current, before.0);
        }
        if kind != Kind::Border {
            current.push(c.to_ascii_lowercase());
        }
        before = (kind, c.is_ascii_lowercase());
    }
    close(&mut runs, &mut current, before.0);
    runs
}

fn close(runs: &mut Vec<Run>, current: &mut String, kind: Kind) {
    if current.is_empty() {
        return;
    }
    let text = std::mem::take(current);
    match kind {
        Kind::Latin if text.len() <= MAX_TOKEN_BYTES => runs.push(Run::Latin(text)),
        Kind::Cjk => runs.push(Run::Cjk(text)),
        Kind::Latin | Kind::Border => {}
    }
}

/// Pairs of neighbours; a single character stays as it is.
pub(crate) fn bigrams(run: &str) -> Vec<String> {
    let chars: Vec<char> = run.chars().collect();
    if chars.len() < 2 {
        return vec![run.to_owned()];
    }
    chars.windows(2).map(|pair| pair.iter().collect()).collect()
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
/// `postgres15` is found by `postgres`.
pub(crate) fn indexed_name_tokens(text: &str) -> Vec<String> {
    let mut tokens = name_tokens(text);
    let bare: Vec<String> = tokens.iter().filter_map(|token| without_number(token)).collect();
    tokens.extend(bare);
    tokens
}

/// The letters in front of a number, when they are a word of their own.
pub(crate) fn without_number(token: &str) -> Option<String> {
    let bare = token.trim_end_matches(|c: char| c.is_ascii_digit());
    (bare.len() < token.len() && bare.len() >= NUMBERED_LETTERS).then(|| bare.to_owned())
}

/// Tokens of prose: without stop words, stemmed.
pub(crate) fn prose_tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for run in runs(text) {
        match run {
            Run::Latin(word) if is_stop_word(&word) => {}
            Run::Latin(word) => tokens.push(stem(&word)),
            Run::Cjk(run) => tokens.extend(bigrams(&run)),
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
    STOP_WORDS.contains(&word)
}

/// A light stem. A stronger one would make store and storm the same.
pub(crate) fn stem(word: &str) -> String {
    for (suffix, replacement) in SUFFIXES {
        if let Some(rest) = word.strip_suffix(suffix)
            && rest.len() >= STEM_LETTERS
        {
            return format!("{rest}{replacement}");
        }
    }
    word.to_owned()
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
    fn encoded_data_is_no_word() {
        assert_eq!(name_tokens(&format!("x {} y", "a1".repeat(60))), ["x", "y"]);
    }
}
