//! The ground rules of `/v2/`, and repositories that are not there yet.

use reqwest::Method;
use serde_json::json;

use super::Bench;
use super::sets::{INDEX, make};
use super::walk::{manifests, push};

#[tokio::test]
async fn c5_a_repository_never_pushed_to_has_no_tags() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let answer = run.suite.get(&run.tags()).await;
        answer.is(404);
        assert_eq!(answer.code(), "NAME_UNKNOWN");
        // Once a blob is there, so is the repository.
        run.push(b"x").await;
        let answer = run.suite.get(&run.tags()).await;
        answer.is(200);
        assert_eq!(answer.json(), json!({"name": run.repo, "tags": []}));
    }
    bench.stop().await;
}

#[tokio::test]
async fn c6_a_repository_never_pushed_to_has_an_empty_list_of_referrers() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (_, digest) = run.noise(10);
        let answer = run.suite.get(&run.referrers(&digest)).await;
        answer.is(200);
        assert_eq!(answer.header("content-type"), Some(INDEX));
        assert_eq!(manifests(&answer), Vec::<serde_json::Value>::new());
    }
    bench.stop().await;
}

#[tokio::test]
async fn s1_every_answer_names_the_api_and_every_location_is_a_path() {
    let bench = Bench::start().await;
    let run = bench.run();
    let digest = run.push(b"x").await;
    let blob = run.blob(&digest);
    for (method, path) in [
        (Method::GET, "/v2"),
        (Method::GET, "/v2/"),
        (Method::GET, "/v2/_catalog"),
        (Method::GET, "/v2/nothing"),
        (Method::GET, &*blob),
        (Method::HEAD, &*blob),
        (Method::POST, &*run.uploads()),
        (Method::POST, run.uploads().trim_end_matches('/')),
    ] {
        for signed_in in [false, true] {
            let ask = run.suite.ask(method.clone(), path);
            let answer = if signed_in { ask.send().await } else { ask.once(None).await };
            let version = answer.header("docker-distribution-api-version");
            assert_eq!(version, Some("registry/2.0"), "{method} {path}");
            if let Some(at) = answer.header("location") {
                assert!(at.starts_with("/v2/"), "{at}");
            }
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s1_nothing_is_compressed_and_every_length_is_said() {
    let bench = Bench::start().await;
    let run = bench.run();
    let text = "compress me ".repeat(1000);
    let digest = run.push(text.as_bytes()).await;
    let set = make("large-manifest", "sha256");
    push(&run, &set).await;
    let manifest = run.manifest(&set.items[0].digest);
    for coding in ["gzip", "zstd;q=1.0, gzip;q=0.8, deflate;q=0.5", "br", "*"] {
        for (path, length) in
            [(run.blob(&digest), text.len()), (manifest.clone(), set.items[0].bytes.len())]
        {
            for method in [Method::GET, Method::HEAD] {
                let ask = run.suite.ask(method, &path).header("accept-encoding", coding);
                let answer = ask.send().await;
                answer.is(200);
                assert_eq!(answer.header("content-encoding"), None);
                assert_eq!(answer.header("transfer-encoding"), None);
                assert_eq!(answer.header("content-length"), Some(&*length.to_string()));
            }
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s1_a_head_has_the_headers_of_the_get() {
    let bench = Bench::start().await;
    let run = bench.run();
    let set = make("artifacts-with-subject", "sha256");
    push(&run, &set).await;
    let item = &set.items[0];
    for path in [
        "/v2/".to_owned(),
        "/v2/_catalog".to_owned(),
        run.tags(),
        run.manifest(&item.digest),
        run.blob(&run.digest(&set.blobs[0])),
        run.referrers(&item.digest),
        run.manifest("missing"),
    ] {
        let get = run.suite.get(&path).await;
        let head = run.suite.head(&path).await;
        assert_eq!(get.status, head.status, "{path}");
        for name in
            get.headers.keys().filter(|name| !["date", "x-request-id"].contains(&name.as_str()))
        {
            assert_eq!(get.headers.get(name), head.headers.get(name), "{path} {name}");
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s1_what_a_client_has_already_is_not_sent_again() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("image", run.algorithm);
        push(&run, &set).await;
        let item = &set.items[0];
        let ask = run.suite.ask(Method::PUT, &run.manifest(&item.digest)).query("tag", "v1");
        ask.manifest(&item.media_type, item.bytes.clone()).send().await.is(201);
        let blob = run.digest(&set.blobs[0]);
        for (path, digest, lasts) in [
            (run.manifest("v1"), &item.digest, false),
            (run.manifest(&item.digest), &item.digest, true),
            (run.blob(&blob), &blob, true),
        ] {
            let answer = run.suite.get(&path).await;
            let etag = format!("\"{digest}\"");
            assert_eq!(answer.header("etag"), Some(&*etag));
            let cache = answer.header("cache-control").unwrap();
            assert_eq!(cache.contains("max-age=31536000"), lasts, "{cache}");
            for known in [&*etag, digest, "*", &format!("\"x\", W/{etag}")] {
                for method in [Method::GET, Method::HEAD] {
                    let ask = run.suite.ask(method, &path).header("if-none-match", known);
                    let answer = ask.send().await;
                    answer.is(304);
                    assert!(answer.body.is_empty());
                    assert_eq!(answer.header("etag"), Some(&*etag));
                }
            }
            let ask = run.suite.ask(Method::GET, &path).header("if-none-match", "\"other\"");
            ask.send().await.is(200);
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s1_a_blob_is_bytes_and_never_a_page_of_ours() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let digest = run.push(b"<script>alert(1)</script>").await;
        let answer = run.suite.get(&run.blob(&digest)).await;
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'"));
    }
    bench.stop().await;
}

#[tokio::test]
async fn s1_names_may_hold_the_words_of_our_paths() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        for name in ["conformance/manifests/b", "conformance/blobs", "conformance/tags/list"] {
            let uploads = format!("/v2/{name}/blobs/uploads");
            let (bytes, digest) = run.noise(10);
            let post = run.suite.ask(Method::POST, &uploads).query("digest", &digest);
            let answer = post.body(bytes.clone()).send().await;
            answer.is(201);
            assert_eq!(answer.location(), format!("/v2/{name}/blobs/{digest}"));
            run.suite.get(&answer.location()).await.is(200);
            run.suite.get(&format!("/v2/{name}/tags/list")).await.is(200);
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s1_the_extensions_are_told() {
    let bench = Bench::start().await;
    let run = bench.run();
    let answer = run.suite.get("/v2/_oci/ext/discover").await;
    answer.is(200);
    assert_eq!(answer.json()["extensions"][0]["name"], "_catalog");
    assert_eq!(answer.json()["extensions"][0]["endpoints"], json!(["/v2/_catalog"]));
    bench.stop().await;
}
