//! What was typed: words, operators, quotes, a pasted command.
//!
//! Nothing is an error. What does not read as an operator is a word.

use hub_model::{OrgName, SearchFilter, SizeBucket};

use crate::reference;

/// Operators of one query that are read; the rest are passed over.
const MOST_OPERATORS: usize = 16;

/// Longest text that is looked at, in bytes.
const MOST_BYTES: usize = 1024;

/// A text, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Ask {
    /// The words, or the name out of a pasted reference.
    pub(crate) words: String,
    /// The organisation of a pasted reference.
    pub(crate) wanted_org: Option<String>,
    /// What stands in quotes.
    pub(crate) phrases: Vec<String>,
    /// What stands behind a minus.
    pub(crate) without: Vec<String>,
    /// What operators narrow down.
    pub(crate) filter: SearchFilter,
    /// Whether an operator names what cannot be: nothing is found then.
    pub(crate) impossible: bool,
}

/// A stretch between blanks.
struct Piece<'a> {
    text: &'a str,
    minus: bool,
    quoted: bool,
}

impl Ask {
    /// Takes `text` apart.
    pub(crate) fn read(text: &str) -> Self {
        let text = &text[..text.floor_char_boundary(MOST_BYTES)];
        let mut ask = Self::default();
        let mut words = Vec::new();
        let mut left = MOST_OPERATORS;
        for piece in pieces(text) {
            if left > 0 && ask.take(&piece) {
                left -= 1;
            } else if !piece.text.is_empty() {
                words.push(piece.text);
            }
        }
        let words = words.join(" ");
        let wanted = reference::reduce(&words);
        ask.wanted_org = wanted.org.map(str::to_owned);
        wanted.text.clone_into(&mut ask.words);
        // A scheme or a command alone asks for nothing that there could be.
        ask.impossible |= ask.words.is_empty() && !words.is_empty();
        ask
    }

    /// Reads an operator, or says that it is none.
    fn take(&mut self, piece: &Piece<'_>) -> bool {
        if piece.quoted && !piece.minus {
            self.phrases.push(piece.text.to_owned());
            return true;
        }
        let named = piece.text.split_once(':').filter(|(_, value)| !value.is_empty());
        if let Some((key, value)) = named
            && !piece.quoted
            && self.operator(key, value.trim_matches('"'), !piece.minus)
        {
            return true;
        }
        if piece.minus && piece.text.chars().any(char::is_alphanumeric) {
            self.without.push(piece.text.to_owned());
            return true;
        }
        false
    }

    fn operator(&mut self, key: &str, value: &str, yes: bool) -> bool {
        let filter = &mut self.filter;
        match (key.to_ascii_lowercase().as_str(), yes) {
            ("org", true) => match OrgName::parse(&value.to_lowercase()) {
                Ok(org) => filter.org = Some(org),
                Err(_) => self.impossible = true,
            },
            ("keyword", true) => filter.keywords.push(value.to_owned()),
            ("category", true) => filter.categories.push(value.to_owned()),
            ("os", true) => filter.os = Some(value.to_owned()),
            ("arch", true) => filter.arch = Some(value.to_owned()),
            ("size", true) => match SizeBucket::parse(&value.to_lowercase()) {
                Some(bucket) => filter.size = Some(bucket),
                None => self.impossible = true,
            },
            ("is" | "has", yes) => match value.to_lowercase().as_str() {
                "official" => filter.official = Some(yes),
                "deprecated" => filter.deprecated = Some(yes),
                "readme" => filter.readme = Some(yes),
                _ => return false,
            },
            _ => return false,
        }
        true
    }
}

/// Joins what operators and what the caller narrow down.
pub(crate) fn joined(typed: &SearchFilter, given: &SearchFilter) -> SearchFilter {
    SearchFilter {
        org: given.org.clone().or_else(|| typed.org.clone()),
        keywords: [given.keywords.clone(), typed.keywords.clone()].concat(),
        categories: [given.categories.clone(), typed.categories.clone()].concat(),
        os: given.os.clone().or_else(|| typed.os.clone()),
        arch: given.arch.clone().or_else(|| typed.arch.clone()),
        official: given.official.or(typed.official),
        deprecated: given.deprecated.or(typed.deprecated),
        readme: given.readme.or(typed.readme),
        size: given.size.or(typed.size),
        pushed_since_ms: given.pushed_since_ms,
    }
}

/// Cuts at blanks; quotes keep what is between them together.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (minus, body) = match rest.strip_prefix('-') {
            Some(body) => (true, body),
            None => (false, rest),
        };
        let inside = body.strip_prefix('"').and_then(|body| body.split_once('"'));
        let (text, after) = inside.unwrap_or_else(|| body.split_at(end_of_word(body)));
        pieces.push(Piece { text, minus, quoted: inside.is_some() });
        rest = after.trim_start();
    }
    pieces
}

/// Where a word ends: at a blank, but not inside of `key:"two words"`.
fn end_of_word(text: &str) -> usize {
    let blank = text.find(char::is_whitespace).unwrap_or(text.len());
    let quote = text[..blank].find(":\"").map(|at| at + 2);
    let close = quote.and_then(|from| text[from..].find('"').map(|at| from + at + 1));
    close.unwrap_or(blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_quotes_and_minus_are_read() {
        let ask = Ask::read(
            r#"redis org:labring keyword:"key value" -cluster "in memory" arch:arm64 -is:deprecated is:official size:tiny cache"#,
        );
        let filter = SearchFilter {
            org: Some("labring".parse().unwrap()),
            keywords: vec!["key value".to_owned()],
            arch: Some("arm64".to_owned()),
            official: Some(true),
            deprecated: Some(false),
            size: Some(SizeBucket::Tiny),
            ..SearchFilter::default()
        };
        assert_eq!(ask.filter, filter);
        assert_eq!(ask.words, "redis cache");
        assert_eq!(
            (ask.phrases, ask.without),
            (vec!["in memory".to_owned()], vec!["cluster".to_owned()])
        );
    }

    #[test]
    fn what_reads_as_no_operator_is_a_word() {
        for (text, words) in [
            ("nginx:1.25", "nginx"),
            ("is:blue has: org:", "is:blue has: org:"),
            ("a - b -- c", "a b - c"),
            ("\"open", "\"open"),
            ("what: ever", "what: ever"),
            ("docker pull ghcr.io/x/y:1", "y"),
        ] {
            assert_eq!(Ask::read(text).words, words, "{text}");
        }
        assert!(Ask::read("org:NO!").impossible);
    }

    #[test]
    fn thousands_of_operators_are_bounded() {
        let ask = Ask::read(&"keyword:a -b ".repeat(5000));
        assert!(ask.filter.keywords.len() + ask.without.len() <= MOST_OPERATORS);
    }
}
