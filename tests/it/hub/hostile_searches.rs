//! What nobody means by a search: answered at every door, soon, and never with a failure of ours.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hub_tests::{TestHub, readme_image};
use serde_json::Value;

/// Every door that takes a text, with what it calls it.
const DOORS: [&str; 5] =
    ["/api/v1/search", "/api/v1/suggest", "/v1/search", "/search", "/search.atom"];

/// Long enough for a loaded machine: what is endless is not answered in this time either.
const SOON: Duration = Duration::from_secs(30);

/// Most bytes of an answer: what was asked stands in it a few times, and not in every link.
const LARGEST: usize = 1_000_000;

/// One text out of that many.
fn each(count: u32, text: impl Fn(u32) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

/// Texts of a query, as they stand in an address.
fn texts() -> Vec<(&'static str, String)> {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let all: Vec<(&str, String)> = vec![
        ("60 000 letters", "a".repeat(60_000)),
        ("thousands of words", "word+".repeat(12_000)),
        ("thousands of different words", each(6000, |n| format!("w{n}+"))),
        ("thousands of operators", "keyword:a+".repeat(5000)),
        ("thousands of refusals", "-a+".repeat(15_000)),
        ("thousands of quotes", "%22".repeat(15_000)),
        ("thousands of minus signs", "-".repeat(50_000)),
        ("a zero byte", "redis%00".to_owned()),
        ("every control character", each(32, |n| format!("%{n:02x}"))),
        ("the last control character", "%7f%c2%80".to_owned()),
        ("a lone surrogate", "%ED%A0%80".to_owned()),
        ("a pair of surrogates", "%ED%A0%BD%ED%B8%80".to_owned()),
        ("no text at all", "%ff%fe%c0%80".to_owned()),
        ("what is no character", "%EF%BF%BE%EF%BF%BF".to_owned()),
        ("half a character", "%E6%B6".to_owned()),
        ("half an escape", "%zz%4".to_owned()),
        ("a bomb for regular expressions", encode(&format!("({}!", "a+)+".repeat(200)))),
        ("brackets", "(".repeat(20_000)),
        ("stars", encode(&"*?[a-z]{1,99999}.*".repeat(500))),
        ("quotes of other languages", encode("' OR 1=1 -- \"; DROP TABLE repo; %_\\")),
        ("right to left", encode("\u{202e}\u{2066}redis\u{2069} שלום مرحبا")),
        ("combining marks", encode(&format!("e{}", "\u{301}\u{20dd}".repeat(4000)))),
        ("emoji only", encode("🦀👩‍👩‍👧‍👦🏳️‍🌈")),
        ("what cannot be seen", encode(&"\u{200b}\u{feff}\u{2060}".repeat(500))),
        ("a run of Chinese", encode(&"数".repeat(5000))),
        ("a digest that is none", "sha256:".repeat(5000)),
        ("a reference of many parts", "a/".repeat(20_000)),
        ("nothing but an operator", "org:+is:+has:+arch:".to_owned()),
    ];
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_searched_for_is_answered() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/redis:v1", &readme_image("# Redis\n\nKeeps words.")).await;
    hub.settle().await;
    let nobody = hub.nobody();
    for door in DOORS {
        for (what, text) in texts() {
            let asked = tokio::time::timeout(SOON, async {
                let answer = nobody.get(&format!("{door}?q={text}")).await;
                (answer.status().as_u16(), answer.text().await.unwrap())
            });
            let (status, body) =
                asked.await.unwrap_or_else(|_| panic!("{door} never answered {what}"));
            assert!(matches!(status, 200 | 400 | 414 | 431), "{door} {what}: {status} {body}");
            assert!(body.len() < LARGEST, "{door} {what}: {} bytes", body.len());
            if door == "/search.atom" && status == 200 {
                let clean = is_xml(&body);
                assert!(clean, "{what}: {body}");
            }
        }
    }
    assert_eq!(nobody.json("/api/v1/search?q=redis").await["total"], 1, "and goes on");
    hub.stop().await;
}

/// Whether a text holds nothing that XML cannot hold.
fn is_xml(text: &str) -> bool {
    let odd = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    !text.contains(odd)
}

/// What is wrong with a parameter, which one it is, and at which door.
const WRONG: &[(&str, &str, &str)] = &[
    ("/api/v1/search", "page=0", "page"),
    ("/api/v1/search", "page=-1", "page"),
    ("/api/v1/search", "page=two", "page"),
    ("/api/v1/search", "page=99999999999999999999999", "page"),
    ("/api/v1/search", "page=%ff", "page"),
    ("/api/v1/search", "limit=-1", "limit"),
    ("/api/v1/search", "limit=many", "limit"),
    ("/api/v1/search", "official=perhaps", "official"),
    ("/api/v1/search", "facets=2", "facets"),
    ("/api/v1/search", "explain=", "explain"),
    ("/api/v1/search", "correct=x", "correct"),
    ("/api/v1/search", "match=readme", "match"),
    ("/api/v1/search", "sort=%00", "sort"),
    ("/api/v1/search", "org=%ED%A0%80", "org"),
    ("/api/v1/search", "size=1GiB", "size"),
    ("/api/v1/search", "updated=9999999-01-01T00:00:00Z", "updated"),
    ("/api/v1/search", "q=a&q=b", "q"),
    ("/api/v1/suggest", "limit=-1", "limit"),
    ("/api/v1/suggest", "limit=x", "limit"),
    ("/api/v1/suggest", "q=a&q=b", "q"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_cannot_be_is_named() {
    let hub = TestHub::start().await;
    let nobody = hub.nobody();
    for (door, query, name) in WRONG {
        let answer = nobody.get(&format!("{door}?{query}")).await;
        assert_eq!(answer.status(), 400, "{door}?{query}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "invalid", "{query}: {problem}");
        assert_eq!(problem["errors"][0]["field"], *name, "{door}?{query}: {problem}");
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_beyond_the_end_are_empty_and_pages_for_people_forgive() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/redis:v1", &readme_image("# Redis")).await;
    hub.settle().await;
    let nobody = hub.nobody();
    for query in
        ["q=redis&page=2", "q=redis&page=4000000000", "page=18446744073709551615", "page=9"]
    {
        let found = nobody.json(&format!("/api/v1/search?{query}")).await;
        assert_eq!(found["items"].as_array().map(Vec::len), Some(0), "{query}: {found}");
        assert_eq!(found["total"], 1, "{query}");
        for door in ["/search", "/search.atom"] {
            let page = nobody.get(&format!("{door}?{query}")).await;
            assert_eq!(page.status(), 200, "{door}?{query}");
            assert!(!page.text().await.unwrap().contains("href=\"/r/alice/redis\""), "{query}");
        }
        let list = nobody.json(&format!("/v1/search?{query}")).await;
        assert_eq!(list["results"].as_array().map(Vec::len), Some(0), "{query}: {list}");
    }
    let many = "keyword=a&".repeat(5000);
    let filters =
        ["keyword", "category", "os", "arch", "x"].map(|name| format!("{name}=a&")).concat();
    let mixed = filters.repeat(800);
    for query in [
        "page=0",
        "page=-1",
        "page=two",
        "page=%ff",
        "n=-1",
        "n=many",
        "sort=best",
        "size=huge",
        "updated=soon",
        "org=NO!",
        "org=%ED%A0%80",
        "match=x",
        "explain=%00",
        "lang=xx",
        &many,
        &mixed,
    ] {
        for door in ["/search", "/search.atom", "/v1/search"] {
            let answer = nobody.get(&format!("{door}?q=redis&{query}")).await;
            assert_eq!(answer.status(), 200, "{door}?{}", &query[..query.len().min(60)]);
            let length = answer.text().await.unwrap().len();
            assert!(length < LARGEST, "{door}?{}: {length}", &query[..query.len().min(60)]);
        }
    }
    for query in [&many, &mixed] {
        let answer = nobody.get(&format!("/api/v1/search?{query}")).await;
        assert_eq!(answer.status(), 400);
        assert!(answer.text().await.unwrap().contains("keyword"));
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_is_too_long_and_the_hub_goes_on() {
    let hub = TestHub::with(|config| {
        (config.listen.tls_cert, config.listen.tls_key) = (None, None);
    })
    .await;
    for door in DOORS {
        for length in [70_000, 1 << 20] {
            let host = hub.host().to_owned();
            let request = format!(
                "GET {door}?q={} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
                "a".repeat(length)
            );
            let asked = tokio::task::spawn_blocking(move || asked(&host, &request));
            let head = tokio::time::timeout(SOON, asked).await.unwrap().unwrap();
            // Who is hung up on while still speaking may lose the answer.
            let refused = ["HTTP/1.1 414", "HTTP/1.1 431", "HTTP/1.1 400"];
            let told = refused.into_iter().any(|line| head.starts_with(line));
            assert!(told || head.is_empty(), "{door} {length}: {head}");
        }
    }
    assert_eq!(hub.nobody().json("/api/v1/search?q=redis").await["total"], 0);
    hub.stop().await;
}

/// The beginning of the answer to a request that may not be read to its end.
fn asked(host: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).chars().take(200).collect()
}
