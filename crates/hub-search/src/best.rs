//! The best documents of a plan, without scoring all of them.
//!
//! A word may stand in half of all READMEs and still say little. Every term has a score that no
//! document exceeds. Once enough results are known, terms whose bounds together cannot lift a
//! document among them find nothing any more: they are only asked about what others found (`MaxScore`,
//! `docs/sources.md#maxscore`). What is left out could not have been a result; the answer is that of
//! scoring everything.

mod cursor;
mod formula;
mod heap;
mod window;

use tantivy::query::{EnableScoring, Query, Scorer, Weight};
use tantivy::{DocAddress, DocId, SegmentReader, TERMINATED};

use self::cursor::{Cursor, Terms};
use self::formula::{Formula, Most};
use self::heap::Heap;
use self::window::Window;
use crate::plan::Plan;
use crate::schema::{Fields, Place};
use crate::snapshot::{Columns, Snapshot};
use crate::{prior, within};

pub(crate) use self::heap::Candidate;

/// A filter that lets through at most one in so many documents is asked first.
const NARROW: u32 = 4;

/// The `limit` best documents that fit `plan` and `filter`, in the order of their addresses.
///
/// READMEs have most of the words and say least about an image. Where other fields have enough
/// results, what stands in a README counts for these and finds no further ones.
pub(crate) fn best(
    snapshot: &Snapshot,
    fields: &Fields,
    plan: &Plan,
    filter: Option<&dyn Query>,
    limit: usize,
) -> tantivy::Result<Vec<Candidate>> {
    let scoring = EnableScoring::disabled_from_searcher(snapshot);
    let filter = filter.map(|filter| filter.weight(scoring)).transpose()?;
    let sought = Sought { snapshot, fields, filter, limit };
    let found = sought.find(&within::only(plan.clone(), |place| place != Place::Readme))?;
    if found.len() < limit { sought.find(plan) } else { sought.score_anew(plan, found) }
}

/// Where to look, and how much is wanted.
struct Sought<'a> {
    snapshot: &'a Snapshot,
    fields: &'a Fields,
    filter: Option<Box<dyn Weight>>,
    limit: usize,
}

impl Sought<'_> {
    fn find(&self, plan: &Plan) -> tantivy::Result<Vec<Candidate>> {
        let mut terms = Terms::default();
        let formula = Formula::of(plan, self.fields, &mut terms);
        let terms = terms.known(self.snapshot)?;
        let mut heap = Heap::new(self.limit);
        let mut window = Window::default();
        for (number, segment) in (0..).zip(self.snapshot.segment_readers()) {
            let filter = self.filter.as_ref().map(|filter| filter.scorer(segment, 1.0));
            let filter = filter.transpose()?;
            let most = segment.max_doc() / NARROW;
            let narrow = filter.as_ref().is_some_and(|filter| filter.size_hint() < most);
            let (first, last) = if narrow { (filter, None) } else { (None, filter) };
            let mut cursors = terms.cursors(number, segment, &formula)?;
            cursors.sort_by(|left, right| left.weighs().total_cmp(&right.weighs()));
            window.open(cursors.len());
            let scores = vec![0.0; formula.terms()];
            let columns = self.snapshot.columns(number);
            let walk = Walk { formula: &formula, segment, columns, first, last, cursors, scores };
            walk.all(&mut window, &mut heap, number);
        }
        Ok(heap.in_order())
    }

    /// Scores what was found by another plan.
    fn score_anew(
        &self,
        plan: &Plan,
        mut found: Vec<Candidate>,
    ) -> tantivy::Result<Vec<Candidate>> {
        let mut terms = Terms::default();
        let formula = Formula::of(plan, self.fields, &mut terms);
        let terms = terms.known(self.snapshot)?;
        let same =
            |left: &Candidate, right: &Candidate| left.at.segment_ord == right.at.segment_ord;
        for part in found.chunk_by_mut(same) {
            let number = part[0].at.segment_ord;
            let segment = self.snapshot.segment_reader(number);
            let mut cursors = terms.cursors(number, segment, &formula)?;
            let mut scores = vec![0.0; formula.terms()];
            for Candidate { at, score, bonus } in part {
                for cursor in &mut cursors {
                    cursor.go_to(at.doc_id);
                    scores[cursor.term] = cursor.score_of(at.doc_id);
                }
                let lift = self.snapshot.columns(number).lift(at.doc_id);
                let (worth, name) = formula.worth(&scores);
                (*score, *bonus) = (worth * lift, name * lift);
            }
        }
        Ok(found)
    }
}

/// A walk through a segment.
struct Walk<'a> {
    formula: &'a Formula,
    segment: &'a SegmentReader,
    columns: &'a Columns,
    /// A narrow filter, which says where to look at all.
    first: Option<Box<dyn Scorer>>,
    /// Another filter, asked about what would be a result.
    last: Option<Box<dyn Scorer>>,
    /// The terms, those with the lowest bounds first.
    cursors: Vec<Cursor>,
    /// What each term gives a document, or may give it.
    scores: Vec<f32>,
}

impl Walk<'_> {
    fn all(mut self, window: &mut Window, heap: &mut Heap, segment: u32) {
        // Terms below this one find nothing by themselves.
        let mut essential = 0;
        loop {
            while essential < self.cursors.len() && self.bound_of(essential + 1) <= heap.least() {
                essential += 1;
            }
            let Some(start) = self.start(essential) else { return };
            window.move_to(start, self.first.as_deref_mut());
            window.fill(&mut self.cursors[essential..], essential);
            let mut others = Most::default();
            for other in &self.cursors[..essential] {
                others.add(other.most, &other.usage);
            }
            while let Some(at) = window.next() {
                let doc = window.doc(at);
                let bound = self.formula.bound(window.most(at), &others);
                if bound * prior::MOST > heap.least()
                    && let lift = self.columns.lift(doc)
                    && bound * lift > heap.least()
                {
                    self.read(window.scores(at), essential);
                    if let Some((score, bonus)) = self.score(doc, essential, lift, heap.least())
                        && self.segment.alive_bitset().is_none_or(|alive| alive.is_alive(doc))
                        && self.last.as_mut().is_none_or(|filter| holds(&mut **filter, doc))
                    {
                        heap.push(Candidate { at: DocAddress::new(segment, doc), score, bonus });
                    }
                }
                window.clear(at);
            }
        }
    }

    /// Takes over what the essential terms give a document.
    fn read(&mut self, scores: &[f32], essential: usize) {
        for (cursor, score) in self.cursors.iter().zip(scores).skip(essential) {
            self.scores[cursor.term] = *score;
        }
    }

    /// The most that a document is worth which has only the first `count` terms.
    fn bound_of(&mut self, count: usize) -> f32 {
        self.scores.fill(0.0);
        for cursor in &self.cursors[..count] {
            self.scores[cursor.term] = cursor.most;
        }
        self.formula.worth(&self.scores).0 * prior::MOST
    }

    /// The next document that may be a result.
    fn start(&mut self, essential: usize) -> Option<DocId> {
        let found = self.cursors[essential..].iter().map(Cursor::doc).min()?;
        let start = match &mut self.first {
            Some(filter) if filter.doc() < found => filter.seek(found),
            Some(filter) => filter.doc(),
            None => found,
        };
        if found == TERMINATED || start == TERMINATED {
            return None;
        }
        for cursor in &mut self.cursors[essential..] {
            cursor.go_to(start);
        }
        Some(start)
    }

    /// Score of a document whose essential terms are known, and what of it is for its whole name;
    /// `None` when it is not more than `least`.
    fn score(&mut self, doc: DocId, essential: usize, lift: f32, least: f32) -> Option<(f32, f32)> {
        let asked = &mut self.cursors[..essential];
        if !asked.is_empty() {
            for cursor in &*asked {
                self.scores[cursor.term] = cursor.most;
            }
            if self.formula.worth(&self.scores).0 * lift <= least {
                return None;
            }
        }
        for cursor in asked {
            cursor.go_to(doc);
            self.scores[cursor.term] = cursor.score_of(doc);
        }
        let (score, bonus) = self.formula.worth(&self.scores);
        let score = score * lift;
        (score > least).then_some((score, bonus * lift))
    }
}

/// Whether a filter lets a document through. Documents are asked for in order.
fn holds(filter: &mut dyn Scorer, doc: DocId) -> bool {
    filter.doc() == doc || (filter.doc() < doc && filter.seek(doc) == doc)
}

#[cfg(test)]
mod tests;
