//! `check`: whether records, bytes and index agree.

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use hub_model::Actor;

use super::gc::{Form, bytes};
use super::printer;
use crate::services::check::{self, CheckReport, Rehash, Wish};
use crate::{Config, StartError, jobs, open_beside};

/// How much is read again, as it is typed.
#[derive(Debug, Clone, Copy)]
pub(super) struct RehashArg(pub(super) Rehash);

impl FromStr for RehashArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self(Rehash::All));
        }
        let number = text.parse().map_err(|_| "it is `all` or a number of blobs".to_owned())?;
        Ok(Self(Rehash::Some(number)))
    }
}

/// Answers 0 when nothing is wrong, 1 when something was found, set right or not.
pub(super) async fn check(
    config: Config,
    fix: bool,
    rehash: Rehash,
    form: Form,
) -> Result<ExitCode> {
    let (opened, has_index) = match open_beside(config).await {
        Err(StartError::Taken { path }) => {
            bail!("{} is served by a running hub: stop it before the check", path.display())
        }
        opened => opened.context("could not open the data")?,
    };
    let app = &opened.app;
    let stale = app.index.is_stale();
    if has_index && stale && fix {
        jobs::reindex(app).await.context("could not build the index")?;
    } else if has_index && !stale {
        jobs::catch_up(app).await.context("could not bring the index up to date")?;
    }
    let tell = |text: &str| {
        if form == Form::Text {
            printer::note(text);
        }
    };
    let wish = Wish { fix, rehash, index: has_index && (!stale || fix) };
    let report = check::check(app, &Actor::System, wish, Some(&tell)).await;
    if wish.index && fix {
        jobs::catch_up(app).await.context("could not bring the index up to date")?;
    }
    app.db.close().await;
    let report = report.context("could not check the data")?;
    match form {
        Form::Text => show(&report, fix),
        Form::Json => printer::line(&serde_json::to_string_pretty(&report)?),
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(report: &CheckReport, fix: bool) {
    for finding in &report.findings {
        let mark = if finding.fixed { "fixed" } else { "found" };
        printer::line(&format!("{mark}: {}: {}", finding.subject, finding.detail));
        for image in &finding.needed_by {
            printer::line(&format!("  needed by {image}"));
        }
    }
    printer::line(&format!(
        "looked at {} blobs ({}), read {} of them again, {} repositories",
        report.blobs,
        bytes(report.bytes),
        report.rehashed,
        report.repos
    ));
    if !report.index_checked {
        printer::note(
            "the index was not compared: a running hub has it, or it is to be built anew",
        );
    }
    if report.is_clean() {
        printer::line("nothing is wrong");
    } else {
        let all: u64 = report.counts.values().sum();
        let hint = if fix { "" } else { "; --fix sets right what can be set right" };
        printer::line(&format!("{all} things are wrong{hint}"));
    }
}
