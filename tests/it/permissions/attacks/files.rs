//! Names and uploads that would like to be elsewhere.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use hub_tests::{PASSWORD, TestHub, sha256};
use reqwest::{Method, StatusCode};

/// Every file and folder below `dir`, without those of the hub's own data.
fn outside(dir: &Path, data: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path == data {
            continue;
        }
        if path.is_dir() {
            found.extend(outside(&path, data));
        }
        found.push(path);
    }
    found.sort();
    found
}

/// What a request is answered that no client would send: those tidy paths up.
pub fn raw(host: &str, line: &str) -> String {
    let basic =
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("alice:{PASSWORD}"));
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{line} HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {basic}\r\n\
         content-length: 1\r\nconnection: close\r\n\r\nx"
    )
    .unwrap();
    let mut answer = Vec::new();
    // A connection that is cut after the answer is one that was answered.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_and_names_do_not_leave_the_data_folder() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let data = hub.data();
    let around = data.parent().unwrap();
    let before = outside(around, &data);
    let up = [
        "..",
        "../..",
        "%2e%2e",
        "..%2f..%2fescaped",
        "....//",
        "..%5c..",
        "/etc/passwd",
        "%00",
        "a%00b",
    ];
    let digest = sha256(b"x");
    for step in up {
        for (method, path) in [
            (Method::POST, format!("/v2/alice/{step}/blobs/uploads/")),
            (Method::POST, format!("/v2/alice/x/blobs/uploads/?digest=sha256:{step}")),
            (Method::POST, format!("/v2/alice/x/blobs/uploads/?digest=../{step}:{step}")),
            (Method::PATCH, format!("/v2/alice/x/blobs/uploads/{step}")),
            (Method::PUT, format!("/v2/alice/x/blobs/uploads/{step}?digest={digest}")),
            (Method::DELETE, format!("/v2/alice/x/blobs/uploads/{step}")),
            (Method::GET, format!("/v2/alice/x/blobs/sha256:{step}")),
            (Method::GET, format!("/v2/alice/x/manifests/{step}")),
            (Method::GET, format!("/static/{step}")),
            (Method::GET, format!("/static/..%2f{step}")),
            (Method::GET, format!("/r/alice/x/-/readme/{step}.md")),
            (Method::PUT, format!("/api/v1/repos/alice/x/-/tags/{step}")),
        ] {
            let host = hub.host().to_owned();
            let line = format!("{method} {path}");
            let answer = tokio::task::spawn_blocking(move || raw(&host, &line)).await.unwrap();
            let status = answer.split(' ').nth(1).unwrap_or_default();
            // A zero byte is no text, so such a digest counts as none: an upload begins.
            let begun = status == "202" && path.contains("%00");
            assert!(begun || status.starts_with(['3', '4']), "{method} {path}: {answer}");
            assert!(!answer.contains("root:"), "{method} {path}: {answer}");
        }
    }
    let good = alice.push_blob("alice/x", &digest, b"x".to_vec()).await;
    assert_eq!(good, StatusCode::CREATED);
    hub.settle().await;
    assert_eq!(outside(around, &data), before, "nothing was written beside the data");
    hub.stop().await;
}
