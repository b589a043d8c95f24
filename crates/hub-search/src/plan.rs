//! From a text to what has to match: one group a word, and bonuses for whole names.
//!
//! A group takes the best of the fields in which its word stands, under the word itself, other
//! names of the same program, corrections of an unknown word, and the concept that the word is
//! part of. Weights come from the judged queries (`docs/sources.md#search-recipe`).

use crate::ask::Ask;
use crate::dictionary::{ConceptId, Dictionary};
use crate::node::Node;
use crate::schema::Place;
use crate::text::{self, Run};
use crate::vocabulary::Vocabulary;

/// The canonical name is the whole query.
const EXACT: f32 = 12.0;
/// The canonical name begins with the whole query.
const JOINED_PREFIX: f32 = 6.0;
/// A word of the name, or of another name of the same thing.
const NAME: f32 = 4.0;
const KEYWORD: f32 = 3.0;
/// The organisation of a pasted reference.
const WANTED_ORG: f32 = 3.0;
const DESCRIPTION: f32 = 2.4;
/// A concept of the dictionary.
const CONCEPT: f32 = 2.4;
/// The same for a piece of Chinese, which hardly any field has: most images are described in English.
const CHINESE_CONCEPT: f32 = 9.6;
/// A word of the name begins with the last word of the query.
const PREFIX: f32 = 1.6;
const ORG: f32 = 1.5;
const README: f32 = 0.5;

/// Another name of the program that the word names.
const ALIAS: f32 = 0.8;
/// A name that is spelled like the word.
const CORRECTION: f32 = 0.7;
/// The whole name is another name of the word, as a share of [`EXACT`].
const OTHER_EXACT: f32 = 0.6;
/// What further fields add to the best one of a group.
const TIE: f32 = 0.35;
/// The same for a piece of Chinese.
const CHINESE_TIE: f32 = 0.2;

/// Words and pairs of characters that are looked at, at most.
const MOST_TOKENS: usize = 32;
/// Up to this many pairs of one piece must all be there; of more, two in three.
const ALL_PAIRS: usize = 3;

/// A text, planned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// One per word; the more of them match, the better.
    pub(crate) groups: Vec<Node>,
    /// Whole names.
    pub(crate) names: Vec<Node>,
    /// The organisation of a pasted reference: better, if it matches.
    pub(crate) wanted_org: Option<String>,
    /// What was read instead of what was typed.
    pub(crate) corrected: Option<String>,
    /// Words that are worth marking.
    pub(crate) marks: Vec<String>,
}

/// A word in Latin letters, with what is known of it.
struct Word {
    text: String,
    stem: String,
    concept: Option<ConceptId>,
    corrections: Vec<String>,
}

/// One stretch of the text.
enum Part {
    Word(Word),
    Chinese(String, Option<ConceptId>),
}

/// Plans what `ask` says, or answers `None` when it holds no letter and no digit.
pub(crate) fn plan(
    ask: &Ask,
    dictionary: &Dictionary,
    vocabulary: Option<&Vocabulary<'_>>,
) -> tantivy::Result<Option<Plan>> {
    let canonical = text::canonical(&ask.words);
    let parts = parts(&ask.words, dictionary, vocabulary)?;
    if parts.is_empty() || canonical.is_empty() {
        return Ok(None);
    }
    let mut plan = Plan { wanted_org: ask.wanted_org.clone(), ..Plan::default() };
    let last = parts.iter().rposition(|part| matches!(part, Part::Word(_)));
    let mut pairs_left = MOST_TOKENS;
    for (position, part) in parts.iter().enumerate() {
        match part {
            Part::Word(word) => {
                plan.groups.push(of_word(word, dictionary, Some(position) == last));
                plan.marks.push(word.stem.clone());
                plan.marks.extend(word.corrections.iter().map(|word| text::stem(word)));
            }
            Part::Chinese(piece, concept) => {
                let mut pairs = text::bigrams(piece);
                pairs.truncate(pairs_left);
                pairs_left -= pairs.len();
                plan.marks.push(piece.clone());
                if !pairs.is_empty() {
                    plan.groups.push(of_chinese(&pairs, concept.map(|id| dictionary.id(id))));
                }
            }
        }
    }
    plan.names = whole_names(ask, &canonical, dictionary);
    plan.corrected = corrected(&parts);
    if let Some(vocabulary) = vocabulary
        && parts.len() > 1
        && plan.corrected.is_some()
    {
        for name in vocabulary.names_like(&canonical)? {
            plan.names.push(term(Place::Exact, &name, EXACT * CORRECTION, "correction"));
        }
    }
    Ok(Some(plan))
}

/// The stretches of a text, without stop words unless nothing else is there.
fn parts(
    text: &str,
    dictionary: &Dictionary,
    vocabulary: Option<&Vocabulary<'_>>,
) -> tantivy::Result<Vec<Part>> {
    let runs = text::runs(text);
    let runs = &runs[..runs.len().min(MOST_TOKENS)];
    let concepts = concepts(runs, dictionary);
    let is_stop = |run: &Run| matches!(run, Run::Latin(word) if text::is_stop_word(word));
    let only_stops = runs.iter().all(is_stop);
    let mut parts = Vec::new();
    for (run, concept) in runs.iter().zip(concepts) {
        match run {
            Run::Latin(_) if is_stop(run) && !only_stops => {}
            Run::Latin(text) => {
                let corrections = match vocabulary {
                    Some(vocabulary) if dictionary.aliases(text).is_empty() => {
                        vocabulary.corrections(text)?
                    }
                    _ => Vec::new(),
                };
                let stem = text::stem(text);
                parts.push(Part::Word(Word { text: text.clone(), stem, concept, corrections }));
            }
            Run::Cjk(run) => {
                let pieces = dictionary.cut(run).into_iter();
                parts.extend(pieces.map(|(piece, concept)| Part::Chinese(piece, concept)));
            }
        }
    }
    Ok(parts)
}

/// The concept that each Latin run is part of.
fn concepts(runs: &[Run], dictionary: &Dictionary) -> Vec<Option<ConceptId>> {
    // A border no name goes across.
    let stem = |run: &Run| match run {
        Run::Latin(word) => text::stem(word),
        Run::Cjk(_) => String::new(),
    };
    let stems: Vec<String> = runs.iter().map(stem).collect();
    let mut concepts = vec![None; runs.len()];
    let mut at = 0;
    while at < stems.len() {
        let (concept, len) = match dictionary.phrase_at(&stems[at..]) {
            Some((concept, len)) => (Some(concept), len),
            None => (None, 1),
        };
        concepts[at..at + len].fill(concept);
        at += len;
    }
    concepts
}

/// A word in the fields where it, or what stands for it, may stand. Only the last word may be
/// unfinished.
fn of_word(word: &Word, dictionary: &Dictionary, last: bool) -> Node {
    let mut nodes = in_fields(&word.text, &word.stem, 1.0, "word");
    nodes.push(term(Place::Org, &word.text, ORG, "word"));
    if last {
        nodes.push(term(Place::Prefix, &word.text, PREFIX, "beginning"));
    }
    if let Some(bare) = text::bare(&word.text) {
        nodes.extend(other(&bare, ALIAS, "word"));
    }
    for alias in dictionary.aliases(&word.text) {
        nodes.extend(other(alias, ALIAS, "alias"));
    }
    for correction in &word.corrections {
        nodes.extend(other(correction, CORRECTION, "correction"));
        for alias in dictionary.aliases(correction) {
            nodes.extend(other(alias, CORRECTION * ALIAS, "alias"));
        }
    }
    if let Some(concept) = word.concept {
        nodes.push(term(Place::Concepts, dictionary.id(concept), CONCEPT, "concept"));
    }
    Node::Best(nodes, TIE)
}

/// What stands for a word, in the fields where it may stand.
fn other(word: &str, factor: f32, by: &'static str) -> Vec<Node> {
    let mut nodes = in_fields(word, &text::stem(word), factor, by);
    nodes.push(term(Place::Org, word, ORG * factor, by));
    nodes.push(term(Place::Exact, word, EXACT * OTHER_EXACT * factor, by));
    nodes
}

/// A piece of Chinese: its pairs together, each in any field; or the concept that it names.
fn of_chinese(pairs: &[String], concept: Option<&str>) -> Node {
    let of_pair = |pair: &String| Node::Best(in_fields(pair, pair, 1.0, "word"), TIE);
    let of_pairs: Vec<Node> = pairs.iter().map(of_pair).collect();
    let needed = if pairs.len() <= ALL_PAIRS { pairs.len() } else { (pairs.len() * 2).div_ceil(3) };
    let mut nodes = vec![Node::All(of_pairs, needed)];
    if let Some(concept) = concept {
        nodes.push(term(Place::Concepts, concept, CHINESE_CONCEPT, "concept"));
    }
    Node::Best(nodes, CHINESE_TIE)
}

fn in_fields(word: &str, stem: &str, factor: f32, by: &'static str) -> Vec<Node> {
    vec![
        term(Place::Name, word, NAME * factor, by),
        term(Place::Alias, word, NAME * factor, by),
        term(Place::Keywords, stem, KEYWORD * factor, by),
        term(Place::Description, stem, DESCRIPTION * factor, by),
        term(Place::Readme, stem, README * factor, by),
    ]
}

/// The query as a name.
fn whole_names(ask: &Ask, canonical: &str, dictionary: &Dictionary) -> Vec<Node> {
    let mut names = vec![
        term(Place::Exact, canonical, EXACT, "word"),
        term(Place::Prefix, canonical, JOINED_PREFIX, "beginning"),
    ];
    if let Some(org) = &ask.wanted_org {
        let full = text::canonical(&format!("{org}/{}", ask.words));
        names.push(term(Place::Exact, &full, EXACT, "word"));
    }
    for alias in dictionary.aliases(canonical) {
        names.push(term(Place::Exact, alias, EXACT * OTHER_EXACT * ALIAS, "alias"));
    }
    names
}

/// The text with the first correction of each word that has one.
fn corrected(parts: &[Part]) -> Option<String> {
    let any = |part: &Part| matches!(part, Part::Word(word) if !word.corrections.is_empty());
    let said = |part: &Part| match part {
        Part::Word(word) => word.corrections.first().unwrap_or(&word.text).clone(),
        Part::Chinese(piece, _) => piece.clone(),
    };
    parts.iter().any(any).then(|| parts.iter().map(said).collect::<Vec<_>>().join(" "))
}

fn term(place: Place, text: &str, weight: f32, by: &'static str) -> Node {
    Node::Term { place, text: text.to_owned(), weight, by }
}

/// Weight of the organisation of a pasted reference.
pub(crate) const fn wanted_org() -> f32 {
    WANTED_ORG
}
