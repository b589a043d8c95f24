//! Private repositories that are shared: what opens, and what closes at once.

use hub_server::app::Clock;
use hub_tests::{Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const SHARES: &str = "/api/v1/repos/alice/vault/-/shares";

/// A hub where `alice` has the private repository `alice/vault`, with what is in it.
async fn vault(hub: &TestHub) -> (Person, hub_oci::BuiltImage) {
    let alice = hub.person("alice").await;
    let image = readme_image("# the vault of alice");
    alice.push_image("alice/vault:v1", &image).await;
    let private = json!({"visibility": "private"});
    let (status, _) = alice.send(Method::PATCH, "/api/v1/repos/alice/vault", &private).await;
    assert!(status.is_success());
    hub.settle().await;
    (alice, image)
}

/// What somebody sees of the vault, surface by surface: `true` for an answer.
async fn seen(who: &Person, image: &hub_oci::BuiltImage) -> Vec<(String, bool)> {
    let mut seen = Vec::new();
    for path in [
        "/v2/alice/vault/manifests/v1".to_owned(),
        format!("/v2/alice/vault/manifests/{}", image.digest),
        format!("/v2/alice/vault/blobs/{}", image.blobs[0].0),
        // Referrers are an empty list for whom the vault is hidden: `permissions/attacks/hidden.rs`.
        "/v2/alice/vault/tags/list".to_owned(),
        "/api/v1/repos/alice/vault".to_owned(),
        "/api/v1/repos/alice/vault/-/tags".to_owned(),
        "/api/v1/repos/alice/vault/-/tags/v1/docs".to_owned(),
        "/r/alice/vault".to_owned(),
        "/r/alice/vault/-/tags".to_owned(),
        "/r/alice/vault/-/readme/v1.md".to_owned(),
    ] {
        let answer = who.get(&path).await;
        seen.push((path.clone(), answer.status().is_success()));
        if path.starts_with("/v2/") && !path.ends_with("/list") {
            let head = who.request(Method::HEAD, &path).send().await.unwrap();
            seen.push((format!("HEAD {path}"), head.status().is_success()));
        }
    }
    let count = |body: Value, pointer: &str| body.pointer(pointer).and_then(Value::as_u64);
    let found = who.json("/api/v1/search?q=vault").await;
    seen.push(("search".to_owned(), count(found, "/total") == Some(1)));
    let found = who.json("/v1/search?q=vault").await;
    seen.push(("registry search".to_owned(), count(found, "/num_results") == Some(1)));
    let list = who.json("/api/v1/repos?org=alice").await;
    seen.push(("list".to_owned(), count(list, "/total") == Some(1)));
    let org = who.json("/api/v1/orgs/alice").await;
    seen.push(("count".to_owned(), count(org, "/repos") == Some(1)));
    let page = who.get("/o/alice").await.text().await.unwrap();
    seen.push(("page of the organisation".to_owned(), page.contains("alice/vault")));
    let catalog = who.json("/v2/_catalog").await;
    let catalog = catalog["repositories"].as_array().unwrap().len();
    seen.push(("catalogue".to_owned(), catalog == 1));
    seen
}

/// A registry token of somebody for pulling from the vault.
async fn registry_token(who: &Person) -> String {
    let answer =
        who.json("/api/v1/registry/token?service=hub&scope=repository:alice/vault:pull").await;
    answer["token"].as_str().unwrap().to_owned()
}

async fn pulls(nobody: &Person, token: &str) -> bool {
    let request = nobody.request(Method::GET, "/v2/alice/vault/manifests/v1").bearer_auth(token);
    request.send().await.unwrap().status().is_success()
}

#[tokio::test]
async fn a_share_opens_every_surface_for_reading_and_its_end_closes_all_at_once() {
    let hub = TestHub::start().await;
    let (alice, image) = vault(&hub).await;
    let (bob, eve) = (hub.person("bob").await, hub.person("eve").await);
    let until = json!({"with": "bob", "until": "2999-12-31", "description": "review"});
    let (status, share) = alice.send(Method::POST, SHARES, &until).await;
    assert_eq!(status, StatusCode::CREATED, "{share}");
    assert_eq!((&share["until"], &share["status"]), (&json!("2999-12-31"), &json!(true)));
    assert_eq!(share["endsAt"], "3000-01-01T00:00:00.000Z");

    for (surface, open) in seen(&bob, &image).await {
        assert!(open, "{surface} is closed for whom it is shared with");
    }
    for (surface, open) in seen(&eve, &image).await {
        assert!(!open, "{surface} is open for a stranger");
    }
    let token = registry_token(&bob).await;
    assert!(pulls(&hub.nobody(), &token).await);
    let status = bob.push_blob("alice/vault", &hub_tests::sha256(b"x"), b"x".to_vec()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "reading only");
    let on = json!({"with": "eve"});
    let (status, problem) = bob.send(Method::POST, SHARES, &on).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("for reading only"), "{problem}");

    let one = format!("{SHARES}/bob");
    let (status, _) = alice.send(Method::DELETE, &one, &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert!(!pulls(&hub.nobody(), &token).await, "a token of before opens nothing");
    for (surface, open) in seen(&bob, &image).await {
        assert!(!open, "{surface} stays open after the end of the share");
    }
    hub.stop().await;
}

#[tokio::test]
async fn both_sides_list_what_is_shared_in_pages_and_by_status() {
    let hub = TestHub::by(Clock::standing_at(4_102_444_800_000), |_| ()).await;
    let (alice, _) = vault(&hub).await;
    let (bob, carol) = (hub.person("bob").await, hub.person("carol").await);
    let org = json!({"name": "partner"});
    carol.send(Method::POST, "/api/v1/orgs", &org).await;
    for (with, until) in [("bob", "2100-01-01T00:00:00Z"), ("partner", "forever")] {
        let new = json!({"with": with, "until": until});
        let (status, share) = alice.send(Method::POST, SHARES, &new).await;
        assert_eq!(status, StatusCode::CREATED, "{share}");
        assert_eq!(share["until"], until);
    }
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|share| share["with"].as_str().unwrap().to_owned()).collect()
    };
    for list in [SHARES, "/api/v1/orgs/alice/shares", "/api/v1/shares?by=me"] {
        assert_eq!(names(&alice.json(list).await), ["partner", "bob"], "{list}");
    }
    let first = alice.json(&format!("{SHARES}?limit=1")).await;
    assert_eq!((names(&first), &first["total"]), (vec!["partner".to_owned()], &json!(2)));
    let next = first["next"].as_str().unwrap();
    let rest = alice.json(&format!("{SHARES}?limit=1&before={next}")).await;
    assert_eq!((names(&rest), rest.get("next")), (vec!["bob".to_owned()], None));
    assert_eq!(names(&bob.json("/api/v1/shares?with=me").await), ["bob"]);
    assert_eq!(names(&carol.json("/api/v1/shares?with=me").await), ["partner"]);

    hub.app().clock.advance_ms(86_400_000 - 1);
    assert!(bob.get("/api/v1/repos/alice/vault").await.status().is_success());
    hub.app().clock.advance_ms(1);
    assert_eq!(bob.get("/api/v1/repos/alice/vault").await.status(), StatusCode::NOT_FOUND);
    let ended = bob.json("/api/v1/shares?with=me&status=false").await;
    assert_eq!((&ended["total"], &ended["items"][0]["status"]), (&json!(1), &json!(false)));
    assert_eq!(alice.json(&format!("{SHARES}?status=true")).await["total"], 1);
    let on = json!({"until": "forever"});
    let (status, share) = alice.send(Method::PATCH, &format!("{SHARES}/bob"), &on).await;
    assert_eq!((status, &share["status"]), (StatusCode::OK, &json!(true)), "{share}");
    assert!(bob.get("/api/v1/repos/alice/vault").await.status().is_success());

    for (path, field) in [("/api/v1/shares", "by"), ("/api/v1/shares?by=me&with=me", "with")] {
        let answer = alice.get(path).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn what_cannot_be_shared_is_told_by_field_and_rule() {
    let hub = TestHub::start().await;
    let (alice, _) = vault(&hub).await;
    hub.person("bob").await;
    alice.push_image("alice/open:v1", &readme_image("# open")).await;
    let open = "/api/v1/repos/alice/open/-/shares";
    for (path, new, status, field) in [
        (open, json!({"with": "bob"}), 400, "repo"),
        (SHARES, json!({"with": "zoe"}), 400, "with"),
        (SHARES, json!({"with": "alice"}), 400, "with"),
        (SHARES, json!({"with": "NO"}), 400, "with"),
        (SHARES, json!({"with": "bob", "until": "2001-01-01"}), 400, "until"),
        (SHARES, json!({"with": "bob", "until": "soon"}), 400, "until"),
        (SHARES, json!({"with": "bob", "permit": "write"}), 400, "permit"),
        (SHARES, json!({"with": "bob", "description": "x".repeat(1001)}), 400, "description"),
    ] {
        let (found, problem) = alice.send(Method::POST, path, &new).await;
        assert_eq!(found.as_u16(), status, "{new}: {problem}");
        assert_eq!(problem["errors"][0]["field"], field, "{new}: {problem}");
    }
    let new = json!({"with": "bob"});
    assert_eq!(alice.send(Method::POST, SHARES, &new).await.0, StatusCode::CREATED);
    assert_eq!(alice.send(Method::POST, SHARES, &new).await.0, StatusCode::CONFLICT);
    for method in [Method::PATCH, Method::DELETE] {
        let body = if method == Method::PATCH { json!({}) } else { Value::Null };
        let (status, _) = alice.send(method, &format!("{SHARES}/zoe"), &body).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    hub.stop().await;
}

#[tokio::test]
async fn entries_stay_when_the_repository_becomes_public_and_mean_nothing() {
    let hub = TestHub::start().await;
    let (alice, _) = vault(&hub).await;
    let bob = hub.person("bob").await;
    alice.send(Method::POST, SHARES, &json!({"with": "bob"})).await;
    let public = json!({"visibility": "public"});
    alice.send(Method::PATCH, "/api/v1/repos/alice/vault", &public).await;
    assert_eq!(alice.json(SHARES).await["total"], 1);
    alice.send(Method::DELETE, &format!("{SHARES}/bob"), &Value::Null).await;
    assert!(bob.get("/api/v1/repos/alice/vault").await.status().is_success());
    hub.stop().await;
}
