//! Taking away tags, manifests and blobs.

use super::Bench;
use super::sets::make;
use super::walk::{push, put};

#[tokio::test]
async fn c39_a_deleted_tag_is_gone_at_once_and_its_manifest_stays() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("image", "sha256");
        for bytes in &set.blobs {
            let post = run.suite.ask(reqwest::Method::POST, &run.uploads());
            let post = post.query("digest", &hub_tests::sha256(bytes));
            post.body(bytes.clone()).send().await.is(201);
        }
        let item = &set.items[0];
        put(&run, "v1", item).await.is(201);
        put(&run, "v2", item).await.is(201);
        run.suite.delete(&run.manifest("v1")).await.is(202);
        run.suite.head(&run.manifest("v1")).await.is(404);
        run.suite.head(&run.manifest("v2")).await.is(200);
        run.suite.head(&run.manifest(&item.digest)).await.is(200);
        run.suite.delete(&run.manifest("v1")).await.is(404);
    }
    bench.stop().await;
}

#[tokio::test]
async fn c40_a_deleted_manifest_takes_its_tags_along() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (set, other) = (make("image", run.algorithm), make("image", run.algorithm));
        push(&run, &set).await;
        push(&run, &other).await;
        for (set, tag) in [(&set, "gone"), (&other, "stays")] {
            let item = &set.items[0];
            let ask = run.suite.ask(reqwest::Method::PUT, &run.manifest(&item.digest));
            let ask = ask.query("tag", tag).manifest(&item.media_type, item.bytes.clone());
            ask.send().await.is(201);
        }
        run.suite.delete(&run.manifest(&set.items[0].digest)).await.is(202);
        run.suite.head(&run.manifest(&set.items[0].digest)).await.is(404);
        run.suite.head(&run.manifest("gone")).await.is(404);
        run.suite.head(&run.manifest("stays")).await.is(200);
        assert_eq!(run.suite.get(&run.tags()).await.json()["tags"], serde_json::json!(["stays"]));
    }
    bench.stop().await;
}

#[tokio::test]
async fn c41_a_blob_is_deleted_once_its_manifests_are_gone() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("image", run.algorithm);
        push(&run, &set).await;
        run.suite.delete(&run.manifest(&set.items[0].digest)).await.is(202);
        for bytes in &set.blobs {
            let path = run.blob(&run.digest(bytes));
            run.suite.delete(&path).await.is(202);
            run.suite.head(&path).await.is(404);
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s7_1_a_blob_that_an_image_needs_is_not_deleted() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("image", run.algorithm);
        push(&run, &set).await;
        for bytes in &set.blobs {
            let path = run.blob(&run.digest(bytes));
            let answer = run.suite.delete(&path).await;
            answer.is(405);
            assert_eq!(answer.code(), "UNSUPPORTED");
            run.suite.head(&path).await.is(200);
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s7_1_who_deletes_a_child_of_an_index_is_warned() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("index", run.algorithm);
        push(&run, &set).await;
        let index = &set.items[2].digest;
        let answer = run.suite.delete(&run.manifest(&set.items[0].digest)).await;
        answer.is(202);
        let want = format!("299 - \"the index {index} still lists this manifest\"");
        assert_eq!(answer.header("warning"), Some(&*want));
        let answer = run.suite.delete(&run.manifest(index)).await;
        answer.is(202);
        assert_eq!(answer.header("warning"), None);
        let answer = run.suite.delete(&run.manifest(&set.items[1].digest)).await;
        answer.is(202);
        assert_eq!(answer.header("warning"), None, "the index is gone");
    }
    bench.stop().await;
}
