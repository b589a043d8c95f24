//! `gc`: collects garbage now, beside a running hub where records are in PostgreSQL.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use hub_api::GcRunView;
use hub_model::{GcReport, GcRun};

use super::printer;
use crate::services::gc::{self, GcError, GcOrder};
use crate::{App, Config, StartError, open_records};

/// How often a collector that works already is asked again; a dead one's lease ends meanwhile.
const ATTEMPTS: usize = 45;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Form {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

pub(super) async fn collect(config: Config, order: GcOrder, form: Form) -> Result<()> {
    let opened = match open_records(config).await {
        Err(StartError::Taken { path }) => bail!(
            "{} is served by a running hub, which collects garbage by itself: ask it with \
             POST /api/v1/gc, as an administrator, and see GET /api/v1/gc",
            path.display()
        ),
        opened => opened.context("could not open the data")?,
    };
    let run = attempt(&opened.app, order, form).await;
    opened.app.db.close().await;
    let run = run.context("could not collect garbage")?;
    match form {
        Form::Text => show(&run),
        Form::Json => {
            let text = serde_json::to_string_pretty(&GcRunView::from(run))?;
            printer::line(&text);
        }
    }
    Ok(())
}

async fn attempt(app: &App, order: GcOrder, form: Form) -> Result<GcRun, GcError> {
    let tell = |report: &GcReport| {
        if form == Form::Text {
            printer::note(&format!(
                "looked at {} of {}, {} blobs and {} so far",
                report.examined,
                report.candidates,
                report.blobs,
                bytes(report.bytes)
            ));
        }
    };
    for attempt in 0..ATTEMPTS {
        match gc::run_now(app, "command", &order.wish(app), Some(&tell)).await {
            Err(GcError::Busy) if attempt == 0 => {
                printer::note("another collector is at work, waiting for it");
            }
            Err(GcError::Busy) => {}
            outcome => return outcome,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(GcError::Busy)
}

fn show(run: &GcRun) {
    let GcRun { wish, report, .. } = run;
    let took = run.started_at_ms.zip(run.ended_at_ms).map_or(0, |(from, to)| to - from);
    let verb = if wish.dry_run { "would go" } else { "went" };
    for name in &report.examples {
        printer::line(name);
    }
    let named = u64::try_from(report.examples.len()).unwrap_or(u64::MAX);
    if named < report.blobs {
        printer::line("…");
    }
    printer::line(&format!("{}: {} blobs, {}", verb, report.blobs, bytes(report.bytes)));
    printer::line(&format!(
        "  {} blobs out of repositories that do not use them, {} untagged manifests, {} manifests \
         that no repository holds, {} documents that nothing names",
        report.links, report.manifests, report.orphans, report.documents
    ));
    printer::line(&format!(
        "  {} of {} looked at, {} still needed, {took} ms, {}",
        report.examined,
        report.candidates,
        report.spared,
        run.state.as_str()
    ));
    if report.errors > 0 {
        let first = report.first_error.as_deref().unwrap_or_default();
        printer::note(&format!(
            "{} could not be removed, the next run tries again: {first}",
            report.errors
        ));
    }
}

/// A number of bytes for people.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} bytes");
    }
    let mut rest = count;
    let mut tenths = 0;
    let mut unit = "";
    for next in UNITS {
        if rest < 1024 {
            break;
        }
        tenths = rest % 1024 * 10 / 1024;
        rest /= 1024;
        unit = next;
    }
    format!("{rest}.{tenths} {unit}")
}

/// Reads `90`, `90s`, `15m`, `24h` or `7d` as milliseconds.
pub(super) fn time(text: &str) -> Result<i64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit_ms = match unit {
        "" | "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("a time is a number and s, m, h or d, for example 24h".to_owned()),
    };
    let number: i64 = number.parse().map_err(|_| "a time begins with a number".to_owned())?;
    number.checked_mul(unit_ms).ok_or_else(|| "that is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, ms) in [("0", 0), ("90", 90_000), ("15m", 900_000), ("24h", 86_400_000)] {
            assert_eq!(time(text), Ok(ms), "{text}");
        }
        for text in ["", "h", "1w", "-1", "99999999999999999d"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_are_short() {
        assert_eq!(bytes(17), "17 bytes");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(5 << 30), "5.0 GiB");
    }
}
