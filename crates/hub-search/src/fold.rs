//! One spelling for what is written in several: accents, full-width letters, traditional Chinese.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Traditional characters with the simplified ones that stand for them, the usual one first.
/// Source: `docs/sources.md#traditional-chinese`.
const TRADITIONAL: &str = include_str!("../data/traditional.txt");

/// Ideographs that a table is kept for; what lies beyond is rare.
const USUAL: RangeInclusive<char> = '\u{3400}'..='\u{9fff}';

/// The simplified character of each traditional one. One character becomes one, so that pairs of
/// characters stay pairs.
struct Simplified {
    /// By place in [`USUAL`].
    usual: Vec<char>,
    others: HashMap<char, char>,
}

static SIMPLIFIED: LazyLock<Simplified> = LazyLock::new(|| {
    let mut simplified = Simplified { usual: USUAL.collect(), others: HashMap::new() };
    for line in TRADITIONAL.lines() {
        let Some((from, to)) = line.split_once('\t') else { continue };
        let (Some(from), Some(to)) = (from.chars().next(), to.chars().next()) else { continue };
        match place(from) {
            Some(at) => simplified.usual[at] = to,
            None => drop(simplified.others.insert(from, to)),
        }
    }
    simplified
});

fn place(c: char) -> Option<usize> {
    USUAL.contains(&c).then(|| c as usize - *USUAL.start() as usize)
}

fn simplified(c: char) -> char {
    match place(c) {
        Some(at) => SIMPLIFIED.usual[at],
        None => SIMPLIFIED.others.get(&c).copied().unwrap_or(c),
    }
}

/// Folds `text`: compatibility forms and accents go, Chinese becomes simplified. Case stays.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    // Nearly every character is one of these, and has one form only: the long way is for the rest.
    let is_plain = |c: char| c.is_ascii() || USUAL.contains(&c);
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
        folded.extend(rest[..end].chars().map(simplified));
        rest = &rest[end..];
        let end = rest.find(is_plain).unwrap_or(rest.len());
        // Hangul falls apart into letters and is put together again.
        let plain = rest[..end].nfkd().filter(|c| !is_combining_mark(*c)).nfc();
        folded.extend(plain.map(simplified));
        rest = &rest[end..];
    }
    Cow::Owned(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_full_width_letters_and_traditional_characters_are_folded() {
        for (text, want) in [
            ("Café naïve Ångström", "Cafe naive Angstrom"),
            ("ＲＥＤＩＳ　１２", "REDIS 12"),
            ("資料庫 訊息佇列 監控", "资料库 讯息伫列 监控"),
            ("数据库", "数据库"),
            ("검색 サーバー", "검색 サーハー"),
            ("ﬁle ①", "file 1"),
            ("e\u{301}t\u{e9} 庫\u{301}x", "ete 库x"),
        ] {
            assert_eq!(fold(text), want);
        }
    }
}
