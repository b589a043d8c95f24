//! Names that are spelled like an unknown word.
//!
//! The vocabulary is that of the names which the caller may see: a correction towards a private
//! name, or none because of one, would tell that it exists.

use std::collections::BTreeMap;

use tantivy::query::{BooleanQuery, DfaWrapper, EnableScoring, FuzzyTermQuery, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, Searcher, TERMINATED, Term};

use crate::schema::{Fields, Place};
use crate::text;

/// Letters of a word that is corrected, at least.
const LETTERS: usize = 4;
/// Letters from which on two slips are forgiven.
const LONG: usize = 8;
/// Corrections of a word, at most.
const MOST: usize = 3;
/// Names that are looked at for one word, at most.
const MOST_CANDIDATES: usize = 64;

/// The names that the caller may see.
pub(crate) struct Vocabulary<'a> {
    searcher: &'a Searcher,
    fields: &'a Fields,
    /// What the caller may see; `None` for everything.
    access: Option<Box<dyn Query>>,
}

impl<'a> Vocabulary<'a> {
    pub(crate) fn new(
        searcher: &'a Searcher,
        fields: &'a Fields,
        access: Option<Box<dyn Query>>,
    ) -> Self {
        Self { searcher, fields, access }
    }

    /// Names spelled like `word`, the nearest and most used first; none when the word is known, or
    /// is the beginning of a name.
    pub(crate) fn corrections(&self, word: &str) -> tantivy::Result<Vec<String>> {
        let letters = word.chars().count();
        let digits = word.chars().any(|c| c.is_ascii_digit());
        if letters < LETTERS || digits || !word.is_ascii() || self.knows(word)? {
            return Ok(Vec::new());
        }
        let slips = if letters < LONG { 1 } else { 2 };
        self.like(word, slips, &[Place::Name, Place::Alias, Place::Exact])
    }

    /// Whole names spelled like `canonical`.
    pub(crate) fn names_like(&self, canonical: &str) -> tantivy::Result<Vec<String>> {
        if canonical.chars().count() < LONG || !canonical.is_ascii() {
            return Ok(Vec::new());
        }
        self.like(canonical, 2, &[Place::Exact])
    }

    /// Organisations with a repository that the caller may see, whose names begin like this; those
    /// with the most repositories first. `most` names are looked at.
    pub(crate) fn orgs_beginning(&self, start: &str, most: usize) -> tantivy::Result<Vec<String>> {
        if start.is_empty() {
            return Ok(Vec::new());
        }
        let mut found: BTreeMap<String, u32> = BTreeMap::new();
        let field = self.fields.in_org(start).field();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut terms = index.terms().range().ge(start.as_bytes()).into_stream()?;
            let mut looked_at = 0;
            while looked_at < most && terms.advance() && terms.key().starts_with(start.as_bytes()) {
                if let Ok(name) = std::str::from_utf8(terms.key()) {
                    *found.entry(name.to_owned()).or_default() += terms.value().doc_freq;
                }
                looked_at += 1;
            }
        }
        let mut found: Vec<(String, u32)> = found.into_iter().collect();
        found.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        let mut seen = Vec::new();
        for (name, _) in found.into_iter().take(most) {
            if self.is_term_seen(&self.fields.in_org(&name))? {
                seen.push(name);
            }
        }
        Ok(seen)
    }

    /// Whether some document that the caller may see has the word.
    fn knows(&self, word: &str) -> tantivy::Result<bool> {
        let stem = text::stem(word);
        let places = [
            (Place::Name, word),
            (Place::Prefix, word),
            (Place::Alias, word),
            (Place::Exact, word),
            (Place::Org, word),
            (Place::Keywords, &stem),
            (Place::Description, &stem),
        ];
        for (place, word) in places {
            if self.is_seen(place, word)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn like(&self, word: &str, slips: u8, places: &[Place]) -> tantivy::Result<Vec<String>> {
        for slips in 1..=slips {
            let mut found: BTreeMap<String, u32> = BTreeMap::new();
            // It is the same in every field.
            let field = self.fields.of(Place::Exact);
            let term = Term::from_field_text(field, word);
            let automaton = FuzzyTermQuery::new(term, slips, true).automaton()?;
            for place in places {
                self.walk(*place, &automaton, &mut found)?;
            }
            let mut found: Vec<(String, u32)> = found.into_iter().collect();
            found.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
            let mut kept = Vec::new();
            for (name, _) in found {
                let mut seen = false;
                for place in places {
                    seen = seen || self.is_seen(*place, &name)?;
                }
                if seen {
                    kept.push(name);
                }
                if kept.len() == MOST {
                    break;
                }
            }
            if !kept.is_empty() {
                return Ok(kept);
            }
        }
        Ok(Vec::new())
    }

    /// Adds the terms of a field that are only some slips away, and how many documents have each.
    /// Neighbours that changed places are one slip.
    fn walk(
        &self,
        place: Place,
        automaton: &DfaWrapper,
        found: &mut BTreeMap<String, u32>,
    ) -> tantivy::Result<()> {
        let field = self.fields.of(place);
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut terms = index.terms().search(automaton).into_stream()?;
            while terms.advance() {
                let Ok(name) = std::str::from_utf8(terms.key()) else { continue };
                if found.len() >= MOST_CANDIDATES && !found.contains_key(name) {
                    continue;
                }
                *found.entry(name.to_owned()).or_default() += terms.value().doc_freq;
            }
        }
        Ok(())
    }

    /// Whether a document that the caller may see has the term.
    fn is_seen(&self, place: Place, word: &str) -> tantivy::Result<bool> {
        self.is_term_seen(&self.fields.term(place, word))
    }

    fn is_term_seen(&self, term: &Term) -> tantivy::Result<bool> {
        if self.searcher.doc_freq(term)? == 0 {
            return Ok(false);
        }
        let term: Box<dyn Query> = Box::new(TermQuery::new(term.clone(), IndexRecordOption::Basic));
        let query = match &self.access {
            Some(access) => Box::new(BooleanQuery::intersection(vec![term, access.box_clone()]))
                as Box<dyn Query>,
            None => term,
        };
        let weight = query.weight(EnableScoring::disabled_from_searcher(self.searcher))?;
        for segment in self.searcher.segment_readers() {
            let mut docs = weight.scorer(segment, 1.0)?;
            let alive = segment.alive_bitset();
            while docs.doc() != TERMINATED {
                if alive.is_none_or(|alive| alive.is_alive(docs.doc())) {
                    return Ok(true);
                }
                docs.advance();
            }
        }
        Ok(false)
    }
}
