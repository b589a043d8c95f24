//! Pages as HTML: what is on them, what must never be, and how heavy they are.

use std::collections::BTreeSet;

use hub_tests::{Person, TestHub};
use reqwest::{Method, StatusCode};
use scraper::{Html, Selector};

use super::sample::{PAGES, sample};

async fn page(person: &Person, path: &str) -> (StatusCode, String) {
    let answer = person.get(path).await;
    let status = answer.status();
    (status, answer.text().await.unwrap())
}

fn all(html: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector).map(|element| element.text().collect::<String>()).collect()
}

fn attributes(html: &Html, selector: &str, name: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector)
        .filter_map(|element| element.value().attr(name))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_page_is_whole_in_both_languages() {
    let (hub, _) = sample().await;
    let nobody = hub.nobody();
    let policy = Selector::parse("*").unwrap();
    for path in PAGES {
        for lang in ["en", "zh"] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let at = format!("{path}{mark}lang={lang}");
            let (status, text) = page(&nobody, &at).await;
            assert_eq!(status, StatusCode::OK, "{at}");
            let html = Html::parse_document(&text);
            assert_eq!(all(&html, "h1").len(), 1, "{at} has one heading of the first rank");
            assert!(!all(&html, "title")[0].trim().is_empty(), "{at}");
            assert_eq!(all(&html, "main").len(), 1, "{at}");
            assert!(attributes(&html, "html", "lang")[0].starts_with(lang), "{at}");
            for element in html.select(&policy) {
                for (name, value) in element.value().attrs() {
                    assert!(!name.starts_with("on") && name != "style", "{at}: {name}={value}");
                    let own = !value.starts_with("http") || value.starts_with(&hub.url);
                    let foreign = matches!(name, "src" | "srcset" | "action" | "poster");
                    assert!(own || !foreign, "{at}: {name}={value}");
                }
            }
            for script in attributes(&html, "script", "src") {
                assert!(script.starts_with("/static/"), "{at}: {script}");
            }
            let inline = Selector::parse("script:not([src])").unwrap();
            let inline = html
                .select(&inline)
                .filter(|script| script.value().attr("type") != Some("application/ld+json"));
            assert_eq!(inline.count(), 0, "{at} has a script of its own");
        }
    }
    hub.stop().await;
}

#[tokio::test]
async fn every_link_and_asset_of_a_page_answers() {
    let (hub, _) = sample().await;
    let nobody = hub.nobody();
    let mut seen = BTreeSet::new();
    for path in PAGES {
        let (_, text) = page(&nobody, path).await;
        let html = Html::parse_document(&text);
        for (selector, name) in
            [("a", "href"), ("link", "href"), ("script", "src"), ("img", "src"), ("form", "action")]
        {
            seen.extend(attributes(&html, selector, name));
        }
    }
    for link in seen {
        let local = link.starts_with('/') && !link.starts_with("//");
        if !local || link.starts_with("/logout") {
            continue;
        }
        let (status, _) = page(&nobody, link.split('#').next().unwrap()).await;
        assert!(status.is_success() || status.is_redirection(), "{link} answers {status}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn a_repository_page_shows_its_readme_harmless_and_how_to_pull() {
    let (hub, _) = sample().await;
    let nobody = hub.nobody();
    let answer = nobody.get("/r/alice/sample").await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part} is not in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let text = answer.text().await.unwrap();
    let html = Html::parse_document(&text);
    assert!(all(&html, "main").concat().contains("Keeps samples in order."), "{text}");
    for tool in ["docker pull", "podman pull", "skopeo"] {
        let command = format!("{tool} ");
        assert!(text.contains(&command), "{tool}");
    }
    assert!(text.contains(&format!("{}/alice/sample", hub.host())));
    assert!(!text.contains("hacked"), "{text}");
    assert_eq!(all(&html, "table td").len(), 2, "the table of the README");
    assert!(text.contains("v2"), "the latest tag");
    hub.stop().await;
}

#[tokio::test]
async fn the_tags_page_tells_digest_size_platform_and_age() {
    let (hub, alice) = sample().await;
    let img = alice.json("/api/v1/repos/alice/sample/-/tags/v1").await;
    let (_, text) = page(&hub.nobody(), "/r/alice/sample/-/tags?lang=en").await;
    let html = Html::parse_document(&text);
    let rows = all(&html, "main table tbody tr");
    assert_eq!(rows.len(), 2, "{text}");
    let short = &img["digest"].as_str().unwrap()[7..19];
    for part in [short, "linux/amd64", "alice"] {
        assert!(rows[1].contains(part), "{part} is not in {:?}", rows[1]);
    }
    hub.stop().await;
}

#[tokio::test]
async fn hidden_and_missing_pages_are_the_same_page() {
    let (hub, alice) = sample().await;
    let bob = hub.person("bob").await;
    for who in [&hub.nobody(), &bob] {
        for rest in ["", "/-/tags", "/-/tags/v1", "/-/readme/v1.md", "/-/icon"] {
            let (hidden, hidden_text) = page(who, &format!("/r/alice/vault{rest}")).await;
            let (missing, missing_text) = page(who, &format!("/r/alice/empty{rest}")).await;
            assert_eq!((hidden, missing), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{rest}");
            assert_eq!(hidden_text.replace("vault", "empty"), missing_text, "{rest}");
        }
        let (_, org) = page(who, "/o/alice").await;
        assert!(org.contains("alice/sample") && !org.contains("vault"), "{org}");
        let (status, _) = page(who, "/alice/vault").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    let (status, _) = page(&alice, "/r/alice/vault").await;
    assert_eq!(status, StatusCode::OK);
    hub.stop().await;
}

#[tokio::test]
async fn a_pull_path_typed_into_a_browser_leads_to_its_page() {
    let (hub, _) = sample().await;
    for (path, to) in [
        ("/alice/sample", "/r/alice/sample"),
        ("/alice/sample:v1", "/r/alice/sample/-/tags/v1"),
        ("/r/alice", "/o/alice"),
    ] {
        let answer = hub.nobody().get(path).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{path}");
        assert_eq!(answer.headers()["location"], *to, "{path}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn pages_are_light_and_answer_304_to_who_has_them() {
    let (hub, _) = sample().await;
    let nobody = hub.nobody();
    for (path, budget) in [("/", 25_000), ("/search?q=sample", 30_000), ("/r/alice/sample", 45_000)]
    {
        let first = nobody
            .request(Method::GET, path)
            .header("accept-encoding", "gzip")
            .send()
            .await
            .unwrap();
        let etag = first.headers()["etag"].clone();
        let mut total = first.bytes().await.unwrap().len();
        let (_, text) = page(&nobody, path).await;
        let html = Html::parse_document(&text);
        let assets =
            [attributes(&html, "link[rel=stylesheet]", "href"), attributes(&html, "script", "src")]
                .concat();
        for asset in assets {
            let answer = nobody
                .request(Method::GET, &asset)
                .header("accept-encoding", "gzip")
                .send()
                .await
                .unwrap();
            let cache = answer.headers()["cache-control"].to_str().unwrap().to_owned();
            assert!(cache.contains("immutable"), "{asset}: {cache}");
            total += answer.bytes().await.unwrap().len();
        }
        assert!(total <= budget, "{path} weighs {total} bytes");
        let again =
            nobody.request(Method::GET, path).header("if-none-match", etag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn an_image_without_a_readme_says_how_to_add_one() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bare = hub_oci::ImageBuilder::new().layer([("bin/tool", "x")]).build();
    alice.push_image("alice/bare:v1", &bare).await;
    hub.settle().await;
    let (_, text) = page(&hub.nobody(), "/r/alice/bare").await;
    assert!(text.contains("-o README.md"), "{text}");
    hub.stop().await;
}
