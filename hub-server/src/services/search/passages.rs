//! Passages of READMEs in which something stands that was searched for.

use std::collections::BTreeSet;
use std::mem;

use hub_model::{Digest, Field};
use hub_search::spans;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::SearchError;
use crate::App;
use crate::services::repos::RepoCard;

/// Bytes of a README that are looked through: what the index reads of it, with the markup.
const LOOKED_AT: usize = 32_000;

/// Longest passage, in characters.
const MOST: usize = 200;

/// Characters in front of the first word that was found, at most.
const BEFORE: usize = 60;

/// A passage for each card whose description holds nothing that was searched for, where its README
/// does.
pub(super) async fn passages(
    app: &App,
    cards: &[RepoCard],
    marks: &[String],
) -> Result<Vec<Option<String>>, SearchError> {
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<Option<Digest>> = cards.iter().map(|card| wanted(card, marks)).collect();
    let digests: Vec<Digest> = wanted.iter().flatten().cloned().collect();
    let texts = app.db.texts(&digests).await?;
    let marks = marks.to_owned();
    let find = move |digest: Option<Digest>| passage(texts.get(digest?.as_str())?, &marks);
    let found = move || wanted.into_iter().map(find).collect();
    Ok(tokio::task::spawn_blocking(found).await?)
}

/// The README of a card whose description does not show why it was found.
fn wanted(card: &RepoCard, marks: &[String]) -> Option<Digest> {
    let detail = &card.latest.as_ref()?.detail;
    let description = detail.text(Field::Description).unwrap_or_default();
    let shown = spans(description, marks).iter().any(|span| span.marked);
    if shown { None } else { detail.docs() }
}

/// The paragraph in which most of `marks` stand, cut round the first of them.
fn passage(markdown: &str, marks: &[String]) -> Option<String> {
    let start = &markdown[..markdown.floor_char_boundary(LOOKED_AT)];
    let mut best = (0, String::new(), 0);
    for paragraph in paragraphs(start) {
        let (mut at, mut first, mut found) = (0, None, BTreeSet::new());
        for span in spans(&paragraph, marks) {
            if span.marked {
                first = first.or(Some(at));
                found.insert(span.text.to_lowercase());
            }
            at += span.text.len();
        }
        if found.len() > best.0 {
            best = (found.len(), paragraph, first.unwrap_or_default());
        }
    }
    (best.0 > 0).then(|| window(&best.1, best.2))
}

/// The texts of paragraphs, headings, items and rows; code is none.
fn paragraphs(markdown: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut text = String::new();
    let mut in_code = false;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(part) if !in_code => text.push_str(&part),
            Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::TableCell) => text.push(' '),
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::Item
                | TagEnd::TableHead
                | TagEnd::TableRow,
            ) => paragraphs.push(mem::take(&mut text)),
            _ => {}
        }
    }
    paragraphs
}

/// What stands round the byte `at`, from the beginning of a word to the end of one.
fn window(text: &str, at: usize) -> String {
    let near = text[..at].char_indices().rev().nth(BEFORE).map_or(0, |(near, _)| near);
    let from =
        if near == 0 { 0 } else { text[near..at].find(' ').map_or(near, |space| near + space + 1) };
    let far = text[from..].char_indices().nth(MOST).map_or(text.len(), |(far, _)| from + far);
    let to = if far == text.len() {
        far
    } else {
        text[at..far.max(at)].rfind(' ').map_or(far, |space| at + space)
    };
    let cut = |is_cut: bool| if is_cut { "…" } else { "" };
    format!("{}{}{}", cut(from > 0), text[from..to].trim(), cut(to < text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(markdown: &str, marks: &[&str]) -> Option<String> {
        let marks: Vec<String> = marks.iter().map(|mark| (*mark).to_owned()).collect();
        passage(markdown, &marks)
    }

    #[test]
    fn the_paragraph_with_most_of_the_words_is_shown_without_its_markup() {
        let markdown = "# A queue\n\nSends *messages*\nover a [queue](https://example.com/queue).\n\n\
                        ```sh\nqueue messages\n```\n\n<p>queue</p>\n\n| a | queue |\n|---|---|\n| b | c |\n";
        let both = found(markdown, &["messag", "queue"]).unwrap();
        assert_eq!(both, "Sends messages over a queue.");
        assert_eq!(found(markdown, &["queue"]).unwrap(), "A queue");
        assert_eq!(found(markdown, &["absent"]), None);
        assert_eq!(found("```\nonly code\n```", &["code"]), None);
    }

    #[test]
    fn a_long_paragraph_is_cut_between_words_round_the_first_that_was_found() {
        let markdown = format!("{} queue {}", "before ".repeat(40), "after ".repeat(60));
        let cut = found(&markdown, &["queue"]).unwrap();
        assert!(cut.starts_with("…before ") && cut.ends_with(" after…"), "{cut}");
        assert!(cut.contains(" queue ") && cut.chars().count() <= MOST + 2, "{cut}");
    }

    #[test]
    fn chinese_is_cut_between_characters() {
        let markdown = format!("{}消息队列{}", "前".repeat(300), "后".repeat(300));
        let cut = found(&markdown, &["消息队列"]).unwrap();
        assert_eq!(cut.chars().count(), MOST + 2);
        assert!(cut.contains("消息队列"), "{cut}");
    }

    #[test]
    fn a_word_longer_than_a_passage_is_shown_from_its_beginning() {
        let cut = found(&format!("a {}", "q".repeat(1000)), &["q".repeat(9).as_str()]).unwrap();
        assert!(cut.starts_with("a qqq"), "{cut}");
    }
}
