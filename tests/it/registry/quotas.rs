//! Quotas: what an organisation may hold, refused before bytes are stored.

use hub_tests::{Person, TestHub, readme_image, sha256};
use reqwest::{Body, Method, Response, StatusCode};
use serde_json::{Value, json};

const MIB: usize = 1 << 20;

/// Bytes that nobody else has.
fn bytes(number: u8, size: usize) -> (String, Vec<u8>) {
    let bytes = vec![number; size];
    (sha256(&bytes), bytes)
}

async fn denied(answer: Response) -> String {
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], "DENIED");
    body["errors"][0]["message"].as_str().unwrap().to_owned()
}

async fn start(person: &Person, repo: &str) -> Response {
    person.request(Method::POST, &format!("/v2/{repo}/blobs/uploads/")).send().await.unwrap()
}

async fn location(person: &Person, repo: &str) -> String {
    let answer = start(person, repo).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn used(person: &Person, what: &str) -> u64 {
    person.json("/api/v1/orgs/alice/quota").await[what]["used"].as_u64().unwrap()
}

fn staged(hub: &TestHub) -> usize {
    std::fs::read_dir(hub.data().join("uploads")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn bytes_beyond_the_quota_are_refused_before_they_are_stored() {
    let hub = TestHub::with(|config| config.quota.org_bytes = 3 * MIB as u64).await;
    let alice = hub.person("alice").await;
    let (digest, first) = bytes(1, 2 * MIB);
    assert_eq!(alice.push_blob("alice/x", &digest, first).await, StatusCode::CREATED);
    assert_eq!(used(&alice, "bytes").await, 2 * MIB as u64);

    // The length is stated: POST of the whole, PATCH, PUT.
    let (digest, second) = bytes(2, 2 * MIB);
    let path = format!("/v2/alice/x/blobs/uploads/?digest={digest}");
    let whole = alice.request(Method::POST, &path).body(second.clone()).send().await.unwrap();
    let said = denied(whole).await;
    assert!(said.contains("may hold 3145728 bytes, it holds 2097152"), "{said}");
    let at = location(&alice, "alice/x").await;
    denied(alice.request(Method::PATCH, &at).body(second.clone()).send().await.unwrap()).await;
    assert_eq!(alice.get(&at).await.status(), StatusCode::NOT_FOUND, "the session is gone");
    let at = location(&alice, "alice/x").await;
    let put = format!("{at}?digest={digest}");
    denied(alice.request(Method::PUT, &put).body(second.clone()).send().await.unwrap()).await;

    // A stream that does not say how long it is ends where it passes what is left.
    let at = location(&alice, "alice/x").await;
    let pieces = second.chunks(64 << 10).map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
    let stream = Body::wrap_stream(futures::stream::iter(pieces.collect::<Vec<_>>()));
    denied(alice.request(Method::PATCH, &at).body(stream).send().await.unwrap()).await;
    assert_eq!(staged(&hub), 0, "nothing is left of what was refused");
    assert_eq!(used(&alice, "bytes").await, 2 * MIB as u64);

    // What fits is taken, then nothing more; what is there can be had again, whichever way it
    // comes: a session is not asked what will come in it.
    let (digest, rest) = bytes(3, MIB);
    assert_eq!(alice.push_blob("alice/x", &digest, rest.clone()).await, StatusCode::CREATED);
    let at = location(&alice, "alice/x").await;
    denied(alice.request(Method::PATCH, &at).body("one more").send().await.unwrap()).await;
    assert_eq!(alice.push_blob("alice/y", &digest, rest.clone()).await, StatusCode::CREATED);
    let at = location(&alice, "alice/z").await;
    let put = format!("{at}?digest={digest}");
    let put = alice.request(Method::PUT, &put).body(rest).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::CREATED);
    assert_eq!(used(&alice, "bytes").await, 3 * MIB as u64, "a blob counts once");
    hub.stop().await;
}

#[tokio::test]
async fn a_mount_from_elsewhere_adds_bytes_too() {
    let hub = TestHub::with(|config| config.quota.org_bytes = MIB as u64).await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    let (large, content) = bytes(1, MIB);
    bob.push_image("bob/x:v1", &readme_image("# public")).await;
    denied(
        bob.request(Method::POST, &format!("/v2/bob/x/blobs/uploads/?digest={large}"))
            .body(content.clone())
            .send()
            .await
            .unwrap(),
    )
    .await;
    let root = hub.administrator("root").await;
    set(&root, "bob", &json!({"bytes": 0})).await;
    assert_eq!(bob.push_blob("bob/x", &large, content).await, StatusCode::CREATED);

    let (small, content) = bytes(2, 10);
    assert_eq!(alice.push_blob("alice/x", &small, content).await, StatusCode::CREATED);
    let mount = format!("/v2/alice/x/blobs/uploads/?mount={large}&from=bob/x");
    denied(alice.request(Method::POST, &mount).send().await.unwrap()).await;
    set(&root, "alice", &json!({"bytes": 2 * MIB})).await;
    let mounted = alice.request(Method::POST, &mount).send().await.unwrap();
    assert_eq!(mounted.status(), StatusCode::CREATED);
    assert_eq!(used(&alice, "bytes").await, MIB as u64 + 10);
    hub.stop().await;
}

async fn set(root: &Person, org: &str, limits: &Value) {
    let path = format!("/api/v1/orgs/{org}/quota");
    let (status, said) = root.send(Method::PUT, &path, limits).await;
    assert_eq!(status, StatusCode::OK, "{said}");
}

#[tokio::test]
async fn repositories_and_tags_have_limits_of_their_own() {
    let hub = TestHub::with(|config| {
        config.quota.org_repos = 1;
        config.quota.org_tags = 2;
    })
    .await;
    let alice = hub.person("alice").await;
    let image = readme_image("# one");
    alice.push_image("alice/one:v1", &image).await;
    alice.push_image("alice/one:v2", &image).await;
    let said = denied(alice.put_manifest("alice/one:v3", &image).await).await;
    assert!(said.contains("may hold 2 tags, it holds 2 and this adds 1"), "{said}");
    let again = alice.put_manifest("alice/one:v2", &image).await;
    assert_eq!(again.status(), StatusCode::CREATED, "a tag that is there may move");
    let by_digest = format!("alice/one@{}", image.digest);
    assert_eq!(alice.put_manifest(&by_digest, &image).await.status(), StatusCode::CREATED);

    denied(start(&alice, "alice/two").await).await;
    let (status, problem) =
        alice.send(Method::POST, "/api/v1/repos", &json!({"name": "alice/two"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("quota_exceeded")));
    assert!(problem["detail"].as_str().unwrap().contains("1 repositories"), "{problem}");

    // What goes makes room at once.
    let gone = alice.request(Method::DELETE, "/api/v1/repos/alice/one").send().await.unwrap();
    assert!(gone.status().is_success(), "{}", gone.status());
    assert_eq!((used(&alice, "repos").await, used(&alice, "tags").await), (0, 0));
    alice.push_image("alice/two:v1", &image).await;
    hub.stop().await;
}

#[tokio::test]
async fn a_push_above_nine_tenths_is_warned() {
    let hub = TestHub::with(|config| config.quota.org_bytes = 10_000).await;
    let alice = hub.person("alice").await;
    let push = async |number: u8, size: usize| {
        let (digest, content) = bytes(number, size);
        let path = format!("/v2/alice/x/blobs/uploads/?digest={digest}");
        alice.request(Method::POST, &path).body(content).send().await.unwrap()
    };
    assert!(!push(1, 9000).await.headers().contains_key("warning"));
    let warned = push(2, 500).await;
    assert_eq!(
        warned.headers()["warning"],
        "299 - \"the quota of alice is nearly full: 9500 of 10000 bytes\""
    );
    hub.stop().await;
}

#[tokio::test]
async fn members_see_limits_and_use_and_administrators_set_them() {
    let hub = TestHub::with(|config| config.quota.org_repos = 7).await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    let root = hub.administrator("root").await;
    let path = "/api/v1/orgs/alice/quota";
    assert_eq!(
        alice.json(path).await,
        json!({
            "bytes": {"used": 0, "own": false},
            "repos": {"limit": 7, "used": 0, "own": false},
            "tags": {"used": 0, "own": false},
        })
    );
    assert_eq!(bob.get(path).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(hub.nobody().get(path).await.status(), StatusCode::UNAUTHORIZED);
    let (status, _) = alice.send(Method::PUT, path, &json!({"repos": 0})).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "nobody sets their own");
    let (status, seen) = root.send(Method::PUT, path, &json!({"repos": 0, "tags": 3})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(seen["repos"], json!({"used": 0, "own": true}));
    assert_eq!(seen["tags"], json!({"limit": 3, "used": 0, "own": true}));

    let org = "/api/v1/orgs/alice";
    assert_eq!(alice.json(org).await["quota"], seen);
    assert!(bob.json(org).await.get("quota").is_none());
    assert!(alice.get("/o/alice").await.status().is_success());
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_pushes_at_once_are_all_counted_and_then_nothing_more_is_taken() {
    const EACH: usize = 64 << 10;
    const FIT: usize = 10;
    let hub = TestHub::with(|config| config.quota.org_bytes = (FIT * EACH) as u64).await;
    let alice = hub.person("alice").await;
    // So that none of the fifty has to make the repository.
    alice.push_blob("alice/x", &sha256(b"x"), b"x".to_vec()).await;
    let pushes = (0..50).map(|number| {
        let alice = alice.clone();
        async move {
            let (digest, content) = bytes(number, EACH);
            alice.push_blob("alice/x", &digest, content).await
        }
    });
    let statuses = futures::future::join_all(pushes).await;
    let taken = statuses.iter().filter(|status| **status == StatusCode::CREATED).count();
    let refused = statuses.iter().filter(|status| **status == StatusCode::FORBIDDEN).count();
    assert_eq!(taken + refused, 50, "{statuses:?}");
    // Those that asked before the others were written down may be one too many each.
    assert!(taken >= FIT - 1, "{taken} were taken");
    assert_eq!(used(&alice, "bytes").await, (taken * EACH + 1) as u64);
    let at = location(&alice, "alice/x").await;
    let (_, one_more) = bytes(50, EACH);
    denied(alice.request(Method::PATCH, &at).body(one_more).send().await.unwrap()).await;
    hub.settle().await;
    assert_eq!(used(&alice, "bytes").await, (taken * EACH + 1) as u64, "folded, not changed");
    hub.stop().await;
}
