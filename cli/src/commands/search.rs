//! `hub search`: finds repositories.

use anyhow::Result;
use hub_api::{FoundView, SearchView, WhyView};
use hub_api_client::SearchFor;

use crate::context::Context;
use crate::printer::Listing;
use crate::report::Exit;
use crate::units;

/// Parts of an explanation that are printed.
const MOST_PARTS: usize = 3;

/// Searches. With `fail`, finding nothing ends with [`Exit::Check`].
///
/// # Errors
///
/// When the hub cannot be asked.
pub(crate) async fn search(search: SearchFor, fail: bool, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let found = context.api(&server).await?.search(&search).await?;
    if let Some(read) = &found.corrected {
        let typed = &search.text;
        context.printer.hint(&format!(
            "no match for \"{typed}\"; showing results for \"{read}\" (use --no-correct)"
        ));
    }
    let name = |item: &FoundView| item.repo.name.clone();
    let items = &found.items;
    context.printer.list(&if search.explain {
        Listing { head: &["NAME", "SCORE BY", "WORDS", "PRIOR"], items, cells: reasons, name }
    } else {
        let head = &["NAME", "DESCRIPTION", "TAGS", "LATEST", "PULLS", "UPDATED"];
        Listing { head, items, cells, name }
    })?;
    tell_more(&search, &found, context);
    Ok(if fail && found.items.is_empty() { Exit::Check } else { Exit::Done })
}

/// Says how many there are, and how to see them.
fn tell_more(search: &SearchFor, found: &SearchView, context: &Context) {
    let limit = u64::from(search.limit.unwrap_or(20));
    if found.total == 0 {
        context.printer.hint("no results; try fewer words");
    } else if found.page * limit < found.total {
        let (total, next) = (found.total, found.page + 1);
        let more = if found.more { "more than " } else { "" };
        context.printer.hint(&format!("{more}{total} results, more: --page {next}"));
    }
}

fn cells(item: &FoundView) -> Vec<String> {
    let repo = &item.repo;
    vec![
        named(item),
        repo.description.clone(),
        repo.tags.to_string(),
        repo.latest_tag.clone().unwrap_or_default(),
        units::count(repo.pulls),
        repo.pushed_at.as_deref().map(units::since).unwrap_or_default(),
    ]
}

fn named(item: &FoundView) -> String {
    let mark = if item.repo.official { " ✓" } else { "" };
    format!("{}{mark}", item.repo.name)
}

/// Why a result is there: `name redis 21.3, keywords cache 4.0`.
fn reasons(item: &FoundView) -> Vec<String> {
    let Some(WhyView { parts, matched, words, prior, .. }) = &item.why else {
        return vec![named(item), "newest upload first".to_owned(), String::new(), String::new()];
    };
    let part = |part: &hub_api::WhyPartView| {
        let by = if part.by == "word" { String::new() } else { format!(" ({})", part.by) };
        format!("{} {}{by} {:.1}", part.field, part.term, part.score)
    };
    let parts: Vec<_> = parts.iter().take(MOST_PARTS).map(part).collect();
    vec![named(item), parts.join(", "), format!("{matched} of {words}"), format!("×{prior:.2}")]
}
