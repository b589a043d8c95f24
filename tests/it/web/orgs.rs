//! The pages of organisations and of access, used as a browser without JavaScript does.

use hub_tests::{TestHub, readme_image};
use reqwest::{Method, Response, StatusCode};
use scraper::{Html, Selector};
use serde_json::json;

use super::forms::Browser;

/// The texts of all elements that match.
fn texts(page: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector);
    found.map(|one| one.text().collect::<Vec<_>>().join(" ").trim().to_owned()).collect()
}

async fn text(browser: &mut Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.unwrap()
}

fn leads_to(answer: &Response, to: &str) {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], *to);
}

#[tokio::test]
async fn somebody_is_invited_accepts_is_promoted_and_taken_out_again() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    hub.person("bob").await;
    alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "labring"})).await;
    alice.push_image("labring/vault:v1", &readme_image("# vault")).await;
    let private = json!({"visibility": "private"});
    alice.send(Method::PATCH, "/api/v1/repos/labring/vault", &private).await;
    let (mut owner, mut bob) = (Browser::of(&hub, "alice").await, Browser::of(&hub, "bob").await);

    let members = "/o/labring/-/members";
    let invite = "/o/labring/-/invitations";
    let fields = [("user", "zoe"), ("role", "reader")];
    let unknown = owner.submit(members, invite, &fields).await;
    assert_eq!(unknown.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let said = texts(&unknown.text().await.unwrap(), "[role=alert]");
    assert_eq!(said, ["There is no user “zoe”."]);
    let answer = owner.submit(members, invite, &[("user", "bob"), ("role", "reader")]).await;
    leads_to(&answer, members);

    assert_eq!(texts(&text(&mut bob, "/").await, ".user .badge"), ["Invitations (1)"]);
    let mine = "/settings/invitations";
    let accept = "/settings/invitations/accept";
    assert!(texts(&text(&mut bob, mine).await, "tbody th")[0].contains("labring"));
    leads_to(&bob.submit(mine, accept, &[]).await, "/o/labring");
    assert_eq!(texts(&text(&mut bob, "/").await, ".user .badge"), Vec::<String>::new());
    let tabs = texts(&text(&mut bob, "/o/labring").await, ".tabs a");
    assert_eq!(tabs, ["Repositories", "Members"], "settings are for owners");
    assert!(!text(&mut bob, members).await.contains("members/remove"));

    let promote = [("user", "bob"), ("role", "writer")];
    leads_to(&owner.choose(members, "/o/labring/-/members/set", &promote).await, members);
    assert!(text(&mut bob, "/o/labring").await.contains("you are writer here"));

    let access = "/r/labring/vault/-/access";
    let fields = [("user", "bob"), ("role", "reader")];
    leads_to(&owner.submit(access, access, &fields).await, access);
    let away = [("user", "bob")];
    let answer = owner.choose(members, "/o/labring/-/members/remove", &away).await;
    leads_to(&answer, "/o/labring/-/members?removed=bob");
    let page = text(&mut owner, "/o/labring/-/members?removed=bob").await;
    let said = texts(&page, "[role=status]");
    assert!(said[0].contains("still has a role of their own on 1 repository"), "{said:?}");
    assert_eq!(bob.get("/r/labring/vault").await.status(), StatusCode::OK);
    let revoke = "/r/labring/vault/-/access/revoke";
    leads_to(&owner.submit(access, revoke, &[]).await, access);
    assert_eq!(bob.get("/r/labring/vault").await.status(), StatusCode::NOT_FOUND);
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test]
async fn an_organisation_is_handed_over_and_left_after_its_name_was_typed() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    hub.person("bob").await;
    alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "labring"})).await;
    let member = "/api/v1/orgs/labring/members/bob";
    alice.send(Method::PUT, member, &json!({"role": "reader"})).await;
    let mut owner = Browser::of(&hub, "alice").await;
    let (members, transfer) = ("/o/labring/-/members", "/o/labring/-/transfer");
    let unsure = owner.submit(members, transfer, &[("user", "bob"), ("confirm", "x")]).await;
    assert_eq!(unsure.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(alice.json("/api/v1/orgs/labring").await["role"], "owner", "nothing was done");
    let sure = [("user", "bob"), ("confirm", "labring")];
    leads_to(&owner.submit(members, transfer, &sure).await, members);
    assert_eq!(alice.json("/api/v1/orgs/labring").await["role"], "writer");
    let leave = "/o/labring/-/leave";
    leads_to(&owner.submit(members, leave, &[("confirm", "labring")]).await, "/o/labring");
    assert_eq!(alice.json("/api/v1/orgs/labring").await["role"], json!(null));
    hub.stop().await;
}

#[tokio::test]
async fn settings_are_kept_and_repositories_begin_as_they_say() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let mut browser = Browser::of(&hub, "alice").await;
    let path = "/o/alice/-/settings";
    let fields =
        [("display_name", "Alice <b>"), ("description", "All of it"), ("visibility", "private")];
    leads_to(&browser.submit(path, path, &fields).await, "/o/alice/-/settings?saved=1");
    let org = alice.json("/api/v1/orgs/alice").await;
    assert_eq!(
        (&org["displayName"], &org["defaultVisibility"]),
        (&json!("Alice <b>"), &json!("private"))
    );
    let page = text(&mut browser, path).await;
    assert_eq!(texts(&page, "h1"), ["Alice <b>"]);
    let long = "x".repeat(101);
    let fields = [("display_name", long.as_str()), ("visibility", "private")];
    let answer = browser.submit(path, path, &fields).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    hub.stop().await;
}

#[tokio::test]
async fn the_page_of_access_says_who_may_what_and_why() {
    let hub = TestHub::start().await;
    let (alice, _bob) = (hub.person("alice").await, hub.person("bob").await);
    alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "labring"})).await;
    alice.push_image("labring/open:v1", &readme_image("# open")).await;
    let member = "/api/v1/orgs/labring/members/bob";
    alice.send(Method::PUT, member, &json!({"role": "reader"})).await;
    let (mut owner, mut bob) = (Browser::of(&hub, "alice").await, Browser::of(&hub, "bob").await);
    let access = "/r/labring/open/-/access";
    assert_eq!(texts(&text(&mut owner, access).await, "tbody th"), ["alice", "bob"]);
    let own = text(&mut bob, access).await;
    assert_eq!(texts(&own, "tbody th"), ["bob"], "a reader sees their own line");
    assert!(!own.contains("name=\"user\""), "and asks about themselves only");

    let asked = text(&mut owner, &format!("{access}?user=bob&action=push")).await;
    let said = texts(&asked, "#main .notice");
    assert!(said[0].starts_with("denied: reader of labring since 20"), "{said:?}");
    assert!(said[0].contains("may not push"), "{said:?}");
    let asked = text(&mut bob, &format!("{access}?action=push")).await;
    assert!(texts(&asked, "#main .notice")[0].contains("Ask an owner: alice"));
    let others = bob.get(&format!("{access}?action=push&user=alice")).await;
    assert_eq!(others.status(), StatusCode::FORBIDDEN);
    let chinese = text(&mut owner, &format!("{access}?user=bob&action=push&lang=zh")).await;
    assert!(texts(&chinese, "#main .notice")[0].starts_with("拒绝："), "{chinese}");
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test]
async fn pages_that_one_may_not_see_look_like_pages_that_are_not_there() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    hub.person("bob").await;
    alice.push_image("alice/vault:v1", &readme_image("# vault")).await;
    let private = json!({"visibility": "private"});
    alice.send(Method::PATCH, "/api/v1/repos/alice/vault", &private).await;
    for (mut browser, who) in [(Browser::of(&hub, "bob").await, "bob"), (Browser::new(&hub), "")] {
        for (hidden, missing) in [
            ("/o/alice/-/members", "/o/nobody/-/members"),
            ("/o/alice/-/settings", "/o/nobody/-/settings"),
            ("/r/alice/vault/-/access", "/r/alice/nobody/-/access"),
        ] {
            let one = browser.get(hidden).await;
            let other = browser.get(missing).await;
            assert_eq!(one.status(), StatusCode::NOT_FOUND, "{who} {hidden}");
            assert_eq!(one.status(), other.status(), "{who} {hidden}");
            let (one, other) = (one.text().await.unwrap(), other.text().await.unwrap());
            let bare = |text: &str| texts(text, "#main").join("");
            assert_eq!(bare(&one), bare(&other), "{who} {hidden}");
        }
    }
    let mut bob = Browser::of(&hub, "bob").await;
    let form = [("user".to_owned(), "bob".to_owned()), ("role".to_owned(), "owner".to_owned())];
    let own = hub.url.clone();
    let forged = bob.post("/o/alice/-/members/set", &form, &own).await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN, "a form without its token");
    assert_eq!(alice.json("/api/v1/orgs/alice/members").await.as_array().unwrap().len(), 1);
    hub.settle().await;
    hub.stop().await;
}
