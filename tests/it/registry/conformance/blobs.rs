//! Blobs: every way to push one, to read it and to take it away.

use reqwest::Method;

use super::Bench;

#[tokio::test]
async fn c7_a_blob_never_pushed_is_not_found() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (_, digest) = run.noise(512);
        let answer = run.suite.get(&run.blob(&digest)).await;
        answer.is(404);
        run.push(b"so that the repository is there").await;
        let answer = run.suite.get(&run.blob(&digest)).await;
        answer.is(404);
        assert_eq!(answer.code(), "BLOB_UNKNOWN");
    }
    bench.stop().await;
}

#[tokio::test]
async fn c8_one_post_with_the_digest_is_enough() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(512);
        let post = run.suite.ask(Method::POST, &run.uploads()).query("digest", &digest);
        let answer = post.body(bytes.clone()).send().await;
        run.created(&answer, &bytes).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn c9_a_post_and_a_put_with_all_bytes_make_a_blob() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(512);
        let at = run.begin().await;
        let answer = run.close(&at, &digest).body(bytes.clone()).send().await;
        run.created(&answer, &bytes).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn c15_a_streamed_patch_needs_neither_range_nor_length() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(512);
        let at = run.begin().await;
        let answer = run.patch(&at).stream(bytes.clone()).send().await;
        answer.is(202);
        assert_eq!(answer.header("range"), Some("0-511"));
        let answer = run.close(&answer.location(), &digest).body("").send().await;
        run.created(&answer, &bytes).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn c19_an_upload_is_cancelled() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let at = run.begin().await;
        let answer = run.suite.ask(Method::DELETE, &at).header("content-length", "0").send().await;
        answer.is(204);
        for method in [Method::GET, Method::DELETE, Method::PATCH] {
            let answer = run.suite.ask(method, &at).send().await;
            answer.is(404);
            assert_eq!(answer.code(), "BLOB_UPLOAD_UNKNOWN");
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn c20_every_success_names_the_digest_as_it_was_pushed_and_where_the_bytes_are() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        // `created` reads the location and the header of the 201.
        let (bytes, digest) = run.noise(512);
        run.push(&bytes).await;
        let post = run.suite.ask(Method::POST, &run.uploads()).query("digest", &digest);
        run.created(&post.body(bytes).send().await, &run.suite.get(&run.blob(&digest)).await.body)
            .await;
        for method in [Method::HEAD, Method::GET] {
            let answer = run.suite.ask(method, &run.blob(&digest)).send().await;
            answer.is(200);
            assert_eq!(answer.header("docker-content-digest"), Some(&*digest));
        }
        let mount = format!("/v2/{}/blobs/uploads/?mount={digest}&from={}", run.other, run.repo);
        let answer = run.suite.post(&mount).await;
        answer.is(201);
        assert_eq!(answer.header("docker-content-digest"), Some(&*digest));
    }
    bench.stop().await;
}

#[tokio::test]
async fn c21_head_and_get_say_the_length_and_only_get_has_bytes() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(512);
        run.push(&bytes).await;
        let head = run.suite.head(&run.blob(&digest)).await;
        head.is(200);
        assert_eq!(head.header("content-length"), Some("512"));
        let get = run.suite.get(&run.blob(&digest)).await;
        get.is(200);
        assert_eq!(get.header("content-length"), Some("512"));
        assert!(get.body == bytes);
    }
    bench.stop().await;
}

#[tokio::test]
async fn c22_a_deleted_blob_is_gone_at_once_and_only_here() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(512);
        run.push(&bytes).await;
        let elsewhere = format!("/v2/{}/blobs/{digest}", run.other);
        let mount = format!("/v2/{}/blobs/uploads/?mount={digest}&from={}", run.other, run.repo);
        run.suite.post(&mount).await.is(201);

        run.suite.delete(&run.blob(&digest)).await.is(202);
        run.suite.head(&run.blob(&digest)).await.is(404);
        run.suite.head(&elsewhere).await.is(200);

        run.push(&bytes).await;
        run.suite.delete(&elsewhere).await.is(202);
        run.suite.head(&elsewhere).await.is(404);
        run.suite.head(&run.blob(&digest)).await.is(200);
    }
    bench.stop().await;
}

#[tokio::test]
async fn c23_a_blob_that_was_never_uploaded_cannot_be_deleted() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (_, digest) = run.noise(512);
        let at = run.begin().await;
        run.suite.delete(&at).await.is(204);
        run.suite.delete(&run.blob(&digest)).await.is(404);
    }
    bench.stop().await;
}

#[tokio::test]
async fn c24_the_blob_of_no_bytes_is_pushed_by_every_way_and_read() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let digest = run.digest(b"");
        let path = run.blob(&digest);
        for way in ["post only", "post and put", "stream"] {
            let answer = match way {
                "post only" => {
                    let post = run.suite.ask(Method::POST, &run.uploads());
                    post.query("digest", &digest).body("").send().await
                }
                "stream" => {
                    let at = run.begin().await;
                    let patched = run.patch(&at).stream("").send().await;
                    patched.is(202);
                    run.close(&patched.location(), &digest).body("").send().await
                }
                _ => {
                    let at = run.begin().await;
                    run.close(&at, &digest).body("").send().await
                }
            };
            run.created(&answer, b"").await;
            let head = run.suite.head(&path).await;
            head.is(200);
            assert_eq!(head.header("content-length"), Some("0"), "{way}");
            let get = run.suite.get(&path).await;
            assert_eq!(get.header("content-length"), Some("0"), "{way}");
            assert!(get.body.is_empty());
            run.suite.delete(&path).await.is(202);
            run.suite.head(&path).await.is(404);
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn c25_the_blob_of_two_braces_comes_and_goes_like_any_other() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let path = run.blob(&run.digest(b"{}"));
        for _ in 0..3 {
            run.suite.head(&path).await.is(404);
            run.push(b"{}").await;
            run.suite.delete(&path).await.is(202);
            run.suite.get(&path).await.is(404);
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn c26_the_algorithm_may_be_said_first_or_only_at_the_end() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        for hint in [None, Some("sha256"), Some("sha512")] {
            let (bytes, digest) = run.noise(3000);
            let begin = run.suite.ask(Method::POST, &run.uploads());
            let begin =
                hint.into_iter().fold(begin, |ask, hint| ask.query("digest-algorithm", hint));
            let answer = begin.header("content-length", "0").send().await;
            answer.is(202);
            let first = run.patch(&answer.location()).body(bytes[..1000].to_vec()).send().await;
            first.is(202);
            let second = run.patch(&first.location()).body(bytes[1000..].to_vec()).send().await;
            second.is(202);
            let answer = run.close(&second.location(), &digest).body("").send().await;
            run.created(&answer, &bytes).await;
        }
    }
    bench.stop().await;
}
