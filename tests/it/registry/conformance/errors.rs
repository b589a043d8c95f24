//! What is answered when something is wrong: never a failure of ours.

use hub_tests::Answer;
use reqwest::{Method, StatusCode};

use super::Bench;
use super::sets::make;
use super::walk::push;

/// The codes of the specification, and the two that distribution adds and nothing else says.
const CODES: [&str; 16] = [
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DENIED",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "TOOMANYREQUESTS",
    "UNAUTHORIZED",
    "UNSUPPORTED",
    "PAGINATION_NUMBER_INVALID",
    "UNKNOWN",
];

#[tokio::test]
async fn c42_an_unknown_manifest_is_not_found_by_digest_and_by_tag() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (_, digest) = run.noise(10);
        for _ in 0..2 {
            run.suite.get(&run.manifest(&digest)).await.is(404);
            run.suite.get(&run.manifest("missing-tag")).await.is(404);
            // The second time in a repository that is there.
            run.push(b"x").await;
        }
        let answer = run.suite.get(&run.manifest("missing-tag")).await;
        assert_eq!(answer.code(), "MANIFEST_UNKNOWN");
    }
    bench.stop().await;
}

#[tokio::test]
async fn c43_a_bad_digest_is_an_error_of_the_request() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("image", run.algorithm);
        push(&run, &set).await;
        let item = &set.items[0];
        let path = run.manifest("sha256:baddigeststring");
        let ask = run.suite.ask(Method::PUT, &path);
        let put = ask.manifest(&item.media_type, item.bytes.clone()).send().await;
        put.is(400);
        assert_eq!(put.code(), "DIGEST_INVALID");
        let get = run.suite.get(&path).await;
        assert!(matches!(get.status.as_u16(), 400 | 404), "{}", get.status);
    }
    bench.stop().await;
}

#[tokio::test]
async fn s8_each_error_has_its_status_and_code() {
    let bench = Bench::start().await;
    let run = bench.run();
    let set = make("image", "sha256");
    push(&run, &set).await;
    let repo = format!("/v2/{}", run.repo);
    let digest = format!("sha256:{}", "0".repeat(64));
    // Everybody knows of what is public, and may be told that it is not theirs.
    let stranger = bench.hub.person("stranger").await;
    stranger.push_blob("stranger/x", &hub_tests::sha256(b"x"), b"x".to_vec()).await;
    for (method, path, status, code) in [
        ("GET", format!("{repo}/blobs/{digest}"), 404, "BLOB_UNKNOWN"),
        ("GET", format!("{repo}/manifests/{digest}"), 404, "MANIFEST_UNKNOWN"),
        ("DELETE", format!("{repo}/manifests/none"), 404, "MANIFEST_UNKNOWN"),
        ("GET", format!("{repo}/blobs/uploads/none"), 404, "BLOB_UPLOAD_UNKNOWN"),
        ("PATCH", format!("{repo}/blobs/uploads/none"), 404, "BLOB_UPLOAD_UNKNOWN"),
        ("PUT", format!("{repo}/blobs/uploads/n?digest={digest}"), 404, "BLOB_UPLOAD_UNKNOWN"),
        ("DELETE", format!("{repo}/blobs/uploads/none"), 404, "BLOB_UPLOAD_UNKNOWN"),
        ("GET", "/v2/conformance/none/tags/list".to_owned(), 404, "NAME_UNKNOWN"),
        ("GET", "/v2/Bad/name/tags/list".to_owned(), 400, "NAME_INVALID"),
        ("POST", "/v2/settings/x/blobs/uploads/".to_owned(), 400, "NAME_INVALID"),
        ("GET", format!("{repo}/blobs/sha256:x"), 400, "DIGEST_INVALID"),
        ("PUT", format!("{repo}/manifests/v1"), 400, "MANIFEST_INVALID"),
        ("POST", format!("{repo}/manifests/v1"), 405, "UNSUPPORTED"),
        ("PUT", format!("{repo}/blobs/{digest}"), 405, "UNSUPPORTED"),
        ("POST", "/v2/stranger/x/blobs/uploads/".to_owned(), 403, "DENIED"),
    ] {
        let answer = run.suite.ask(method.parse().unwrap(), &path).send().await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        assert_eq!(answer.code(), code, "{method} {path}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        if status == 405 {
            assert!(answer.header("allow").is_some());
        }
    }
    bench.stop().await;
}

/// Parts of paths that nobody in their right mind sends.
fn odd_paths(repo: &str, digest: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let references = [
        digest,
        "v1",
        "%00",
        "a%00b",
        "%ff%fe",
        "..",
        "%2e%2e%2f",
        "-",
        ".",
        ":",
        "sha256:",
        "sha512:0",
        "sha256%3Azz",
        "%F0%9F%90%B3",
        "x%0d%0ay",
        "a%2Fb",
        "%",
        "",
    ];
    let long = "x".repeat(3000);
    for reference in references.into_iter().chain([&*long]) {
        for what in ["manifests", "blobs", "referrers", "blobs/uploads", "tags/list", "nothing"] {
            paths.push(format!("/v2/{repo}/{what}/{reference}"));
        }
    }
    for name in ["", "/", "//", "a", "a//b", "%00/x", "conformance", "_x/y", "x/%2e%2e", &long] {
        for what in ["tags/list", "manifests/v1", "blobs/uploads/"] {
            paths.push(format!("/v2/{name}/{what}"));
        }
    }
    paths.extend(["/v2", "/v2/", "/v2//", "/v2/_catalog/", "/v2/_oci", "/v2/_x/y"].map(Into::into));
    paths
}

fn sound(answer: &Answer, what: &str, head: bool) {
    let status = answer.status;
    assert!(!status.is_server_error(), "{what} answered {status}");
    assert_eq!(answer.header("docker-distribution-api-version"), Some("registry/2.0"), "{what}");
    if status.is_client_error() && !head {
        let code = answer.code();
        assert!(CODES.contains(&&*code), "{what}: {code}");
    }
}

#[tokio::test]
async fn s8_nothing_that_a_client_can_send_is_a_failure_of_ours() {
    let bench = Bench::start().await;
    let run = bench.run();
    let digest = run.push(b"odd").await;
    for path in odd_paths(&run.repo, &digest) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ODD"] {
            if method == "DELETE" && path.contains(&digest) {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let request = bench.person.request(method.clone(), &path).body("odd");
            let answer = request.send().await.unwrap();
            let answer = Answer {
                status: answer.status(),
                headers: answer.headers().clone(),
                body: answer.bytes().await.unwrap(),
            };
            sound(&answer, &format!("{method} {path}"), method == Method::HEAD);
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s8_no_parameter_and_no_header_is_a_failure_of_ours() {
    let bench = Bench::start().await;
    let run = bench.run();
    let digest = run.push(b"odd").await;
    let values = ["", "%00", "a%00", "%ff", "-1", "0", "%F0%9F%90%B3", "sha256:x", "a/b", "%0d%0a"];
    let names = ["digest", "mount", "from", "n", "last", "tag", "artifactType", "digest-algorithm"];
    let subject = run.referrers(&digest);
    for name in names {
        for value in values {
            for (method, path) in [
                (Method::GET, run.tags()),
                (Method::GET, "/v2/_catalog".to_owned()),
                (Method::GET, subject.clone()),
                (Method::POST, run.uploads()),
                (Method::PUT, run.manifest("v1")),
                (Method::PUT, format!("{}none", run.uploads())),
            ] {
                let path = format!("{path}?{name}={value}&mount=&{name}={value}&&=");
                let answer = run.suite.ask(method.clone(), &path).send().await;
                sound(&answer, &format!("{method} {path}"), false);
            }
        }
    }
    let headers = ["range", "content-range", "content-type", "accept", "if-none-match", "if-range"];
    let values =
        ["", ",", "bytes=", "bytes=--1", "*", "\"", "W/", "x\ty", "0-18446744073709551615"];
    for name in headers {
        for value in values {
            let at = run.begin().await;
            for (method, path) in [
                (Method::GET, run.blob(&digest)),
                (Method::GET, run.manifest("v1")),
                (Method::PUT, run.manifest("v1")),
                (Method::PATCH, at.clone()),
                (Method::PUT, format!("{at}?digest={digest}")),
            ] {
                let ask = run.suite.ask(method.clone(), &path).header(name, value);
                let answer = ask.send().await;
                sound(&answer, &format!("{method} {path} {name}: {value}"), false);
            }
        }
    }
    for credential in
        ["", "Bearer", "Bearer a.b.c", "Bearer ....", "Basic !", "Basic Og==", "Odd x"]
    {
        let answer = run.suite.ask(Method::POST, &run.uploads()).once(Some(credential)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{credential}");
        sound(&answer, credential, false);
    }
    bench.stop().await;
}
