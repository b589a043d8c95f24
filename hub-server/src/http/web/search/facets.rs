//! Filters of a search: what is in force, and what there is to choose from.

use hub_model::{FacetCount, Facets, SearchMatch, SizeBucket};

use super::SINCE_DAYS;
use crate::http::web::lang::SearchWords;
use crate::http::web::params::Params;
use crate::http::web::view::Link;

/// Values of one facet that are shown.
const MOST: usize = 10;

/// A facet with its values.
#[derive(Debug)]
pub(in crate::http::web) struct Facet {
    pub title: &'static str,
    pub values: Vec<Value>,
}

/// A value of a facet.
#[derive(Debug)]
pub(in crate::http::web) struct Value {
    pub link: Link,
    /// Results that have it; empty when that is not counted.
    pub count: String,
}

/// The filters in force, each a link to the results without it.
pub(super) fn chips(words: &SearchWords, query: &Params) -> Vec<Link> {
    let without = |name: &str| query.with(name, None).with("page", None).address("/search");
    let named = [
        ("org", words.org),
        ("keyword", words.keyword),
        ("category", words.category),
        ("os", words.os),
        ("arch", words.arch),
    ];
    let mut chips = Vec::new();
    for (name, title) in named {
        chips.extend(
            query.get(name).map(|value| Link::new(without(name), format!("{title}: {value}"))),
        );
    }
    let place = query.get("match").and_then(SearchMatch::parse);
    chips.extend(match place {
        Some(SearchMatch::Name) => Some(Link::new(without("match"), words.match_name)),
        Some(SearchMatch::Keyword) => Some(Link::new(without("match"), words.match_keyword)),
        Some(SearchMatch::All) | None => None,
    });
    let bucket = query.get("size").and_then(SizeBucket::parse);
    chips.extend(
        bucket.map(|bucket| Link::new(without("size"), words.sizes[bucket as usize].to_owned())),
    );
    for (name, title) in
        [("official", words.official), ("deprecated", words.deprecated), ("readme", words.readme)]
    {
        if let Some(value) = query.get(name) {
            let sign = if value == "0" { "− " } else { "" };
            chips.push(Link::new(without(name), format!("{sign}{title}")));
        }
    }
    let days = query.get("updated").and_then(|days| days.parse::<i64>().ok());
    let since = SINCE_DAYS.iter().position(|own| Some(*own) == days);
    chips.extend(since.map(|at| Link::new(without("updated"), words.since[at])));
    chips
}

/// What there is to choose from, with the number of results; nothing that no result has.
pub(super) fn facets(words: &SearchWords, query: &Params, counts: Option<&Facets>) -> Vec<Facet> {
    let Some(counts) = counts else { return Vec::new() };
    let of = |title, name: &str, counts: &[FacetCount], text: &dyn Fn(&str) -> String| {
        let value =
            |one: &FacetCount| choice(query, name, &one.value, text(&one.value), Some(one.count));
        Facet { title, values: counts.iter().take(MOST).map(value).collect() }
    };
    let plain = |value: &str| value.to_owned();
    let size = |value: &str| {
        SizeBucket::parse(value)
            .map_or_else(|| value.to_owned(), |bucket| words.sizes[bucket as usize].to_owned())
    };
    let kinds = [
        ("official", words.official, counts.official),
        ("deprecated", words.deprecated, counts.deprecated),
        ("readme", words.readme, counts.readme),
    ];
    let kinds = kinds.into_iter().filter(|(_, _, count)| *count > 0);
    let kinds = kinds.map(|(name, text, count)| choice(query, name, "1", text, Some(count)));
    let since = SINCE_DAYS.iter().zip(words.since);
    let since = since.map(|(days, text)| choice(query, "updated", &days.to_string(), text, None));
    let all = [
        Facet { title: words.kind, values: kinds.collect() },
        of(words.org, "org", &counts.orgs, &plain),
        of(words.keyword, "keyword", &counts.keywords, &plain),
        of(words.category, "category", &counts.categories, &plain),
        of(words.arch, "arch", &counts.arch, &plain),
        of(words.os, "os", &counts.os, &plain),
        of(words.size, "size", &counts.sizes, &size),
        Facet { title: words.updated, values: since.collect() },
    ];
    all.into_iter().filter(|facet| !facet.values.is_empty()).collect()
}

/// A link that sets a filter, or takes it away where it is in force.
fn choice(
    query: &Params,
    name: &str,
    value: &str,
    text: impl Into<String>,
    count: Option<usize>,
) -> Value {
    let current = query.get(name).is_some_and(|now| now.eq_ignore_ascii_case(value));
    let next = query.with(name, (!current).then_some(value)).with("page", None);
    Value {
        link: Link { current, ..Link::new(next.address("/search"), text) },
        count: count.map(|count| count.to_string()).unwrap_or_default(),
    }
}
