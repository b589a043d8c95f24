//! Uploads of blobs: every way a client may send one, and every way it may go wrong.

use hub_tests::{Person, TestHub, sha256};
use reqwest::{Method, Response, StatusCode};

async fn start(person: &Person) -> String {
    let answer = person.request(Method::POST, "/v2/alice/x/blobs/uploads/").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    location(&answer)
}

fn location(answer: &Response) -> String {
    let location = answer.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("/v2/"), "{location} is no path");
    location.to_owned()
}

fn with_digest(location: &str, digest: &str) -> String {
    format!("{location}{}digest={digest}", if location.contains('?') { '&' } else { '?' })
}

async fn patch(person: &Person, to: &str, range: Option<&str>, body: &'static [u8]) -> Response {
    let request = person.request(Method::PATCH, to);
    let request = range.into_iter().fold(request, |r, range| r.header("content-range", range));
    request.header("content-type", "application/octet-stream").body(body).send().await.unwrap()
}

#[tokio::test]
async fn a_blob_arrives_by_every_way_that_clients_send_it() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;

    let whole = b"in a single POST".to_vec();
    let digest = sha256(&whole);
    assert_eq!(alice.push_blob("alice/x", &digest, whole).await, StatusCode::CREATED);

    let at = start(&alice).await;
    let digest = sha256(b"in one PUT");
    let put = alice.request(Method::PUT, &with_digest(&at, &digest)).body("in one PUT");
    let answer = put.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["docker-content-digest"], *digest);
    assert_eq!(location(&answer), format!("/v2/alice/x/blobs/{digest}"));

    let at = start(&alice).await;
    let first = patch(&alice, &at, Some("0-4"), b"in ch").await;
    assert_eq!(first.status(), StatusCode::ACCEPTED);
    assert_eq!(first.headers()["range"], "0-4");
    let second = patch(&alice, &location(&first), None, b"unks").await;
    assert_eq!(second.headers()["range"], "0-8");
    let digest = sha256(b"in chunks");
    let put = alice.request(Method::PUT, &with_digest(&location(&second), &digest));
    assert_eq!(put.send().await.unwrap().status(), StatusCode::CREATED);

    let read = alice.get(&format!("/v2/alice/x/blobs/{digest}")).await;
    assert_eq!(read.headers()["content-length"], "9");
    assert_eq!(read.headers()["x-content-type-options"], "nosniff");
    assert_eq!(read.bytes().await.unwrap(), "in chunks");
    hub.stop().await;
}

#[tokio::test]
async fn a_chunk_out_of_order_is_refused_and_the_session_goes_on() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let at = start(&alice).await;

    let ahead = patch(&alice, &at, Some("5-8"), b"unks").await;
    assert_eq!(ahead.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let state = alice.get(&at).await;
    assert_eq!(state.status(), StatusCode::NO_CONTENT);
    assert_eq!(state.headers()["range"], "0-0");

    assert_eq!(patch(&alice, &at, Some("0-4"), b"in ch").await.status(), StatusCode::ACCEPTED);
    let again = patch(&alice, &at, Some("0-4"), b"in ch").await;
    assert_eq!(again.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(alice.get(&at).await.headers()["range"], "0-4");

    let digest = sha256(b"in chunks");
    let put = alice.request(Method::PUT, &with_digest(&at, &digest)).body("unks");
    assert_eq!(put.send().await.unwrap().status(), StatusCode::CREATED);
    hub.stop().await;
}

#[tokio::test]
async fn bytes_that_do_not_fit_their_digest_leave_nothing_behind() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let digest = sha256(b"something else");

    let status = alice.push_blob("alice/x", &digest, b"bytes".to_vec()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let at = start(&alice).await;
    let put = alice.request(Method::PUT, &with_digest(&at, &digest)).body("bytes");
    let answer = put.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], "DIGEST_INVALID");

    for path in
        [format!("/v2/alice/x/blobs/{digest}"), format!("/v2/alice/x/blobs/{}", sha256(b"bytes"))]
    {
        assert_eq!(alice.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(alice.get(&at).await.status(), StatusCode::NOT_FOUND, "the session is over");
    hub.stop().await;
}

#[tokio::test]
async fn an_upload_goes_on_after_a_restart_of_the_server() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let at = start(&alice).await;
    assert_eq!(patch(&alice, &at, None, b"before, ").await.status(), StatusCode::ACCEPTED);

    let hub = hub.restart().await;
    let alice = alice.at(&hub);
    assert_eq!(alice.get(&at).await.headers()["range"], "0-7");
    assert_eq!(patch(&alice, &at, None, b"and after").await.status(), StatusCode::ACCEPTED);
    let digest = sha256(b"before, and after");
    let put = alice.request(Method::PUT, &with_digest(&at, &digest));
    assert_eq!(put.send().await.unwrap().status(), StatusCode::CREATED);
    hub.stop().await;
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_keeps_what_came() {
    use tokio::io::AsyncWriteExt;
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let at = start(&alice).await;

    let request = alice.request(Method::PATCH, &at).build().unwrap();
    let credentials = request.headers()["authorization"].to_str().unwrap();
    let head = format!(
        "PATCH {at} HTTP/1.1\r\nHost: {}\r\nAuthorization: {credentials}\r\n\
         Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        hub.host(),
    );
    let mut line = tokio::net::TcpStream::connect(hub.host()).await.unwrap();
    line.write_all(head.as_bytes()).await.unwrap();
    line.flush().await.unwrap();
    drop(line);

    // The server notices the end of the connection on its own time.
    let mut range = String::new();
    for _ in 0..200 {
        let state = alice.get(&at).await;
        if state.status() == StatusCode::NO_CONTENT {
            range = state.headers()["range"].to_str().unwrap().to_owned();
        }
        if range == "0-3" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(range, "0-3");
    let digest = sha256(b"half and half");
    let put = alice.request(Method::PUT, &with_digest(&at, &digest)).body(" and half");
    assert_eq!(put.send().await.unwrap().status(), StatusCode::CREATED);
    hub.stop().await;
}

#[tokio::test]
async fn a_cancelled_upload_is_gone_and_nobody_else_reaches_it() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    let at = start(&alice).await;

    let elsewhere = at.replace("alice/x", "bob/x");
    assert_eq!(bob.get(&elsewhere).await.status(), StatusCode::NOT_FOUND);
    assert_ne!(bob.get(&at).await.status(), StatusCode::NO_CONTENT);

    let cancel = alice.request(Method::DELETE, &at).send().await.unwrap();
    assert_eq!(cancel.status(), StatusCode::NO_CONTENT);
    assert_eq!(alice.get(&at).await.status(), StatusCode::NOT_FOUND);
    hub.stop().await;
}
