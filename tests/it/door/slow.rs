//! Connections that do not move: nobody holds one for ever.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hub_tests::{PASSWORD, TestHub, TestTls, sha256};

/// Whether the other end closes within half a minute; what it says before is read.
async fn is_closed(mut stream: TcpStream) -> bool {
    tokio::task::spawn_blocking(move || {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        match stream.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => !matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ),
        }
    })
    .await
    .unwrap()
}

fn plain(config: &mut hub_server::Config) {
    (config.listen.tls_cert, config.listen.tls_key) = (None, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_or_stops_in_the_middle_is_hung_up_on() {
    let hub = TestHub::with(|config| {
        plain(config);
        config.listen.header_timeout_seconds = 1;
    })
    .await;
    // `P` may begin `POST` as well as the preface of HTTP/2.
    for said in ["", "P", "GET /v2/ HTT", "GET /v2/ HTTP/1.1\r\nHost: hub\r\nX-Slow: y"] {
        let mut stream = TcpStream::connect(hub.host()).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        assert!(is_closed(stream).await, "{said:?}");
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_handshake_or_a_request_in_it_that_never_ends_is_hung_up_on() {
    let hub = TestHub::with_tls(|config| config.listen.header_timeout_seconds = 1).await;
    for said in [&b""[..], b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = TcpStream::connect(hub.host()).unwrap();
        stream.write_all(said).unwrap();
        assert!(is_closed(stream).await, "{said:?}");
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_what_was_asked_for_is_hung_up_on() {
    let hub = TestHub::with(|config| {
        plain(config);
        config.listen.write_timeout_seconds = 1;
    })
    .await;
    let alice = hub.person("alice").await;
    let bytes = vec![7; 64 << 20];
    let digest = sha256(&bytes);
    assert_eq!(alice.push_blob("alice/app", &digest, bytes).await, 201);
    let token = alice.json("/api/v1/registry/token?scope=repository:alice/app:pull").await;
    let token = token["token"].as_str().unwrap();

    let mut stream = TcpStream::connect(hub.host()).unwrap();
    let head = format!(
        "GET /v2/alice/app/blobs/{digest} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let begin = std::time::Instant::now();
    // One connection is the client of this test, kept for its next request.
    while hub.connections() > 1 {
        assert!(begin.elapsed() < Duration::from_secs(30), "the connection is still held");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(stream);
    hub.stop().await;
}

/// Whether this process, in which the hub runs, has the blob of this digest open.
fn is_open(digest: &str) -> bool {
    let hex = digest.split_once(':').unwrap().1;
    let files = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    files
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .any(|path| path.to_string_lossy().contains(hex))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_http2_whose_window_stays_shut_keeps_no_file_open() {
    let hub = TestHub::with(|config| {
        plain(config);
        config.blobs.store = hub_server::BlobsStore::Fs;
        config.listen.write_timeout_seconds = 2;
    })
    .await;
    let alice = hub.person("alice").await;
    let bytes = vec![7; 1 << 20];
    let digest = sha256(&bytes);
    assert_eq!(alice.push_blob("alice/app", &digest, bytes).await, 201);
    let client = hub_registry_client::http::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .http2_initial_stream_window_size(0)
        .build()
        .unwrap();
    let ask = client.get(format!("{}/v2/alice/app/blobs/{digest}", hub.url));
    let answer = ask.basic_auth("alice", Some(PASSWORD)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(is_open(&digest), "the answer waits for its reader");
    let begin = std::time::Instant::now();
    while is_open(&digest) {
        assert!(begin.elapsed() < Duration::from_secs(30), "the file is still open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The connection itself goes on.
    assert_eq!(client.get(format!("{}/healthz", hub.url)).send().await.unwrap().status(), 200);
    drop(answer);
    hub.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let hub = TestHub::with(|config| config.listen.max_header_bytes = 4096).await;
    let long = "x".repeat(5000);
    let request = hub.nobody().request(reqwest::Method::GET, "/v2/").header("x-long", &long);
    assert_eq!(request.send().await.unwrap().status(), 431);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_most_connections_a_caller_waits_its_turn() {
    let hub = TestHub::with(|config| {
        plain(config);
        config.listen.max_connections = 2;
    })
    .await;
    let first = TcpStream::connect(hub.host()).unwrap();
    let second = TcpStream::connect(hub.host()).unwrap();
    while hub.connections() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let client = hub.client().timeout(Duration::from_millis(300)).build().unwrap();
    let url = format!("{}/healthz", hub.url);
    assert!(client.get(&url).send().await.is_err(), "there is no room");
    drop(first);
    let client = hub.client().build().unwrap();
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    drop(second);
    hub.stop().await;
}

/// The password travels in every helper; a certificate of a stranger would give it away.
#[tokio::test]
async fn a_hub_with_another_authority_gets_no_password() {
    let hub = TestHub::with_tls(|_| ()).await;
    let folder = tempfile::tempdir().unwrap();
    let other = TestTls::make(folder.path());
    let client = other.trusted(hub_registry_client::http::builder()).build().unwrap();
    let url = format!("{}/api/v1/orgs", hub.url);
    assert!(client.get(url).basic_auth("alice", Some(PASSWORD)).send().await.is_err());
    hub.stop().await;
}
