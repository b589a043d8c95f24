//! What the registry accepts as a manifest, and how it refuses the rest.

use super::*;
use crate::chain::sha256;
use crate::media_type::*;

fn descriptor_json(media_type: &str, content: &str) -> serde_json::Value {
    serde_json::json!({
        "mediaType": media_type, "digest": sha256(content.as_bytes()), "size": content.len(),
    })
}

fn image() -> serde_json::Value {
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor_json(OCI_CONFIG, "{}"),
        "layers": [descriptor_json(OCI_LAYER_GZIP, "a"), descriptor_json(OCI_LAYER_GZIP, "b")],
        "annotations": { "k": "v" },
        "whatever": [1],
    })
}

fn parse(media_type: &str, json: &serde_json::Value) -> Result<Parsed, ManifestError> {
    parse_manifest(media_type, json.to_string().as_bytes())
}

#[test]
fn an_image_links_to_its_configuration_and_its_layers() {
    let parsed = parse(OCI_MANIFEST, &image()).unwrap();
    let kinds: Vec<_> = parsed.facts.links.iter().map(|link| link.kind).collect();
    assert_eq!(kinds, [LinkKind::Config, LinkKind::Layer, LinkKind::Layer]);
    assert_eq!(parsed.facts.annotations, r#"{"k":"v"}"#);
    assert_eq!(parsed.facts.artifact_type.as_deref(), Some(OCI_CONFIG));
    let layers = [sha256(b"a"), sha256(b"b")];
    assert_eq!(parsed.facts.layer_chain, Some(layer_chain(&layers)));
    assert!(!parsed.index);
}

#[test]
fn an_artifact_without_layers_and_with_a_subject_passes() {
    let parsed = parse(
        OCI_MANIFEST,
        &serde_json::json!({
            "schemaVersion": 2,
            "artifactType": "application/x",
            "config": descriptor_json(EMPTY, "{}"),
            "layers": [descriptor_json(EMPTY, "{}")],
            "subject": descriptor_json(OCI_MANIFEST, "elsewhere"),
        }),
    )
    .unwrap();
    assert_eq!(parsed.facts.artifact_type.as_deref(), Some("application/x"));
    assert_eq!(parsed.facts.subject, Some(sha256(b"elsewhere")));
    assert_eq!(parsed.facts.layer_chain, None);
}

#[test]
fn sha512_and_foreign_layers_and_data_are_fine() {
    let mut json = image();
    json["layers"] = serde_json::json!([
        { "mediaType": OCI_LAYER, "digest": format!("sha512:{}", "0".repeat(128)), "size": 0 },
        descriptor_json("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "x"),
        descriptor_json(DOCKER_LAYER_FOREIGN, "y"),
        { "mediaType": OCI_LAYER, "digest": sha256(b"z"), "size": 1, "urls": ["https://z"] },
        { "mediaType": OCI_LAYER, "digest": sha256(b"{}"), "size": 2, "data": "e30=" },
    ]);
    let parsed = parse(OCI_MANIFEST, &json).unwrap();
    let elsewhere: Vec<_> = parsed.facts.links[1..].iter().map(|link| link.elsewhere).collect();
    assert_eq!(elsewhere, [false, true, true, true, false]);
}

#[test]
fn an_index_lists_platforms_and_marks_attestations() {
    let child = |name: &str, os: &str, arch: &str| {
        let mut json = descriptor_json(OCI_MANIFEST, name);
        json["platform"] = serde_json::json!({ "os": os, "architecture": arch, "variant": "v8" });
        json
    };
    let mut buildkit = child("c", "unknown", "unknown");
    buildkit["annotations"] =
        serde_json::json!({ "vnd.docker.reference.type": "attestation-manifest" });
    let json = serde_json::json!({
        "schemaVersion": 2,
        "manifests": [child("a", "linux", "arm64"), descriptor_json(OCI_INDEX, "b"), buildkit],
    });
    let parsed = parse(OCI_INDEX, &json).unwrap();
    assert_eq!(
        parsed.children[0].platform,
        Some(("linux".into(), "arm64".into(), Some("v8".into())))
    );
    let attestations: Vec<_> = parsed.children.iter().map(|child| child.attestation).collect();
    assert_eq!(attestations, [false, false, true]);
    assert_eq!(parsed.children[2].platform, None);

    let empty = serde_json::json!({ "schemaVersion": 2, "manifests": [] });
    assert_eq!(parse(DOCKER_LIST, &empty).unwrap().children, []);
}

#[test]
fn a_refusal_names_the_field_and_the_rule() {
    let mut table = String::new();
    let mut refused = |media_type: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = image();
        change(&mut json);
        let error = parse(media_type, &json).unwrap_err();
        table.push_str(&error.to_string().replace(sha256(b"a").as_str(), "[digest]"));
        table.push('\n');
    };
    refused(OCI_MANIFEST, &|json| json["schemaVersion"] = 3.into());
    refused(OCI_MANIFEST, &|json| json["schemaVersion"] = 1.into());
    refused(OCI_MANIFEST, &|json| drop(json.as_object_mut().unwrap().remove("schemaVersion")));
    refused(DOCKER_MANIFEST, &|_| {});
    refused("text/plain", &|_| {});
    refused(DOCKER_SCHEMA1_SIGNED, &|_| {});
    refused(OCI_MANIFEST, &|json| drop(json.as_object_mut().unwrap().remove("config")));
    refused(OCI_MANIFEST, &|json| json["layers"] = "x".into());
    refused(OCI_MANIFEST, &|json| json["layers"][1]["digest"] = "sha256:baddigest".into());
    refused(OCI_MANIFEST, &|json| json["layers"][1]["digest"] = "md5:00".into());
    refused(OCI_MANIFEST, &|json| json["layers"][0]["size"] = (-1).into());
    refused(OCI_MANIFEST, &|json| json["layers"][0]["size"] = u64::MAX.into());
    refused(OCI_MANIFEST, &|json| json["layers"][0] = serde_json::json!({}));
    refused(OCI_MANIFEST, &|json| json["annotations"]["n"] = 1.into());
    refused(OCI_MANIFEST, &|json| json["manifests"] = serde_json::json!([]));
    refused(OCI_INDEX, &|json| drop(json.as_object_mut().unwrap().remove("mediaType")));
    insta::assert_snapshot!(table, @r#"
    `schemaVersion` of the manifest: must be 2, not 3
    docker manifests of schema 1 are not accepted, push schema 2 or OCI: `application/vnd.oci.image.manifest.v1+json`
    `schemaVersion` of the manifest: is missing, it must be 2
    `mediaType` must equal `Content-Type`: `application/vnd.oci.image.manifest.v1+json` is not `application/vnd.docker.distribution.manifest.v2+json`
    manifests of this media type are not accepted: `text/plain`
    docker manifests of schema 1 are not accepted, push schema 2 or OCI: `application/vnd.docker.distribution.manifest.v1+prettyjws`
    `config` of the manifest: is missing
    `layers` of the manifest: must be a list
    `layers[1]` of the manifest: Invalid digest length 9 expected 64
    `layers[1].digest` of the manifest: `md5:00` is no digest: write sha256:<64 hex digits> or sha512:<128 hex digits>
    `layers[0]` of the manifest: invalid value: integer `-1`, expected u64
    `layers[0].size` of the manifest: is too large
    `layers[0]` of the manifest: missing field `mediaType`
    `annotations` of the manifest: must be an object whose values are texts
    `manifests` of the manifest: does not belong into a `application/vnd.oci.image.manifest.v1+json`
    `config` of the manifest: does not belong into a `application/vnd.oci.image.index.v1+json`
    "#);
    for bytes in [&b""[..], b"[]", b"{", b"\xff", b"null"] {
        let error = parse_manifest(OCI_MANIFEST, bytes).unwrap_err();
        assert!(matches!(error, ManifestError::Json(_)), "{error:?}");
    }
}

#[test]
fn the_media_type_is_the_headers_and_else_the_jsons() {
    let json = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}"}}"#);
    let of = |header, bytes: &str| manifest_media_type(header, bytes.as_bytes());
    assert_eq!(of(Some("a/b; charset=utf-8"), &json).unwrap(), "a/b");
    assert_eq!(of(None, &json).unwrap(), OCI_INDEX);
    assert_eq!(of(Some(""), &json).unwrap(), OCI_INDEX);
    assert_eq!(of(None, r#"{"schemaVersion":1}"#).unwrap(), DOCKER_SCHEMA1);
    assert!(matches!(of(None, "{}"), Err(ManifestError::NoMediaType)));
    assert!(matches!(of(None, "x"), Err(ManifestError::Json(_))));
}

mod hostile {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Any JSON, not deep.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            Just(json!(format!("sha256:{}", "a".repeat(64)))),
            Just(json!("application/vnd.oci.image.manifest.v1+json")),
        ];
        leaf.prop_recursive(3, 32, 4, |inner| {
            let key = prop_oneof![
                Just("digest".to_owned()),
                Just("size".to_owned()),
                Just("mediaType".to_owned()),
                Just("annotations".to_owned()),
                "[a-z]{0,3}",
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map(key, inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn manifests_of_any_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            for media_type in [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST] {
                let _ = parse_manifest(media_type, &bytes);
            }
            let _ = manifest_media_type(None, &bytes);
        }

        #[test]
        fn manifests_of_any_fields_never_panic_and_link_to_digests(
            config in any_json(), layers in any_json(), subject in any_json(),
            manifests in any_json(), annotations in any_json(),
        ) {
            let json = json!({
                "schemaVersion": 2, "config": config, "layers": layers, "subject": subject,
                "manifests": manifests, "annotations": annotations,
            });
            for media_type in [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST] {
                if let Ok(parsed) = parse_manifest(media_type, json.to_string().as_bytes()) {
                    for link in parsed.facts.links {
                        prop_assert!(hub_model::Digest::parse(link.digest.as_str()).is_ok());
                    }
                }
            }
        }
    }
}

#[test]
fn a_list_of_too_many_descriptors_is_refused_by_its_name() {
    let one = descriptor_json(OCI_LAYER_GZIP, "a");
    let mut json = image();
    json["layers"] = vec![one.clone(); MAX_DESCRIPTORS].into();
    assert_eq!(parse(OCI_MANIFEST, &json).unwrap().layers.len(), MAX_DESCRIPTORS);
    json["layers"] = vec![one.clone(); MAX_DESCRIPTORS + 1].into();
    let refused = parse(OCI_MANIFEST, &json).unwrap_err().to_string();
    assert_eq!(refused, "`layers` of the manifest: has at most 10000 entries, here are 10001");
    let many = vec![one; MAX_DESCRIPTORS + 1];
    let index = serde_json::json!({ "schemaVersion": 2, "manifests": many });
    let refused = parse(OCI_INDEX, &index).unwrap_err().to_string();
    assert!(refused.starts_with("`manifests` of the manifest: has at most"), "{refused}");
}
