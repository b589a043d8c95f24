//! The report as tables: for a terminal, or for a page of documentation.

use comfy_table::{CellAlignment, Table, presets};

use crate::peers::Peer;
use crate::report::{Figures, Report};

/// How the tables look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// For people at a terminal.
    Text,
    /// For a page.
    Markdown,
}

/// Every table of a report.
pub(crate) fn render(report: &Report, look: Look) -> String {
    let machine = &report.machine;
    let mut text = format!(
        "{} cores of {}, {} MiB of memory; {}.\nMedians of {} rounds{}; {} tags and repositories where there are many.\n",
        machine.cores,
        machine.processor,
        machine.memory_mib,
        machine.versions.join(", "),
        report.rounds,
        if report.quick { " (quick)" } else { "" },
        report.many,
    );
    for table in [scenarios(report, look), facts(report, look), targets(report, look)] {
        if !table.is_empty() {
            text.extend(["\n", &table, "\n"]);
        }
    }
    text
}

/// An empty table whose columns behind the first `words` are figures.
pub(crate) fn table(look: Look, head: &[&str], words: usize) -> Table {
    let mut table = Table::new();
    table.load_style(match look {
        Look::Text => presets::NOTHING,
        Look::Markdown => presets::ASCII_MARKDOWN,
    });
    table.set_header(head.to_vec());
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn scenarios(report: &Report, look: Look) -> String {
    let head = [
        "scenario",
        "server",
        "CPU ms",
        "per CPU-s",
        "CPU-s/GiB",
        "per s",
        "p50 ms",
        "p99 ms",
        "first byte ms",
        "peak MiB",
        "hub ÷ it",
    ];
    let mut table = table(look, &head, 2);
    let mut last = "";
    for row in &report.rows {
        let named = if row.scenario == last { "" } else { row.scenario };
        last = row.scenario;
        let figures = &row.figures;
        let hub = report.figures(row.scenario, Peer::Hub);
        table.add_row([
            named.to_owned(),
            row.peer.to_string(),
            number(figures.cpu_us / 1e3),
            number(figures.per_cpu_second),
            figures.cpu_seconds_per_gib.map(number).unwrap_or_default(),
            number(figures.per_second),
            number(figures.p50_ms),
            number(figures.p99_ms),
            number(figures.first_byte_ms),
            number(figures.peak_mib),
            ratio(row.peer, hub, figures),
        ]);
    }
    if report.rows.is_empty() { String::new() } else { table.to_string() }
}

/// Our processor time for an operation, divided by that of another.
fn ratio(peer: Peer, hub: Option<&Figures>, figures: &Figures) -> String {
    match (peer, hub) {
        (Peer::Hub, _) | (_, None) => String::new(),
        (_, Some(hub)) => number(hub.cpu_us / figures.cpu_us),
    }
}

fn facts(report: &Report, look: Look) -> String {
    let mut table = table(look, &["figure", "server", "value"], 2);
    for fact in &report.facts {
        table.add_row([fact.what.to_owned(), fact.peer.to_string(), number(fact.value)]);
    }
    if report.facts.is_empty() { String::new() } else { table.to_string() }
}

fn targets(report: &Report, look: Look) -> String {
    let mut table = table(look, &["target", "bound", "measured", "reached"], 1);
    for verdict in &report.targets {
        let reached = if verdict.reached { "yes" } else { "no" };
        table.add_row([
            verdict.target.to_owned(),
            number(verdict.bound),
            number(verdict.measured),
            reached.to_owned(),
        ]);
    }
    if report.targets.is_empty() { String::new() } else { table.to_string() }
}

/// Three digits that count, and no exponent.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.9995 => format!("{value:.2}"),
        size if size >= 0.0995 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_count() {
        for (value, want) in [
            (0.0, "0"),
            (0.0213, "0.0213"),
            (0.25, "0.250"),
            (1.234, "1.23"),
            (45.678, "45.7"),
            (99.99, "100"),
            (76_543.2, "76543"),
        ] {
            assert_eq!(number(value), want);
        }
    }
}
