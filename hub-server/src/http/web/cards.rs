//! A repository in a list.

use hub_model::{Detail, Digest, Field, Img, Tag, Visibility};

use super::lang::Lang;
use super::view::Link;
use super::visitor::Visitor;
use super::{icons, params};
use crate::services::repos::RepoCard;
use crate::services::search::{Span, spans};

/// More keywords than these say little in a list.
const MOST_KEYWORDS: usize = 5;

/// Longer descriptions are cut in a list, in characters.
const MOST_DESCRIPTION: usize = 220;

/// A repository in a list, in ready strings.
#[derive(Debug, Default)]
pub(super) struct Card {
    pub href: String,
    pub org: String,
    pub name: Vec<Stretch>,
    pub icon: String,
    pub description: Vec<Stretch>,
    /// Language of the description, when it is not the page's.
    pub description_lang: &'static str,
    /// A passage of the README in which something stands that was searched for.
    pub passage: Vec<Stretch>,
    /// Its language, as above.
    pub passage_lang: &'static str,
    pub keywords: Vec<Link>,
    pub tag: String,
    pub pushed: String,
    pub pushed_full: String,
    pub pulls: String,
    pub stars: String,
    /// The image that was asked for by its digest.
    pub held: Option<HeldImage>,
    /// Why it was found, line by line; empty when nobody asked.
    pub why: Vec<String>,
    pub official: bool,
    pub private: bool,
    pub deprecated: bool,
}

/// More tags than these say little in a list.
const MOST_TAGS: usize = 8;

/// Digits of a digest that a list shows.
const DIGEST_CHARS: usize = 19;

/// A manifest that a repository holds.
#[derive(Debug)]
pub(super) struct HeldImage {
    pub digest: Link,
    pub tags: Vec<Link>,
}

impl HeldImage {
    /// A manifest of the repository whose page is `repo`, with the tags that point at it.
    pub(super) fn new(repo: &str, digest: &Digest, tags: &[Tag]) -> Self {
        let short: String = digest.as_str().chars().take(DIGEST_CHARS).collect();
        let tag = |tag: &Tag| Link::new(format!("{repo}/-/tags/{tag}"), tag.as_str());
        Self {
            digest: Link::new(format!("{repo}/-/digest/{digest}"), format!("{short}…")),
            tags: tags.iter().take(MOST_TAGS).map(tag).collect(),
        }
    }
}

/// A part of a text, and whether it is what was searched for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stretch {
    pub text: String,
    pub marked: bool,
}

impl Stretch {
    /// Cuts a text where the words of a search stand.
    fn cut(text: &str, marks: &[String]) -> Vec<Self> {
        let own = |span: Span<'_>| Self { text: span.text.to_owned(), marked: span.marked };
        spans(text, marks).into_iter().map(own).collect()
    }
}

impl Card {
    /// A card for a reader, with what was searched for marked.
    fn new(visitor: &Visitor, card: &RepoCard, marks: &[String]) -> Self {
        let t = visitor.words();
        let (repo, img) = (&card.repo, card.latest.as_ref());
        let detail = img.map(|img| &img.detail);
        let description = detail.and_then(|d| d.text(Field::Description)).unwrap_or_default();
        let pushed = visitor.lang().moment(repo.pushed_at_ms, visitor.now_ms());
        let was_pushed = repo.latest_tag.is_some();
        let (org, name) = repo.name.as_str().split_once('/').unwrap_or_default();
        Self {
            href: format!("/r/{}", repo.name),
            org: org.to_owned(),
            name: Stretch::cut(name, marks),
            icon: icons::of_repo(&repo.name, img),
            description: Stretch::cut(&shortened(description, MOST_DESCRIPTION), marks),
            description_lang: foreign(visitor.lang(), description),
            passage: Vec::new(),
            passage_lang: "",
            keywords: detail.map(keywords).unwrap_or_default(),
            tag: repo.latest_tag.as_ref().map(ToString::to_string).unwrap_or_default(),
            pushed: if was_pushed { (t.pushed)(&pushed.ago) } else { t.never_pushed.to_owned() },
            pushed_full: if was_pushed { pushed.full } else { String::new() },
            pulls: (t.pulls)(&visitor.lang().short_number(repo.pulls), repo.pulls),
            stars: if repo.stars == 0 {
                String::new()
            } else {
                (t.stars)(&visitor.lang().short_number(repo.stars), repo.stars)
            },
            held: None,
            why: Vec::new(),
            official: repo.official,
            private: repo.visibility == Visibility::Private,
            deprecated: img.is_some_and(is_deprecated),
        }
    }

    /// Shows a passage of the README besides; an empty one is none.
    pub(super) fn show_passage(&mut self, lang: Lang, passage: &str, marks: &[String]) {
        self.passage = Stretch::cut(passage, marks);
        self.passage_lang = foreign(lang, passage);
    }

    /// Cards for a list.
    pub(super) fn all(visitor: &Visitor, cards: &[RepoCard]) -> Vec<Self> {
        Self::found(visitor, cards, &[])
    }

    /// Cards for what was found.
    pub(super) fn found(visitor: &Visitor, cards: &[RepoCard], marks: &[String]) -> Vec<Self> {
        cards.iter().map(|card| Self::new(visitor, card, marks)).collect()
    }
}

/// Whether its makers advise against an image.
pub(super) fn is_deprecated(img: &Img) -> bool {
    img.detail.flag(Field::Deprecated)
}

/// The first keywords, each a link to its search.
fn keywords(detail: &Detail) -> Vec<Link> {
    keyword_links(detail).into_iter().take(MOST_KEYWORDS).collect()
}

/// All keywords, each a link to its search.
pub(super) fn keyword_links(detail: &Detail) -> Vec<Link> {
    let link =
        |word: &String| Link::new(params::address("/search", &[("keyword", word)]), word.as_str());
    detail.list(Field::Keywords).iter().map(link).collect()
}

/// The language of a text that is not in the page's.
pub(super) fn foreign(page: Lang, text: &str) -> &'static str {
    let chinese = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    match (page, chinese) {
        (Lang::En, true) => "zh",
        (Lang::Zh, false) if !text.is_empty() => "en",
        _ => "",
    }
}

/// At most so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_name_their_language() {
        assert_eq!(foreign(Lang::En, "消息队列"), "zh");
        assert_eq!(foreign(Lang::Zh, "a queue"), "en");
        assert_eq!(foreign(Lang::Zh, "一个 queue"), "");
        assert_eq!(foreign(Lang::Zh, ""), "");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("数据库", 2), "数据…");
        assert_eq!(shortened("db", 2), "db");
    }
}
