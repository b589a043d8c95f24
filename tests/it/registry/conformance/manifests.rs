//! Manifests: every data set of the suite, and the rules of pushing one.

use reqwest::Method;
use serde_json::{Value, json};

use super::sets::{INDEX, MANIFEST, Set, make};
use super::walk::{push, put, walk};
use super::{Bench, Run};

/// Walks a set by both algorithms, with and without kept tokens.
async fn all(name: &str) {
    let bench = Bench::start().await;
    for run in bench.runs() {
        walk(&run, &make(name, run.algorithm)).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn s2_7_an_image_with_two_layers_goes_the_whole_way() {
    all("image").await;
}

#[tokio::test]
async fn s2_7_an_image_that_is_not_compressed_goes_the_whole_way() {
    all("image-uncompressed").await;
}

#[tokio::test]
async fn s2_7_a_manifest_of_four_megabytes_goes_the_whole_way() {
    all("large-manifest").await;
}

#[tokio::test]
async fn s2_7_an_index_of_two_platforms_goes_the_whole_way() {
    all("index").await;
}

#[tokio::test]
async fn s2_7_an_index_of_indexes_goes_the_whole_way() {
    all("nested-index").await;
}

#[tokio::test]
async fn s2_7_an_index_of_nothing_goes_the_whole_way() {
    all("empty-index").await;
}

#[tokio::test]
async fn s2_7_an_artifact_goes_the_whole_way() {
    all("artifact").await;
}

#[tokio::test]
async fn s2_7_an_index_of_artifacts_goes_the_whole_way() {
    all("artifact-index").await;
}

#[tokio::test]
async fn s2_7_an_artifact_whose_config_is_its_layer_goes_the_whole_way() {
    all("artifact-without-layers").await;
}

#[tokio::test]
async fn s2_7_artifacts_that_refer_to_an_image_go_the_whole_way() {
    all("artifacts-with-subject").await;
}

#[tokio::test]
async fn s2_7_an_index_that_refers_to_an_image_goes_the_whole_way() {
    all("index-with-subject").await;
}

#[tokio::test]
async fn s2_7_an_artifact_whose_subject_is_not_there_goes_the_whole_way() {
    all("missing-subject").await;
}

#[tokio::test]
async fn s2_7_descriptors_with_data_go_the_whole_way() {
    all("data-field").await;
}

#[tokio::test]
async fn s2_7_layers_that_are_never_pushed_go_the_whole_way() {
    all("non-distributable-layers").await;
}

#[tokio::test]
async fn s2_7_fields_that_nobody_knows_go_the_whole_way() {
    all("custom-fields").await;
}

#[tokio::test]
async fn s2_7_an_image_without_layers_goes_the_whole_way() {
    all("no-layers").await;
}

#[tokio::test]
async fn s2_7_images_by_sha512_alone_go_the_whole_way() {
    let bench = Bench::start().await;
    for run in bench.runs().into_iter().filter(|run| run.algorithm == "sha512") {
        for name in ["index", "artifacts-with-subject"] {
            let set = make(name, "sha512");
            assert!(set.items.iter().all(|item| item.digest.starts_with("sha512:")));
            walk(&run, &set).await;
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s2_7_sparse_sets_are_accepted_by_setting_and_refused_without() {
    let open = |config: &mut hub_server::Config| {
        config.registry.sparse_index = true;
        config.registry.sparse_image = true;
    };
    let bench = Bench::with(open).await;
    for run in bench.runs() {
        walk(&run, &make("sparse-image", run.algorithm)).await;
        walk(&run, &make("sparse-index", run.algorithm)).await;
    }
    bench.stop().await;

    let bench = Bench::start().await;
    for run in bench.runs() {
        for name in ["sparse-image", "sparse-index"] {
            let mut set = make(name, run.algorithm);
            let sparse = set.items.pop().unwrap();
            push(&run, &set).await;
            let answer = put(&run, &sparse.digest, &sparse).await;
            answer.is(400);
            assert_eq!(answer.code(), "MANIFEST_BLOB_UNKNOWN");
            let named = answer.json()["errors"][0]["detail"]["digest"].clone();
            let text = String::from_utf8(sparse.bytes).unwrap();
            assert!(text.contains(named.as_str().unwrap()), "{named}");
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn c28_a_manifest_is_created_by_digest_and_by_tag_and_lies_where_the_answer_says() {
    // `walk` puts each manifest by digest and by tag and follows the location.
    all("image").await;
}

#[tokio::test]
async fn c29_a_manifest_with_a_subject_is_answered_with_the_subject() {
    // `walk` compares the header of every answer, present subject or not.
    all("artifacts-with-subject").await;
    all("index-with-subject").await;
    all("missing-subject").await;
}

#[tokio::test]
async fn c30_head_and_get_by_tag_and_by_digest_agree_with_what_was_pushed() {
    all("index").await;
}

#[tokio::test]
async fn c31_a_manifest_under_another_digest_is_refused() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let mut set = make("image", run.algorithm);
        let item = set.items.pop().unwrap();
        push(&run, &set).await;
        let mut bytes = item.bytes.clone();
        bytes.extend_from_slice(b"  ");
        let ask = run.suite.ask(Method::PUT, &run.manifest(&item.digest));
        let answer = ask.manifest(&item.media_type, bytes).send().await;
        answer.is(400);
        assert_eq!(answer.code(), "DIGEST_INVALID");
        run.suite.head(&run.manifest(&item.digest)).await.is(404);
    }
    bench.stop().await;
}

/// An image with an annotation of this length.
fn padded(set: &mut Set, length: usize) {
    set.image(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        &json!({"annotations": {"org.example.long": "x".repeat(length)}}),
    );
}

#[tokio::test]
async fn c32_the_largest_manifest_is_a_setting_and_more_is_413() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let mut set = Set::new(run.algorithm);
        padded(&mut set, 4 << 20);
        let item = set.items.pop().unwrap();
        push(&run, &set).await;
        let answer = put(&run, &item.digest, &item).await;
        answer.is(413);
        assert_eq!(answer.code(), "MANIFEST_INVALID");
    }
    bench.stop().await;

    let bench = Bench::with(|config| config.registry.max_manifest_bytes = 8 << 20).await;
    for run in bench.runs() {
        let mut set = Set::new(run.algorithm);
        padded(&mut set, 6 << 20);
        set.tags.push(("large".to_owned(), 0));
        walk(&run, &set).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn c33_one_push_by_digest_sets_many_tags() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("image", run.algorithm);
        push(&run, &set).await;
        let item = &set.items[0];
        let tagged = async |tags: &[String]| {
            let ask = run.suite.ask(Method::PUT, &run.manifest(&item.digest));
            let ask = tags.iter().fold(ask, |ask, tag| ask.query("tag", tag));
            ask.manifest(&item.media_type, item.bytes.clone()).send().await
        };
        let tags: Vec<_> = (0..10).map(|n| format!("tag-{n}")).collect();
        let answer = tagged(&tags).await;
        answer.is(201);
        assert_eq!(answer.all("oci-tag"), tags);
        for tag in &tags {
            let head = run.suite.head(&run.manifest(tag)).await;
            head.is(200);
            assert_eq!(head.header("docker-content-digest"), Some(&*item.digest), "{tag}");
        }
        let many: Vec<_> = (0..65).map(|n| format!("many-{n}")).collect();
        tagged(&many).await.is(414);
        tagged(&["-bad".to_owned()]).await.is(400);
        run.suite.head(&run.manifest("many-0")).await.is(404);
    }
    bench.stop().await;
}

async fn refused(run: &Run<'_>, media_type: Option<&str>, body: &str) -> (u16, String) {
    let ask = run.suite.ask(Method::PUT, &run.manifest("refused"));
    let ask = ask.manifest(media_type.unwrap_or_default(), body.to_owned());
    let answer = ask.send().await;
    (answer.status.as_u16(), answer.code())
}

#[tokio::test]
async fn s4_1_what_is_no_manifest_of_ours_is_refused_and_told_why() {
    let bench = Bench::start().await;
    let run = bench.run();
    let set = make("image", "sha256");
    for bytes in &set.blobs {
        run.push(bytes).await;
    }
    let image = String::from_utf8(set.items[0].bytes.clone()).unwrap();
    let schema1 = json!({"schemaVersion": 1, "fsLayers": []}).to_string();
    let untyped = image.replace(r#""mediaType":"application/vnd.oci.image.manifest.v1+json","#, "");
    for (media_type, body) in [
        (Some("application/vnd.docker.distribution.manifest.v1+prettyjws"), &*schema1),
        (Some("application/vnd.docker.distribution.manifest.v1+json"), &schema1),
        (None, &schema1),
        (None, &untyped),
        (Some("application/json"), &image),
        (Some("text/html"), &image),
        (Some(INDEX), &image),
        (Some(MANIFEST), "{"),
        (Some(MANIFEST), "[]"),
        (Some(MANIFEST), "null"),
        (Some(MANIFEST), ""),
        (Some(MANIFEST), r#"{"schemaVersion":3}"#),
        (Some(MANIFEST), r#"{"schemaVersion":2}"#),
        (Some(MANIFEST), r#"{"schemaVersion":2,"config":7,"layers":[]}"#),
        (Some(INDEX), r#"{"schemaVersion":2,"manifests":{}}"#),
        (Some(INDEX), r#"{"schemaVersion":2,"manifests":[],"annotations":{"a":1}}"#),
        (Some(INDEX), r#"{"schemaVersion":2,"manifests":[],"artifactType":"\u0000"}"#),
    ] {
        let got = refused(&run, media_type, body).await;
        assert_eq!(got, (400, "MANIFEST_INVALID".to_owned()), "{media_type:?} {body}");
    }
    let typed = format!("{MANIFEST}; charset=utf-8");
    let ask = run.suite.ask(Method::PUT, &run.manifest("typed"));
    ask.manifest(&typed, image.clone()).send().await.is(201);
    let ask = run.suite.ask(Method::PUT, &run.manifest("by-its-own-word"));
    ask.manifest("", image.clone()).send().await.is(201);
    let got = run.suite.get(&run.manifest("typed")).await;
    assert_eq!(got.header("content-type"), Some(MANIFEST));
    bench.stop().await;
}

#[tokio::test]
async fn s4_1_a_wrong_size_of_a_blob_is_refused() {
    let bench = Bench::start().await;
    let run = bench.run();
    let mut set = make("no-layers", "sha256");
    let item = set.items.pop().unwrap();
    push(&run, &set).await;
    let mut json: Value = serde_json::from_slice(&item.bytes).unwrap();
    json["config"]["size"] = json!(3);
    let got = refused(&run, Some(MANIFEST), &json.to_string()).await;
    assert_eq!(got, (400, "SIZE_INVALID".to_owned()));
    bench.stop().await;
}

#[tokio::test]
async fn s4_2_what_is_stored_is_answered_whatever_accept_says() {
    let bench = Bench::start().await;
    let run = bench.run();
    let set = make("index", "sha256");
    push(&run, &set).await;
    let item = set.items.last().unwrap();
    put(&run, "v1", item).await.is(201);
    for accepts in [
        &[][..],
        &["*/*"],
        &["application/vnd.docker.distribution.manifest.v2+json"],
        &[MANIFEST, "application/vnd.docker.distribution.manifest.list.v2+json", INDEX],
        &["application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"],
        &["nonsense"],
    ] {
        let ask = run.suite.ask(Method::GET, &run.manifest("v1"));
        let ask = accepts.iter().fold(ask, |ask, accept| ask.header("accept", accept));
        let answer = ask.send().await;
        answer.is(200);
        assert_eq!(answer.header("content-type"), Some(INDEX));
        assert!(answer.body == item.bytes);
    }
    bench.stop().await;
}

#[tokio::test]
async fn s4_1_the_same_manifest_again_is_created_again() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("image", run.algorithm);
        push(&run, &set).await;
        push(&run, &set).await;
        let item = &set.items[0];
        let list = run.suite.ask(Method::PUT, &run.manifest(&item.digest)).query("tag", "v1");
        list.manifest(&item.media_type, item.bytes.clone()).send().await.is(201);
    }
    bench.stop().await;
}

#[tokio::test]
async fn s1_who_pulls_a_deprecated_image_is_warned() {
    let bench = Bench::start().await;
    let run = bench.run();
    let set = make("image", "sha256");
    push(&run, &set).await;
    let item = &set.items[0];
    put(&run, "v1", item).await.is(201);
    assert_eq!(run.suite.get(&run.manifest("v1")).await.header("warning"), None);
    let path = format!("/api/v1/repos/{}/-/tags/v1/detail", run.repo);
    for (deprecated, warned) in [(true, true), (false, false)] {
        let edit = json!({"set": {"deprecated": deprecated}});
        let (status, _) = bench.person.send(Method::PATCH, &path, &edit).await;
        assert_eq!(status.as_u16(), 200);
        for reference in ["v1", &item.digest] {
            let answer = run.suite.get(&run.manifest(reference)).await;
            let warning = answer.header("warning").unwrap_or_default();
            assert_eq!(
                warning.starts_with("299 - \"this image is deprecated"),
                warned,
                "{warning}"
            );
        }
    }
    bench.stop().await;
}
