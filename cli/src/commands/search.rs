//! `hub search`: finds repositories.

use anyhow::Result;
use hub_api::RepoView;
use hub_api_client::SearchFor;

use crate::context::Context;
use crate::printer::Listing;
use crate::report::Exit;
use crate::units;

/// Searches. With `fail`, finding nothing ends with [`Exit::Check`].
///
/// # Errors
///
/// When the hub cannot be asked.
pub(crate) async fn search(search: SearchFor, fail: bool, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let found = context.api(&server).await?.search(&search).await?;
    context.printer.list(&Listing {
        head: &["NAME", "DESCRIPTION", "TAGS", "LATEST", "PULLS", "UPDATED"],
        items: &found.items,
        cells,
        name: |repo| repo.name.clone(),
    })?;
    let limit = u64::from(search.limit.unwrap_or(20));
    if found.total == 0 {
        context.printer.hint("no results; try fewer words");
    } else if found.page * limit < found.total {
        let (total, next) = (found.total, found.page + 1);
        context.printer.hint(&format!("{total} results, more: --page {next}"));
    }
    Ok(if fail && found.items.is_empty() { Exit::Check } else { Exit::Done })
}

fn cells(repo: &RepoView) -> Vec<String> {
    let mark = if repo.official { " ✓" } else { "" };
    vec![
        format!("{}{mark}", repo.name),
        repo.description.clone(),
        repo.tags.to_string(),
        repo.latest_tag.clone().unwrap_or_default(),
        units::count(repo.pulls),
        repo.pushed_at.as_deref().map(units::since).unwrap_or_default(),
    ]
}
