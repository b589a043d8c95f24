//! Tokens that are altered, stretched, lent or kept too long.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hub_tests::{Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::hidden::claims;

/// alice with a private and a public repository, `alice/one` and `alice/two`, both private.
async fn two_vaults() -> (TestHub, Person) {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    for name in ["alice/one", "alice/two"] {
        let new = json!({"name": name, "visibility": "private"});
        alice.send(Method::POST, "/api/v1/repos", &new).await;
        alice.push_image(&format!("{name}:v1"), &readme_image(name)).await;
    }
    (hub, alice)
}

async fn token(who: &Person, scope: &str) -> String {
    let answer = who.json(&format!("/api/v1/registry/token?scope={scope}")).await;
    answer["token"].as_str().unwrap().to_owned()
}

async fn with(hub: &TestHub, jwt: &str, method: Method, path: &str) -> StatusCode {
    let request = hub.nobody().request(method, path).bearer_auth(jwt);
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_token_for_one_repository_opens_no_other_and_does_nothing_else() {
    let (hub, alice) = two_vaults().await;
    let jwt = token(&alice, "repository:alice/one:pull").await;
    let good = with(&hub, &jwt, Method::GET, "/v2/alice/one/manifests/v1").await;
    assert_eq!(good, StatusCode::OK);
    for (method, path) in [
        (Method::GET, "/v2/alice/two/manifests/v1"),
        (Method::GET, "/v2/alice/two/tags/list"),
        (Method::POST, "/v2/alice/one/blobs/uploads/"),
        (Method::DELETE, "/v2/alice/one/manifests/v1"),
        (Method::GET, "/v2/_catalog"),
    ] {
        let refused = with(&hub, &jwt, method.clone(), path).await;
        assert_eq!(refused, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    // It is for the registry, not for the hub's own doors.
    for path in ["/api/v1/whoami", "/api/v1/tokens", "/settings/tokens", "/api/v1/repos/alice/two"]
    {
        let status = with(&hub, &jwt, Method::GET, path).await;
        assert!(!status.is_success(), "{path}: {status}");
    }
    let found = hub.nobody().request(Method::GET, "/v1/search?q=two").bearer_auth(&jwt);
    let found: Value = found.send().await.unwrap().json().await.unwrap();
    assert_eq!(found["num_results"], 0, "{found}");
    hub.stop().await;
}

#[tokio::test]
async fn a_token_that_was_altered_is_refused_whatever_was_altered() {
    let (hub, alice) = two_vaults().await;
    let bob = hub.person("bob").await;
    let jwt = token(&bob, "repository:alice/one:pull").await;
    let parts: Vec<&str> = jwt.split('.').collect();
    let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let mine = claims(&jwt);
    let stretched = json!([{"type": "repository", "name": "alice/one", "actions": ["pull"]}]);
    let altered = |change: &dyn Fn(&mut Value)| {
        let mut claims = mine.clone();
        change(&mut claims);
        format!("{}.{}.{}", parts[0], encoded(&claims), parts[2])
    };
    let none = encoded(&json!({"alg": "none", "typ": "JWT"}));
    let full = json!({"sub": "alice", "access": stretched, "exp": 4_000_000_000_u64});
    for (what, forged) in [
        ("scope", altered(&|claims| claims["access"] = stretched.clone())),
        ("subject", altered(&|claims| claims["sub"] = json!("alice"))),
        ("time", altered(&|claims| claims["exp"] = json!(4_000_000_000_u64))),
        ("credential", altered(&|claims| claims["credential"] = json!(1))),
        ("algorithm none", format!("{none}.{}.", encoded(&full))),
        ("algorithm none, with a signature", format!("{none}.{}.{}", encoded(&full), parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("another's signature", {
            let hers = token(&alice, "repository:alice/one:pull").await;
            format!("{}.{}.{}", parts[0], encoded(&full), hers.rsplit('.').next().unwrap())
        }),
    ] {
        for (method, path) in [
            (Method::GET, "/v2/alice/one/manifests/v1"),
            (Method::GET, "/v2/"),
            (Method::GET, "/v2/_catalog"),
        ] {
            let status = with(&hub, &forged, method, path).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}: {path}");
        }
    }
    hub.stop().await;
}

#[tokio::test]
async fn a_right_that_was_taken_back_is_refused_inside_the_life_of_a_token() {
    let (hub, alice) = two_vaults().await;
    let bob = hub.person("bob").await;
    let member = "/api/v1/orgs/alice/members/bob";
    let path = "/v2/alice/one/manifests/v1";
    alice.send(Method::PUT, member, &json!({"role": "writer"})).await;
    let jwt = token(&bob, "repository:alice/one:pull,push").await;
    assert_eq!(with(&hub, &jwt, Method::GET, path).await, StatusCode::OK);
    let start = "/v2/alice/one/blobs/uploads/";
    assert_eq!(with(&hub, &jwt, Method::POST, start).await, StatusCode::ACCEPTED);

    alice.send(Method::PUT, member, &json!({"role": "reader"})).await;
    assert_eq!(with(&hub, &jwt, Method::GET, path).await, StatusCode::OK);
    assert_eq!(with(&hub, &jwt, Method::POST, start).await, StatusCode::FORBIDDEN);

    alice.send(Method::DELETE, member, &Value::Null).await;
    assert_eq!(with(&hub, &jwt, Method::GET, path).await, StatusCode::NOT_FOUND);
    hub.stop().await;
}

#[tokio::test]
async fn the_name_in_a_request_is_nobodys_word_but_the_credentials() {
    let (hub, alice) = two_vaults().await;
    let bob = hub.person("bob").await;
    let (_, made) = bob.send(Method::POST, "/api/v1/tokens", &json!({"name": "x"})).await;
    let secret = made["secret"].as_str().unwrap();
    // Old hubs took `account` for the name.
    let path = "/api/v1/registry/token?account=alice&scope=repository:alice/one:pull";
    let answer = bob.json(path).await;
    let claims = claims(answer["token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["access"]), (&json!("bob"), &json!([])));
    for name in ["alice", "root", "", "alice+ci", "x@alice"] {
        let request = hub.nobody().request(Method::GET, "/v2/").basic_auth(name, Some(secret));
        let status = request.send().await.unwrap().status();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}");
    }
    let own = alice.request(Method::GET, "/v2/").basic_auth("bob", Some(secret));
    assert_eq!(own.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "two names at once");
    hub.stop().await;
}

#[tokio::test]
async fn a_narrow_token_opens_no_session_that_is_wider() {
    let (hub, alice) = two_vaults().await;
    let wish = json!({"name": "narrow", "scope": "pull"});
    let (_, made) = alice.send(Method::POST, "/api/v1/tokens", &wish).await;
    let secret = made["secret"].as_str().unwrap();
    let form = [("name", "alice"), ("password", secret)];
    let request = hub.nobody().request(Method::POST, "/login").header("origin", &hub.url);
    let answer = request.form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(
        answer
            .headers()
            .get("set-cookie")
            .is_none_or(|cookie| { !cookie.to_str().unwrap().contains("session=hub_ses_") })
    );
    let login = json!({"username": "alice", "password": secret});
    let (status, made) = hub.nobody().send(Method::POST, "/api/v1/login", &login).await;
    assert_eq!((status, &made["scope"]), (StatusCode::CREATED, &json!("pull")), "{made}");
    hub.stop().await;
}
