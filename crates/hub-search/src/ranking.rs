//! From a query to an ordered answer.

use std::collections::HashMap;

use hub_model::{SearchHit, SearchHits, SearchQuery};
use tantivy::collector::sort_key::{SortByStaticFastValue, SortByString};
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{AllQuery, BooleanQuery, EnableScoring, Query};
use tantivy::{DocAddress, Order, Searcher, SegmentReader};

use crate::SearchError;
use crate::error::Doing as _;
use crate::query::{self, Plan};
use crate::schema::column;
use crate::writer::Live;

/// Results of a text that are ranked at all.
const CANDIDATES: usize = 1000;

/// Part of the best score below which a result is noise.
const CUT_OFF: f32 = 0.12;

/// Factor for repositories that the administrators vouch for.
const OFFICIAL: f32 = 1.15;

/// Factor for repositories that nobody should begin to use.
const DEPRECATED: f32 = 0.5;

/// What a result keeps of its score when only one group of endlessly many fits.
const LONELY: f32 = 0.4;

/// A document that may be a result.
struct Candidate {
    at: DocAddress,
    score: f32,
}

/// Answers `query` from the state that is open now.
pub(crate) fn search(live: &Live, query: &SearchQuery) -> Result<SearchHits, SearchError> {
    let searcher = live.reader.searcher();
    let filters = query::filters(&live.fields, query);
    let answer = if query.text.trim().is_empty() {
        newest(&searcher, filters, query)
    } else {
        match query::plan(&live.fields, &query.text) {
            Some(plan) => fitting(&searcher, &plan, filters, query),
            None => Ok(SearchHits::default()),
        }
    };
    answer.doing("ask the search index")
}

/// Everything, newest upload first.
fn newest(
    searcher: &Searcher,
    filters: Vec<Box<dyn Query>>,
    query: &SearchQuery,
) -> tantivy::Result<SearchHits> {
    let all: Box<dyn Query> = if filters.is_empty() {
        Box::new(AllQuery)
    } else {
        Box::new(BooleanQuery::intersection(filters))
    };
    let total = searcher.search(&all, &Count)?;
    let end = query.offset.saturating_add(query.limit).min(total);
    if query.offset >= end {
        return Ok(SearchHits { hits: Vec::new(), total });
    }
    let order = (
        (SortByStaticFastValue::<i64>::for_field(column::PUSHED), Order::Desc),
        (SortByString::for_field(column::NAME), Order::Asc),
    );
    let top = searcher.search(&all, &TopDocs::with_limit(end).order_by(order))?;
    let page: Vec<Candidate> =
        top.into_iter().skip(query.offset).map(|(_, at)| Candidate { at, score: 0.0 }).collect();
    Ok(SearchHits { hits: hits(searcher, &page)?, total })
}

/// What fits a text, best first.
fn fitting(
    searcher: &Searcher,
    plan: &Plan,
    filters: Vec<Box<dyn Query>>,
    query: &SearchQuery,
) -> tantivy::Result<SearchHits> {
    let whole = query::whole(plan, filters);
    let top = searcher.search(&whole, &TopDocs::with_limit(CANDIDATES).order_by_score())?;
    let candidates = top.into_iter().map(|(score, at)| Candidate { at, score });
    let mut candidates: Vec<Candidate> = candidates.collect();
    // By place, so that every group is walked through once, forwards.
    candidates.sort_unstable_by_key(|candidate| candidate.at);
    coordinate(searcher, plan, &mut candidates)?;
    weigh(searcher, &mut candidates)?;
    let best = candidates.iter().map(|candidate| candidate.score).fold(0.0, f32::max);
    candidates.retain(|candidate| candidate.score >= best * CUT_OFF);
    order(searcher, &mut candidates)?;
    let total = candidates.len();
    let start = query.offset.min(total);
    let end = start.saturating_add(query.limit).min(total);
    Ok(SearchHits { hits: hits(searcher, &candidates[start..end])?, total })
}

/// Lowers the score of what fits only some of the words.
fn coordinate(
    searcher: &Searcher,
    plan: &Plan,
    candidates: &mut [Candidate],
) -> tantivy::Result<()> {
    if plan.groups.len() < 2 {
        return Ok(());
    }
    let mut matched = vec![0_u16; candidates.len()];
    for group in &plan.groups {
        let weight = group.weight(EnableScoring::disabled_from_searcher(searcher))?;
        let mut position = 0;
        for part in candidates.chunk_by(|left, right| left.at.segment_ord == right.at.segment_ord) {
            let mut docs = weight.scorer(searcher.segment_reader(part[0].at.segment_ord), 1.0)?;
            for candidate in part {
                let doc = candidate.at.doc_id;
                let fits = docs.doc() == doc || (docs.doc() < doc && docs.seek(doc) == doc);
                matched[position] += u16::from(fits);
                position += 1;
            }
        }
    }
    let groups = u16::try_from(plan.groups.len()).map_or(f32::INFINITY, f32::from);
    for (candidate, matched) in candidates.iter_mut().zip(matched) {
        candidate.score *= LONELY + (1.0 - LONELY) * f32::from(matched) / groups;
    }
    Ok(())
}

/// Lifts what is official, lowers what is deprecated.
fn weigh(searcher: &Searcher, candidates: &mut [Candidate]) -> tantivy::Result<()> {
    for part in candidates.chunk_by_mut(|left, right| left.at.segment_ord == right.at.segment_ord) {
        let fast = searcher.segment_reader(part[0].at.segment_ord).fast_fields();
        let official = fast.bool(column::OFFICIAL)?;
        let deprecated = fast.bool(column::DEPRECATED)?;
        for candidate in part {
            if official.first(candidate.at.doc_id) == Some(true) {
                candidate.score *= OFFICIAL;
            }
            if deprecated.first(candidate.at.doc_id) == Some(true) {
                candidate.score *= DEPRECATED;
            }
        }
    }
    Ok(())
}

/// Best first, equals by name.
fn order(searcher: &Searcher, candidates: &mut [Candidate]) -> tantivy::Result<()> {
    candidates.sort_by(|left, right| right.score.total_cmp(&left.score));
    let same = |left: &Candidate, right: &Candidate| left.score.total_cmp(&right.score).is_eq();
    for equals in candidates.chunk_by_mut(same).filter(|equals| equals.len() > 1) {
        let mut names = HashMap::new();
        for candidate in equals.iter() {
            names.insert(candidate.at, name(searcher, candidate.at)?);
        }
        equals.sort_by(|left, right| names[&left.at].cmp(&names[&right.at]));
    }
    Ok(())
}

fn name(searcher: &Searcher, at: DocAddress) -> tantivy::Result<String> {
    let mut name = String::new();
    let reader: &SegmentReader = searcher.segment_reader(at.segment_ord);
    if let Some(names) = reader.fast_fields().str(column::NAME)?
        && let Some(number) = names.term_ords(at.doc_id).next()
    {
        names.ord_to_str(number, &mut name)?;
    }
    Ok(name)
}

fn hits(searcher: &Searcher, page: &[Candidate]) -> tantivy::Result<Vec<SearchHit>> {
    let mut columns = HashMap::new();
    let mut hits = Vec::with_capacity(page.len());
    for Candidate { at, score } in page {
        let column = match columns.entry(at.segment_ord) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                let fast = searcher.segment_reader(at.segment_ord).fast_fields();
                new.insert(fast.i64(column::ID)?)
            }
        };
        hits.extend(column.first(at.doc_id).map(|repo_id| SearchHit { repo_id, score: *score }));
    }
    Ok(hits)
}
