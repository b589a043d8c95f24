//! Blobs taken over from another repository.

use hub_tests::Suite;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{Bench, Run};

/// Pushes a blob into the other repository of a run.
async fn elsewhere(run: &Run<'_>) -> (Vec<u8>, String) {
    let (bytes, digest) = run.noise(512);
    let other = format!("/v2/{}/blobs/uploads/", run.other);
    let post = run.suite.ask(Method::POST, &other).query("digest", &digest);
    post.body(bytes.clone()).send().await.is(201);
    (bytes, digest)
}

#[tokio::test]
async fn c16_a_blob_is_mounted_from_a_repository_that_is_named() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = elsewhere(&run).await;
        let mount = format!("{}?mount={digest}&from={}", run.uploads(), run.other);
        run.created(&run.suite.post(&mount).await, &bytes).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn c17_a_blob_is_mounted_from_wherever_the_caller_may_pull_it() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = elsewhere(&run).await;
        let mount = format!("{}?mount={digest}", run.uploads());
        run.created(&run.suite.post(&mount).await, &bytes).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn c18_a_mount_of_nothing_begins_an_upload() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        for from in [format!("&from={}", run.other), "&from=NO/such name".into(), String::new()] {
            let (bytes, digest) = run.noise(512);
            let answer = run.suite.post(&format!("{}?mount={digest}{from}", run.uploads())).await;
            answer.is(202);
            let put = run.close(&answer.location(), &digest).body(bytes.clone());
            run.created(&put.send().await, &bytes).await;
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s3_a_mount_never_fails_because_of_its_source_and_never_takes_what_is_hidden() {
    let bench = Bench::start().await;
    let run = bench.run();
    let (bytes, digest) = elsewhere(&run).await;
    let path = format!("/api/v1/repos/{}", run.other);
    let (status, _) =
        bench.person.send(Method::PATCH, &path, &json!({"visibility": "private"})).await;
    assert_eq!(status, StatusCode::OK);

    let stranger = bench.hub.person("stranger").await;
    for keep in [true, false] {
        let suite = Suite::new(&bench.hub, &stranger, keep);
        for from in [format!("&from={}", run.other), "&from=no/where".to_owned(), String::new()] {
            let mount = format!("/v2/stranger/x/blobs/uploads/?mount={digest}{from}");
            suite.post(&mount).await.is(202);
        }
        suite.head(&format!("/v2/stranger/x/blobs/{digest}")).await.is(404);
    }

    // Its owner mounts it with a token that names the source, and begins an upload without.
    let narrow = bench.person.json(&token(&format!("repository:{}:pull,push", run.repo))).await;
    let narrow = format!("Bearer {}", narrow["token"].as_str().unwrap());
    for from in [format!("&from={}", run.other), String::new()] {
        let mount = format!("{}?mount={digest}{from}", run.uploads());
        run.suite.ask(Method::POST, &mount).once(Some(&narrow)).await.is(202);
    }
    let scope = format!("repository:{}:pull,push%20repository:{}:pull", run.repo, run.other);
    let wide = bench.person.json(&token(&scope)).await;
    let wide = format!("Bearer {}", wide["token"].as_str().unwrap());
    let mount = format!("{}?mount={digest}&from={}", run.uploads(), run.other);
    let answer = run.suite.ask(Method::POST, &mount).once(Some(&wide)).await;
    run.created(&answer, &bytes).await;
    bench.stop().await;
}

fn token(scope: &str) -> String {
    format!("/api/v1/registry/token?service=hub&scope={scope}")
}
