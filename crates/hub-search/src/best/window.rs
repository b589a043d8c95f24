//! Some documents at a time: scored term by term, which is faster than document by document.

use tantivy::DocId;
use tantivy::query::Scorer;

use super::cursor::Cursor;
use super::formula::Most;

/// Documents of a window.
const DOCS: usize = SPAN as usize;
const SPAN: DocId = 2048;

/// Scores of documents that lie together.
#[derive(Default)]
pub(super) struct Window {
    base: DocId,
    terms: usize,
    /// What each term gives each document, document by document.
    scores: Vec<f32>,
    /// The most that each document is worth by these.
    most: Vec<Most>,
    /// Documents with a term that were not taken yet, a bit each.
    found: Vec<u64>,
    /// Documents that the filter lets through.
    through: Vec<u64>,
    /// Before this one no bit is set.
    word: usize,
}

impl Window {
    /// Makes room for so many terms.
    pub(super) fn open(&mut self, terms: usize) {
        self.terms = terms;
        self.most.resize(DOCS, Most::default());
        self.found.resize(DOCS / 64, 0);
        self.through.resize(DOCS / 64, 0);
        let room = self.scores.len().max(terms * DOCS);
        self.scores.resize(room, 0.0);
    }

    /// Moves to the documents from `start` on that the filter lets through. Those of the window
    /// before are all taken.
    pub(super) fn move_to(&mut self, start: DocId, filter: Option<&mut (dyn Scorer + 'static)>) {
        self.base = start;
        self.word = 0;
        let Some(filter) = filter else {
            self.through.fill(u64::MAX);
            return;
        };
        self.through.fill(0);
        let end = start.saturating_add(SPAN);
        let mut doc = filter.doc();
        while doc < end {
            let at = self.place(doc);
            self.through[at / 64] |= 1 << (at % 64);
            doc = filter.advance();
        }
    }

    /// Takes in the documents of these terms, the first of which has that number.
    pub(super) fn fill(&mut self, cursors: &mut [Cursor], first: usize) {
        let end = self.base.saturating_add(SPAN);
        for (number, cursor) in (first..).zip(cursors) {
            while cursor.doc() < end {
                let at = self.place(cursor.doc());
                let bit = 1 << (at % 64);
                if self.through[at / 64] & bit != 0 {
                    let score = cursor.score();
                    self.scores[at * self.terms + number] = score;
                    self.most[at].add(score, &cursor.usage);
                    self.found[at / 64] |= bit;
                }
                cursor.advance();
            }
        }
    }

    fn place(&self, doc: DocId) -> usize {
        (doc - self.base) as usize
    }

    /// Takes the next document out: its place, at which it stays until it is cleared.
    pub(super) fn next(&mut self) -> Option<usize> {
        let word = self.found.iter().skip(self.word).position(|found| *found != 0)? + self.word;
        self.word = word;
        let bit = self.found[word].trailing_zeros() as usize;
        self.found[word] &= self.found[word] - 1;
        Some(word * 64 + bit)
    }

    /// The document at a place.
    pub(super) fn doc(&self, at: usize) -> DocId {
        self.base + DocId::try_from(at).unwrap_or(SPAN)
    }

    /// The most that it is worth by what is known.
    pub(super) fn most(&self, at: usize) -> &Most {
        &self.most[at]
    }

    /// What each term gives it.
    pub(super) fn scores(&self, at: usize) -> &[f32] {
        &self.scores[at * self.terms..(at + 1) * self.terms]
    }

    /// Lets nothing of it stay.
    pub(super) fn clear(&mut self, at: usize) {
        self.most[at] = Most::default();
        self.scores[at * self.terms..(at + 1) * self.terms].fill(0.0);
    }
}
