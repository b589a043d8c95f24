//! What somebody is about to type.

use hub_model::{AccessTerms, Suggestions};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, Score, SegmentReader, Term};

use crate::schema::{Fields, Place, column};
use crate::snapshot::Snapshot;
use crate::vocabulary::Vocabulary;
use crate::{filters, prior, text};

/// Organisations that are looked at, at most.
const MOST_ORGS: usize = 50;

/// Repositories whose name begins like this, or has such words; and organisations.
pub(crate) fn suggest(
    snapshot: &Snapshot,
    fields: &Fields,
    typed: &str,
    access: &AccessTerms,
    limit: usize,
) -> tantivy::Result<Suggestions> {
    let (org, rest) = typed.split_once('/').map_or((None, typed), |(org, rest)| (Some(org), rest));
    let words = text::name_tokens(rest);
    let visible = filters::access(fields, access);
    let mut suggestions = Suggestions::default();
    if let Some(query) = begins(fields, org, rest, &words) {
        let mut clauses = vec![(Occur::Must, query)];
        let silent = |query| Box::new(ConstScoreQuery::new(query, 0.0)) as Box<dyn Query>;
        clauses.extend(visible.as_ref().map(|query| (Occur::Must, silent(query.box_clone()))));
        let lifted = TopDocs::with_limit(limit).tweak_score(|segment: &SegmentReader| {
            let lift = segment.fast_fields().u64(column::LIFT).ok();
            move |doc: DocId, score: Score| {
                score * lift.as_ref().and_then(|lift| lift.first(doc)).map_or(1.0, prior::factor)
            }
        });
        for (_, at) in snapshot.search(&BooleanQuery::new(clauses), &lifted)? {
            suggestions.repos.push(snapshot.id(at));
        }
    }
    if org.is_none() {
        let vocabulary = Vocabulary::new(snapshot, fields, visible);
        suggestions.orgs = vocabulary.orgs_beginning(&typed.trim().to_lowercase(), MOST_ORGS)?;
        suggestions.orgs.truncate(limit);
    }
    Ok(suggestions)
}

/// The last word may be unfinished; those before it are whole.
fn begins(
    fields: &Fields,
    org: Option<&str>,
    rest: &str,
    words: &[String],
) -> Option<Box<dyn Query>> {
    let canonical = text::canonical(rest);
    let in_org = org.map(|org| one(fields.in_org(org)));
    let Some((last, before)) = words.split_last() else { return in_org };
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    clauses.extend(in_org.map(|query| (Occur::Must, query)));
    let of = |place: Place, word: &str| one(fields.term(place, word));
    for word in before {
        let ways = [Place::Name, Place::Alias, Place::Org, Place::Prefix];
        let ways = ways.into_iter().map(|place| of(place, word)).collect();
        clauses.push((Occur::Must, Box::new(BooleanQuery::union(ways))));
    }
    let ways = [Place::Prefix, Place::Name, Place::Alias].into_iter();
    let ways = ways.map(|place| of(place, last)).collect();
    clauses.push((Occur::Must, Box::new(BooleanQuery::union(ways))));
    let better =
        |query, factor| (Occur::Should, Box::new(BoostQuery::new(query, factor)) as Box<dyn Query>);
    clauses.push(better(of(Place::Exact, &canonical), 12.0));
    clauses.push(better(of(Place::Prefix, &canonical), 6.0));
    Some(Box::new(BooleanQuery::new(clauses)))
}

fn one(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}
