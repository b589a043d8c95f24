//! One pass over sanitised HTML: lowers headings, replaces images by links, lets tables scroll.

use super::{Words, escape_into, unescape};

/// Finishes sanitised HTML; it relies on the one serial form that the sanitiser writes.
pub(super) fn finish(html: &str, words: Words) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut links = 0_usize;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let tag = tag_at(&rest[at..]);
        rest = &rest[at + tag.len()..];
        match name_of(tag) {
            "a" => {
                links += 1;
                out.push_str(tag);
            }
            "/a" => {
                links = links.saturating_sub(1);
                out.push_str(tag);
            }
            "img" => push_image(&mut out, tag, links > 0, words),
            // The sanitiser writes these attributes in any order; pages are to be the same each time.
            "input" if tag.contains(" checked") => {
                out.push_str("<input type=\"checkbox\" disabled=\"\" checked=\"\">");
            }
            "input" => out.push_str("<input type=\"checkbox\" disabled=\"\">"),
            "table" => {
                out.push_str("<div class=\"scroll\" tabindex=\"0\">");
                out.push_str(tag);
            }
            "/table" => out.push_str("</table></div>"),
            name => match lowered(name) {
                Some(lower) => {
                    out.push('<');
                    out.push_str(lower);
                    out.push_str(&tag[1 + name.len()..]);
                }
                None => out.push_str(tag),
            },
        }
    }
    out.push_str(rest);
    out
}

/// The page has one `h1`, and it is not the README's.
fn lowered(name: &str) -> Option<&'static str> {
    Some(match name {
        "h1" => "h2",
        "h2" => "h3",
        "h3" => "h4",
        "h4" => "h5",
        "h5" => "h6",
        "/h1" => "/h2",
        "/h2" => "/h3",
        "/h3" => "/h4",
        "/h4" => "/h5",
        "/h5" => "/h6",
        _ => return None,
    })
}

/// The tag that begins here, up to its `>` outside of quotes.
fn tag_at(text: &str) -> &str {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return &text[..=at],
            _ => {}
        }
    }
    text
}

fn name_of(tag: &str) -> &str {
    let inner = &tag[1..];
    let end = inner.find([' ', '>']).unwrap_or(inner.len());
    &inner[..end]
}

/// The value of an attribute, still escaped.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = tag;
    // Values hold no literal quote, so every second piece is a value.
    while let Some((before, after)) = rest.split_once("=\"") {
        let (value, tail) = after.split_once('"')?;
        if before.rsplit(' ').next() == Some(name) {
            return Some(value);
        }
        rest = tail;
    }
    None
}

/// An image of somebody else's server is not fetched by the page: it becomes a link.
fn push_image(out: &mut String, tag: &str, in_link: bool, words: Words) {
    let source = attribute(tag, "src");
    let alternative = attribute(tag, "alt").map(|alt| unescape(alt.trim())).unwrap_or_default();
    let label = if alternative.is_empty() {
        source.map(|source| file_name(&unescape(source))).unwrap_or_default()
    } else {
        alternative
    };
    if label.is_empty() {
        return;
    }
    if let Some(source) = source.filter(|_| !in_link) {
        out.push_str("<a class=\"md-image\" href=\"");
        escape_into(out, &unescape(source));
        out.push_str("\" rel=\"nofollow noopener noreferrer ugc\">[");
        out.push_str(words.image);
        escape_into(out, &label);
        out.push_str("]</a>");
    } else {
        out.push_str("<span class=\"md-image\">");
        escape_into(out, &label);
        out.push_str("</span>");
    }
}

fn file_name(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned()
}
