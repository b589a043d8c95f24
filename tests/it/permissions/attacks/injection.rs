//! What somebody writes that means something to a page, a header, a log or a redirect.

use hub_tests::{TestHub, readme_image};
use reqwest::{Method, StatusCode};
use scraper::Html;
use serde_json::json;

use super::files::raw;

const SPELLS: [&str; 7] = [
    "<script>window.hacked=1</script>",
    "\"><img src=x onerror=window.hacked=1>",
    "{{ 7777*7777 }} {% include \"x\" %}",
    "${jndi:ldap://127.0.0.1/x} $(id) `id`",
    "' OR 1=1; DROP TABLE org; --",
    "\u{202e}evil\u{2066}",
    "%0d%0aSet-Cookie:%20hacked=1",
];

/// What a reader sees of a page.
fn seen(page: &str) -> String {
    plain(&Html::parse_document(page).root_element().text().collect::<String>())
}

/// Without the signs that would turn a line around.
fn plain(text: &str) -> String {
    text.replace(['\u{202e}', '\u{2066}'], "")
}

#[tokio::test]
async fn what_people_write_is_text_on_every_page() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &readme_image("# x")).await;
    for spell in SPELLS {
        let texts = json!({"displayName": spell, "description": spell});
        let (status, answer) = alice.send(Method::PATCH, "/api/v1/orgs/alice", &texts).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let detail = json!({"set": {"description": spell, "title": spell, "keywords": [spell]}});
        let path = "/api/v1/repos/alice/x/-/tags/v1/detail";
        let (status, answer) = alice.send(Method::PATCH, path, &detail).await;
        assert_eq!(status, StatusCode::OK, "{spell}: {answer}");
        hub.settle().await;
        let query = url::form_urlencoded::byte_serialize(spell.as_bytes()).collect::<String>();
        for path in [
            "/".to_owned(),
            "/o/alice".to_owned(),
            "/r/alice/x".to_owned(),
            format!("/search?q={query}"),
            format!("/login?next={query}"),
        ] {
            let answer = alice.get(&path).await;
            assert!(
                answer
                    .headers()
                    .get_all("set-cookie")
                    .iter()
                    .all(|cookie| !cookie.to_str().unwrap().contains("hacked"))
            );
            assert!(answer.headers().contains_key("content-security-policy"), "{path}");
            let page = answer.text().await.unwrap();
            assert!(!page.contains("<script>window"), "{path}: {spell}");
            assert!(!page.contains("<img src=x"), "{path}: {spell}");
            assert!(!page.contains("60481729"), "{path} computed {spell}");
            // It is there, as the text that it is.
            if path.starts_with("/o/") || path.starts_with("/r/") || path.starts_with("/search") {
                let read = seen(&page);
                assert!(read.contains(&plain(spell)), "{path} does not show {spell}: {read}");
            }
        }
    }
    hub.stop().await;
}

#[tokio::test]
async fn no_address_leads_to_another_host() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let base = url::Url::parse(&hub.url).unwrap();
    for path in [
        "//evil.example/",
        "///evil.example/x/",
        "/%2F%2Fevil.example/",
        "/\\evil.example/",
        "/\\/evil.example/x/",
        "\\\\evil.example/",
        "/%5Cevil.example/x/",
        "/r/alice/",
        "/r/%2F%2Fevil.example/",
        "/o/alice/",
        "/login?next=//evil.example",
        "/login?next=https://evil.example",
        "/login?next=/%5Cevil.example",
        "/@evil.example/x/",
        "/evil.example%00/x/",
    ] {
        let (host, line) = (hub.host().to_owned(), format!("GET {path}"));
        let answer = tokio::task::spawn_blocking(move || raw(&host, &line)).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with(['2', '3', '4']), "{path}: {answer}");
        let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
        assert_eq!(location.is_some(), status.starts_with('3'), "{path}: {answer}");
        if let Some(location) = location {
            let target = base.join(location).unwrap();
            assert_eq!(target.authority(), hub.host(), "{path} leads to {location}");
            assert!(!location.starts_with("//") && !location.contains('\\'), "{path}: {location}");
        }
    }
    for next in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\t//evil.example",
        "javascript:x",
    ] {
        let form = [("name", "alice"), ("password", hub_tests::PASSWORD), ("next", next)];
        let request = hub.nobody().request(Method::POST, "/login").header("origin", &hub.url);
        let answer = request.form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()["location"], "/", "{next}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn no_form_of_another_site_changes_anything() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &readme_image("# x")).await;
    let form = [("name", "alice"), ("password", hub_tests::PASSWORD)];
    let signing_in = hub.nobody().request(Method::POST, "/login").header("origin", &hub.url);
    let answer = signing_in.form(&form).send().await.unwrap();
    let cookie = answer.headers().get_all("set-cookie").iter().find_map(|cookie| {
        let text = cookie.to_str().unwrap();
        assert!(text.contains("HttpOnly") || !text.contains("session"), "{text}");
        text.contains("hub_session=").then(|| text.split(';').next().unwrap().to_owned())
    });
    let cookie = cookie.unwrap();
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("referer", "https://evil.example/"),
    ] {
        let star = hub.nobody().request(Method::POST, "/r/alice/x/-/star");
        let star = star.header("cookie", &cookie).header(name, value).form(&[("on", "1")]);
        let status = star.send().await.unwrap().status();
        assert!(
            status.is_client_error() || status == StatusCode::SEE_OTHER,
            "{name}: {value}: {status}"
        );
        // The hub API takes a cookie of ours from our pages only.
        let api = hub.nobody().request(Method::PUT, "/api/v1/repos/alice/x/-/star");
        let api = api.header("cookie", &cookie).header(name, value);
        assert_eq!(api.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{name}: {value}");
    }
    // From our page, and without the form's token.
    let star = hub.nobody().request(Method::POST, "/r/alice/x/-/star");
    let star = star.header("cookie", &cookie).header("origin", &hub.url).form(&[("on", "1")]);
    assert!(star.send().await.unwrap().status().is_client_error());
    assert_eq!(alice.json("/api/v1/repos/alice/x").await["stars"], 0);
    hub.stop().await;
}
