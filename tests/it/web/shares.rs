//! Pages of shares and of who did what, by plain forms.

use hub_tests::{PASSWORD, TestHub};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::forms::Browser;

async fn signed_in(hub: &TestHub, name: &str) -> Browser {
    let mut browser = Browser::new(hub);
    let fields = [("name", name), ("password", PASSWORD)];
    let answer = browser.submit("/login", "/login", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    browser
}

#[tokio::test]
async fn an_owner_shares_and_ends_by_forms_and_the_other_side_sees_it() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    hub.person("bob").await;
    let new = json!({"name": "alice/vault", "visibility": "private"});
    alice.send(Method::POST, "/api/v1/repos", &new).await;
    let (mut owner, mut other) = (signed_in(&hub, "alice").await, signed_in(&hub, "bob").await);
    let page = "/o/alice/-/shares";

    let fields = [("repo", "vault"), ("with", "zoe"), ("until", "2999-12-31")];
    let refused = owner.submit(page, page, &fields).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.text().await.unwrap();
    assert!(text.contains("neither a user nor an organisation"), "{text}");
    assert!(text.contains("value=\"2999-12-31\""), "what was typed is kept");

    let fields = [("repo", "alice/vault"), ("with", "bob"), ("until", "2999-12-31")];
    let made = owner.submit(page, page, &fields).await;
    assert_eq!(
        (made.status(), made.headers()["location"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, page)
    );
    let text = owner.get(page).await.text().await.unwrap();
    assert!(text.contains("2999-12-31") && text.contains("alice/vault"), "{text}");
    let text = other.get("/settings/shares").await.text().await.unwrap();
    assert!(text.contains("href=\"/r/alice/vault\""), "{text}");
    assert_eq!(other.get("/r/alice/vault").await.status(), StatusCode::OK);
    assert_eq!(other.get(page).await.status(), StatusCode::NOT_FOUND, "for owners only");

    let end = format!("{page}/end");
    let ended = owner.submit(page, &end, &[]).await;
    assert_eq!(ended.status(), StatusCode::SEE_OTHER);
    assert_eq!(other.get("/r/alice/vault").await.status(), StatusCode::NOT_FOUND);
    let text = other.get("/settings/shares?lang=zh").await.text().await.unwrap();
    assert!(text.contains("没有共享"), "{text}");
    let mut nobody = Browser::new(&hub);
    assert_eq!(nobody.get("/settings/shares").await.status(), StatusCode::FOUND);
    hub.stop().await;
}

#[tokio::test]
async fn the_record_has_pages_for_owners_and_for_administrators() {
    let hub = TestHub::start().await;
    hub.administrator("root").await;
    let alice = hub.person("alice").await;
    hub.person("bob").await;
    let new = json!({"name": "alice/vault", "visibility": "private"});
    alice.send(Method::POST, "/api/v1/repos", &new).await;
    let private = json!({"description": "<b>one</b>"});
    alice.send(Method::PATCH, "/api/v1/orgs/alice", &private).await;
    let (mut owner, mut root) = (signed_in(&hub, "alice").await, signed_in(&hub, "root").await);
    let mut other = signed_in(&hub, "bob").await;

    let text = owner.get("/o/alice/-/activity").await.text().await.unwrap();
    assert!(text.contains("repo.create") && text.contains("org.edit"), "{text}");
    assert!(!text.contains("<b>one</b>"), "what was said is shown as text");
    let text = owner.get("/o/alice/-/activity?action=org.edit").await.text().await.unwrap();
    assert!(text.contains("org.edit") && !text.contains("repo.create"), "{text}");
    let text = root.get("/settings/audit?lang=zh&actor=alice").await.text().await.unwrap();
    assert!(text.contains("活动记录") && text.contains("repo.create"), "{text}");
    let of_others = other.get("/o/alice/-/activity").await;
    assert_eq!(of_others.status(), StatusCode::NOT_FOUND);
    // That there is such a page is no secret.
    assert_eq!(owner.get("/settings/audit").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(owner.get("/o/alice/-/activity?since=soon").await.status(), StatusCode::BAD_REQUEST);
    hub.stop().await;
}
