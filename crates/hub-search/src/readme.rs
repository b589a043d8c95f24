//! What of a README is searched.

/// Characters of a README that are searched. Source: measured, the whole README finds no better.
const MAX_CHARS: usize = 4000;

/// Bytes that are looked at to get there: markup goes, and characters have several bytes.
const MAX_BYTES: usize = MAX_CHARS * 8;

/// Longest address of a link, in bytes. Without a limit a README of brackets costs quadratic time.
const MAX_ADDRESS_BYTES: usize = 2048;

/// The words of a README: without fenced code, comments and addresses of links, cut to
/// [`MAX_CHARS`].
pub(crate) fn words(markdown: &str) -> String {
    let mut text = String::new();
    let mut fence: Option<&str> = None;
    let mut inside_comment = false;
    for line in markdown.lines() {
        match (fence, fence_of(line)) {
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, Some(mark)) if !inside_comment => fence = Some(mark),
            (None, _) => {
                without_comments(line, &mut inside_comment, &mut text);
                text.push('\n');
            }
        }
        if text.len() > MAX_BYTES {
            break;
        }
    }
    text.truncate(text.floor_char_boundary(MAX_BYTES));
    without_addresses(&text).chars().take(MAX_CHARS).collect()
}

fn fence_of(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark))
}

/// Appends what of `line` lies outside comments.
fn without_comments(line: &str, inside: &mut bool, out: &mut String) {
    let mut rest = line;
    loop {
        let (mark, next) = if *inside { ("-->", false) } else { ("<!--", true) };
        let (before, after) = match rest.split_once(mark) {
            Some((before, after)) => (before, Some(after)),
            None => (rest, None),
        };
        if !*inside {
            out.push_str(before);
            out.push(' ');
        }
        let Some(after) = after else { return };
        *inside = next;
        rest = after;
    }
}

/// Drops `(address)` behind `]`.
fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        out.push_str(before);
        out.push(']');
        let near = &after[..after.floor_char_boundary(MAX_ADDRESS_BYTES)];
        let end = near.find([')', '\n']).map_or(0, |end| end + 1);
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comments_and_addresses_are_not_searched() {
        let markdown = "# Title\n<!-- a\nsecret --> seen [text](https://hidden.example/x) after\n\
                        ```yaml\ncode: here\n~~~\n```\nlast <!-- one --> line\n~~~\nopen end";
        let words = words(markdown);
        for word in ["Title", "seen", "text", "after", "last", "line"] {
            assert!(words.contains(word), "{word} in {words}");
        }
        for word in ["secret", "hidden", "code", "one", "open end"] {
            assert!(!words.contains(word), "{word} in {words}");
        }
    }

    #[test]
    fn a_large_readme_is_cut() {
        assert_eq!(words(&"字".repeat(100_000)).chars().count(), MAX_CHARS);
        assert!(words(&"](".repeat(100_000)).len() <= MAX_CHARS);
    }
}
