//! Challenges, tokens, and who asks for them how.

use hub_tests::{Challenge, Suite};
use reqwest::Method;
use serde_json::Value;

use super::Bench;
use super::sets::make;
use super::walk::walk;

const TOKEN: &str = "/api/v1/registry/token";

#[tokio::test]
async fn c1_the_ping_answers() {
    let bench = Bench::start().await;
    let nobody = Suite::new(&bench.hub, &bench.hub.nobody(), true);
    for path in ["/v2", "/v2/"] {
        nobody.ask(Method::GET, path).once(None).await.is(401);
        bench.run().suite.get(path).await.is(200);
        // A token of nobody is a credential: who has one was asked already.
        nobody.get(path).await.is(200);
    }
    bench.stop().await;
}

#[tokio::test]
async fn c2_a_challenge_is_read_by_the_expressions_of_the_suite() {
    let bench = Bench::start().await;
    let run = bench.run();
    for (method, path) in [
        (Method::GET, "/v2/".to_owned()),
        (Method::GET, run.tags()),
        (Method::PUT, run.manifest("v1")),
        (Method::DELETE, run.manifest("v1")),
        (Method::GET, "/v2/_catalog".to_owned()),
    ] {
        for credential in [None, Some("Bearer a.b.c"), Some("Basic Og==")] {
            if path == "/v2/" && credential == Some("Basic Og==") {
                continue;
            }
            let answer = run.suite.ask(method.clone(), &path).once(credential).await;
            if path == "/v2/_catalog" && credential == Some("Basic Og==") {
                continue;
            }
            answer.is(401);
            let header = answer.all("www-authenticate")[0];
            let challenge = Challenge::read(header);
            assert_eq!(challenge.scheme, "bearer");
            assert!(header.starts_with("Bearer "), "{header}");
            // Every parameter is quoted.
            assert_eq!(header.matches('=').count(), header.matches("=\"").count(), "{header}");
            let realm = &challenge.params["realm"];
            assert_eq!(*realm, format!("{}{TOKEN}", bench.hub.url));
            assert_eq!(challenge.params["service"], "hub");
            let error = challenge.params.get("error").map(String::as_str);
            let presented = credential == Some("Bearer a.b.c");
            assert_eq!(error, presented.then_some("invalid_token"), "{header}");
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn c3_a_scope_is_accepted_back_as_it_was_told_and_nobody_gets_a_token_of_nobody() {
    let bench = Bench::start().await;
    let run = bench.run();
    // A mount needs two scopes, and they come and go in one parameter.
    let (_, digest) = run.noise(10);
    let mount = format!("{}?mount={digest}&from={}", run.uploads(), run.other);
    let answer = run.suite.ask(Method::POST, &mount).once(None).await;
    let challenge = Challenge::of(&answer);
    let want = format!("repository:{}:pull,push repository:{}:pull", run.repo, run.other);
    assert_eq!(challenge.params["scope"], want);
    let token = run.suite.credential(&challenge).await;
    run.suite.ask(Method::POST, &mount).once(Some(&token)).await.is(202);

    let nobody = Suite::new(&bench.hub, &bench.hub.nobody(), true);
    let answer = nobody.ask(Method::GET, &run.tags()).once(None).await;
    let token = nobody.credential(&Challenge::of(&answer)).await;
    assert!(token.matches('.').count() == 2, "a token of nobody is a token");
    let token = bench.person.json(&format!("{TOKEN}?service=hub")).await;
    assert_eq!(token["token"], token["access_token"]);
    bench.stop().await;
}

#[tokio::test]
async fn c4_each_401_names_the_scope_of_exactly_that_request() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let at = run.begin().await;
        let repo = &run.repo;
        let (_, digest) = run.noise(10);
        for (method, path, want) in [
            (Method::GET, run.tags(), "pull"),
            (Method::HEAD, run.manifest("v1"), "pull"),
            (Method::GET, run.blob(&digest), "pull"),
            (Method::GET, run.referrers(&digest), "pull"),
            (Method::PUT, run.manifest("v1"), "pull,push"),
            (Method::POST, run.uploads(), "pull,push"),
            (Method::PATCH, at.clone(), "pull,push"),
            (Method::GET, at.clone(), "pull,push"),
            (Method::DELETE, run.manifest("v1"), "delete"),
            (Method::DELETE, run.blob(&digest), "delete"),
            (Method::DELETE, at.clone(), "delete,pull,push"),
        ] {
            let answer = run.suite.ask(method.clone(), &path).once(None).await;
            answer.is(401);
            let scope = format!("repository:{repo}:{want}");
            assert_eq!(Challenge::of(&answer).params["scope"], scope, "{method} {path}");
        }
        // A token of another class is told what is missing, and a second try succeeds.
        let pull = Challenge::of(&run.suite.ask(Method::GET, &run.tags()).once(None).await);
        let pull = run.suite.credential(&pull).await;
        let answer = run.suite.ask(Method::GET, &at).once(Some(&pull)).await;
        answer.is(401);
        let challenge = Challenge::of(&answer);
        assert_eq!(challenge.params["error"], "insufficient_scope");
        let push = run.suite.credential(&challenge).await;
        run.suite.ask(Method::GET, &at).once(Some(&push)).await.is(204);
        walk(&run, &make("no-layers", run.algorithm)).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn s9_2_scopes_come_in_many_parameters_and_in_one_and_unknown_ones_are_dropped() {
    let bench = Bench::start().await;
    let run = bench.run();
    let repo = &run.repo;
    for (scope, want) in [
        (format!("scope=repository:{repo}:pull,push"), vec!["pull", "push"]),
        (format!("scope=repository:{repo}:push"), vec!["pull", "push"]),
        (format!("scope=repository:{repo}:*"), vec!["delete", "pull", "push"]),
        (format!("scope=repository(plugin):{repo}:pull"), vec!["pull"]),
        (
            format!("scope=repository:{repo}:pull&scope=repository:{repo}:push"),
            vec!["pull", "push"],
        ),
        (
            format!("scope=repository:{repo}:pull%20repository:{repo}:delete"),
            vec!["delete", "pull"],
        ),
        (format!("scope=repository:{repo}:fly,pull&scope=odd:x:y&account=a"), vec!["pull"]),
        ("scope=repository:stranger/x:push".to_owned(), vec![]),
        ("scope=nonsense".to_owned(), vec![]),
        (String::new(), vec![]),
    ] {
        let token = bench.person.json(&format!("{TOKEN}?service=hub&{scope}")).await;
        let claims = token["token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let access = claims_of(&claims)["access"].clone();
        let actions = access[0]["actions"].as_array().cloned().unwrap_or_default();
        assert_eq!(actions, want, "{scope} {access}");
        assert!(token["expires_in"].as_u64().unwrap() >= 60);
        assert!(token.get("refresh_token").is_none());
    }
    bench.stop().await;
}

/// Reads base64url without padding, as far as the test needs it.
fn claims_of(text: &str) -> Value {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == byte).unwrap();
        bits = (bits << 6) | u32::try_from(digit).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    serde_json::from_slice(&bytes).unwrap()
}
