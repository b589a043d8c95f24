//! Every road to what is private, for those who may not see it.

use hub_tests::{Person, TestHub, readme_image, sha256};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const README: &str = "# Xylograph\n\nThe xylograph of the vault.";

/// alice's private `alice/vault:v1`, and bob, who has `bob/own`.
async fn vault() -> (TestHub, Person, hub_oci::BuiltImage) {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let bob = hub.person("bob").await;
    let image = readme_image(README);
    let private = json!({"name": "alice/vault", "visibility": "private"});
    let (status, _) = alice.send(Method::POST, "/api/v1/repos", &private).await;
    assert_eq!(status, StatusCode::CREATED);
    alice.push_image("alice/vault:v1", &image).await;
    bob.push_image("bob/own:v1", &readme_image("# own")).await;
    hub.settle().await;
    (hub, bob, image)
}

/// What an answer tells: status, headers that say something, body; with the name taken out.
async fn told(who: &Person, method: Method, path: &str, header: Option<(&str, &str)>) -> String {
    let mut request = who.request(method, path);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let headers = answer.headers().clone();
    let dull = ["date", "x-request-id", "content-length", "transfer-encoding"];
    let headers: Vec<_> =
        headers.iter().filter(|(name, _)| !dull.contains(&name.as_str())).collect();
    let id = headers_id(answer.headers());
    let body = answer.text().await.unwrap().replace(&id, "ID");
    format!("{status} {headers:?} {body}").replace("vault", "NAME").replace("nothing", "NAME")
}

fn headers_id(headers: &reqwest::header::HeaderMap) -> String {
    headers["x-request-id"].to_str().unwrap().to_owned()
}

/// Method, path, and a header.
type Road<'a> = (Method, String, Option<(&'a str, &'a str)>);

#[tokio::test]
async fn what_is_private_and_what_is_missing_are_answered_byte_for_byte_the_same() {
    let (hub, bob, image) = vault().await;
    let (digest, layer) = (&image.digest, &image.blobs[0].0);
    let (known_tag, known_blob) = (format!("\"{digest}\""), format!("\"{layer}\""));
    let mut roads: Vec<Road<'_>> = vec![
        (Method::GET, "/v2/alice/vault/tags/list".to_owned(), None),
        (Method::GET, format!("/v2/alice/vault/referrers/{digest}"), None),
        (Method::POST, "/v2/alice/vault/blobs/uploads/".to_owned(), None),
        (Method::GET, "/alice/vault:v1".to_owned(), None),
    ];
    for path in
        ["manifests/v1".to_owned(), "manifests/latest".to_owned(), format!("manifests/{digest}")]
    {
        roads.push((Method::GET, format!("/v2/alice/vault/{path}"), None));
        roads.push((Method::HEAD, format!("/v2/alice/vault/{path}"), None));
        roads.push((Method::DELETE, format!("/v2/alice/vault/{path}"), None));
        roads.push((
            Method::GET,
            format!("/v2/alice/vault/{path}"),
            Some(("if-none-match", &known_tag)),
        ));
    }
    for header in [
        None,
        Some(("range", "bytes=0-0")),
        Some(("range", "bytes=-1")),
        Some(("if-none-match", &*known_blob)),
    ] {
        roads.push((Method::GET, format!("/v2/alice/vault/blobs/{layer}"), header));
        roads.push((Method::HEAD, format!("/v2/alice/vault/blobs/{layer}"), header));
    }
    for page in ["", "/-/tags", "/-/tags/v1", "/-/readme/v1.md", "/-/icon", "/-/access"] {
        roads.push((Method::GET, format!("/r/alice/vault{page}"), None));
    }
    for part in [
        "",
        "/-/detail",
        "/-/tags",
        "/-/tags/v1",
        "/-/tags/v1/detail",
        "/-/tags/v1/docs",
        "/-/access",
        "/-/shares",
        "/-/audit",
    ] {
        roads.push((Method::GET, format!("/api/v1/repos/alice/vault{part}"), None));
    }
    roads.push((Method::PUT, "/api/v1/repos/alice/vault/-/star".to_owned(), None));
    roads.push((Method::DELETE, "/api/v1/repos/alice/vault".to_owned(), None));
    for who in [bob, hub.nobody()] {
        for (method, path, header) in &roads {
            let hidden = told(&who, method.clone(), path, *header).await;
            let missing =
                told(&who, method.clone(), &path.replace("vault", "nothing"), *header).await;
            assert_eq!(hidden, missing, "{method} {path} {header:?} as {:?}", who.name);
            assert!(!hidden.starts_with('2') || path.contains("referrers"), "{path}: {hidden}");
        }
    }
    hub.stop().await;
}

#[tokio::test]
async fn a_private_blob_is_not_reached_through_a_repository_of_ones_own() {
    let (hub, bob, image) = vault().await;
    let (layer, bytes) = &image.blobs[0];
    for path in
        [format!("/v2/bob/own/blobs/{layer}"), format!("/v2/bob/own/manifests/{}", image.digest)]
    {
        assert_eq!(bob.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    // A mount begins an upload, as for a blob that is nowhere.
    for query in [format!("mount={layer}&from=alice/vault"), format!("mount={layer}")] {
        let path = format!("/v2/bob/own/blobs/uploads/?{query}");
        let answer = bob.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "{query}");
        assert!(answer.headers().get("docker-content-digest").is_none(), "{query}");
    }
    // A manifest that names the blob is refused, as one that names a blob that is nowhere.
    let named = bob.put_manifest("bob/own:v2", &image).await;
    assert_eq!(named.status(), StatusCode::BAD_REQUEST);
    let said: Value = named.json().await.unwrap();
    assert_eq!(said["errors"][0]["code"], "MANIFEST_BLOB_UNKNOWN", "{said}");
    // Whoever has the bytes may push them, and learns nothing by it.
    assert_eq!(bob.push_blob("bob/own", layer.as_str(), bytes.clone()).await, StatusCode::CREATED);
    let nowhere = b"nowhere".to_vec();
    assert_eq!(bob.push_blob("bob/own", &sha256(&nowhere), nowhere).await, StatusCode::CREATED);
    hub.stop().await;
}

#[tokio::test]
async fn no_list_count_search_or_page_tells_that_something_private_is_there() {
    let (hub, bob, _) = vault().await;
    for who in [&bob, &hub.nobody()] {
        for path in
            ["/", "/explore", "/search", "/search?q=xylograph", "/search?q=vault", "/o/alice"]
        {
            let page = who.get(path).await.text().await.unwrap();
            assert!(!page.contains("vault") || path.ends_with("vault"), "{path} as {:?}", who.name);
            assert!(!page.contains("alice/vault"), "{path} as {:?}", who.name);
        }
        for (query, field) in [
            ("/api/v1/search?q=xylograph", "total"),
            ("/api/v1/search?q=vault", "total"),
            ("/api/v1/search?q=&org=alice", "total"),
            ("/api/v1/repos?org=alice", "total"),
            ("/v1/search?q=xylograph", "num_results"),
        ] {
            assert_eq!(who.json(query).await[field], 0, "{query} as {:?}", who.name);
        }
        let nothing = json!({"repos": [], "orgs": [], "references": []});
        for typed in
            ["vau", "ali", "xylo", "alice/", "alice/vault", "alice/vault:", "alice/vault:v"]
        {
            let suggested = who.json(&format!("/api/v1/suggest?q={typed}")).await;
            assert_eq!(suggested, nothing, "{typed} as {:?}", who.name);
        }
        // A slip of the private name is not corrected, and no facet counts it.
        for text in ["vualt", "xylograhp", "", "keyword:wood", "has:readme org:alice"] {
            let path = format!("/api/v1/search?facets=true&q={text}");
            let found = who.json(&path).await;
            assert_eq!(found["corrected"], json!(null), "{text} as {:?}", who.name);
            assert!(!found.to_string().contains("alice"), "{text} as {:?}: {found}", who.name);
        }
        for feed in ["/search.atom", "/search.atom?q=vault", "/search.atom?org=alice"] {
            let text = who.get(feed).await.text().await.unwrap();
            assert!(text.contains("<feed") && !text.contains("alice/"), "{feed}: {text}");
        }
        let org = who.json("/api/v1/orgs/alice").await;
        assert!(org["repos"].is_null() || org["repos"] == 0, "{org}");
    }
    let catalog = bob.json("/v2/_catalog").await;
    assert_eq!(catalog["repositories"], json!(["bob/own"]));
    let scope = "/api/v1/registry/token?scope=repository:alice/vault:pull,push,delete";
    let token = bob.json(scope).await;
    let claims = claims(token["token"].as_str().unwrap());
    assert_eq!(claims["access"], json!([]), "{claims}");
    let missing = bob.json(&scope.replace("vault", "nothing")).await;
    assert_eq!(super::hidden::claims(missing["token"].as_str().unwrap())["access"], json!([]));
    hub.stop().await;
}

/// What a token says, unverified.
pub fn claims(jwt: &str) -> Value {
    use base64::Engine;
    let part = jwt.split('.').nth(1).unwrap();
    let bytes = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
