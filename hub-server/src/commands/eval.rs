//! `eval-search`: how good the search is, by judged queries.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::gc::Form;
use super::{printer, store};
use crate::services::judging::{self, JudgedQuery, Latency, Report, Score};
use crate::{Config, open};

pub(super) async fn eval(
    config: Config,
    queries: &Path,
    run_out: Option<&Path>,
    form: Form,
) -> Result<()> {
    let queries = read(queries)?;
    let opened = open(config).await.context("could not open the data")?;
    let ready = store::bring_index_up_to_date(&opened).await;
    let report = judging::evaluate(&opened.app, &queries).await;
    opened.app.db.close().await;
    ready?;
    let report = report.context("could not search")?;
    if let Some(path) = run_out {
        write_run(path, &report).with_context(|| format!("could not write {}", path.display()))?;
    }
    match form {
        Form::Text => show(&report),
        Form::Json => printer::line(&serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<JudgedQuery>> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("could not read {name}"))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let query = |(number, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{name}, line {number}"))
    };
    let queries: Vec<JudgedQuery> = lines.map(query).collect::<Result<_>>()?;
    ensure!(!queries.is_empty(), "there is no query in {name}");
    Ok(queries)
}

fn write_run(path: &Path, report: &Report) -> Result<()> {
    let mut text = String::new();
    for line in &report.run {
        writeln!(text, "{}", serde_json::to_string(line)?)?;
    }
    Ok(fs::write(path, text)?)
}

fn show(report: &Report) {
    printer::line(
        "kind       queries nDCG@10    MRR    P@1   zero   p50 ms   p95 ms   p99 ms   max ms",
    );
    for (kind, score) in &report.kinds {
        row(kind, score, report.latency_by_kind.get(kind).unwrap_or(&report.latency));
    }
    row("overall", &report.overall, &report.latency);
    printer::line(&format!("nonsense that was answered: {:.2}", report.nonsense));
}

fn row(kind: &str, score: &Score, latency: &Latency) {
    let Score { queries, ndcg, mrr, p1, zero } = score;
    let Latency { p50_ms, p95_ms, p99_ms, max_ms } = latency;
    printer::line(&format!(
        "{kind:10} {queries:>7} {ndcg:>7.3} {mrr:>6.3} {p1:>6.2} {zero:>6.2} {p50_ms:>8.2} \
         {p95_ms:>8.2} {p99_ms:>8.2} {max_ms:>8.2}"
    ));
}
