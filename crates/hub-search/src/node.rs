//! A query as a tree of our own: it becomes a query of the engine, and it can say what matched.

use hub_model::WhyPart;
use tantivy::query::{
    BooleanQuery, BoostQuery, DisjunctionMaxQuery, EnableScoring, Query, TermQuery,
};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocId, DocSet as _, Searcher};

use crate::schema::{Fields, Place};

/// What has to match, and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// A term in a field.
    Term {
        /// Which field.
        place: Place,
        /// The term.
        text: String,
        /// Weight of the field and of how the term follows from the query.
        weight: f32,
        /// How it follows from the query.
        by: &'static str,
    },
    /// The best of several, and a share of the others.
    Best(Vec<Node>, f32),
    /// At least so many of several.
    All(Vec<Node>, usize),
}

impl Node {
    /// The query of the engine.
    pub(crate) fn query(&self, fields: &Fields) -> Box<dyn Query> {
        let of = |nodes: &[Self]| nodes.iter().map(|node| node.query(fields)).collect::<Vec<_>>();
        match self {
            Self::Term { place, text, weight, .. } => {
                let term = fields.term(*place, text);
                boosted(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)), *weight)
            }
            Self::Best(nodes, tie) => {
                Box::new(DisjunctionMaxQuery::with_tie_breaker(of(nodes), *tie))
            }
            Self::All(nodes, needed) => {
                Box::new(BooleanQuery::union_with_minimum_required_clauses(of(nodes), *needed))
            }
        }
    }

    /// Whether the document matches.
    pub(crate) fn fits(
        &self,
        searcher: &Searcher,
        fields: &Fields,
        at: DocAddress,
    ) -> tantivy::Result<bool> {
        Ok(score(&*self.query(fields), searcher, at)?.is_some())
    }

    /// Every term below that matches the document, with its score.
    pub(crate) fn why(
        &self,
        searcher: &Searcher,
        fields: &Fields,
        at: DocAddress,
        parts: &mut Vec<WhyPart>,
    ) -> tantivy::Result<()> {
        match self {
            Self::Term { place, text, by, .. } => {
                if let Some(score) = score(&*self.query(fields), searcher, at)? {
                    let term = text.clone();
                    parts.push(WhyPart { field: place.as_str(), term, by, score });
                }
            }
            Self::Best(nodes, _) | Self::All(nodes, _) => {
                for node in nodes {
                    node.why(searcher, fields, at, parts)?;
                }
            }
        }
        Ok(())
    }
}

/// What a query gives one document, or `None` when it does not match.
fn score(query: &dyn Query, searcher: &Searcher, at: DocAddress) -> tantivy::Result<Option<f32>> {
    let weight = query.weight(EnableScoring::enabled_from_searcher(searcher))?;
    let mut docs = weight.scorer(searcher.segment_reader(at.segment_ord), 1.0)?;
    let target: DocId = at.doc_id;
    let found = docs.doc() == target || (docs.doc() < target && docs.seek(target) == target);
    Ok(found.then(|| docs.score()))
}

fn boosted(query: Box<dyn Query>, weight: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, weight))
}
