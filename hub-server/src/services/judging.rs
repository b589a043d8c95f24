//! How good the search is, by judged queries.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hub_model::Actor;
use hub_search::judged::{Figures, Grades, NONSENSE, RANKS, judge, mean};
use serde::{Deserialize, Serialize};

use super::search::{SearchError, SearchRequest, search};
use crate::App;

/// How often each query is asked for its time.
const TIMES: usize = 5;

/// A query with what fits it, as a line of JSON says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JudgedQuery {
    /// Its name.
    pub qid: String,
    /// What is typed.
    pub query: String,
    /// What kind of query it is.
    pub kind: String,
    /// Full name of a repository to its grade, 0 to 3; none: nothing should be answered.
    pub qrels: Grades,
}

/// One line of a run: what was answered, best first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunLine {
    /// Name of the query.
    pub qid: String,
    /// Full names.
    pub results: Vec<String>,
}

/// Means over some queries.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Score {
    /// How many queries.
    pub queries: usize,
    /// nDCG@10.
    pub ndcg: f64,
    /// Mean reciprocal rank of the first best result.
    pub mrr: f64,
    /// Share of queries whose first result fits.
    pub p1: f64,
    /// Share of queries without an answer.
    pub zero: f64,
}

/// How long answers took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Latency {
    /// The median.
    pub p50_ms: f64,
    /// Of 95 in a hundred.
    pub p95_ms: f64,
    /// Of 99 in a hundred.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// How good the search is.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// Over all queries with grades.
    pub overall: Score,
    /// By kind.
    pub kinds: BTreeMap<String, Score>,
    /// Share of queries without grades, and of made-up words, that were answered.
    pub nonsense: f64,
    /// How long answers took: the whole service, records included.
    pub latency: Latency,
    /// How long by kind.
    pub latency_by_kind: BTreeMap<String, Latency>,
    /// What was answered.
    #[serde(skip)]
    pub run: Vec<RunLine>,
}

/// Asks every query as anybody would, and judges the answers.
///
/// # Errors
///
/// When a search fails.
pub async fn evaluate(app: &App, queries: &[JudgedQuery]) -> Result<Report, SearchError> {
    let mut report = Report::default();
    let mut figures: BTreeMap<&str, Vec<Figures>> = BTreeMap::new();
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut nonsense = Vec::new();
    for query in queries {
        let mut results = Vec::new();
        for _ in 0..TIMES {
            let begin = Instant::now();
            results = ask(app, &query.query).await?;
            times.entry(&query.kind).or_default().push(begin.elapsed());
        }
        let grades: Grades =
            query.qrels.clone().into_iter().filter(|(_, grade)| *grade > 0).collect();
        if grades.is_empty() {
            nonsense.push(!results.is_empty());
        } else {
            figures.entry(&query.kind).or_default().push(judge(&results, &grades));
        }
        report.run.push(RunLine { qid: query.qid.clone(), results });
    }
    for text in NONSENSE {
        nonsense.push(!ask(app, text).await?.is_empty());
    }
    let all: Vec<Figures> = figures.values().flatten().copied().collect();
    report.overall = score(&all);
    report.kinds = figures.iter().map(|(kind, of)| ((*kind).to_owned(), score(of))).collect();
    report.nonsense = share(&nonsense);
    let all = times.values().flatten().copied().collect();
    report.latency = latency(all);
    report.latency_by_kind =
        times.into_iter().map(|(kind, of)| (kind.to_owned(), latency(of))).collect();
    Ok(report)
}

async fn ask(app: &App, text: &str) -> Result<Vec<String>, SearchError> {
    let limit = u64::try_from(RANKS).unwrap_or(u64::MAX);
    let request = SearchRequest { text: text.to_owned(), limit, ..SearchRequest::default() };
    let found = search(app, &Actor::Anonymous, request).await?;
    Ok(found.items.into_iter().map(|card| card.repo.name.into()).collect())
}

fn score(figures: &[Figures]) -> Score {
    let Figures { ndcg, mrr, p1, zero } = mean(figures).unwrap_or_default();
    Score { queries: figures.len(), ndcg, mrr, p1, zero }
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred queries")]
fn share(answered: &[bool]) -> f64 {
    answered.iter().filter(|answered| **answered).count() as f64 / answered.len().max(1) as f64
}

fn latency(mut times: Vec<Duration>) -> Latency {
    times.sort_unstable();
    let at = |percent: usize| {
        let last = times.len().saturating_sub(1);
        times.get(last * percent / 100).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    Latency { p50_ms: at(50), p95_ms: at(95), p99_ms: at(99), max_ms: at(100) }
}
