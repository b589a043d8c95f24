//! Text out of bytes, and one clean line out of text.

/// Text of bytes: UTF-8 with or without a mark, UTF-16 with one; what is neither becomes
/// replacement characters.
pub(crate) fn decode_text(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units)
            .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Whether a character changes the direction of text: it can make a line lie.
const fn turns_text(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line: no control characters, no bidirectional overrides, blanks joined, at most `most`
/// characters.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let cleaned: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !turns_text(*c))
        .collect();
    let joined = cleaned.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    cut(&joined, most).trim_end().to_owned()
}

/// Several lines: no control characters but line breaks and tabs, at most `most` characters.
pub(crate) fn some_lines(text: &str, most: usize) -> String {
    let cleaned: String = text
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || turns_text(*c)))
        .collect();
    cut(cleaned.trim(), most).to_owned()
}

/// The first `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at])
}

/// Text without what stands in angle brackets, for values that are HTML.
pub(crate) fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let Some(end) = tag.find('>') else {
            rest = "";
            break;
        };
        let name = tag[1..end].trim_start_matches('/').trim_end_matches('/').trim();
        if matches!(name.to_ascii_lowercase().as_str(), "p" | "br" | "li" | "ul" | "ol" | "div") {
            text.push('\n');
        }
        rest = &tag[end + 1..];
    }
    text.push_str(rest);
    for (entity, plain) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        text = text.replace(entity, plain);
    }
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_every_encoding_become_text() {
        for (bytes, want) in [
            (&b"\xef\xbb\xbfhi"[..], "hi"),
            (b"\xff\xfeh\0i\0", "hi"),
            (b"\xfe\xff\0h\0i", "hi"),
            (b"\xff\xfe\x00\xd8", "\u{fffd}"),
            (b"h\xffi", "h\u{fffd}i"),
            ("数据库".as_bytes(), "数据库"),
        ] {
            assert_eq!(decode_text(bytes), want);
        }
    }

    #[test]
    fn lines_are_clean_and_cut_between_characters() {
        assert_eq!(one_line(" a\u{202e}b\u{0007}\n\t c ", 99), "ab c");
        assert_eq!(one_line("数据库", 2), "数据");
        assert_eq!(some_lines("a\u{1b}[31m\nb\u{2066}\n", 99), "a[31m\nb");
    }

    #[test]
    fn html_loses_its_tags() {
        let html = "<p>First &amp; <b>second</b></p><ul><li>x</li></ul><script";
        assert_eq!(without_tags(html), "First & second\nx");
    }
}
