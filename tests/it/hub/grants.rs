//! Roles of users on single repositories.

use hub_tests::{Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A hub where alice's organisation `labring` holds two private repositories, and bob is a stranger.
async fn labring() -> (TestHub, Person, Person) {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    let new = json!({"name": "labring", "defaultVisibility": "private"});
    alice.send(Method::POST, "/api/v1/orgs", &new).await;
    alice.push_image("labring/quartz:v1", &readme_image("# quartz\n\nA clear mineral.")).await;
    alice.push_image("labring/agate:v1", &readme_image("# agate\n\nA banded mineral.")).await;
    hub.settle().await;
    (hub, alice, bob)
}

/// Grants bob a role on `labring/quartz`.
async fn grant(owner: &Person, role: &str) {
    let path = "/api/v1/repos/labring/quartz/-/access/bob";
    let (status, entry) = owner.send(Method::PUT, path, &json!({"role": role})).await;
    assert_eq!((status, &entry["kind"]), (StatusCode::OK, &json!("grant")), "{entry}");
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|repo| repo["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn whoever_was_granted_a_role_finds_the_repository_everywhere_and_nothing_else() {
    let (hub, alice, bob) = labring().await;
    for round in ["before", "granted", "revoked"] {
        let granted = round == "granted";
        let want: &[&str] = if granted { &["labring/quartz"] } else { &[] };
        let list = bob.json("/api/v1/repos").await;
        assert_eq!(
            (names(&list["items"]), list["total"].as_u64()),
            (want.to_vec(), Some(want.len() as u64)),
            "{round}"
        );
        let list = bob.json("/api/v1/repos?org=labring").await;
        assert_eq!(names(&list["items"]), want, "{round}");
        let found = bob.json("/api/v1/search?q=mineral").await;
        assert_eq!(
            (names(&found["items"]), found["total"].as_u64()),
            (want.to_vec(), Some(want.len() as u64)),
            "{round}: {found}"
        );
        let found = bob.json("/v1/search?q=mineral").await;
        assert_eq!(found["num_results"].as_u64(), Some(want.len() as u64), "{round}: {found}");
        let catalog = bob.json("/v2/_catalog").await;
        assert_eq!(catalog["repositories"], json!(want), "{round}");
        let org = bob.json("/api/v1/orgs/labring").await;
        assert_eq!(org["repos"].as_u64(), Some(want.len() as u64), "{round}");
        for page in ["/", "/o/labring"] {
            let text = bob.get(page).await.text().await.unwrap();
            assert_eq!(text.contains("quartz"), granted, "{round} {page}");
            assert!(!text.contains("agate"), "{round} {page}");
        }
        let status = bob.get("/api/v1/repos/labring/quartz/-/tags/v1").await.status();
        assert_eq!(status == StatusCode::OK, granted, "{round}");
        match round {
            "before" => grant(&alice, "pull").await,
            "granted" => {
                let path = "/api/v1/repos/labring/quartz/-/access/bob";
                let (status, _) = alice.send(Method::DELETE, path, &Value::Null).await;
                assert_eq!(status, StatusCode::NO_CONTENT);
            }
            _ => {}
        }
    }
    hub.stop().await;
}

#[tokio::test]
async fn a_registry_token_issued_before_the_revocation_is_refused_inside_its_life() {
    let (hub, alice, bob) = labring().await;
    grant(&alice, "push").await;
    let ping = hub.nobody().get("/v2/").await;
    let challenge = ping.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let realm = challenge.split("realm=\"").nth(1).unwrap().split('"').next().unwrap();
    let path = realm.strip_prefix(&hub.url).unwrap();
    let scope = "repository:labring/quartz:pull,push";
    let token = bob.json(&format!("{path}?service=hub&scope={scope}")).await;
    let bearer = token["token"].as_str().unwrap().to_owned();
    let nobody = hub.nobody();
    let pull = async || {
        let request = nobody.request(Method::GET, "/v2/labring/quartz/manifests/v1");
        request.bearer_auth(&bearer).send().await.unwrap().status()
    };
    let push = async || {
        let request = nobody.request(Method::POST, "/v2/labring/quartz/blobs/uploads/");
        request.bearer_auth(&bearer).send().await.unwrap().status()
    };
    assert_eq!((pull().await, push().await), (StatusCode::OK, StatusCode::ACCEPTED));

    grant(&alice, "pull").await;
    assert_eq!(pull().await, StatusCode::OK);
    assert_eq!(push().await, StatusCode::FORBIDDEN, "the token still says push");
    let revoke = "/api/v1/repos/labring/quartz/-/access/bob";
    alice.send(Method::DELETE, revoke, &Value::Null).await;
    assert_eq!((pull().await, push().await), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    hub.stop().await;
}

#[tokio::test]
async fn grants_are_given_by_those_who_administer_and_to_users_who_are_there() {
    let (hub, alice, bob) = labring().await;
    hub.person("eve").await;
    let to = |user: &str| format!("/api/v1/repos/labring/quartz/-/access/{user}");
    let role = json!({"role": "push"});
    let (status, _) = bob.send(Method::PUT, &to("bob"), &role).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "a stranger does not learn that it is there");
    let (status, problem) = alice.send(Method::PUT, &to("zoe"), &role).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    let (status, problem) = alice.send(Method::PUT, &to("bob"), &json!({"role": "boss"})).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::BAD_REQUEST, &json!("role")));
    let (status, problem) = alice.send(Method::PUT, &to("alice"), &role).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "nobody grants themselves more: {problem}");

    grant(&alice, "push").await;
    let (status, problem) = bob.send(Method::PUT, &to("eve"), &role).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a writer grants nothing: {problem}");
    assert_eq!(
        problem["hint"], "hub perm check labring/quartz --action administer --why",
        "who is outside is not told who the owners are"
    );
    let own = bob.json("/api/v1/repos/labring/quartz/-/access").await;
    assert_eq!(
        (own["administer"].as_bool(), own["entries"].as_array().unwrap().len()),
        (Some(false), 1)
    );
    grant(&alice, "admin").await;
    let (status, _) = bob.send(Method::PUT, &to("eve"), &role).await;
    assert_eq!(status, StatusCode::OK, "who was granted to own it grants");
    let all = alice.json("/api/v1/repos/labring/quartz/-/access").await;
    let kinds: Vec<_> = all["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            (e["kind"].as_str().unwrap(), e["user"].as_str().unwrap(), e["role"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        kinds,
        [("member", "alice", "owner"), ("grant", "bob", "owner"), ("grant", "eve", "writer")]
    );
    // The membership and the role on the repository are two things.
    let member = "/api/v1/orgs/labring/members/bob";
    alice.send(Method::PUT, member, &json!({"role": "pull"})).await;
    let (_, left) = alice.send(Method::DELETE, member, &Value::Null).await;
    assert_eq!(left["grants"], json!(["labring/quartz"]), "what stays is told");
    assert_eq!(bob.get("/api/v1/repos/labring/quartz").await.status(), StatusCode::OK);
    assert_eq!(bob.get("/api/v1/repos/labring/agate").await.status(), StatusCode::NOT_FOUND);
    hub.stop().await;
}
