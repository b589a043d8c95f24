//! What was searched for and not found: counted where an administrator wants it, never by whom.

use hub_tests::{Person, Terminal, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::web::forms::Browser;

const LIST: &str = "/api/v1/missed-searches";

/// Texts and how often each was asked for.
async fn missed(root: &Person) -> Vec<(String, u64)> {
    let list = root.json(&format!("{LIST}?limit=100")).await;
    let item = |item: &Value| {
        let text = item["text"].as_str().unwrap().to_owned();
        (text, item["times"].as_u64().unwrap())
    };
    list["items"].as_array().unwrap().iter().map(item).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_found_is_counted_whoever_asks_and_at_every_door() {
    let hub = TestHub::with(|config| config.search.log_missed = true).await;
    let root = hub.administrator("root").await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/kettle:v1", &readme_image("# Kettle\n\nBoils parcels.")).await;
    hub.settle().await;
    let nobody = hub.nobody();
    for (who, path) in [
        (&nobody, "/api/v1/search?q=Xyzzyq"),
        (&alice, "/api/v1/search?q=%20xyzzyq%20"),
        (&nobody, "/search?q=XYZZYQ"),
        (&nobody, "/api/v1/search?q=%E5%93%88%E5%93%88%00%E5%93%88"),
        // Not counted: found, corrected, to be taken literally, narrowed down, deeper, no words, a
        // feed, another program's list, a secret, a digest.
        (&nobody, "/api/v1/search?q=kettle"),
        (&nobody, "/api/v1/search?q=ketle"),
        (&nobody, "/api/v1/search?q=fnordq&correct=false"),
        (&nobody, "/api/v1/search?q=fnordq&org=alice"),
        (&nobody, "/api/v1/search?q=fnordq&match=name"),
        (&nobody, "/api/v1/search?q=fnordq%20is:official"),
        (&nobody, "/api/v1/search?q=fnordq%20-word"),
        (&nobody, "/api/v1/search?q=fnordq&page=2"),
        (&nobody, "/api/v1/search?q=%F0%9F%A6%80"),
        (&nobody, "/search.atom?q=fnordq"),
        (&nobody, "/v1/search?q=fnordq"),
        (&nobody, "/api/v1/search?q=hub_pat_0123"),
        (&nobody, &format!("/api/v1/search?q={}", hub_tests::sha256(b"nothing"))),
    ] {
        assert_eq!(who.get(path).await.status(), StatusCode::OK, "{path}");
    }
    let desk = Terminal::at(&hub);
    desk.ok(["--server", &hub.url, "search", "xyzzyq"]).await;
    hub.settle().await;
    let counted = missed(&root).await;
    assert_eq!(counted, [("xyzzyq".to_owned(), 4), ("哈哈 哈".to_owned(), 1)]);

    let first = root.json(&format!("{LIST}?limit=1")).await;
    assert_eq!((&first["total"], &first["items"][0]["times"]), (&json!(2), &json!(4)));
    assert!(first["items"][0]["firstAt"].as_str() <= first["items"][0]["lastAt"].as_str());
    let request = root.request(Method::GET, LIST).query(&[("after", first["next"].as_str())]);
    let rest: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!((&rest["items"][0]["times"], &rest["next"]), (&json!(1), &Value::Null));

    let (status, said) = root.send(Method::DELETE, LIST, &Value::Null).await;
    assert_eq!((status, said), (StatusCode::OK, json!({"texts": 2})));
    assert_eq!(missed(&root).await, []);
    hub.stop().await;
}

#[tokio::test]
async fn only_administrators_read_and_forget_it_and_nothing_is_counted_unasked() {
    let hub = TestHub::start().await;
    let root = hub.administrator("root").await;
    let alice = hub.person("alice").await;
    assert_eq!(hub.nobody().json("/api/v1/search?q=xyzzyq").await["total"], 0);
    hub.settle().await;
    assert_eq!(missed(&root).await, []);
    for (who, status) in [(&alice, 403), (&hub.nobody(), 401)] {
        assert_eq!(who.get(LIST).await.status(), status);
        assert_eq!(who.send(Method::DELETE, LIST, &Value::Null).await.0, status);
    }
    let wrong = root.get(&format!("{LIST}?after=x")).await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    assert!(wrong.text().await.unwrap().contains("\"after\""));
    hub.stop().await;
}

#[tokio::test]
async fn the_page_lists_texts_with_their_search_and_forgets_them() {
    let hub = TestHub::with(|config| config.search.log_missed = true).await;
    let root = hub.administrator("root").await;
    hub.person("alice").await;
    for text in ["<b>bold</b>", "%D7%A9%D7%9C%D7%95%D7%9D%E2%80%AE", "plain+words"] {
        hub.nobody().get(&format!("/search?q={text}")).await;
    }
    hub.settle().await;
    let (mut owner, mut admin) =
        (Browser::of(&hub, "alice").await, Browser::of(&hub, "root").await);
    assert_eq!(owner.get("/settings/searches").await.status(), StatusCode::FORBIDDEN);

    let page = admin.get("/settings/searches?lang=zh").await.text().await.unwrap();
    assert!(page.contains("无结果的搜索") && page.contains("全部清除"), "{page}");
    assert!(page.contains("/search?q=plain+words"), "{page}");
    assert!(!page.contains("<b>bold") && page.contains("<bdi>"), "{page}");
    let done = admin.submit("/settings/searches", "/settings/searches", &[]).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let page = admin.get("/settings/searches?done=1&lang=en").await.text().await.unwrap();
    assert!(page.contains("All of it is forgotten.") && !page.contains("plain+words"), "{page}");
    let acts = root.json("/api/v1/audit?action=search.forget").await;
    assert_eq!(acts["items"][0]["before"], json!({"texts": 3}));
    hub.stop().await;
}
