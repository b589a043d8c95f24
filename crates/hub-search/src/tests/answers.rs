//! What is found, in which order, by whom.

use hub_model::{AccessTerms, OrgName, SearchDoc, SearchFilter, Visibility};
use proptest::prelude::*;

use super::*;

const NAMES: &[&str] = &[
    "labring/mysql-op",
    "labring/mysql",
    "library/redis",
    "labring/kafka",
    "other/kafka-exporter",
    "labring/kube-prometheus-stack",
    "labring/queue",
    "secret/redis-vault",
];

fn shelf() -> Index {
    index(vec![
        doc("labring/mysql-op", "Operator for MySQL databases"),
        doc("labring/mysql", "Relational database"),
        SearchDoc {
            keywords: vec!["Cache".to_owned(), "nosql".to_owned()],
            official: true,
            pushed_at_ms: 50,
            ..doc("library/redis", "In-memory store")
        },
        SearchDoc {
            readme:
                "# Kafka\n\nA distributed streaming platform.\n```\nsh install zookeeper\n```\n"
                    .to_owned(),
            aliases: vec!["apache-kafka".to_owned()],
            pushed_at_ms: 70,
            ..doc("labring/kafka", "分布式消息队列")
        },
        doc("other/kafka-exporter", "Metrics of Kafka"),
        doc("labring/kube-prometheus-stack", "Monitoring for clusters"),
        doc("labring/queue", "消息 only"),
        SearchDoc {
            visibility: Visibility::Private,
            pushed_at_ms: 99,
            ..doc("secret/redis-vault", "Private redis with a cache of secrets")
        },
    ])
}

fn found(text: &str) -> Vec<String> {
    ask(&shelf(), &query(text), NAMES)
}

#[test]
fn the_exact_name_comes_first() {
    for (text, first) in [
        ("mysql", "labring/mysql"),
        ("mysql-op", "labring/mysql-op"),
        ("MySQL Op", "labring/mysql-op"),
        ("mysqlop", "labring/mysql-op"),
        ("kafka", "labring/kafka"),
        ("labring/mysql", "labring/mysql"),
        ("labring mysql", "labring/mysql"),
        ("KubePrometheusStack", "labring/kube-prometheus-stack"),
        ("docker pull ghcr.io/labring/kafka:3.7", "labring/kafka"),
        ("apache kafka", "labring/kafka"),
    ] {
        assert_eq!(found(text).first().map(String::as_str), Some(first), "{text}");
    }
}

#[test]
fn a_beginning_of_a_name_finds_it() {
    assert_eq!(found("prom"), ["labring/kube-prometheus-stack"]);
    assert_eq!(found("kubeprom"), ["labring/kube-prometheus-stack"]);
    assert_eq!(found("red"), ["library/redis"]);
}

#[test]
fn keywords_description_and_readme_are_searched() {
    assert_eq!(found("nosql"), ["library/redis"]);
    assert_eq!(found("CACHE"), ["library/redis"]);
    assert_eq!(found("monitor"), ["labring/kube-prometheus-stack"]);
    assert_eq!(found("streaming platform"), ["labring/kafka"]);
    assert!(found("zookeeper").is_empty(), "fenced code is not");
}

#[test]
fn chinese_is_found_by_its_pairs() {
    assert_eq!(found("消息队列"), ["labring/kafka"]);
    assert_eq!(found("消息"), ["labring/queue", "labring/kafka"]);
    assert_eq!(found("kafka消息队列")[0], "labring/kafka");
    assert_eq!(found("分布式消息队列平台"), ["labring/kafka"], "most pairs are enough");
    assert!(found("哈哈哈哈").is_empty());
}

#[test]
fn nonsense_finds_nothing() {
    for text in ["xyzzyq", "asdf", "🦀", "--", "\u{0}\u{7}", "1234567", "()*?:\"~^", "://"] {
        assert!(found(text).is_empty(), "{text}");
    }
}

#[test]
fn words_that_say_nothing_find_names_only() {
    let index = index(vec![
        doc("a/docker", "An image"),
        doc("a/other", "A docker image for the docker server"),
    ]);
    assert_eq!(ask(&index, &query("docker image"), &["a/docker", "a/other"]), ["a/docker"]);
}

#[test]
fn private_repositories_do_not_exist_for_strangers() {
    let index = shelf();
    for text in ["redis", "redis-vault", "vault", "secret", "cache", "secret/redis-vault", ""] {
        let stranger = query(text);
        let answer = ask(&index, &stranger, NAMES);
        assert!(!answer.contains(&"secret/redis-vault".to_owned()), "{text}: {answer:?}");
        let other = ask(&index, &member_of("labring", stranger), NAMES);
        assert_eq!(other, answer, "{text}");
    }
    let stranger = narrowed(
        SearchFilter { org: Some(OrgName::parse("secret").unwrap()), ..SearchFilter::default() },
        "",
    );
    assert_eq!(index.search(&stranger).unwrap().total, 0);
}

#[test]
fn members_and_administrators_find_what_is_private() {
    let index = shelf();
    let name = "secret/redis-vault";
    assert_eq!(ask(&index, &member_of("secret", query("vault")), NAMES), [name]);
    assert_eq!(ask(&index, &member_of("secret", query("")), NAMES)[0], name);
    let everything = SearchQuery { access: AccessTerms::Everything, ..query("") };
    assert_eq!(index.search(&everything).unwrap().total, NAMES.len());
    assert_eq!(index.search(&query("")).unwrap().total, NAMES.len() - 1);
}

#[test]
fn no_text_lists_the_newest_upload_first_and_of_equals_the_first_made() {
    let mut equals = [
        "labring/kube-prometheus-stack",
        "labring/mysql",
        "labring/mysql-op",
        "labring/queue",
        "other/kafka-exporter",
    ];
    equals.sort_by_key(|name| id(name));
    assert_eq!(found(" \n"), [["labring/kafka", "library/redis"].as_slice(), &equals].concat());
}

#[test]
fn organisation_and_keyword_narrow_down() {
    let index = shelf();
    let in_other = narrowed(
        SearchFilter { org: Some(OrgName::parse("other").unwrap()), ..SearchFilter::default() },
        "kafka",
    );
    assert_eq!(ask(&index, &in_other, NAMES), ["other/kafka-exporter"]);
    for (keyword, want) in [("cache", 1), (" CACHE ", 1), ("cach", 0), ("", 0)] {
        let with = narrowed(with_keyword(keyword), "");
        assert_eq!(index.search(&with).unwrap().total, want, "{keyword}");
    }
}

#[test]
fn official_lifts_and_deprecated_lowers() {
    let names = ["a/tool", "b/tool", "c/tool"];
    let index = index(vec![
        SearchDoc { deprecated: true, ..doc("a/tool", "same") },
        doc("b/tool", "same"),
        SearchDoc { official: true, ..doc("c/tool", "same") },
    ]);
    assert_eq!(ask(&index, &query("tool"), &names), ["c/tool", "b/tool", "a/tool"]);
}

#[test]
fn pages_are_stable_and_complete() {
    let mut names: Vec<String> = (0..45).map(|n| format!("org/tool-{n:02}")).collect();
    names.sort_by_key(|name| id(name));
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let index = Index::in_memory().unwrap();
    for (position, name) in (1..).zip(names.iter().rev()) {
        put(&index, vec![doc(name, "the same words")], position);
    }
    for text in ["tool", ""] {
        let mut pages = Vec::new();
        for offset in (0..50).step_by(10) {
            let page = SearchQuery { offset, limit: 10, ..query(text) };
            assert_eq!(index.search(&page).unwrap().total, 45);
            pages.extend(ask(&index, &page, &all));
        }
        assert_eq!(pages, names, "{text:?}: every name once, in order");
        let beyond = SearchQuery { offset: usize::MAX, limit: usize::MAX, ..query(text) };
        assert!(index.search(&beyond).unwrap().hits.is_empty());
        let none = SearchQuery { limit: 0, ..query(text) };
        assert_eq!(index.search(&none).unwrap().total, 45);
    }
}

#[test]
fn a_text_of_a_megabyte_is_answered() {
    let index = shelf();
    for text in ["redis ".repeat(200_000), "字".repeat(400_000), "a".repeat(1 << 20)] {
        index.search(&query(&text)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_is_an_error(text in any::<String>(), part in "[a-z/:@.#\\-\\(\"消息队列 ]{0,40}") {
        thread_local!(static INDEX: Index = shelf());
        INDEX.with(|index| {
            for text in [&text, &part] {
                let with = narrowed(with_keyword(text), text);
                index.search(&with).unwrap();
                index.search(&query(text)).unwrap();
            }
        });
    }
}

proptest! {
    // Each case is a commit.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_document_can_be_indexed(
        name in any::<String>(),
        readme in any::<String>(),
        keywords in proptest::collection::vec(any::<String>(), 0..4),
    ) {
        thread_local!(static INDEX: Index = Index::in_memory().unwrap());
        let doc = SearchDoc { readme, aliases: keywords.clone(), keywords, ..doc(&name, &name) };
        INDEX.with(|index| put(index, vec![doc], 1));
    }
}
