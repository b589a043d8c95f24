//! Bytes that are not what their digest says.

use reqwest::Method;

use super::Bench;

#[tokio::test]
async fn c27_bytes_that_do_not_match_are_refused_by_every_way_and_nothing_is_kept() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        for way in ["post only", "post and put", "chunked", "chunked and put chunk", "stream"] {
            let (bytes, found) = run.noise(512);
            let (_, promised) = run.noise(512);
            let answer = match way {
                "post only" => {
                    let post = run.suite.ask(Method::POST, &run.uploads());
                    post.query("digest", &promised).body(bytes).send().await
                }
                "post and put" => {
                    let at = run.begin().await;
                    run.close(&at, &promised).body(bytes).send().await
                }
                "chunked" => {
                    let at = run.begin().await;
                    let patch = run.patch(&at).header("content-range", "0-511").body(bytes);
                    let patched = patch.send().await;
                    patched.is(202);
                    run.close(&patched.location(), &promised).body("").send().await
                }
                "chunked and put chunk" => {
                    let at = run.begin().await;
                    let patch = run.patch(&at).header("content-range", "0-255");
                    let patched = patch.body(bytes[..256].to_vec()).send().await;
                    patched.is(202);
                    let close = run.close(&patched.location(), &promised);
                    let close = close.header("content-range", "256-511");
                    close.body(bytes[256..].to_vec()).send().await
                }
                _ => {
                    let at = run.begin().await;
                    let patched = run.patch(&at).stream(bytes).send().await;
                    patched.is(202);
                    run.close(&patched.location(), &promised).body("").send().await
                }
            };
            answer.is(400);
            assert_eq!(answer.code(), "DIGEST_INVALID", "{way}");
            for digest in [promised, found] {
                run.suite.head(&run.blob(&digest)).await.is(404);
            }
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn s1_a_digest_that_breaks_the_grammar_is_refused_and_never_a_failure() {
    let bench = Bench::start().await;
    let run = bench.run();
    run.push(b"so that the repository is there").await;
    let upper = format!("sha256:{}", "A".repeat(64));
    let short = format!("sha256:{}", "a".repeat(63));
    let unknown = format!("md5:{}", "a".repeat(32));
    for digest in [&*upper, &short, &unknown, "sha256:", ":", "sha512:baddigest", "SHA256:x"] {
        let post = run.suite.ask(Method::POST, &run.uploads()).query("digest", digest);
        let answer = post.body("bytes").send().await;
        answer.is(400);
        assert_eq!(answer.code(), "DIGEST_INVALID", "{digest}");
        let at = run.begin().await;
        let answer = run.close(&at, digest).body("bytes").send().await;
        answer.is(400);
        assert_eq!(answer.code(), "DIGEST_INVALID", "{digest}");
        let read = run.suite.get(&run.blob(digest)).await;
        assert!(matches!(read.status.as_u16(), 400 | 404), "{digest} {}", read.status);
        run.suite.get(&run.referrers(digest)).await.is(400);
    }
    let post = run.suite.ask(Method::POST, &run.uploads()).query("digest-algorithm", "md5");
    let answer = post.send().await;
    answer.is(400);
    assert_eq!(answer.code(), "DIGEST_INVALID");
    bench.stop().await;
}
