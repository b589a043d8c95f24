//! The layer over the parser's events: heading ids, links out of bare addresses, tables, CJK.

use std::collections::HashMap;

use linkify::{LinkFinder, LinkKind};
use pulldown_cmark::{
    Alignment, BlockQuoteKind, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options,
    Parser, Tag, TagEnd, TextMergeStream, html,
};

use super::{Heading, Words, is_cjk, is_cjk_punctuation};

/// Prefix of all ids that come out of a README.
pub(super) const ID_PREFIX: &str = "user-content-";

/// Fewer headings than this make no table of contents.
const CONTENTS_FROM: usize = 3;

/// The dialect: GitHub's, with front matter hidden.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
}

/// Turns Markdown into HTML that is not yet safe, and its headings.
pub(super) fn to_html(text: &str, words: Words) -> (String, Vec<Heading>) {
    let events: Vec<Event<'_>> = TextMergeStream::new(Parser::new_ext(text, options())).collect();
    let mut layer = Layer::new(words, events.len());
    for (at, event) in events.iter().enumerate() {
        layer.take(event.clone(), &events[at + 1..]);
    }
    let mut out = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut out, layer.out.into_iter());
    if layer.contents.len() < CONTENTS_FROM {
        layer.contents.clear();
    }
    (out, layer.contents)
}

/// The state while events pass.
struct Layer<'a> {
    words: Words,
    finder: LinkFinder,
    out: Vec<Event<'a>>,
    contents: Vec<Heading>,
    /// How often a slug was used.
    slugs: HashMap<String, usize>,
    heading: Option<OpenHeading>,
    /// Inside links, images and code nothing is linked.
    literal: usize,
    table: Vec<Alignment>,
    in_head: bool,
    column: usize,
    last_char: Option<char>,
}

/// A heading whose end has not come yet.
struct OpenHeading {
    level: HeadingLevel,
    text: String,
    /// Where its start stands in the output, to be given its id.
    at: usize,
}

impl<'a> Layer<'a> {
    fn new(words: Words, events: usize) -> Self {
        let mut finder = LinkFinder::new();
        finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true).url_can_be_iri(false);
        Self {
            words,
            finder,
            out: Vec::with_capacity(events + events / 8),
            contents: Vec::new(),
            slugs: HashMap::new(),
            heading: None,
            literal: 0,
            table: Vec::new(),
            in_head: false,
            column: 0,
            last_char: None,
        }
    }

    fn take(&mut self, event: Event<'a>, rest: &[Event<'a>]) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(text),
            Event::Code(code) => {
                self.collect(&code);
                self.out.push(Event::Code(code));
            }
            Event::InlineMath(tex) => {
                self.collect(&tex);
                self.out.push(Event::Code(tex));
            }
            Event::DisplayMath(tex) => {
                self.out.push(Event::Code(CowStr::from(tex.trim().to_owned())));
            }
            Event::SoftBreak => {
                let next = first_char(rest);
                let wide = |c: char| is_cjk(c) || is_cjk_punctuation(c);
                if self.last_char.is_some_and(wide) && next.is_some_and(wide) {
                    return;
                }
                self.collect(" ");
                self.out.push(Event::SoftBreak);
            }
            other => self.out.push(other),
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        self.last_char = None;
        match tag {
            Tag::Heading { level, .. } => {
                self.heading = Some(OpenHeading { level, text: String::new(), at: self.out.len() });
                self.out.push(Event::Start(Tag::Heading {
                    level,
                    id: None,
                    classes: Vec::new(),
                    attrs: Vec::new(),
                }));
            }
            Tag::CodeBlock(kind) => {
                self.literal += 1;
                self.out.push(Event::Start(Tag::CodeBlock(plain_language(kind))));
            }
            Tag::Link { .. } | Tag::Image { .. } => {
                self.literal += 1;
                self.out.push(Event::Start(tag));
            }
            Tag::Table(alignments) => {
                self.table = alignments;
                self.out.push(Event::Start(Tag::Table(Vec::new())));
            }
            Tag::TableHead | Tag::TableRow => {
                self.in_head = matches!(tag, Tag::TableHead);
                self.column = 0;
                self.out.push(Event::Start(tag));
            }
            Tag::TableCell => {
                let cell = cell_start(self.in_head, self.table.get(self.column));
                self.column += 1;
                self.out.push(Event::Html(CowStr::Borrowed(cell)));
            }
            Tag::BlockQuote(Some(kind)) => {
                self.out.push(Event::Start(Tag::BlockQuote(Some(kind))));
                let title = self.words.alerts[alert_index(kind)];
                let line = format!("<p class=\"markdown-alert-title\">{title}</p>");
                self.out.push(Event::Html(line.into()));
            }
            other => self.out.push(Event::Start(other)),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.end_heading(),
            TagEnd::CodeBlock | TagEnd::Link | TagEnd::Image => self.literal -= 1,
            TagEnd::TableCell => {
                let cell = if self.in_head { "</th>" } else { "</td>" };
                self.out.push(Event::Html(CowStr::Borrowed(cell)));
                return;
            }
            _ => {}
        }
        self.out.push(Event::End(tag));
    }

    fn end_heading(&mut self) {
        let Some(heading) = self.heading.take() else { return };
        let text = heading.text.trim().to_owned();
        let id = self.unused(&slug(&text));
        if let Some(Event::Start(Tag::Heading { id: place, .. })) = self.out.get_mut(heading.at) {
            *place = Some(id.clone().into());
        }
        let level = heading.level as u8;
        if level <= 3 && !text.is_empty() {
            self.contents.push(Heading { level, id: format!("{ID_PREFIX}{id}"), text });
        }
    }

    /// A slug with a number behind it when it was used before.
    fn unused(&mut self, slug: &str) -> String {
        let mut id = slug.to_owned();
        while let Some(times) = self.slugs.get_mut(slug) {
            id = format!("{slug}-{times}");
            *times += 1;
            if !self.slugs.contains_key(&id) {
                break;
            }
        }
        self.slugs.insert(id.clone(), 1);
        id
    }

    fn text(&mut self, text: CowStr<'a>) {
        self.collect(&text);
        if self.literal > 0 || !text.contains("://") {
            self.out.push(Event::Text(text));
            return;
        }
        for span in self.finder.spans(&text) {
            let words = CowStr::from(span.as_str().to_owned());
            if span.kind().is_none() || !span.as_str().starts_with("http") {
                self.out.push(Event::Text(words));
                continue;
            }
            self.out.push(Event::Start(Tag::Link {
                link_type: LinkType::Autolink,
                dest_url: words.clone(),
                title: CowStr::Borrowed(""),
                id: CowStr::Borrowed(""),
            }));
            self.out.push(Event::Text(words));
            self.out.push(Event::End(TagEnd::Link));
        }
    }

    /// Notes text for the heading it stands in, and for the next line break.
    fn collect(&mut self, text: &str) {
        self.last_char = text.chars().next_back().or(self.last_char);
        if let Some(heading) = &mut self.heading {
            heading.text.push_str(text);
        }
    }
}

/// The first character of the text that follows.
fn first_char(rest: &[Event<'_>]) -> Option<char> {
    match rest.iter().find(|event| !matches!(event, Event::Start(_) | Event::End(_)))? {
        Event::Text(text) => text.chars().next(),
        _ => None,
    }
}

/// The language of a fence: its first word, without attributes behind it.
fn plain_language(kind: CodeBlockKind<'_>) -> CodeBlockKind<'_> {
    let CodeBlockKind::Fenced(info) = kind else { return CodeBlockKind::Indented };
    let word = info.trim_start_matches(['{', '.']);
    let end = word.find(|c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}' | ':'));
    let language = word[..end.unwrap_or(word.len())].to_ascii_lowercase();
    CodeBlockKind::Fenced(language.into())
}

/// The opening tag of a cell; the alignment is an attribute, since the page allows no styles.
const fn cell_start(head: bool, alignment: Option<&Alignment>) -> &'static str {
    match (head, alignment) {
        (true, Some(Alignment::Left)) => "<th align=\"left\">",
        (true, Some(Alignment::Center)) => "<th align=\"center\">",
        (true, Some(Alignment::Right)) => "<th align=\"right\">",
        (true, Some(Alignment::None) | None) => "<th>",
        (false, Some(Alignment::Left)) => "<td align=\"left\">",
        (false, Some(Alignment::Center)) => "<td align=\"center\">",
        (false, Some(Alignment::Right)) => "<td align=\"right\">",
        (false, Some(Alignment::None) | None) => "<td>",
    }
}

const fn alert_index(kind: BlockQuoteKind) -> usize {
    match kind {
        BlockQuoteKind::Note => 0,
        BlockQuoteKind::Tip => 1,
        BlockQuoteKind::Important => 2,
        BlockQuoteKind::Warning => 3,
        BlockQuoteKind::Caution => 4,
    }
}

/// GitHub's slug of a heading: lower case, blanks to `-`, punctuation dropped, CJK kept.
pub(super) fn slug(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            _ => c.is_alphanumeric().then_some(c),
        })
        .collect()
}
