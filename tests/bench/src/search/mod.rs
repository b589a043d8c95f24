//! The search of a large hub, beside those of PostgreSQL and SQLite.

mod alone;
mod asks;
mod corpus;
mod fresh;
mod hub;
mod latency;
mod report;
mod rival;
mod variation;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};
use hub_search::judged::{Grades, judge};
use serde::Deserialize;

use crate::printer;
use crate::table::Look;
use asks::{Ask, Kind};
use hub::Hub;
use latency::Times;
use report::{Report, Side};
use rival::Rival;
use variation::Variation;

/// Put the search of a large hub beside that of PostgreSQL and of SQLite
#[derive(Debug, Parser)]
#[command(name = "hub-bench-search", version)]
pub(crate) struct Arguments {
    /// Folder of the corpus that the hub is made from, with `queries.jsonl`
    #[arg(long, value_name = "DIR")]
    corpus: PathBuf,
    /// The program `hub-server` to measure
    #[arg(long, value_name = "FILE")]
    hub: PathBuf,
    /// Repositories of the hub
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    repos: usize,
    /// Folder for what is made, some 10 GiB for a million; it is kept for the next run
    #[arg(long, value_name = "DIR", default_value = ".")]
    scratch: PathBuf,
    /// Questions of each kind
    #[arg(long, value_name = "N", default_value_t = 200)]
    questions: usize,
    /// How often each question is asked, after a first time that does not count
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// How many repositories are pushed to see how soon they are found
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pushes: usize,
    /// Address of a PostgreSQL server in which databases may be made; left out when not given
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Leave SQLite out
    #[arg(long)]
    no_sqlite: bool,
    /// Only the index, in this process and without a hub round it
    #[arg(long)]
    alone: bool,
    /// Form of the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables for people.
    Text,
    /// Tables for a page.
    Markdown,
    /// One JSON value.
    Json,
}

/// Measures, and prints the report.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    let variation = Variation::new(corpus::read(&arguments.corpus)?, arguments.repos);
    fs::create_dir_all(&arguments.scratch)?;
    if arguments.alone {
        let folder = arguments.scratch.join(format!("index-of-{}", arguments.repos));
        return alone::measure(&variation, arguments, &folder);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(run(arguments, &variation))?;
    let text = match arguments.format {
        Format::Text => report.render(Look::Text),
        Format::Markdown => report.render(Look::Markdown),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&report)?),
    };
    Ok(printer::result(&text)?)
}

async fn run(arguments: &Arguments, variation: &Variation) -> Result<Report> {
    let (program, scratch, repos) = (&arguments.hub, &arguments.scratch, arguments.repos);
    let folder = hub::folder(scratch, repos);
    let asks = asks::asks(variation.images(), arguments.questions);
    hub::make(program, &folder, variation, repos).await?;
    printer::note("building the index");
    let built = hub::reindex(program, &folder).await?;
    printer::note("asking the hub");
    let mut hub = Hub::start(program, &folder).await?;
    let mut ours = Side::new("hub");
    for (kind, asks) in by_kind(&asks) {
        let mut times = Times::default();
        for round in 0..=arguments.rounds {
            for ask in &asks {
                let (total, took) = hub.ask(ask).await?;
                times.count(round, took, || format!("{} ({total})", ask.text));
            }
        }
        printer::note(&format!("{:10} {times}", kind.as_str()));
        ours.times.insert(kind, times);
    }
    let mut suggestions = Times::default();
    for round in 0..=arguments.rounds {
        for typed in asks::typed(variation.images(), arguments.questions * 4) {
            let took = hub.suggest(&typed).await?;
            suggestions.count(round, took, || typed.clone());
        }
    }
    let resident = hub.served.meter.resident_bytes()?;
    let anonymous = hub.served.meter.anonymous_bytes()?;
    printer::note("pushing");
    let (freshness, rate) = fresh::measure(&hub.served, arguments.pushes).await?;
    drop(hub);
    let judged = hub::judged(program, &scratch.join("judged"), &arguments.corpus).await?;
    for (kind, score) in judged["kinds"].as_object().into_iter().flatten() {
        ours.ndcg.insert(kind.clone(), score["ndcg"].as_f64().unwrap_or_default());
    }
    let mut sides = vec![ours];
    for (large, small) in rivals(arguments).await? {
        sides.push(ask_rival(large, small, arguments, variation, &asks).await?);
    }
    Ok(Report { repos, built, resident, anonymous, sides, suggestions, freshness, rate })
}

fn by_kind(asks: &[Ask]) -> BTreeMap<Kind, Vec<&Ask>> {
    let mut kinds: BTreeMap<Kind, Vec<&Ask>> = BTreeMap::new();
    for ask in asks {
        kinds.entry(ask.kind).or_default().push(ask);
    }
    kinds
}

/// Each rival twice: for the large hub, and for the judged queries.
async fn rivals(arguments: &Arguments) -> Result<Vec<(Rival, Rival)>> {
    let mut rivals = Vec::new();
    let name = format!("hub_bench_{}", arguments.repos);
    if let Some(url) = &arguments.postgres {
        let large = Rival::postgres(url, &name).await?;
        rivals.push((large, Rival::postgres(url, "hub_bench_judged").await?));
    }
    if !arguments.no_sqlite {
        let file = |name: &str| arguments.scratch.join(format!("{name}.fts5"));
        rivals.push((
            Rival::sqlite(&file(&name)).await?,
            Rival::sqlite(&file("hub_bench_judged")).await?,
        ));
    }
    Ok(rivals)
}

async fn ask_rival(
    mut large: Rival,
    mut small: Rival,
    arguments: &Arguments,
    variation: &Variation,
    asks: &[Ask],
) -> Result<Side> {
    let mut side = Side::new(large.name());
    printer::note(&format!("filling {}", side.name));
    let filled = large.fill(variation, arguments.repos).await?;
    printer::note(&format!("{} was filled in {filled:.0?}", side.name));
    for (kind, asks) in by_kind(asks) {
        let mut times = Times::default();
        // Some answers take seconds: a part of the questions says enough.
        for round in 0..=1 {
            for ask in asks.iter().step_by(4) {
                let (names, took) = large.ask(ask).await?;
                times.count(round, took, || format!("{} ({})", ask.text, names.len()));
            }
        }
        printer::note(&format!("{:10} {times}", kind.as_str()));
        side.times.insert(kind, times);
    }
    small.learn(variation.images()).await?;
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for query in judged(arguments)? {
        let found = small.best(&query.query).await?;
        let sum = sums.entry(query.kind).or_default();
        sum.0 += judge(&found, &query.qrels).ndcg;
        sum.1 += 1.0;
    }
    side.ndcg = sums.into_iter().map(|(kind, (sum, count))| (kind, sum / count)).collect();
    Ok(side)
}

/// A query with what fits it.
#[derive(Deserialize)]
struct Judged {
    query: String,
    kind: String,
    qrels: Grades,
}

fn judged(arguments: &Arguments) -> Result<Vec<Judged>> {
    let file = arguments.corpus.join("queries.jsonl");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let queries = text.lines().map(serde_json::from_str);
    let queries: Vec<Judged> = queries.collect::<Result<_, _>>()?;
    Ok(queries.into_iter().filter(|query| !query.qrels.is_empty()).collect())
}
