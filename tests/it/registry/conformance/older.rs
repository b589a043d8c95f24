//! What the suite released with 1.1 asks beyond the newer one.

use reqwest::Method;
use serde_json::json;

use super::Bench;
use super::sets::make;
use super::walk::{manifests, push, put};

#[tokio::test]
async fn s2_13_a_chunk_sent_again_to_the_old_location_is_refused() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(1024);
        let at = run.begin().await;
        let chunk = || run.patch(&at).header("content-range", "0-511").body(bytes[..512].to_vec());
        let first = chunk().send().await;
        first.is(202);
        assert_eq!(first.header("range"), Some("0-511"));
        chunk().send().await.is(416);
        let state = run.suite.get(&at).await;
        state.is(204);
        assert_eq!(state.header("range"), Some("0-511"));
        let rest = run.close(&at, &digest).body(bytes[512..].to_vec()).send().await;
        run.created(&rest, &bytes).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn s2_13_a_fresh_upload_refuses_a_chunk_that_skips_ahead() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let at = run.begin().await;
        let ahead = run.patch(&at).header("content-range", "512-1023").body(vec![0; 512]);
        let answer = ahead.send().await;
        answer.is(416);
        assert_eq!(answer.header("range"), Some("0-0"));
        assert_eq!(answer.location(), at);
    }
    bench.stop().await;
}

#[tokio::test]
async fn s2_13_a_page_of_n_tags_has_exactly_n() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("no-layers", "sha256");
        for bytes in &set.blobs {
            let post = run.suite.ask(Method::POST, &run.uploads());
            let post = post.query("digest", &hub_tests::sha256(bytes));
            post.body(bytes.clone()).send().await.is(201);
        }
        for tag in ["test0", "test1", "test2", "test3"] {
            put(&run, tag, &set.items[0]).await.is(201);
        }
        for n in 1..=4 {
            let list = run.suite.get(&format!("{}?n={n}", run.tags())).await.json();
            assert_eq!(list["tags"].as_array().unwrap().len(), n);
        }
        let list = run.suite.get(&format!("{}?n=2&last=test0", run.tags())).await.json();
        assert_eq!(list["tags"], json!(["test1", "test2"]));
        run.suite.delete(&run.manifest("test1")).await.is(202);
        let list = run.suite.get(&run.tags()).await.json();
        assert_eq!(list["tags"], json!(["test0", "test2", "test3"]));
    }
    bench.stop().await;
}

#[tokio::test]
async fn s2_13_the_referrers_of_an_image_are_those_pushed_and_none_twice() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("artifacts-with-subject", run.algorithm);
        push(&run, &set).await;
        push(&run, &set).await;
        let list = manifests(&run.suite.get(&run.referrers(&set.items[0].digest)).await);
        let mut digests: Vec<_> = list.iter().map(|one| one["digest"].as_str().unwrap()).collect();
        let mut want: Vec<_> = set.items[1..].iter().map(|item| item.digest.as_str()).collect();
        digests.sort_unstable();
        want.sort_unstable();
        assert_eq!(digests, want);
    }
    bench.stop().await;
}

#[tokio::test]
async fn s2_13_a_digest_that_is_totally_wrong_is_answered_in_the_shape_of_errors() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        run.push(b"x").await;
        let answer = run.suite.get(&run.manifest("sha256:totallywrong")).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404));
        assert_eq!(answer.code(), "DIGEST_INVALID");
    }
    bench.stop().await;
}
