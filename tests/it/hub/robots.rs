//! Robots and access keys over the hub API.

use hub_tests::{Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn ask(hub: &TestHub, who: (&str, &str), method: Method, path: &str) -> (StatusCode, Value) {
    let request = hub.nobody().request(method, path).basic_auth(who.0, Some(who.1));
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or(Value::Null))
}

async fn robot(alice: &Person, wish: Value) -> (StatusCode, Value) {
    alice.send(Method::POST, "/api/v1/orgs/alice/robots", &wish).await
}

#[tokio::test]
async fn a_robot_says_who_it_is_and_is_shown_changed_and_deleted() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let wish = json!({"name": "ci", "scope": "push", "within": ["alice/app"],
        "description": "builds", "expiresAt": "2099-01-01T00:00:00Z"});
    let answer = alice.request(Method::POST, "/api/v1/orgs/alice/robots").json(&wish);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["location"], "/api/v1/orgs/alice/robots/ci");
    let made: Value = answer.json().await.unwrap();
    let secret = made["secret"].as_str().unwrap();

    let (_, who) = ask(&hub, ("alice+ci", secret), Method::GET, "/api/v1/whoami").await;
    let want = json!({"name": "alice+ci", "kind": "robot", "admin": false, "scope": "push",
        "within": ["alice/app"], "tokenId": null, "orgs": [{"name": "alice", "role": "writer"}]});
    assert_eq!(who, want);
    let path = "/api/v1/orgs/alice/robots/ci";
    let (own, _) = ask(&hub, ("alice+ci", secret), Method::GET, path).await;
    assert_eq!(own, StatusCode::OK, "a robot may see itself");
    let list = alice.json("/api/v1/orgs/alice/robots").await;
    assert_eq!(list[0]["name"], "alice+ci");
    assert!(!list.to_string().contains(secret));

    let edit = json!({"scope": "pull", "within": [], "expiresAt": ""});
    let (_, edited) = alice.send(Method::PATCH, path, &edit).await;
    assert_eq!((&edited["scope"], &edited["within"]), (&json!("pull"), &json!([])));
    assert_eq!(edited["expiresAt"], Value::Null);
    let (status, _) = alice.send(Method::DELETE, path, &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (gone, _) = ask(&hub, ("alice+ci", secret), Method::GET, "/api/v1/whoami").await;
    assert_eq!(gone, StatusCode::UNAUTHORIZED);
    hub.stop().await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_by_its_field() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    hub.person("bob").await;
    for (wish, field) in [
        (json!({"name": "A"}), "name"),
        (json!({"name": "bob+ci"}), "name"),
        (json!({"name": "ci", "scope": "write"}), "scope"),
        (json!({"name": "ci", "within": ["bob/x"]}), "within"),
        (json!({"name": "ci", "within": ["Alice"]}), "within"),
        (json!({"name": "ci", "expiresAt": "soon"}), "expiresAt"),
        (json!({"name": "ci", "expiresAt": "2001-01-01T00:00:00Z"}), "expiresAt"),
        (json!({"name": "ci", "description": "x".repeat(201)}), "description"),
    ] {
        let (status, problem) = robot(&alice, wish.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wish} {problem}");
        assert!(problem.to_string().contains(field), "{wish} {problem}");
    }
    let (status, _) = robot(&alice, json!({"name": "ci"})).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, _) = robot(&alice, json!({"name": "ci"})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    hub.stop().await;
}

#[tokio::test]
async fn robots_are_for_owners_and_stars_and_tokens_are_not_for_robots() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    alice.push_image("alice/app:v1", &readme_image("# app")).await;
    let (_, made) = robot(&alice, json!({"name": "ci", "scope": "admin"})).await;
    let pair = ("alice+ci", made["secret"].as_str().unwrap());
    let list = "/api/v1/orgs/alice/robots";
    assert_eq!(bob.get(list).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(hub.nobody().get(list).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&hub, pair, Method::GET, list).await.0, StatusCode::OK);

    for (method, path) in [
        (Method::GET, "/api/v1/tokens"),
        (Method::GET, "/api/v1/keys"),
        (Method::PUT, "/api/v1/repos/alice/app/-/star"),
    ] {
        let (status, problem) = ask(&hub, pair, method, path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path} {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("a robot has no account"), "{path}");
    }
    let login = json!({"username": "alice+ci", "password": pair.1});
    let (status, _) = hub.nobody().send(Method::POST, "/api/v1/login", &login).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test]
async fn an_access_key_opens_the_registry_and_not_the_account() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/app:v1", &readme_image("# app")).await;
    let private = json!({"visibility": "private"});
    alice.send(Method::PATCH, "/api/v1/repos/alice/app", &private).await;
    let answer = alice.request(Method::POST, "/api/v1/keys").json(&json!({"name": "ci"}));
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let made: Value = answer.json().await.unwrap();
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    let (id, secret, password) = (text("accessKey"), text("secretKey"), text("registryPassword"));
    assert!(id.starts_with("HUB") && id.len() == 20 && secret.len() == 40, "{made}");

    let user = format!("any-region@{id}");
    let manifest = "/v2/alice/app/manifests/v1";
    assert_eq!(ask(&hub, (&user, &password), Method::GET, manifest).await.0, StatusCode::OK);
    let raw = ask(&hub, (&user, &secret), Method::GET, manifest).await.0;
    assert_eq!(raw, StatusCode::UNAUTHORIZED, "the secret half itself is never sent");
    let (_, who) = ask(&hub, (&user, &password), Method::GET, "/api/v1/whoami").await;
    assert_eq!((&who["name"], &who["scope"]), (&json!("alice"), &json!("delete")));
    for path in ["/api/v1/tokens", "/api/v1/keys"] {
        let (status, _) = ask(&hub, (&user, &password), Method::GET, path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    // The form of OAuth 2, as some clients ask.
    let form = format!(
        "grant_type=password&service=hub&scope=repository:alice/app:pull&username={}&password={}",
        user.replace('@', "%40"),
        password
    );
    let asked = hub.nobody().request(Method::POST, "/api/v1/registry/token").body(form);
    let asked = asked.header("content-type", "application/x-www-form-urlencoded");
    let asked: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(asked["scope"], "repository:alice/app:pull", "{asked}");

    let path = format!("/api/v1/keys/{id}");
    let (status, key) = alice.send(Method::PATCH, &path, &json!({"disabled": true})).await;
    assert_eq!((status, &key["disabled"]), (StatusCode::OK, &json!(true)));
    let closed = ask(&hub, (&user, &password), Method::GET, manifest).await.0;
    assert_eq!(closed, StatusCode::UNAUTHORIZED);
    assert!(!alice.json("/api/v1/keys").await.to_string().contains(&secret));
    let (status, _) = alice.send(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    hub.settle().await;
    hub.stop().await;
}
