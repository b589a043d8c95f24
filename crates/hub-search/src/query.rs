//! From what was typed to a query of the engine.
//!
//! There is no syntax: a query is a disjunction of groups, one per word, and a group takes the
//! best of the fields in which its word stands. Weights come from the judged queries
//! (`docs/sources.md#search-recipe`).

use hub_model::{AccessTerms, SearchQuery};
use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, Query, TermQuery,
    TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use crate::reference;
use crate::schema::Fields;
use crate::text::{self, Run};

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
/// A word of the name begins with the last word of the query.
const PREFIX: f32 = 1.6;
const ORG: f32 = 1.5;
const README: f32 = 0.5;
/// What further fields add to the best one of a group.
const TIE: f32 = 0.35;

/// Words and pairs of characters that are looked at, at most.
const MAX_TOKENS: usize = 32;
/// Up to this many pairs of one run must all be there; of more, two in three.
const ALL_PAIRS: usize = 3;

/// A query without its filters.
pub(crate) struct Plan {
    /// One per word; the more of them fit, the better.
    pub(crate) groups: Vec<Box<dyn Query>>,
    /// What has to fit.
    pub(crate) text: Box<dyn Query>,
    /// What is better if it fits.
    pub(crate) bonus: Option<Box<dyn Query>>,
}

/// Plans a query for `text`, or `None` when it holds no letter and no digit.
pub(crate) fn plan(fields: &Fields, text: &str) -> Option<Plan> {
    let wanted = reference::reduce(text);
    let groups = groups(fields, &words(wanted.text));
    let canonical = text::canonical(wanted.text);
    if groups.is_empty() || canonical.is_empty() {
        return None;
    }
    let mut clauses: Vec<Box<dyn Query>> = groups.iter().map(|group| group.box_clone()).collect();
    clauses.push(term(fields.exact, &canonical, EXACT));
    clauses.push(term(fields.prefix, &canonical, JOINED_PREFIX));
    if let Some(org) = wanted.org {
        let full = text::canonical(&format!("{org}/{}", wanted.text));
        clauses.push(term(fields.exact, &full, EXACT));
    }
    let bonus = wanted.org.map(|org| boosted(one(fields.in_org(org)), WANTED_ORG));
    Some(Plan { groups, text: Box::new(BooleanQuery::union(clauses)), bonus })
}

/// What narrows a query down without changing scores.
pub(crate) fn filters(fields: &Fields, query: &SearchQuery) -> Vec<Box<dyn Query>> {
    let mut filters: Vec<Box<dyn Query>> = Vec::new();
    if let AccessTerms::PublicAnd(own) = &query.access {
        let orgs = own.orgs.iter().map(|org| fields.in_org(org.as_str()));
        let repos = own.repos.iter().map(|repo| fields.key(repo.as_str()));
        let own = TermSetQuery::new(orgs.chain(repos));
        filters.push(Box::new(BooleanQuery::union(vec![one(fields.public()), Box::new(own)])));
    }
    if let Some(org) = &query.org {
        filters.push(one(fields.in_org(org.as_str())));
    }
    if let Some(keyword) = &query.keyword {
        filters.push(one(fields.with_keyword(keyword)));
    }
    let silent = |filter| Box::new(ConstScoreQuery::new(filter, 0.0)) as Box<dyn Query>;
    filters.into_iter().map(silent).collect()
}

/// Joins a plan and filters.
pub(crate) fn whole(plan: &Plan, filters: Vec<Box<dyn Query>>) -> BooleanQuery {
    let mut clauses = vec![(Occur::Must, plan.text.box_clone())];
    clauses.extend(filters.into_iter().map(|filter| (Occur::Must, filter)));
    clauses.extend(plan.bonus.iter().map(|bonus| (Occur::Should, bonus.box_clone())));
    BooleanQuery::new(clauses)
}

/// The runs of a query, without stop words unless nothing else is there.
fn words(text: &str) -> Vec<Run> {
    let runs = text::runs(text);
    let says = |run: &&Run| !matches!(run, Run::Latin(word) if text::is_stop_word(word));
    let telling: Vec<Run> = runs.iter().filter(says).cloned().collect();
    if telling.is_empty() { runs } else { telling }
}

fn groups(fields: &Fields, runs: &[Run]) -> Vec<Box<dyn Query>> {
    let runs = &runs[..runs.len().min(MAX_TOKENS)];
    let last = runs.iter().rposition(|run| matches!(run, Run::Latin(_)));
    let mut pairs_left = MAX_TOKENS;
    let mut groups = Vec::new();
    for (position, run) in runs.iter().enumerate() {
        match run {
            Run::Latin(word) => groups.push(word_group(fields, word, Some(position) == last)),
            Run::Cjk(run) => {
                let mut pairs = text::bigrams(run);
                pairs.truncate(pairs_left);
                pairs_left -= pairs.len();
                if !pairs.is_empty() {
                    groups.push(pair_group(fields, &pairs));
                }
            }
        }
    }
    groups
}

/// A word in the fields where it may stand. Only the last word may be unfinished.
fn word_group(fields: &Fields, word: &str, last: bool) -> Box<dyn Query> {
    let mut terms = in_fields(fields, word, &text::stem(word));
    terms.push(term(fields.org, word, ORG));
    if last {
        terms.push(term(fields.prefix, word, PREFIX));
    }
    Box::new(DisjunctionMaxQuery::with_tie_breaker(terms, TIE))
}

/// A run without blanks: its pairs together, each in any field.
fn pair_group(fields: &Fields, pairs: &[String]) -> Box<dyn Query> {
    let of_pair = |pair: &String| {
        let terms = in_fields(fields, pair, pair);
        Box::new(DisjunctionMaxQuery::with_tie_breaker(terms, TIE)) as Box<dyn Query>
    };
    let queries: Vec<_> = pairs.iter().map(of_pair).collect();
    let needed = if pairs.len() <= ALL_PAIRS { pairs.len() } else { (pairs.len() * 2).div_ceil(3) };
    Box::new(BooleanQuery::union_with_minimum_required_clauses(queries, needed))
}

fn in_fields(fields: &Fields, word: &str, stem: &str) -> Vec<Box<dyn Query>> {
    vec![
        term(fields.name, word, NAME),
        term(fields.alias, word, NAME),
        term(fields.keywords, stem, KEYWORD),
        term(fields.description, stem, DESCRIPTION),
        term(fields.readme, stem, README),
    ]
}

fn term(field: Field, text: &str, weight: f32) -> Box<dyn Query> {
    let term = Term::from_field_text(field, text);
    boosted(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)), weight)
}

fn one(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn boosted(query: Box<dyn Query>, weight: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, weight))
}
