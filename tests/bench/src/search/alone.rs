//! The index without a hub round it: for the work on the index itself.

use std::convert::Infallible;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use hub_model::{AccessTerms, SearchDoc, SearchFilter, SearchQuery, SearchSort, Visibility};
use hub_search::Index;

use super::Arguments;
use super::asks::{self, Ask, Kind, PAGE};
use super::latency::Times;
use super::variation::Variation;
use crate::meter::folder_bytes;
use crate::printer;

/// Builds an index of the large hub in `dir`, or takes the one that is there, and asks it.
pub(crate) fn measure(variation: &Variation, arguments: &Arguments, dir: &Path) -> Result<()> {
    let &Arguments { repos, questions, rounds, .. } = arguments;
    let index = Index::open(dir)?;
    if index.is_stale() {
        let began = Instant::now();
        let docs = (0..repos).map(|number| Ok::<_, Infallible>(doc(variation, number)));
        index.rebuild(docs, 1)?;
        printer::note(&format!("built in {:.1?}", began.elapsed()));
    }
    #[expect(clippy::cast_precision_loss, reason = "bytes of a folder")]
    let each = folder_bytes(dir)? as f64 / repos as f64;
    printer::note(&format!("{each:.0} bytes a repository"));
    let asks = asks::asks(variation.images(), questions);
    for kind in Kind::ALL {
        let mut times = Times::default();
        for round in 0..=rounds {
            for ask in asks.iter().filter(|ask| ask.kind == kind) {
                let began = Instant::now();
                let found = index.search(&query(ask))?;
                times.count(round, began.elapsed(), || format!("{} ({})", ask.text, found.total));
            }
        }
        printer::note(&format!("{:10} {times}", kind.as_str()));
    }
    let mut times = Times::default();
    for typed in asks::typed(variation.images(), questions * 4) {
        let began = Instant::now();
        index.suggest(&typed, &AccessTerms::PUBLIC, 8)?;
        times.add(began.elapsed(), typed);
    }
    printer::note(&format!("{:10} {times}", "suggest"));
    Ok(())
}

fn query(ask: &Ask) -> SearchQuery {
    let categories = ask.category.iter().cloned().collect();
    let browse = ask.kind == Kind::Browse;
    SearchQuery {
        filter: SearchFilter { categories, ..SearchFilter::default() },
        sort: if browse { SearchSort::Pulls } else { SearchSort::Relevance },
        facets: matches!(ask.kind, Kind::Facet | Kind::Browse),
        offset: ask.kind.offset(),
        limit: PAGE,
        now_ms: 1_800_000_000_000,
        ..SearchQuery::new(&ask.text, AccessTerms::PUBLIC)
    }
}

fn doc(variation: &Variation, number: usize) -> SearchDoc {
    let record = variation.record(number);
    SearchDoc {
        repo_id: i64::try_from(number).unwrap_or(i64::MAX),
        name: record.name,
        visibility: Visibility::Public,
        description: record.description,
        keywords: record.keywords,
        categories: record.categories,
        readme: record.readme.map(|number| variation.readme(number)).unwrap_or_default(),
        official: record.official,
        deprecated: record.deprecated,
        pushed_at_ms: 1_700_000_000_000 + i64::try_from(number).unwrap_or(0) * 1000,
        pulls: record.pulls,
        recent_pulls: record.pulls / 10,
        ..SearchDoc::default()
    }
}
