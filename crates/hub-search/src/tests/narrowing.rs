//! Filters, operators, facets, orders, suggestions.

use hub_model::{FacetCount, SearchMatch, SearchSort, SizeBucket};

use super::*;

const MIB: u64 = 1024 * 1024;

fn shelf() -> Index {
    let both = vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()];
    index(vec![
        SearchDoc {
            keywords: vec!["Cache".to_owned()],
            categories: vec!["database".to_owned()],
            platforms: both.clone(),
            official: true,
            readme: "# Redis\n\nFast.".to_owned(),
            pulls: 10,
            recent_pulls: 7,
            stars: 3,
            size: 40 * MIB,
            created_at_ms: 1,
            pushed_at_ms: 30,
            ..doc("library/redis", "In-memory data store")
        },
        SearchDoc {
            keywords: vec!["cache".to_owned(), "exporter".to_owned()],
            platforms: vec!["linux/amd64".to_owned()],
            pulls: 500,
            recent_pulls: 2,
            size: 5 * MIB,
            created_at_ms: 2,
            pushed_at_ms: 20,
            ..doc("team/redis-exporter", "Metrics of a data store")
        },
        SearchDoc {
            deprecated: true,
            pulls: 9,
            recent_pulls: 8,
            size: 2048 * MIB,
            created_at_ms: 3,
            pushed_at_ms: 10,
            ..doc("team/old-redis", "Redis on Windows")
        },
        SearchDoc {
            visibility: Visibility::Private,
            platforms: both,
            keywords: vec!["secret-word".to_owned()],
            ..doc("hidden/redis", "Redis of others")
        },
    ])
}

const NAMES: &[&str] = &["library/redis", "team/redis-exporter", "team/old-redis", "hidden/redis"];

fn found(text: &str) -> Vec<String> {
    let mut found = ask(&shelf(), &query(text), NAMES);
    found.sort();
    found
}

#[test]
fn operators_narrow_down_with_and_without_words() {
    for (text, want) in [
        ("redis org:team", &["team/old-redis", "team/redis-exporter"][..]),
        ("org:library", &["library/redis"]),
        ("keyword:cache", &["library/redis", "team/redis-exporter"]),
        ("redis arch:arm64", &["library/redis"]),
        ("os:linux arch:AMD64", &["library/redis", "team/redis-exporter"]),
        ("category:database", &["library/redis"]),
        ("redis -is:deprecated", &["library/redis", "team/redis-exporter"]),
        ("is:deprecated", &["team/old-redis"]),
        ("has:readme", &["library/redis"]),
        ("size:tiny", &["team/redis-exporter"]),
        ("redis -windows", &["library/redis", "team/redis-exporter"]),
        ("redis \"data store\"", &["library/redis", "team/redis-exporter"]),
        ("\"store data\"", &[]),
        ("redis -redis", &[]),
        ("org:NOT/A/NAME redis", &[]),
        ("keyword:secret-word", &[]),
    ] {
        assert_eq!(found(text), want, "{text}");
    }
}

#[test]
fn what_was_uploaded_since_a_day_is_found() {
    let since = SearchFilter { pushed_since_ms: Some(20), ..SearchFilter::default() };
    assert_eq!(
        ask(&shelf(), &narrowed(since, ""), NAMES),
        ["library/redis", "team/redis-exporter"]
    );
}

#[test]
fn facets_count_what_the_caller_may_see() {
    let count = |value: &str, count| FacetCount { value: value.to_owned(), count };
    for text in ["redis", ""] {
        let hits = shelf().search(&SearchQuery { facets: true, ..query(text) }).unwrap();
        let facets = hits.facets.unwrap();
        assert_eq!(facets.orgs, [count("team", 2), count("library", 1)], "{text}");
        assert_eq!(facets.keywords, [count("cache", 2), count("exporter", 1)]);
        assert_eq!(facets.categories, [count("database", 1)]);
        assert_eq!(facets.os, [count("linux", 2)]);
        assert_eq!(facets.arch, [count("amd64", 2), count("arm64", 1)]);
        assert_eq!(facets.sizes, [count("tiny", 1), count("small", 1), count("large", 1)]);
        assert_eq!((facets.official, facets.deprecated, facets.readme), (1, 1, 1));
    }
    let nothing = shelf().search(&SearchQuery { facets: true, ..query("xyzzyq") }).unwrap();
    assert!(nothing.facets.unwrap_or_default().orgs.is_empty());
}

#[test]
fn words_can_be_kept_to_names_or_to_keywords() {
    let index = index(vec![
        SearchDoc { aliases: vec!["queue".to_owned()], ..doc("a/rabbit", "") },
        SearchDoc { keywords: vec!["Queue".to_owned(), "消息".to_owned()], ..doc("a/kafka", "") },
        SearchDoc { categories: vec!["queue".to_owned()], ..doc("a/nats", "") },
        doc("a/queue", ""),
        SearchDoc { readme: "# A queue\n".to_owned(), ..doc("a/readme", "A queue. 消息队列") },
    ]);
    let names = ["a/rabbit", "a/kafka", "a/nats", "a/queue", "a/readme"];
    for (text, matching, want) in [
        ("queue", SearchMatch::All, names.to_vec()),
        ("queue", SearchMatch::Name, vec!["a/queue", "a/rabbit"]),
        ("que", SearchMatch::Name, vec!["a/queue", "a/rabbit"]),
        ("queue", SearchMatch::Keyword, vec!["a/kafka", "a/nats"]),
        ("消息", SearchMatch::Keyword, vec!["a/kafka"]),
        ("消息", SearchMatch::Name, vec![]),
        ("消息队列", SearchMatch::Keyword, vec![]),
        ("rabbit", SearchMatch::Keyword, vec![]),
        ("🦀", SearchMatch::Keyword, vec![]),
    ] {
        let query = SearchQuery { matching, ..query(text) };
        let mut found = ask(&index, &query, &names);
        found.sort_unstable();
        let mut want: Vec<_> = want.into_iter().map(str::to_owned).collect();
        want.sort_unstable();
        assert_eq!(found, want, "{text} {matching:?}");
    }
}

#[test]
fn every_order_is_the_same_with_and_without_words() {
    for (sort, want) in [
        (SearchSort::Pulls, ["team/redis-exporter", "library/redis", "team/old-redis"]),
        (SearchSort::Recent, ["team/old-redis", "library/redis", "team/redis-exporter"]),
        (SearchSort::Stars, ["library/redis", "team/old-redis", "team/redis-exporter"]),
        (SearchSort::Updated, ["library/redis", "team/redis-exporter", "team/old-redis"]),
        (SearchSort::New, ["team/old-redis", "team/redis-exporter", "library/redis"]),
        (SearchSort::Name, ["library/redis", "team/old-redis", "team/redis-exporter"]),
        (SearchSort::Size, ["team/old-redis", "library/redis", "team/redis-exporter"]),
    ] {
        for text in ["redis", ""] {
            let sorted = SearchQuery { sort, ..query(text) };
            assert_eq!(ask(&shelf(), &sorted, NAMES), want, "{sort:?} {text}");
        }
    }
}

#[test]
fn fresh_and_popular_things_win_among_equals() {
    let day = 86_400_000;
    let index = index(vec![
        SearchDoc { pushed_at_ms: day, ..doc("a/tool", "") },
        SearchDoc { pushed_at_ms: 900 * day, ..doc("b/tool", "") },
        SearchDoc { pushed_at_ms: day, recent_pulls: 100_000, ..doc("c/tool", "") },
    ]);
    let now = SearchQuery { now_ms: 901 * day, ..query("tool") };
    assert_eq!(ask(&index, &now, &["a/tool", "b/tool", "c/tool"]), ["c/tool", "b/tool", "a/tool"]);
}

#[test]
fn suggestions_begin_with_what_was_typed() {
    let index = shelf();
    let suggest = |typed: &str, access: &AccessTerms| {
        let found = index.suggest(typed, access, 5).unwrap();
        let name = |repo_id: &i64| NAMES.iter().find(|name| id(name) == *repo_id).unwrap();
        (found.repos.iter().map(name).copied().collect::<Vec<_>>(), found.orgs)
    };
    let public = AccessTerms::PUBLIC;
    assert_eq!(suggest("red", &public).0[0], "library/redis");
    assert_eq!(suggest("redis exp", &public).0, ["team/redis-exporter"]);
    assert_eq!(suggest("te", &public).1, ["team"]);
    assert_eq!(suggest("team/", &public).0.len(), 2);
    assert_eq!(suggest("team/old", &public).0, ["team/old-redis"]);
    assert_eq!(suggest("hid", &public), (vec![], vec![]));
    assert_eq!(suggest("hid", &AccessTerms::Everything).1, ["hidden"]);
    assert_eq!(suggest("", &public), (vec![], vec![]));
    assert_eq!(suggest("xyzzyq", &public), (vec![], vec![]));
    assert_eq!(SizeBucket::parse("huge"), None);
}

#[test]
fn a_long_listing_is_the_same_when_it_is_asked_for_again_and_new_after_a_change() {
    let index = Index::in_memory_with(Dictionary::default()).unwrap();
    let docs = (0..2500_u64).map(|n| SearchDoc {
        pulls: n % 1000,
        categories: vec![if n % 2 == 0 { "even" } else { "odd" }.to_owned()],
        ..doc(&format!("org{}/tool-{n}", n % 7), "")
    });
    put(&index, docs.collect(), 1);
    let hidden = SearchDoc { visibility: Visibility::Private, ..doc("secret/tool", "") };
    put(&index, vec![hidden], 2);
    let listed = |query: &SearchQuery| {
        let found = index.search(query).unwrap();
        let rows: Vec<i64> = found.hits.iter().map(|hit| hit.repo_id).collect();
        (found.total, rows, found.facets)
    };
    for sort in [SearchSort::Pulls, SearchSort::Name, SearchSort::Updated] {
        for (offset, facets) in [(0, false), (0, true), (190, false), (700, true), (2490, false)] {
            let page = SearchQuery { sort, offset, facets, ..query("") };
            let first = listed(&page);
            assert_eq!(listed(&page), first);
            assert_eq!(first.0, 2500);
            assert_eq!(first.1.len(), 20.min(2500 - offset));
            assert_eq!(first.2.is_some(), facets);
            let member = listed(&member_of("secret", page));
            assert_eq!(member.0, 2501, "what somebody else may see is another listing");
        }
    }
    put(&index, vec![doc("org0/new", "")], 3);
    assert_eq!(listed(&query("")).0, 2501);
}
