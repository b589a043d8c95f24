//! Blobs that somebody else gives out: the bucket, or the server in front of us.

use std::path::Path;
use std::time::{Duration, Instant};

use hub_server::BlobsStore;
use hub_tests::{Nginx, TestHub, free_port, readme_image, sha256};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn large_blobs_are_fetched_from_the_bucket_and_small_ones_from_us() {
    let hub = TestHub::on_s3(|config| {
        config.blobs.redirect = true;
        config.blobs.redirect_min_bytes = 1000;
    });
    let Some(hub) = hub.await else { return };
    let alice = hub.person("alice").await;
    let large = vec![7_u8; 5000];
    for bytes in [b"small".to_vec(), large.clone()] {
        assert_eq!(alice.push_blob("alice/x", &sha256(&bytes), bytes).await, StatusCode::CREATED);
    }
    let small = alice.get(&format!("/v2/alice/x/blobs/{}", sha256(b"small"))).await;
    assert_eq!(small.status(), StatusCode::OK);

    let path = format!("/v2/alice/x/blobs/{}", sha256(&large));
    let head = alice.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK, "HEAD is always ours");
    assert_eq!(head.headers()["content-length"], "5000");
    let answer = alice.get(&path).await;
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.headers()["docker-content-digest"], sha256(&large));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let address = answer.headers()["location"].to_str().unwrap().to_owned();
    let client = hub_registry_client::http::builder().no_proxy().build().unwrap();
    let blob = client.get(&address).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!(blob.status(), StatusCode::PARTIAL_CONTENT, "{address}");
    let blob = client.get(&address).send().await.unwrap();
    assert_eq!(blob.headers()["content-type"], "application/octet-stream");
    assert!(blob.bytes().await.unwrap() == large);
    let private = json!({"visibility": "private"});
    alice.send(Method::PATCH, "/api/v1/repos/alice/x", &private).await;
    let stranger = hub.nobody().get(&path).await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "who may not pull gets nothing");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_a_bucket_takes_pieces_of_five_megabytes() {
    let Some(hub) = TestHub::on_s3(|_| ()).await else { return };
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &readme_image("# in a bucket")).await;
    hub.settle().await;
    let docs = alice.get("/api/v1/repos/alice/x/-/tags/v1/docs").await.text().await.unwrap();
    assert_eq!(docs, "# in a bucket", "the README was read there");
    let answer = alice.request(Method::POST, "/v2/alice/x/blobs/uploads/").send().await.unwrap();
    assert_eq!(answer.headers()["oci-chunk-min-length"], "5242880");
    hub.stop().await;
}

#[tokio::test]
async fn a_bucket_without_a_name_stops_the_start() {
    let data = tempfile::tempdir().unwrap();
    let mut config = hub_server::Config::local(data.path());
    config.blobs.store = BlobsStore::S3;
    let error = hub_server::start(config).await.unwrap_err();
    assert!(error.to_string().contains("blobs.s3.bucket"), "{error}");
}

#[tokio::test]
async fn redirects_to_a_bucket_that_there_is_not_stop_the_start() {
    let data = tempfile::tempdir().unwrap();
    let mut config = hub_server::Config::local(data.path());
    config.blobs.redirect = true;
    let error = hub_server::start(config).await.unwrap_err().to_string();
    assert!(error.contains("`blobs.redirect`") && error.contains("only a bucket"), "{error}");
}

/// An nginx that gives out the files to which the hub points.
fn nginx(folder: &Path, port: u16, hub: &TestHub) -> Option<Nginx> {
    let server = format!(
        "listen 127.0.0.1:{port};
         location / {{
           proxy_pass {};
           proxy_ssl_verify off;
           proxy_set_header Host $http_host;
           proxy_request_buffering off;
         }}
         location /hub-blobs/ {{
           internal;
           alias {}/;
           etag off;
           add_header Docker-Content-Digest $upstream_http_docker_content_digest;
           add_header ETag $upstream_http_etag;
           add_header X-Content-Type-Options nosniff;
           add_header Content-Security-Policy \"default-src 'none'\";
         }}",
        hub.url,
        hub.data().display()
    );
    Nginx::start(folder, &server)
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_sends_the_files_that_the_hub_lets_it() {
    let hub = TestHub::with(|config| {
        config.blobs.store = BlobsStore::Fs;
        config.blobs.x_accel_redirect = Some("/hub-blobs".to_owned());
    })
    .await;
    let alice = hub.person("alice").await;
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let digest = sha256(&bytes);
    assert_eq!(alice.push_blob("alice/x", &digest, bytes.clone()).await, StatusCode::CREATED);

    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(_nginx) = nginx(folder.path(), port, &hub) else { return };
    let address = format!("http://127.0.0.1:{port}");
    let client = hub_registry_client::http::builder().no_proxy().build().unwrap();
    let front = alice.through(&address, client.clone());
    let path = format!("/v2/alice/x/blobs/{digest}");
    let begin = Instant::now();
    let blob = loop {
        match front.request(Method::GET, &path).send().await {
            Ok(answer) => break answer,
            Err(error) => assert!(begin.elapsed() < Duration::from_secs(20), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(blob.status(), StatusCode::OK);
    let headers = blob.headers().clone();
    assert!(headers["server"].to_str().unwrap().starts_with("nginx"));
    assert_eq!(headers["content-length"], "100000");
    assert_eq!(headers["content-type"], "application/octet-stream");
    assert_eq!(headers["docker-content-digest"], digest);
    assert_eq!(headers["etag"], format!("\"{digest}\""));
    assert!(!headers.contains_key("x-accel-redirect"), "the path stays between the two");
    assert!(blob.bytes().await.unwrap() == bytes);

    let slice =
        front.request(Method::GET, &path).header("range", "bytes=5-9").send().await.unwrap();
    assert_eq!(slice.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(slice.headers()["content-range"], "bytes 5-9/100000");
    assert_eq!(slice.bytes().await.unwrap(), bytes[5..10]);
    let head = front.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "100000");
    let file = format!("/hub-blobs/blobs/sha256/{}/{}", &digest[7..9], &digest[7..]);
    assert_eq!(
        front.get(&file).await.status(),
        StatusCode::NOT_FOUND,
        "nobody gets in beside the hub"
    );
    let private = json!({"visibility": "private"});
    alice.send(Method::PATCH, "/api/v1/repos/alice/x", &private).await;
    let stranger = hub.nobody().through(&address, client).get(&path).await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    hub.stop().await;
}
