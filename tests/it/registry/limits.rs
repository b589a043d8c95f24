//! Limits: how large, how many at a time, how often.

use hub_tests::{Person, TestHub, sha256};
use reqwest::{Body, Method, Response, StatusCode};
use serde_json::Value;

async fn start(person: &Person) -> Response {
    person.request(Method::POST, "/v2/alice/x/blobs/uploads/").send().await.unwrap()
}

async fn too_many(answer: Response) {
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let after: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&after), "{after}");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], "TOOMANYREQUESTS");
}

async fn too_large(answer: Response) {
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], "SIZE_INVALID");
    assert_eq!(body["errors"][0]["message"], "a blob has at most 100000 bytes");
}

#[tokio::test]
async fn a_blob_that_is_too_large_is_refused_however_it_comes() {
    let hub = TestHub::with(|config| config.registry.max_blob_bytes = 100_000).await;
    let alice = hub.person("alice").await;
    let fits = vec![1; 100_000];
    assert_eq!(alice.push_blob("alice/x", &sha256(&fits), fits.clone()).await, 201);

    let large = vec![2; 100_001];
    let digest = sha256(&large);
    let path = format!("/v2/alice/x/blobs/uploads/?digest={digest}");
    too_large(alice.request(Method::POST, &path).body(large.clone()).send().await.unwrap()).await;
    let at = start(&alice).await.headers()["location"].to_str().unwrap().to_owned();
    let first = alice.request(Method::PATCH, &at).body(large[..60_000].to_vec()).send().await;
    assert_eq!(first.unwrap().status(), StatusCode::ACCEPTED);
    let rest = large[60_000..].to_vec();
    let put = format!("{at}?digest={digest}");
    too_large(alice.request(Method::PUT, &put).body(rest.clone()).send().await.unwrap()).await;
    let at = start(&alice).await.headers()["location"].to_str().unwrap().to_owned();
    let pieces: Vec<_> = large.chunks(9000).map(|p| Ok::<_, std::io::Error>(p.to_vec())).collect();
    let stream = Body::wrap_stream(futures::stream::iter(pieces));
    too_large(alice.request(Method::PATCH, &at).body(stream).send().await.unwrap()).await;
    hub.stop().await;
}

#[tokio::test]
async fn a_user_opens_only_so_many_uploads_and_goes_on_with_those() {
    let hub = TestHub::with(|config| config.limits.sessions_per_user = 2).await;
    let alice = hub.person("alice").await;
    let one = start(&alice).await;
    let at = one.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(start(&alice).await.status(), StatusCode::ACCEPTED);
    too_many(start(&alice).await).await;
    let patch = alice.request(Method::PATCH, &at).body("bytes").send().await.unwrap();
    assert_eq!(patch.status(), StatusCode::ACCEPTED, "who has begun is never sent away");
    let put = format!("{at}?digest={}", sha256(b"bytes"));
    let put = alice.request(Method::PUT, &put).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::CREATED);
    assert_eq!(start(&alice).await.status(), StatusCode::ACCEPTED, "there is room again");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_user_uploads_as_much_as_they_may_nothing_new_begins() {
    let hub = TestHub::with(|config| config.limits.uploads_per_user = 1).await;
    let alice = hub.person("alice").await;
    let at = start(&alice).await.headers()["location"].to_str().unwrap().to_owned();
    let (send, body) = tokio::sync::mpsc::unbounded_channel::<Result<Vec<u8>, std::io::Error>>();
    let body = futures::stream::unfold(body, async |mut body| Some((body.recv().await?, body)));
    let patch = alice.request(Method::PATCH, &at).body(Body::wrap_stream(Box::pin(body))).send();
    let mut patching = tokio::task::JoinSet::new();
    patching.spawn(patch);
    send.send(Ok(b"bytes".to_vec())).unwrap();
    let begin = std::time::Instant::now();
    loop {
        let answer = start(&alice).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            too_many(answer).await;
            break;
        }
        assert!(begin.elapsed().as_secs() < 20, "it never counts");
    }
    drop(send);
    assert_eq!(
        patching.join_next().await.unwrap().unwrap().unwrap().status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(start(&alice).await.status(), StatusCode::ACCEPTED);
    hub.stop().await;
}

#[tokio::test]
async fn what_comes_too_often_waits_and_each_caller_for_themselves() {
    let hub = TestHub::with(|config| {
        config.limits.tokens_per_minute = 2;
        config.limits.upload_starts_per_minute = 2;
        config.limits.searches_per_minute = 2;
    })
    .await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    for path in ["/api/v1/registry/token", "/v1/search?q=x"] {
        for _ in 0..2 {
            assert_eq!(alice.get(path).await.status(), StatusCode::OK, "{path}");
        }
        too_many(alice.get(path).await).await;
    }
    assert_eq!(bob.get("/api/v1/registry/token").await.status(), StatusCode::OK);
    for _ in 0..2 {
        assert_eq!(start(&alice).await.status(), StatusCode::ACCEPTED);
    }
    too_many(start(&alice).await).await;
    hub.stop().await;
}

#[tokio::test]
async fn searches_of_callers_without_a_name_are_counted_at_every_door() {
    for path in ["/v1/search?q=x", "/api/v1/search?q=x", "/search?q=x"] {
        let hub = TestHub::with(|config| config.limits.searches_per_minute = 2).await;
        let (nobody, alice) = (hub.nobody(), hub.person("alice").await);
        for _ in 0..2 {
            assert_eq!(nobody.get(path).await.status(), StatusCode::OK, "{path}");
        }
        for other in ["/v1/search?q=x", "/api/v1/search?q=x", "/search?q=x"] {
            let answer = nobody.get(other).await;
            assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{path}, then {other}");
            assert!(answer.headers().contains_key("retry-after"), "{other}");
        }
        for _ in 0..3 {
            assert_eq!(alice.get("/api/v1/search?q=x").await.status(), StatusCode::OK);
        }
        hub.stop().await;
    }
}

#[tokio::test]
async fn pulls_without_signing_in_are_counted_by_the_manifest() {
    let hub = TestHub::with(|config| config.limits.anonymous_pulls_per_hour = 2).await;
    let (nobody, alice) = (hub.nobody(), hub.person("alice").await);
    let image = hub_tests::readme_image("# X\n\nIt does.");
    alice.push_image("alice/x:v1", &image).await;
    let manifest = "/v2/alice/x/manifests/v1";
    let digest = image.digest.as_str();
    let (blob, _) = image.blobs.first().unwrap();
    let free = async || {
        let head = nobody.request(Method::HEAD, manifest).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK);
        assert!(!head.headers().contains_key("ratelimit-limit"));
        let known = nobody.request(Method::GET, manifest);
        let known = known.header("if-none-match", format!("\"{digest}\"")).send().await.unwrap();
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(nobody.get(&format!("/v2/alice/x/blobs/{blob}")).await.status(), StatusCode::OK);
        let missing = nobody.get("/v2/alice/x/manifests/missing").await.status();
        assert!(missing.is_client_error() && missing != StatusCode::TOO_MANY_REQUESTS);
        let own = alice.get(manifest).await;
        assert_eq!(own.status(), StatusCode::OK);
        assert!(!own.headers().contains_key("ratelimit-limit"), "who has a name is not counted");
    };
    free().await;
    for left in ["1;w=3600", "0;w=3600"] {
        let pull = nobody.get(manifest).await;
        assert_eq!(pull.status(), StatusCode::OK);
        assert_eq!(pull.headers()["ratelimit-limit"], "2;w=3600");
        assert_eq!(pull.headers()["ratelimit-remaining"], *left);
    }
    for path in [manifest.to_owned(), format!("/v2/alice/x/manifests/{digest}")] {
        let pull = nobody.get(&path).await;
        assert_eq!(pull.status(), StatusCode::TOO_MANY_REQUESTS);
        let after: u64 = pull.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=1801).contains(&after), "{after}");
        let body: Value = pull.json().await.unwrap();
        assert_eq!(body["errors"][0]["code"], "TOOMANYREQUESTS");
    }
    free().await;
    hub.stop().await;
}

#[tokio::test]
async fn nothing_is_said_of_limits_that_there_are_not() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &hub_tests::readme_image("# X\n\nIt does.")).await;
    let pull = hub.nobody().get("/v2/alice/x/manifests/v1").await;
    assert_eq!(pull.status(), StatusCode::OK);
    assert!(!pull.headers().contains_key("ratelimit-limit"));
    hub.stop().await;
}
