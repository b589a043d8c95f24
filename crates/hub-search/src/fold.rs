//! One spelling for what is written in several: accents, full-width letters, traditional Chinese.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Traditional characters with the simplified ones that stand for them, the usual one first.
/// Source: `docs/sources.md#traditional-chinese`.
const TRADITIONAL: &str = include_str!("../data/traditional.txt");

/// The simplified character of each traditional one. One character becomes one, so that pairs of
/// characters stay pairs.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let pair = |line: &str| {
        let (from, to) = line.split_once('\t')?;
        Some((from.chars().next()?, to.chars().next()?))
    };
    TRADITIONAL.lines().filter_map(pair).collect()
});

/// Folds `text`: compatibility forms and accents go, Chinese becomes simplified. Case stays.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    // Hangul falls apart into letters and is put together again.
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c)).nfc();
    Cow::Owned(plain.map(|c| SIMPLIFIED.get(&c).copied().unwrap_or(c)).collect())
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
        ] {
            assert_eq!(fold(text), want);
        }
    }
}
