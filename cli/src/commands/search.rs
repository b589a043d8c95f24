//! `hub search`: finds repositories.

use anyhow::Result;
use hub_api::{FoundView, SearchView, WhyView};
use hub_api_client::SearchFor;
use url::Url;

use super::browser;
use crate::context::Context;
use crate::printer::Listing;
use crate::report::Exit;
use crate::units;

/// Parts of an explanation that are printed.
const MOST_PARTS: usize = 3;

/// Characters of a digest that tell it from others: `sha256:` and twelve digits.
const DIGEST_CHARS: usize = 19;

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
    let by_digest = items.iter().any(|item| item.image.is_some());
    context.printer.list(&if by_digest {
        Listing { head: &["NAME", "DIGEST", "TAGS"], items, cells: held, name }
    } else if search.explain {
        Listing { head: &["NAME", "SCORE BY", "WORDS", "PRIOR"], items, cells: reasons, name }
    } else {
        let head = &["NAME", "DESCRIPTION", "TAGS", "LATEST", "PULLS", "UPDATED"];
        Listing { head, items, cells, name }
    })?;
    tell_more(&search, &found, context);
    Ok(if fail && found.items.is_empty() { Exit::Check } else { Exit::Done })
}

/// Shows the results as a page.
///
/// # Errors
///
/// When no hub is known, or the address cannot be printed.
pub(crate) async fn show(search: &SearchFor, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    browser::open(&page(&server.url(), search)?, context).await?;
    Ok(Exit::Done)
}

/// The address of the page of a search.
fn page(server: &str, search: &SearchFor) -> Result<String> {
    let yes = |set: bool, value: &str| set.then(|| value.to_owned());
    let number = search.page.filter(|page| *page > 1).map(|page| page.to_string());
    let fields = [
        ("q", Some(search.text.clone()).filter(|text| !text.is_empty())),
        ("org", search.org.clone()),
        ("keyword", search.keyword.clone()),
        ("category", search.category.clone()),
        ("os", search.os.clone()),
        ("arch", search.arch.clone()),
        ("official", yes(search.official == Some(true), "1")),
        ("size", search.size.clone()),
        ("match", search.matching.clone()),
        ("sort", search.sort.clone()),
        ("correct", yes(search.correct == Some(false), "0")),
        ("explain", yes(search.explain, "1")),
        ("page", number),
    ];
    let fields: Vec<_> =
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let base = format!("{server}/search");
    // Without a field there is no question mark either.
    let url =
        if fields.is_empty() { Url::parse(&base)? } else { Url::parse_with_params(&base, fields)? };
    Ok(url.into())
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

/// The image that was asked for by its digest.
fn held(item: &FoundView) -> Vec<String> {
    let Some(image) = &item.image else { return vec![named(item)] };
    let tags = if image.tags.is_empty() { "-".to_owned() } else { image.tags.join(", ") };
    vec![named(item), image.digest.chars().take(DIGEST_CHARS).collect(), tags]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_has_an_address() {
        let page = |search: &SearchFor| page("https://hub.example.com", search).unwrap();
        assert_eq!(page(&SearchFor::default()), "https://hub.example.com/search");
        let search = SearchFor {
            text: "消息 queue".to_owned(),
            official: Some(true),
            matching: Some("name".to_owned()),
            correct: Some(false),
            page: Some(2),
            limit: Some(20),
            ..SearchFor::default()
        };
        assert_eq!(
            page(&search),
            "https://hub.example.com/search?q=%E6%B6%88%E6%81%AF+queue&official=1&match=name\
             &correct=0&page=2"
        );
    }
}
