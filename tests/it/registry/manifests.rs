//! Manifests: what is accepted, what is refused and how, and that bytes stay bytes.

use hub_oci::{ImageBuilder, IndexBuilder};
use hub_tests::{TestHub, readme_image, sha256};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

#[tokio::test]
async fn a_manifest_is_served_byte_for_byte_by_tag_and_by_digest() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = readme_image("# bytes");
    alice.push_image("alice/x:v1", &image).await;

    for reference in ["v1", image.digest.as_str(), "latest"] {
        let answer = alice.get(&format!("/v2/alice/x/manifests/{reference}")).await;
        assert_eq!(answer.headers()["content-type"], *image.media_type);
        assert_eq!(answer.headers()["docker-content-digest"], *image.digest.as_str());
        assert_eq!(answer.bytes().await.unwrap(), image.manifest);
        let path = format!("/v2/alice/x/manifests/{reference}");
        let head = alice.request(Method::HEAD, &path).send().await.unwrap();
        assert_eq!(head.headers()["content-length"], *image.manifest.len().to_string());
    }
    hub.stop().await;
}

#[tokio::test]
async fn docker_schema_2_and_indexes_are_kept_as_they_are() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let docker = ImageBuilder::new().layer([("README.md", "# docker")]).docker().build();
    alice.push_image("alice/x:docker", &docker).await;
    let amd =
        ImageBuilder::new().layer([("README.md", "# amd")]).platform("linux", "amd64").build();
    let arm =
        ImageBuilder::new().layer([("README.md", "# arm")]).platform("linux", "arm64").build();
    let index = IndexBuilder::new().image(amd).image(arm).build();
    alice.push_image("alice/x:multi", &index).await;

    for (tag, image) in [("docker", &docker), ("multi", &index)] {
        let answer = alice.get(&format!("/v2/alice/x/manifests/{tag}")).await;
        assert_eq!(answer.headers()["content-type"], *image.media_type);
        assert_eq!(answer.bytes().await.unwrap(), image.manifest);
    }
    hub.settle().await;
    let img = alice.json("/api/v1/repos/alice/x/-/tags/multi").await;
    let platforms = img["baseInfo"]["platforms"].as_array().unwrap();
    let archs: Vec<_> = platforms.iter().map(|platform| &platform["arch"]).collect();
    assert_eq!(archs, ["amd64", "arm64"]);
    hub.stop().await;
}

#[tokio::test]
async fn a_manifest_that_names_absent_blobs_is_refused_and_each_is_named() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = readme_image("# absent");

    let answer = alice.put_manifest("alice/x:v1", &image).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let body: Value = answer.json().await.unwrap();
    let errors = body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), image.blobs.len(), "{body}");
    for error in errors {
        assert_eq!(error["code"], "MANIFEST_BLOB_UNKNOWN");
    }
    assert!(body.to_string().contains(image.blobs[0].0.as_str()), "{body}");

    let repo = alice.get("/api/v1/repos/alice/x").await;
    assert_eq!(repo.status(), StatusCode::NOT_FOUND, "nothing is half-written");
    hub.stop().await;
}

#[tokio::test]
async fn manifests_that_break_a_rule_are_told_which() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = readme_image("# rules");
    alice.push_image("alice/x:v1", &image).await;
    let text = String::from_utf8(image.manifest.clone()).unwrap();

    let put = async |reference: &str, media_type: &str, body: String| {
        let path = format!("/v2/alice/x/manifests/{reference}");
        let request = alice.request(Method::PUT, &path).header("content-type", media_type);
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        (status, body["errors"][0]["code"].as_str().unwrap().to_owned())
    };
    let docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
    let schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let spaced = format!("{text}  ");
    for (reference, media_type, body, status, code) in [
        ("v2", OCI, "{".to_owned(), 400, "MANIFEST_INVALID"),
        ("v2", OCI, json!({"schemaVersion": 1}).to_string(), 400, "MANIFEST_INVALID"),
        ("v2", docker_list, text.clone(), 400, "MANIFEST_INVALID"),
        ("v2", schema1, json!({"schemaVersion": 1}).to_string(), 400, "MANIFEST_INVALID"),
        (image.digest.as_str(), OCI, spaced, 400, "DIGEST_INVALID"),
        ("sha256:baddigeststring", OCI, text.clone(), 400, "DIGEST_INVALID"),
        ("v2", OCI, " ".repeat(4_194_305), 413, "MANIFEST_INVALID"),
    ] {
        let got = put(reference, media_type, body).await;
        assert_eq!(got, (status, code.to_owned()), "{reference} {media_type}");
    }
    assert_eq!(alice.json("/v2/alice/x/tags/list").await["tags"], json!(["v1"]));
    hub.stop().await;
}

#[tokio::test]
async fn a_manifest_with_a_subject_is_a_referrer_and_never_latest() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = readme_image("# subject");
    alice.push_image("alice/x:v1", &image).await;
    let empty = b"{}".to_vec();
    let config = sha256(&empty);
    assert_eq!(alice.push_blob("alice/x", &config, empty).await, StatusCode::CREATED);
    let descriptor =
        json!({"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2});
    let artifact = json!({
        "schemaVersion": 2, "mediaType": OCI, "artifactType": "application/x.note",
        "config": descriptor, "layers": [descriptor],
        "subject": {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest.len()},
        "annotations": {"note": "hello"},
    })
    .to_string();
    let request = alice.request(Method::PUT, "/v2/alice/x/manifests/note");
    let answer = request.header("content-type", OCI).body(artifact).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["oci-subject"], *image.digest.as_str());

    let path = format!("/v2/alice/x/referrers/{}", image.digest);
    let list = alice.json(&path).await;
    assert_eq!(list["manifests"][0]["artifactType"], "application/x.note");
    assert_eq!(list["manifests"][0]["annotations"]["note"], "hello");
    let other = alice.get(&format!("{path}?artifactType=application/x.other")).await;
    assert_eq!(other.headers()["oci-filters-applied"], "artifactType");
    assert_eq!(other.headers()["content-type"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(other.json::<Value>().await.unwrap()["manifests"], json!([]));
    let unknown = format!("/v2/alice/nothing/referrers/{}", image.digest);
    assert_eq!(alice.json(&unknown).await["manifests"], json!([]));

    assert_eq!(alice.json("/api/v1/repos/alice/x").await["latestTag"], "v1");
    hub.stop().await;
}
