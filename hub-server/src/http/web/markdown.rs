//! README text to safe HTML: Markdown events, allow-list, then highlighting.
//!
//! Source of the dialect: `docs/sources.md#gfm`.

mod clean;
mod events;
mod finish;
mod highlight;
mod seams;
#[cfg(test)]
mod tests;

use self::clean::Forge;

/// Raise it when the same text would render differently: it is part of the cache key.
pub(crate) const RENDERER_VERSION: u32 = 1;

/// Texts longer than this are rendered off the async threads.
pub(crate) const INLINE_BYTES: usize = 64 * 1024;

/// Words that the renderer adds to a README, in the reader's language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    /// Stands before the alternative text of an image that is not shown.
    pub image: &'static str,
    /// Titles of the five kinds of alerts: note, tip, important, warning, caution.
    pub alerts: [&'static str; 5],
}

/// What a rendering depends on besides the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Words in the reader's language.
    pub words: Words,
    /// Address of the source repository, which relative links are resolved against.
    pub source: Option<&'a str>,
}

/// A heading in the table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    /// 1 to 3, as written.
    pub level: u8,
    /// The id in the page, with our prefix.
    pub id: String,
    /// Its text without markup.
    pub text: String,
}

/// A rendered README.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rendered {
    /// Sanitised HTML.
    pub html: String,
    /// Headings of the first three levels; empty when there are fewer than three.
    pub contents: Vec<Heading>,
}

impl Rendered {
    /// Its weight in a cache, in bytes.
    pub(crate) fn weight(&self) -> u32 {
        let contents: usize = self.contents.iter().map(|h| h.id.len() + h.text.len() + 64).sum();
        u32::try_from(self.html.len() + contents).unwrap_or(u32::MAX)
    }
}

/// Renders Markdown.
pub(crate) fn render(text: &str, context: Context<'_>) -> Rendered {
    let mut rendered = sanitised(text, context);
    rendered.html = highlight::blocks(&rendered.html);
    rendered
}

/// Renders Markdown without highlighting.
fn sanitised(text: &str, context: Context<'_>) -> Rendered {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (html, contents) = events::to_html(&seams::mark(text), context.words);
    if clean::is_too_deep(&html) {
        return render_plain(text);
    }
    let forge = context.source.and_then(Forge::parse);
    let clean = clean::clean(&html, forge.as_ref());
    Rendered { html: finish::finish(&clean, context.words), contents }
}

/// Shows a text that is no Markdown as it is.
pub(crate) fn render_plain(text: &str) -> Rendered {
    let mut html = String::with_capacity(text.len() + 32);
    html.push_str("<pre class=\"plain\">");
    escape_into(&mut html, text);
    html.push_str("</pre>");
    Rendered { html, contents: Vec::new() }
}

/// Appends text with the characters escaped that mean something in HTML.
fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
}

/// Turns the entities back that the sanitiser writes.
fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

/// Whether a letter is Chinese, Japanese or Korean.
const fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a character is punctuation of CJK texts.
const fn is_cjk_punctuation(c: char) -> bool {
    matches!(c,
        '\u{3001}'..='\u{303f}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}'
        | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}'
        | '\u{2018}'..='\u{201f}' | '\u{2026}' | '\u{2014}')
}
