//! Blobs: reading, ranges, mounting, deleting.

use hub_tests::{TestHub, readme_image, sha256};
use reqwest::{Method, StatusCode};

#[tokio::test]
async fn a_range_of_a_blob_is_just_that() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bytes: Vec<u8> = (0..2048u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let digest = sha256(&bytes);
    assert_eq!(alice.push_blob("alice/x", &digest, bytes.clone()).await, StatusCode::CREATED);
    let path = format!("/v2/alice/x/blobs/{digest}");

    for (range, from, to) in [
        ("bytes=500-1499", 500, 1500),
        ("bytes=500-", 500, 2048),
        ("bytes=-500", 1548, 2048),
        ("bytes=2000-5000", 2000, 2048),
    ] {
        let answer = alice.request(Method::GET, &path).header("range", range).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        let want = format!("bytes {from}-{}/2048", to - 1);
        assert_eq!(answer.headers()["content-range"], *want);
        assert_eq!(answer.bytes().await.unwrap(), bytes[from..to]);
    }
    for range in ["bytes=500-0", "bytes=5000-10000"] {
        let answer = alice.request(Method::GET, &path).header("range", range).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
    }
    let head = alice.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "2048");
    assert_eq!(head.headers()["docker-content-digest"], *digest);
    let etag = head.headers()["etag"].clone();
    let same =
        alice.request(Method::GET, &path).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    hub.stop().await;
}

#[tokio::test]
async fn the_empty_blob_is_a_blob() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let digest = sha256(b"");
    assert_eq!(alice.push_blob("alice/x", &digest, Vec::new()).await, StatusCode::CREATED);
    let answer = alice.get(&format!("/v2/alice/x/blobs/{digest}")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-length"], "0");
    hub.stop().await;
}

#[tokio::test]
async fn a_mount_takes_a_blob_along_only_for_those_who_may_read_it() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    let bytes = b"shared bytes".to_vec();
    let digest = sha256(&bytes);
    assert_eq!(alice.push_blob("alice/x", &digest, bytes).await, StatusCode::CREATED);

    let mount = format!("/v2/alice/y/blobs/uploads/?mount={digest}&from=alice/x");
    let answer = alice.request(Method::POST, &mount).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["location"], *format!("/v2/alice/y/blobs/{digest}"));

    let private = serde_json::json!({"visibility": "private"});
    for repo in ["x", "y"] {
        let path = format!("/api/v1/repos/alice/{repo}");
        let (status, _) = alice.send(Method::PATCH, &path, &private).await;
        assert_eq!(status, StatusCode::OK);
    }
    for from in ["&from=alice/x", "&from=no/where", ""] {
        let mount = format!("/v2/bob/z/blobs/uploads/?mount={digest}{from}");
        let answer = bob.request(Method::POST, &mount).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "{from}");
        assert!(answer.headers().contains_key("location"));
    }
    let stolen = bob.get(&format!("/v2/bob/z/blobs/{digest}")).await;
    assert_eq!(stolen.status(), StatusCode::NOT_FOUND);
    hub.stop().await;
}

#[tokio::test]
async fn a_blob_that_a_manifest_names_stays_and_any_other_goes_at_once() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = readme_image("# named");
    alice.push_image("alice/x:v1", &image).await;
    let named = &image.blobs[0].0;
    let delete = |digest: String| {
        alice.request(Method::DELETE, &format!("/v2/alice/x/blobs/{digest}")).send()
    };
    assert_eq!(delete(named.to_string()).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);

    let loose = sha256(b"loose");
    assert_eq!(alice.push_blob("alice/x", &loose, b"loose".to_vec()).await, StatusCode::CREATED);
    assert_eq!(delete(loose.clone()).await.unwrap().status(), StatusCode::ACCEPTED);
    let gone = alice.get(&format!("/v2/alice/x/blobs/{loose}")).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    assert_eq!(alice.push_blob("alice/x", &loose, b"loose".to_vec()).await, StatusCode::CREATED);
    hub.stop().await;
}

#[tokio::test]
async fn several_ranges_come_in_one_answer_in_the_order_asked() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bytes: Vec<u8> = (0..8192u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let digest = sha256(&bytes);
    assert_eq!(alice.push_blob("alice/x", &digest, bytes.clone()).await, StatusCode::CREATED);
    let path = format!("/v2/alice/x/blobs/{digest}");
    let get = |range: String| alice.request(Method::GET, &path).header("range", range).send();

    let asked: Vec<_> = (0..64).map(|n| (n * 100, n * 100 + 9)).collect();
    let list = asked.iter().map(|(first, last)| format!("{first}-{last}")).collect::<Vec<_>>();
    let answer = get(format!("bytes={},9000-9001,-3", list.join(","))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
    assert!(!answer.headers().contains_key("content-range"), "each part has its own");
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let length = answer.headers()["content-length"].to_str().unwrap().parse::<usize>().unwrap();
    let body = answer.bytes().await.unwrap();
    assert_eq!(body.len(), length);

    let mut want = Vec::new();
    for (first, last) in asked.into_iter().chain([(8189, 8191)]) {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n\
             Content-Range: bytes {first}-{last}/8192\r\n\r\n"
        );
        want.extend_from_slice(head.as_bytes());
        want.extend_from_slice(&bytes[first..=last]);
    }
    want.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(body, want);

    // Too many, or too much of the same: the whole, never a refusal.
    let many: Vec<_> = (0..1025).map(|n| format!("{n}-{n}")).collect();
    for range in [format!("bytes={}", many.join(",")), "bytes=0-,0-".to_owned()] {
        let answer = get(range).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.bytes().await.unwrap(), bytes);
    }
    let answer = get("bytes=8192-,9000-9001".to_owned()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(answer.headers()["content-range"], "bytes */8192");
    hub.stop().await;
}

#[tokio::test]
async fn a_range_of_another_content_is_answered_with_the_whole() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let digest = sha256(b"0123456789");
    assert_eq!(
        alice.push_blob("alice/x", &digest, b"0123456789".to_vec()).await,
        StatusCode::CREATED
    );
    let path = format!("/v2/alice/x/blobs/{digest}");
    for (known, want) in [
        (format!("\"{digest}\""), "234"),
        ("\"another\"".to_owned(), "0123456789"),
        (format!("W/\"{digest}\""), "0123456789"),
        ("Wed, 21 Oct 2015 07:28:00 GMT".to_owned(), "0123456789"),
    ] {
        let request = alice.request(Method::GET, &path).header("range", "bytes=2-4");
        let answer = request.header("if-range", &known).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), want, "{known}");
    }
    hub.stop().await;
}
