//! The lists of documents that have a term.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings as _, SegmentPostings, TermInfo};
use tantivy::query::{Bm25StatisticsProvider as _, Bm25Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet as _, Searcher, SegmentReader, Term};

use super::formula::{Formula, Usage};

/// The terms of a plan, each once.
#[derive(Default)]
pub(super) struct Terms {
    numbers: HashMap<Term, usize>,
    terms: Vec<Wanted>,
}

struct Wanted {
    term: Term,
    /// Whether it counts how often it stands in a document.
    counts: bool,
    /// The greatest weight that the plan gives it.
    weight: f32,
}

impl Terms {
    pub(super) const fn len(&self) -> usize {
        self.terms.len()
    }

    /// The number of a term, which the plan gives that weight somewhere.
    pub(super) fn number(&mut self, term: &Term, counts: bool, weight: f32) -> usize {
        let next = self.terms.len();
        let number = *self.numbers.entry(term.clone()).or_insert(next);
        if number == next {
            self.terms.push(Wanted { term: term.clone(), counts, weight });
        }
        let wanted = &mut self.terms[number];
        wanted.weight = wanted.weight.max(weight);
        number
    }

    /// The terms with what the index knows of them.
    pub(super) fn known(self, searcher: &Searcher) -> tantivy::Result<KnownTerms> {
        let docs = searcher.total_num_docs()?;
        let mut lengths: HashMap<Field, f32> = HashMap::new();
        let mut known = Vec::with_capacity(self.terms.len());
        for (number, Wanted { term, counts, weight }) in self.terms.into_iter().enumerate() {
            let mut infos = Vec::with_capacity(searcher.segment_readers().len());
            for segment in searcher.segment_readers() {
                infos.push(segment.inverted_index(term.field())?.get_term_info(&term)?);
            }
            let found = infos.iter().flatten().map(|info| u64::from(info.doc_freq)).sum();
            if found == 0 {
                continue;
            }
            let length = match lengths.entry(term.field()) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(unknown) => {
                    let tokens = searcher.total_num_tokens(term.field())?;
                    #[expect(clippy::cast_precision_loss, reason = "an average")]
                    let length = tokens as f32 / docs as f32;
                    *unknown.insert(length)
                }
            };
            let scoring = Bm25Weight::for_one_term_without_explain(found, docs, length);
            known.push(KnownTerm { number, field: term.field(), counts, weight, infos, scoring });
        }
        Ok(KnownTerms(known))
    }
}

/// Terms that stand in the index.
pub(super) struct KnownTerms(Vec<KnownTerm>);

struct KnownTerm {
    number: usize,
    field: Field,
    counts: bool,
    weight: f32,
    /// By segment.
    infos: Vec<Option<TermInfo>>,
    scoring: Bm25Weight,
}

impl KnownTerms {
    /// The lists of one segment.
    pub(super) fn cursors(
        &self,
        number: u32,
        segment: &SegmentReader,
        formula: &Formula,
    ) -> tantivy::Result<Vec<Cursor>> {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let mut cursors = Vec::with_capacity(self.0.len());
        for term in &self.0 {
            let Some(info) = &term.infos[number] else { continue };
            let index = segment.inverted_index(term.field)?;
            let option =
                if term.counts { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic };
            let postings = index.read_postings_from_terminfo(info, option)?;
            let norms = segment.fieldnorms_readers().get_field(term.field)?;
            let most = match &norms {
                Some(_) => term.scoring.max_score(),
                None => term.scoring.score(FieldNormReader::fieldnorm_to_id(1), 1),
            };
            cursors.push(Cursor {
                term: term.number,
                most,
                weight: term.weight,
                usage: formula.usage(term.number),
                doc: postings.doc(),
                postings,
                norms: norms.unwrap_or_else(|| FieldNormReader::constant(segment.max_doc(), 1)),
                scoring: term.scoring.clone(),
            });
        }
        Ok(cursors)
    }
}

/// Where we are in a list.
pub(super) struct Cursor {
    /// Number of the term.
    pub(super) term: usize,
    /// A score that it gives no document more than.
    pub(super) most: f32,
    weight: f32,
    /// What of a score counts at most.
    pub(super) usage: Usage,
    doc: DocId,
    postings: SegmentPostings,
    norms: FieldNormReader,
    scoring: Bm25Weight,
}

impl Cursor {
    /// The most that it counts in the plan.
    pub(super) const fn weighs(&self) -> f32 {
        self.most * self.weight
    }

    /// The document that it stands at; at the end [`tantivy::TERMINATED`].
    pub(super) const fn doc(&self) -> DocId {
        self.doc
    }

    /// Goes to the next document.
    pub(super) fn advance(&mut self) {
        self.doc = self.postings.advance();
    }

    /// Goes to `doc`, or the first one behind it.
    pub(super) fn go_to(&mut self, doc: DocId) {
        if self.doc < doc {
            self.doc = self.postings.seek(doc);
        }
    }

    /// What it gives the document that it stands at.
    pub(super) fn score(&self) -> f32 {
        self.scoring.score(self.norms.fieldnorm_id(self.doc), self.postings.term_freq())
    }

    /// What it gives `doc`: 0 when it does not stand there.
    pub(super) fn score_of(&self, doc: DocId) -> f32 {
        if self.doc == doc { self.score() } else { 0.0 }
    }
}
