//! Who did what: everything that writes is noted, nothing secret is, and nobody writes lines of
//! their own into it.

use std::collections::BTreeSet;

use hub_server::config::Registration;
use hub_tests::{PASSWORD, Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::web::forms::Browser;

/// One write: who, which operation of `/openapi.json`, the path, the body, and what is noted.
type Step = (&'static str, &'static str, &'static str, Value, &'static str);

/// Writes that note nothing, or that are noted elsewhere, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("put /api/v1/repos/{org}/{repo}/-/star", "a star is a taste: it changes nobody's rights"),
    ("delete /api/v1/repos/{org}/{repo}/-/star", "as above"),
    ("post /api/v1/register", "`what_is_done_before_and_after_a_session_is_noted`"),
    ("delete /api/v1/sessions/{id}", "`what_is_done_before_and_after_a_session_is_noted`"),
];

/// Every other write, in an order in which each finds what it needs.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn steps() -> Vec<Step> {
    vec![
        ("alice", "post /api/v1/orgs", "/api/v1/orgs", json!({"name": "team"}), "org.create"),
        (
            "alice",
            "patch /api/v1/orgs/{org}",
            "/api/v1/orgs/team",
            json!({"displayName": "Team"}),
            "org.edit",
        ),
        (
            "root",
            "put /api/v1/orgs/{org}/quota",
            "/api/v1/orgs/team/quota",
            json!({"repos": 9}),
            "quota.set",
        ),
        (
            "alice",
            "put /api/v1/orgs/{org}/members/{user}",
            "/api/v1/orgs/team/members/bob",
            json!({"role": "writer"}),
            "member.set",
        ),
        (
            "alice",
            "delete /api/v1/orgs/{org}/members/{user}",
            "/api/v1/orgs/team/members/bob",
            Value::Null,
            "member.remove",
        ),
        (
            "alice",
            "post /api/v1/orgs/{org}/invitations",
            "/api/v1/orgs/team/invitations",
            json!({"user": "bob", "role": "reader"}),
            "invitation.create",
        ),
        (
            "alice",
            "delete /api/v1/orgs/{org}/invitations/{user}",
            "/api/v1/orgs/team/invitations/bob",
            Value::Null,
            "invitation.withdraw",
        ),
        (
            "alice",
            "",
            "/api/v1/orgs/team/invitations",
            json!({"user": "bob", "role": "reader"}),
            "invitation.create",
        ),
        (
            "bob",
            "post /api/v1/invitations/{org}/decline",
            "/api/v1/invitations/team/decline",
            Value::Null,
            "invitation.decline",
        ),
        (
            "alice",
            "",
            "/api/v1/orgs/team/invitations",
            json!({"user": "bob", "role": "reader"}),
            "invitation.create",
        ),
        (
            "bob",
            "post /api/v1/invitations/{org}/accept",
            "/api/v1/invitations/team/accept",
            Value::Null,
            "invitation.accept",
        ),
        (
            "alice",
            "post /api/v1/repos",
            "/api/v1/repos",
            json!({"name": "team/app", "visibility": "private"}),
            "repo.create",
        ),
        (
            "alice",
            "patch /api/v1/repos/{org}/{repo}",
            "/api/v1/repos/team/app",
            json!({"keep": true}),
            "repo.edit",
        ),
        (
            "alice",
            "put /api/v1/repos/{org}/{repo}/-/tags/{tag}",
            "/api/v1/repos/team/app/-/tags/v1",
            json!({"detail": {"title": "App"}}),
            "image.declare",
        ),
        (
            "alice",
            "patch /api/v1/repos/{org}/{repo}/-/tags/{tag}/detail",
            "/api/v1/repos/team/app/-/tags/v1/detail",
            json!({"set": {"title": "An app"}}),
            "image.describe",
        ),
        (
            "alice",
            "patch /api/v1/repos/{org}/{repo}/-/detail",
            "/api/v1/repos/team/app/-/detail",
            json!({"set": {"title": "An app"}}),
            "image.describe",
        ),
        (
            "alice",
            "delete /api/v1/repos/{org}/{repo}/-/tags/{tag}",
            "/api/v1/repos/team/app/-/tags/v1",
            Value::Null,
            "tag.delete",
        ),
        (
            "alice",
            "put /api/v1/repos/{org}/{repo}/-/access/{user}",
            "/api/v1/repos/team/app/-/access/carol",
            json!({"role": "writer"}),
            "grant.set",
        ),
        (
            "alice",
            "delete /api/v1/repos/{org}/{repo}/-/access/{user}",
            "/api/v1/repos/team/app/-/access/carol",
            Value::Null,
            "grant.remove",
        ),
        (
            "alice",
            "post /api/v1/repos/{org}/{repo}/-/shares",
            "/api/v1/repos/team/app/-/shares",
            json!({"with": "carol"}),
            "share.create",
        ),
        (
            "alice",
            "patch /api/v1/repos/{org}/{repo}/-/shares/{name}",
            "/api/v1/repos/team/app/-/shares/carol",
            json!({"description": "why"}),
            "share.edit",
        ),
        (
            "alice",
            "delete /api/v1/repos/{org}/{repo}/-/shares/{name}",
            "/api/v1/repos/team/app/-/shares/carol",
            Value::Null,
            "share.delete",
        ),
        (
            "alice",
            "delete /api/v1/repos/{org}/{repo}",
            "/api/v1/repos/team/app",
            Value::Null,
            "repo.delete",
        ),
        (
            "alice",
            "post /api/v1/orgs/{org}/transfer",
            "/api/v1/orgs/team/transfer",
            json!({"to": "bob"}),
            "org.transfer",
        ),
        (
            "bob",
            "post /api/v1/orgs/{org}/robots",
            "/api/v1/orgs/team/robots",
            json!({"name": "ci"}),
            "robot.create",
        ),
        (
            "bob",
            "patch /api/v1/orgs/{org}/robots/{robot}",
            "/api/v1/orgs/team/robots/ci",
            json!({"description": "builds"}),
            "robot.edit",
        ),
        (
            "bob",
            "post /api/v1/orgs/{org}/robots/{robot}/rotate",
            "/api/v1/orgs/team/robots/ci/rotate",
            Value::Null,
            "robot.rotate",
        ),
        (
            "bob",
            "delete /api/v1/orgs/{org}/robots/{robot}",
            "/api/v1/orgs/team/robots/ci",
            Value::Null,
            "robot.delete",
        ),
        (
            "alice",
            "post /api/v1/tokens",
            "/api/v1/tokens",
            json!({"name": "ci", "scope": "push"}),
            "token.create",
        ),
        (
            "alice",
            "post /api/v1/tokens/{id}/rotate",
            "/api/v1/tokens/{made}/rotate",
            Value::Null,
            "token.rotate",
        ),
        (
            "alice",
            "delete /api/v1/tokens/{id}",
            "/api/v1/tokens/{made}",
            Value::Null,
            "token.revoke",
        ),
        ("alice", "post /api/v1/keys", "/api/v1/keys", json!({"name": "terraform"}), "key.create"),
        (
            "alice",
            "patch /api/v1/keys/{ak}",
            "/api/v1/keys/{made}",
            json!({"disabled": true}),
            "key.disable",
        ),
        ("alice", "delete /api/v1/keys/{ak}", "/api/v1/keys/{made}", Value::Null, "key.delete"),
        (
            "root",
            "post /api/v1/users",
            "/api/v1/users",
            json!({"name": "dave", "password": "a password of dave"}),
            "user.create",
        ),
        (
            "root",
            "patch /api/v1/users/{user}",
            "/api/v1/users/dave",
            json!({"disabled": true}),
            "user.edit",
        ),
        (
            "root",
            "put /api/v1/users/{user}/password",
            "/api/v1/users/dave/password",
            json!({"password": "another of dave"}),
            "user.password",
        ),
        ("root", "delete /api/v1/users/{user}", "/api/v1/users/dave", Value::Null, "user.delete"),
        ("alice", "delete /api/v1/sessions", "/api/v1/sessions", Value::Null, "session.end_all"),
        (
            "alice",
            "post /api/v1/login",
            "/api/v1/login",
            json!({"username": "alice", "password": PASSWORD}),
            "token.create",
        ),
        (
            "alice",
            "put /api/v1/password",
            "/api/v1/password",
            json!({"old": PASSWORD, "password": PASSWORD}),
            "user.password",
        ),
        ("root", "delete /api/v1/orgs/{org}", "/api/v1/orgs/team", Value::Null, "org.delete"),
        ("root", "post /api/v1/gc", "/api/v1/gc", json!({"dryRun": true}), "gc.start"),
        (
            "root",
            "delete /api/v1/missed-searches",
            "/api/v1/missed-searches",
            Value::Null,
            "search.forget",
        ),
    ]
}

/// Everything that `/openapi.json` lets somebody change.
async fn writes(who: &Person) -> BTreeSet<String> {
    let document = who.json("/openapi.json").await;
    let mut writes = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in ["post", "put", "patch", "delete"] {
            if operations.get(method).is_some() {
                writes.insert(format!("{method} {path}"));
            }
        }
    }
    writes
}

#[tokio::test]
async fn every_write_of_the_api_is_noted_by_the_change_that_does_it() {
    let hub = TestHub::start().await;
    let root = hub.administrator("root").await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    hub.person("carol").await;
    let mut proved: BTreeSet<String> =
        EXCEPTIONS.iter().map(|(operation, _)| (*operation).to_owned()).collect();
    // What the last step made, for those that follow.
    let mut made = String::new();
    let mut last = None;
    for (who, operation, path, body, action) in steps() {
        let path = &path.replace("{made}", &made);
        let who = match who {
            "root" => &root,
            "bob" => &bob,
            _ => &alice,
        };
        let method = operation.split(' ').next().filter(|method| !method.is_empty());
        let method = method.unwrap_or("post").to_uppercase();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let (status, answer) = who.send(method, path, &body).await;
        assert!(status.is_success(), "{operation} {path} answered {status}: {answer}");
        match (&answer["id"], &answer["accessKey"]) {
            (Value::Number(id), _) => made = id.to_string(),
            (_, Value::String(key)) => made.clone_from(key),
            _ => {}
        }
        // A token that is made by password is a sign-in as well.
        let acts = root.json("/api/v1/audit?limit=2").await;
        let acts = acts["items"].as_array().unwrap();
        assert!(acts[0]["id"].as_i64() > last, "{operation} {path} noted nothing");
        last = acts[0]["id"].as_i64();
        let newest = acts
            .iter()
            .find(|act| act["action"] == action && act["requestId"] == acts[0]["requestId"]);
        let newest = newest.unwrap_or_else(|| panic!("{operation} {path} noted {acts:?}"));
        assert_eq!(newest["actor"], who.name, "{newest}");
        assert_eq!(newest["credential"], "password", "{newest}");
        assert!(!newest["requestId"].as_str().unwrap().is_empty(), "{newest}");
        assert!(!newest["address"].as_str().unwrap().is_empty(), "{newest}");
        proved.insert(operation.to_owned());
    }
    let writes = writes(&root).await;
    let unproved: Vec<_> = writes.difference(&proved).collect();
    assert!(
        unproved.is_empty(),
        "give these a step, or an exception with its reason: {unproved:?}"
    );
    hub.stop().await;
}

#[tokio::test]
async fn what_is_done_before_and_after_a_session_is_noted() {
    let hub = TestHub::with(|config| config.auth.registration = Registration::Open).await;
    let root = hub.administrator("root").await;
    let new = json!({"name": "ana", "password": PASSWORD});
    let (status, said) = hub.nobody().send(Method::POST, "/api/v1/register", &new).await;
    assert_eq!(status, StatusCode::CREATED, "{said}");
    let made = root.json("/api/v1/audit?action=user.create&target=ana").await;
    let made = &made["items"][0];
    assert_eq!((&made["actor"], &made["outcome"]), (&json!(""), &json!("done")), "{made}");
    assert_ne!(made["address"], "", "{made}");

    let mut browser = Browser::new(&hub);
    browser.submit("/login", "/login", &[("name", "ana"), ("password", PASSWORD)]).await;
    let ana = Person::known("ana", &hub.url).at(&hub);
    let id = ana.json("/api/v1/sessions").await[0]["id"].clone();
    let path = format!("/api/v1/sessions/{id}");
    let (status, said) = ana.send(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    let ended = root.json("/api/v1/audit?action=session.end").await;
    let ended = &ended["items"][0];
    assert_eq!((&ended["actor"], &ended["target"]), (&json!("ana"), &json!("ana")), "{ended}");
    assert_eq!(ended["before"]["session"], id, "{ended}");
    assert!(browser.get("/settings").await.status().is_redirection(), "signed out");
    hub.stop().await;
}

#[tokio::test]
async fn pushes_and_deletions_of_the_registry_are_noted_with_what_was_there_before() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let (one, two) = (readme_image("# one"), readme_image("# two"));
    alice.push_image("alice/app:v1", &one).await;
    alice.push_image("alice/app:v1", &two).await;
    let digest = one.digest.to_string();
    for path in [format!("/v2/alice/app/manifests/{digest}"), "/v2/alice/app/manifests/v1".into()] {
        let (status, _) = alice.send(Method::DELETE, &path, &Value::Null).await;
        assert_eq!(status, StatusCode::ACCEPTED);
    }
    let acts = alice.json("/api/v1/repos/alice/app/-/audit").await;
    let told: Vec<String> = acts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| {
            format!("{} {}", act["action"].as_str().unwrap(), act["target"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            "tag.delete alice/app:v1".to_owned(),
            format!("image.delete alice/app@{digest}"),
            "image.push alice/app:v1".to_owned(),
            "image.push alice/app:v1".to_owned(),
        ]
    );
    let moved = &acts["items"][2];
    assert_eq!(moved["before"]["v1"], json!(digest));
    assert_eq!(moved["after"]["digest"], json!(two.digest.to_string()));
    assert_eq!(acts["items"][3]["after"]["repo"]["created"], true);
    hub.stop().await;
}

#[tokio::test]
async fn the_record_is_for_owners_and_administrators_and_refusals_are_in_it() {
    let hub = TestHub::start().await;
    let root = hub.administrator("root").await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    alice.push_image("alice/app:v1", &readme_image("# app")).await;
    let (status, _) = bob.send(Method::DELETE, "/api/v1/repos/alice/app", &Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    hub.settle().await;
    let denied = alice.json("/api/v1/orgs/alice/audit?outcome=denied").await;
    let act = &denied["items"][0];
    assert_eq!((&act["actor"], &act["action"]), (&json!("bob"), &json!("administer")), "{act}");
    assert_eq!(act["reason"], "you may not administer `alice/app`");
    assert_eq!(act.get("after"), None);

    for (who, path, status) in [
        (&alice, "/api/v1/audit", 403),
        (&bob, "/api/v1/orgs/alice/audit", 403),
        (&hub.nobody(), "/api/v1/audit", 401),
        (&hub.nobody(), "/api/v1/orgs/alice/audit", 401),
        (&hub.nobody(), "/api/v1/repos/alice/app/-/audit", 401),
        (&bob, "/api/v1/repos/alice/app/-/audit", 403),
        (&bob, "/api/v1/repos/alice/nothing/-/audit", 404),
        (&root, "/api/v1/audit?outcome=maybe", 400),
        (&root, "/api/v1/audit?since=soon", 400),
        (&root, "/api/v1/audit?format=xml", 400),
        (&root, "/api/v1/audit?before=x", 400),
        (&root, "/api/v1/audit?actor=%00", 200),
        (&root, "/api/v1/audit?since=2001-01-01&until=2999-01-01", 200),
    ] {
        assert_eq!(who.get(path).await.status().as_u16(), status, "{path} as {:?}", who.name);
    }
    hub.stop().await;
}

#[tokio::test]
async fn an_export_is_json_a_line_each_in_parts_and_whole() {
    let hub = TestHub::start().await;
    let root = hub.administrator("root").await;
    let alice = hub.person("alice").await;
    for number in 0..520 {
        let name = json!({"displayName": format!("number {number}")});
        let (status, _) = alice.send(Method::PATCH, "/api/v1/orgs/alice", &name).await;
        assert!(status.is_success());
    }
    for (path, want) in [
        ("/api/v1/orgs/alice/audit?format=jsonl&action=org.edit", 520),
        ("/api/v1/orgs/alice/audit?format=jsonl&action=org.edit&limit=7", 7),
        ("/api/v1/orgs/alice/audit?format=jsonl&action=org.edit&limit=510", 510),
        ("/api/v1/orgs/alice/audit?format=jsonl&action=nothing", 0),
    ] {
        let answer = root.get(path).await;
        assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let text = answer.text().await.unwrap();
        let ids: Vec<i64> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids.len(), want, "{path}");
        assert!(ids.is_sorted_by(|newer, older| newer > older), "{path}");
    }
    let request = root.request(Method::GET, "/api/v1/audit?limit=1");
    let answer = request.header("accept", "application/x-ndjson").send().await.unwrap();
    assert_eq!(answer.text().await.unwrap().lines().count(), 1);
    hub.stop().await;
}

#[tokio::test]
async fn no_secret_is_noted_and_nobody_makes_lines_of_their_own() {
    let hub = TestHub::start().await;
    let root = hub.administrator("root").await;
    let alice = hub.person("alice").await;
    let token = json!({"name": "ci\nX", "scope": "push"});
    let (status, made) = alice.send(Method::POST, "/api/v1/tokens", &token).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    let login = json!({"username": "alice", "password": PASSWORD});
    let (_, login) = hub.nobody().send(Method::POST, "/api/v1/login", &login).await;
    let other = login["secret"].as_str().unwrap_or("never").to_owned();
    let new = json!({"name": "carol", "password": "a password of carol"});
    root.send(Method::POST, "/api/v1/users", &new).await;
    let edit = json!({"description": "one\n{\"id\": 1}\r\u{2028}two\u{1b}[31m"});
    let (status, _) = alice.send(Method::PATCH, "/api/v1/orgs/alice", &edit).await;
    assert!(status.is_success());

    // By token, with headers that would like to be lines.
    let nobody = hub.nobody();
    let wanted = json!({"name": "alice/app", "visibility": "private"});
    let request = nobody.request(Method::POST, "/api/v1/repos").bearer_auth(&secret).json(&wanted);
    let request = request
        .header("user-agent", "curl\\n{\"id\": 2}")
        .header("x-request-id", "id\\n{\"id\": 3}\t4")
        .header("x-forwarded-for", "192.0.2.1\t{\"id\": 5}");
    let status = request.send().await.unwrap().status();
    assert!(status.is_success() || status.is_client_error(), "{status}");
    let plain = json!({"name": "alice/plain", "visibility": "private"});
    let request = nobody.request(Method::POST, "/api/v1/repos").bearer_auth(&secret).json(&plain);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED);
    for (path, body) in [
        ("/api/v1/repos/alice/app%0A%7B%22id%22%3A6%7D", json!({"keep": true})),
        ("/api/v1/orgs/alice%0Aeve", json!({"displayName": "x"})),
    ] {
        let (status, problem) = alice.send(Method::PATCH, path, &body).await;
        assert!(status.is_client_error(), "{path}: {problem}");
    }
    hub.settle().await;

    let export = root.get("/api/v1/audit?format=jsonl").await.text().await.unwrap();
    for line in export.lines() {
        let act: Value = serde_json::from_str(line).unwrap();
        assert!(act["at"].is_string() && act["action"].is_string(), "{line}");
        for field in ["actor", "credential", "address", "requestId", "action", "target"] {
            let text = act[field].as_str().unwrap();
            assert!(!text.chars().any(char::is_control), "{field} of {line}");
        }
    }
    let lines = root.json("/api/v1/audit?limit=100").await["items"].as_array().unwrap().len();
    assert_eq!(lines, export.lines().count(), "each act is one line");
    let by_token = root.json("/api/v1/audit?action=repo.create&actor=alice").await;
    let credential = by_token["items"][0]["credential"].as_str().unwrap();
    assert!(credential.starts_with("token "), "{by_token}");
    let errors = nobody.get("/api/v1/whoami").await.text().await.unwrap();
    for hidden in [PASSWORD, "a password of carol", &secret, &other] {
        assert!(!export.contains(hidden), "a secret is in the record");
        assert!(!errors.contains(hidden), "a secret is in an error");
    }
    hub.stop().await;
}
