//! From a query to an ordered answer.

use std::cmp::Reverse;
use std::collections::HashMap;

use hub_model::{SearchHit, SearchHits, SearchQuery, SearchSort, Why, WhyPart};
use tantivy::DocAddress;
use tantivy::columnar::Column;
use tantivy::query::Query;

use crate::ask::{self, Ask};
use crate::best::{self, Candidate};
use crate::coordinated::coordination;
use crate::dictionary::Dictionary;
use crate::error::Doing as _;
use crate::filters::{self, Clauses};
use crate::plan::{self, Plan};
use crate::schema::Fields;
use crate::snapshot::Snapshot;
use crate::vocabulary::Vocabulary;
use crate::writer::Live;
use crate::{SearchError, facets, prior, within};

/// Results of a text that are ranked at all.
pub(crate) const CANDIDATES: usize = 1000;

/// Part of the best score below which a result is noise.
const CUT_OFF: f32 = 0.12;

/// Answers `query` from the state that is open now.
pub(crate) fn search(
    live: &Live,
    dictionary: &Dictionary,
    query: &SearchQuery,
) -> Result<SearchHits, SearchError> {
    let snapshot = live.snapshot.load();
    answer(&snapshot, &live.fields, dictionary, query).doing("ask the search index")
}

fn answer(
    snapshot: &Snapshot,
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
        let asked = format!("{filter:?} {:?} {:?} {:?}", query.access, ask.phrases, ask.without);
        return listing(snapshot, clauses, query, &asked);
    }
    let access = filters::access(fields, &query.access);
    let vocabulary = Vocabulary::new(snapshot, fields, access);
    match plan::plan(&ask, dictionary, query.correct.then_some(&vocabulary))? {
        Some(plan) => {
            let plan = within::within(plan, query.matching);
            fitting(snapshot, fields, &plan, clauses, query)
        }
        None => Ok(SearchHits::default()),
    }
}

/// Everything that fulfils the filters.
fn listing(
    snapshot: &Snapshot,
    clauses: Clauses,
    query: &SearchQuery,
    asked: &str,
) -> tantivy::Result<SearchHits> {
    let end = query.offset.saturating_add(query.limit);
    let wish = (query.sort, query.facets, end);
    let all = filters::together(clauses);
    let listing = snapshot.listings().list(snapshot, &all, asked, wish)?;
    let page = listing.first.iter().skip(query.offset).take(query.limit);
    let page: Vec<_> = page.map(|at| Candidate { at: *at, score: 0.0, bonus: 0.0 }).collect();
    Ok(SearchHits {
        hits: hits(snapshot, &page),
        total: listing.total,
        facets: listing.facets.clone().filter(|_| query.facets),
        ..SearchHits::default()
    })
}

/// What fits a text.
fn fitting(
    snapshot: &Snapshot,
    fields: &Fields,
    plan: &Plan,
    clauses: Clauses,
    query: &SearchQuery,
) -> tantivy::Result<SearchHits> {
    let filter = (!clauses.is_empty()).then(|| filters::together(clauses));
    let filter = filter.as_ref().map(|filter| filter as &dyn Query);
    let mut candidates = best::best(snapshot, fields, plan, filter, CANDIDATES)?;
    let more = candidates.len() == CANDIDATES;
    freshen(snapshot, &mut candidates, query.now_ms);
    cut_off(&mut candidates);
    let facets = query
        .facets
        .then(|| facets::of_some(snapshot, candidates.iter().map(|candidate| candidate.at)));
    let facets = facets.transpose()?;
    let total = candidates.len();
    let start = query.offset.min(total);
    let end = start.saturating_add(query.limit).min(total);
    order(snapshot, &mut candidates, query.sort)?;
    let page = &candidates[start..end];
    let mut hits = hits(snapshot, page);
    if query.explain {
        for (hit, candidate) in hits.iter_mut().zip(page) {
            hit.why = Some(why(snapshot, fields, plan, candidate.at, query.now_ms)?);
        }
    }
    let (corrected, marks) = (plan.corrected.clone(), plan.marks.clone());
    Ok(SearchHits { hits, total, more, facets, corrected, marks })
}

/// Lifts what was uploaded lately.
fn freshen(snapshot: &Snapshot, candidates: &mut [Candidate], now_ms: i64) {
    for Candidate { at, score, .. } in candidates {
        let pushed = snapshot.columns(at.segment_ord).pushed.first(at.doc_id);
        *score *= prior::freshness(pushed.unwrap_or_default(), now_ms);
    }
}

/// Drops noise: what is far below the best. That a name is just what was typed says nothing about
/// the others, so the bonus for it does not count here.
fn cut_off(candidates: &mut Vec<Candidate>) {
    let best = candidates.iter().map(|one| one.score - one.bonus).fold(0.0, f32::max);
    candidates.retain(|candidate| candidate.score >= best * CUT_OFF);
}

/// Best first, or as wanted; of equals the repository that was made first.
fn order(
    snapshot: &Snapshot,
    candidates: &mut [Candidate],
    sort: SearchSort,
) -> tantivy::Result<()> {
    let id = |candidate: &Candidate| snapshot.id(candidate.at);
    match sort {
        SearchSort::Relevance => candidates.sort_by(|left, right| {
            right.score.total_cmp(&left.score).then_with(|| id(left).cmp(&id(right)))
        }),
        SearchSort::Name => by_name(snapshot, candidates)?,
        counted => candidates.sort_by_cached_key(|candidate| {
            (Reverse(number(snapshot, counted, candidate.at)), id(candidate))
        }),
    }
    Ok(())
}

/// What an order that is neither by relevance nor by name goes by.
fn number(snapshot: &Snapshot, sort: SearchSort, at: DocAddress) -> i64 {
    let (columns, doc) = (snapshot.columns(at.segment_ord), at.doc_id);
    let count = |column: &Column<u64>| {
        column.first(doc).map(|count| i64::try_from(count).unwrap_or(i64::MAX))
    };
    let number = match sort {
        SearchSort::Updated | SearchSort::Relevance | SearchSort::Name => columns.pushed.first(doc),
        SearchSort::New => columns.created.first(doc),
        SearchSort::Pulls => count(&columns.pulls),
        SearchSort::Recent => count(&columns.recent_pulls),
        SearchSort::Stars => count(&columns.stars),
        SearchSort::Size => count(&columns.size),
    };
    number.unwrap_or_default()
}

fn by_name(snapshot: &Snapshot, candidates: &mut [Candidate]) -> tantivy::Result<()> {
    let mut names = HashMap::with_capacity(candidates.len());
    for candidate in candidates.iter() {
        names.insert(candidate.at, snapshot.name(candidate.at)?);
    }
    candidates.sort_by(|left, right| names[&left.at].cmp(&names[&right.at]));
    Ok(())
}

fn hits(snapshot: &Snapshot, page: &[Candidate]) -> Vec<SearchHit> {
    let hit = |candidate: &Candidate| SearchHit {
        repo_id: snapshot.id(candidate.at),
        score: candidate.score,
        why: None,
    };
    page.iter().map(hit).collect()
}

/// Why a document is a result.
fn why(
    snapshot: &Snapshot,
    fields: &Fields,
    plan: &Plan,
    at: DocAddress,
    now_ms: i64,
) -> tantivy::Result<Why> {
    let mut parts: Vec<WhyPart> = Vec::new();
    let mut matched = 0;
    for group in &plan.groups {
        matched += usize::from(group.fits(snapshot, fields, at)?);
    }
    for node in plan.groups.iter().chain(&plan.names) {
        node.why(snapshot, fields, at, &mut parts)?;
    }
    parts.sort_by(|left, right| right.score.total_cmp(&left.score));
    let columns = snapshot.columns(at.segment_ord);
    let pushed = columns.pushed.first(at.doc_id).unwrap_or_default();
    Ok(Why {
        parts,
        matched: (matched, plan.groups.len()),
        coordination: coordination(matched, plan.groups.len()),
        prior: columns.lift(at.doc_id) * prior::freshness(pushed, now_ms),
    })
}
