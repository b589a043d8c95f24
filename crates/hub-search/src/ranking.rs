//! From a query to an ordered answer.

use std::collections::HashMap;

use hub_model::{SearchHit, SearchHits, SearchQuery, SearchSort, Why, WhyPart};
use tantivy::collector::sort_key::{SortByStaticFastValue, SortByString};
use tantivy::collector::{Count, TopDocs};
use tantivy::columnar::Column;
use tantivy::query::{AllQuery, BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocId, Order, Score, Searcher, SegmentReader};

use crate::ask::{self, Ask};
use crate::coordinated::{Coordinated, coordination};
use crate::dictionary::Dictionary;
use crate::error::Doing as _;
use crate::filters::{self, Clauses};
use crate::plan::{self, Plan};
use crate::schema::{Fields, column};
use crate::vocabulary::Vocabulary;
use crate::writer::Live;
use crate::{SearchError, facets, prior, within};

/// Results of a text that are ranked at all.
pub(crate) const CANDIDATES: usize = 1000;

/// Part of the best score below which a result is noise.
const CUT_OFF: f32 = 0.12;

/// A document that may be a result.
#[derive(Clone, Copy)]
struct Candidate {
    at: DocAddress,
    score: f32,
}

/// Answers `query` from the state that is open now.
pub(crate) fn search(
    live: &Live,
    dictionary: &Dictionary,
    query: &SearchQuery,
) -> Result<SearchHits, SearchError> {
    let searcher = live.reader.searcher();
    answer(&searcher, &live.fields, dictionary, query).doing("ask the search index")
}

fn answer(
    searcher: &Searcher,
    fields: &Fields,
    dictionary: &Dictionary,
    query: &SearchQuery,
) -> tantivy::Result<SearchHits> {
    let ask = Ask::read(&query.text);
    if ask.impossible {
        return Ok(SearchHits::default());
    }
    let filter = ask::joined(&ask.filter, &query.filter);
    let clauses = filters::clauses(fields, &query.access, &filter, &ask);
    if ask.words.is_empty() {
        return listing(searcher, clauses, query);
    }
    let access = filters::access(fields, &query.access);
    let vocabulary = Vocabulary::new(searcher, fields, access);
    match plan::plan(&ask, dictionary, query.correct.then_some(&vocabulary))? {
        Some(plan) => {
            let plan = within::within(plan, query.matching);
            fitting(searcher, fields, &plan, clauses, query)
        }
        None => Ok(SearchHits::default()),
    }
}

/// Everything that fulfils the filters.
fn listing(
    searcher: &Searcher,
    mut clauses: Clauses,
    query: &SearchQuery,
) -> tantivy::Result<SearchHits> {
    if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        clauses.push((Occur::Must, Box::new(AllQuery)));
    }
    let all = BooleanQuery::new(clauses);
    let total = searcher.search(&all, &Count)?;
    let facets = query.facets.then(|| facets::of_all(searcher, &all)).transpose()?;
    let end = query.offset.saturating_add(query.limit).min(total);
    let mut page = Vec::new();
    if query.offset < end {
        page = top(searcher, &all, query.sort, end)?.split_off(query.offset.min(end));
    }
    Ok(SearchHits { hits: hits(searcher, &page)?, total, facets, ..SearchHits::default() })
}

/// The first `end` in an order that does not depend on the text.
fn top(
    searcher: &Searcher,
    all: &dyn Query,
    sort: SearchSort,
    end: usize,
) -> tantivy::Result<Vec<Candidate>> {
    let name = (SortByString::for_field(column::NAME), Order::Asc);
    let limit = TopDocs::with_limit(end);
    let at: Vec<DocAddress> = match sort {
        SearchSort::Name => places(searcher.search(all, &limit.order_by(name))?),
        SearchSort::Relevance | SearchSort::Updated | SearchSort::New => {
            let by = if sort == SearchSort::New { column::CREATED } else { column::PUSHED };
            let by = (SortByStaticFastValue::<i64>::for_field(by), Order::Desc);
            places(searcher.search(all, &limit.order_by((by, name)))?)
        }
        SearchSort::Pulls | SearchSort::Recent | SearchSort::Stars | SearchSort::Size => {
            let by = (SortByStaticFastValue::<u64>::for_field(number(sort)), Order::Desc);
            places(searcher.search(all, &limit.order_by((by, name)))?)
        }
    };
    Ok(at.into_iter().map(|at| Candidate { at, score: 0.0 }).collect())
}

fn places<T>(found: Vec<(T, DocAddress)>) -> Vec<DocAddress> {
    found.into_iter().map(|(_, at)| at).collect()
}

/// The column of an order by a count.
const fn number(sort: SearchSort) -> &'static str {
    match sort {
        SearchSort::Recent => column::RECENT,
        SearchSort::Stars => column::STARS,
        SearchSort::Size => column::SIZE,
        _ => column::PULLS,
    }
}

/// What fits a text.
fn fitting(
    searcher: &Searcher,
    fields: &Fields,
    plan: &Plan,
    clauses: Clauses,
    query: &SearchQuery,
) -> tantivy::Result<SearchHits> {
    let whole = whole(fields, plan, clauses);
    let lifted = TopDocs::with_limit(CANDIDATES).tweak_score(|segment: &SegmentReader| {
        let lift = segment.fast_fields().u64(column::LIFT).ok();
        move |doc: DocId, score: Score| score * lift_of(lift.as_ref(), doc)
    });
    let found = searcher.search(&whole, &lifted)?;
    let more = found.len() == CANDIDATES;
    let mut candidates: Vec<Candidate> =
        found.into_iter().map(|(score, at)| Candidate { at, score }).collect();
    candidates.sort_unstable_by_key(|candidate| candidate.at);
    freshen(searcher, &mut candidates, query.now_ms)?;
    cut_off(searcher, fields, plan, &mut candidates)?;
    let facets = query
        .facets
        .then(|| facets::of_some(searcher, candidates.iter().map(|candidate| candidate.at)));
    let facets = facets.transpose()?;
    order(searcher, &mut candidates, query.sort)?;
    let total = candidates.len();
    let start = query.offset.min(total);
    let page = &candidates[start..start.saturating_add(query.limit).min(total)];
    let mut hits = hits(searcher, page)?;
    if query.explain {
        for (hit, candidate) in hits.iter_mut().zip(page) {
            hit.why = Some(why(searcher, fields, plan, candidate.at, query.now_ms)?);
        }
    }
    let (corrected, marks) = (plan.corrected.clone(), plan.marks.clone());
    Ok(SearchHits { hits, total, more, facets, corrected, marks })
}

/// The query of the engine.
fn whole(fields: &Fields, plan: &Plan, clauses: Clauses) -> BooleanQuery {
    let groups = plan.groups.iter().map(|group| group.query(fields)).collect();
    let mut text: Vec<Box<dyn Query>> = vec![Box::new(Coordinated(groups))];
    text.extend(plan.names.iter().map(|name| name.query(fields)));
    let mut whole = vec![(Occur::Must, Box::new(BooleanQuery::union(text)) as Box<dyn Query>)];
    whole.extend(clauses);
    if let Some(org) = &plan.wanted_org {
        let org = TermQuery::new(fields.in_org(org), IndexRecordOption::Basic);
        let org = BoostQuery::new(Box::new(org), plan::wanted_org());
        whole.push((Occur::Should, Box::new(org)));
    }
    BooleanQuery::new(whole)
}

fn lift_of(lift: Option<&Column<u64>>, doc: DocId) -> f32 {
    lift.and_then(|lift| lift.first(doc)).map_or(1.0, prior::factor)
}

/// Lifts what was uploaded lately.
fn freshen(searcher: &Searcher, candidates: &mut [Candidate], now_ms: i64) -> tantivy::Result<()> {
    if now_ms <= 0 {
        return Ok(());
    }
    for part in candidates.chunk_by_mut(same_segment) {
        let fast = searcher.segment_reader(part[0].at.segment_ord).fast_fields();
        let pushed = fast.i64(column::PUSHED)?;
        for candidate in part {
            let pushed = pushed.first(candidate.at.doc_id).unwrap_or(0);
            candidate.score *= prior::freshness(pushed, now_ms);
        }
    }
    Ok(())
}

fn same_segment(left: &Candidate, right: &Candidate) -> bool {
    left.at.segment_ord == right.at.segment_ord
}

/// Drops noise: what is far below the best. That a name is just what was typed says nothing about
/// the others, so the bonus for it does not count here.
fn cut_off(
    searcher: &Searcher,
    fields: &Fields,
    plan: &Plan,
    candidates: &mut Vec<Candidate>,
) -> tantivy::Result<()> {
    let called: Vec<_> = plan.names.iter().map(|name| name.query(fields)).collect();
    let called =
        BooleanQuery::union(called).weight(EnableScoring::enabled_from_searcher(searcher))?;
    let mut best = 0.0_f32;
    for part in candidates.chunk_by(same_segment) {
        let segment = searcher.segment_reader(part[0].at.segment_ord);
        let lift = segment.fast_fields().u64(column::LIFT)?;
        let mut docs = called.scorer(segment, 1.0)?;
        for candidate in part {
            let doc = candidate.at.doc_id;
            let is_called = docs.doc() == doc || (docs.doc() < doc && docs.seek(doc) == doc);
            let bonus = if is_called { docs.score() * lift_of(Some(&lift), doc) } else { 0.0 };
            best = best.max(candidate.score - bonus);
        }
    }
    candidates.retain(|candidate| candidate.score >= best * CUT_OFF);
    Ok(())
}

/// Best first, or as wanted; equals by name.
fn order(
    searcher: &Searcher,
    candidates: &mut [Candidate],
    sort: SearchSort,
) -> tantivy::Result<()> {
    if sort != SearchSort::Relevance {
        return order_by(searcher, candidates, sort);
    }
    candidates.sort_by(|left, right| right.score.total_cmp(&left.score));
    let same = |left: &Candidate, right: &Candidate| left.score.total_cmp(&right.score).is_eq();
    for equals in candidates.chunk_by_mut(same).filter(|equals| equals.len() > 1) {
        by_name(searcher, equals)?;
    }
    Ok(())
}

fn order_by(
    searcher: &Searcher,
    candidates: &mut [Candidate],
    sort: SearchSort,
) -> tantivy::Result<()> {
    by_name(searcher, candidates)?;
    let mut keys: HashMap<DocAddress, i64> = HashMap::with_capacity(candidates.len());
    for candidate in candidates.iter() {
        let fast = searcher.segment_reader(candidate.at.segment_ord).fast_fields();
        let doc = candidate.at.doc_id;
        let key = match sort {
            SearchSort::Updated => fast.i64(column::PUSHED)?.first(doc),
            SearchSort::New => fast.i64(column::CREATED)?.first(doc),
            SearchSort::Name | SearchSort::Relevance => None,
            counted => {
                let count = fast.u64(number(counted))?.first(doc);
                count.map(|count| i64::try_from(count).unwrap_or(i64::MAX))
            }
        };
        keys.insert(candidate.at, key.unwrap_or(0));
    }
    candidates.sort_by_key(|candidate| std::cmp::Reverse(keys[&candidate.at]));
    Ok(())
}

fn by_name(searcher: &Searcher, candidates: &mut [Candidate]) -> tantivy::Result<()> {
    let mut names = HashMap::with_capacity(candidates.len());
    for candidate in candidates.iter() {
        names.insert(candidate.at, name(searcher, candidate.at)?);
    }
    candidates.sort_by(|left, right| names[&left.at].cmp(&names[&right.at]));
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
    let mut hits = Vec::with_capacity(page.len());
    for Candidate { at, score } in page {
        let fast = searcher.segment_reader(at.segment_ord).fast_fields();
        let repo_id = fast.i64(column::ID)?.first(at.doc_id);
        hits.extend(repo_id.map(|repo_id| SearchHit { repo_id, score: *score, why: None }));
    }
    Ok(hits)
}

/// Why a document is a result.
fn why(
    searcher: &Searcher,
    fields: &Fields,
    plan: &Plan,
    at: DocAddress,
    now_ms: i64,
) -> tantivy::Result<Why> {
    let mut parts: Vec<WhyPart> = Vec::new();
    let mut matched = 0;
    for group in &plan.groups {
        matched += usize::from(group.fits(searcher, fields, at)?);
    }
    for node in plan.groups.iter().chain(&plan.names) {
        node.why(searcher, fields, at, &mut parts)?;
    }
    parts.sort_by(|left, right| right.score.total_cmp(&left.score));
    let fast = searcher.segment_reader(at.segment_ord).fast_fields();
    let lift = lift_of(Some(&fast.u64(column::LIFT)?), at.doc_id);
    let pushed = fast.i64(column::PUSHED)?.first(at.doc_id).unwrap_or(0);
    Ok(Why {
        parts,
        matched: (matched, plan.groups.len()),
        coordination: coordination(matched, plan.groups.len()),
        prior: lift * prior::freshness(pushed, now_ms),
    })
}
