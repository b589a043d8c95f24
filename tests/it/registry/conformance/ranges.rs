//! Parts of blobs.

use reqwest::Method;

use super::{Bench, Run};
use hub_tests::Answer;

async fn part(run: &Run<'_>, digest: &str, range: &str) -> Answer {
    run.suite.ask(Method::GET, &run.blob(digest)).header("range", range).send().await
}

#[tokio::test]
async fn s2_5_one_range_is_answered_exactly() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(2048);
        run.push(&bytes).await;
        for (range, from, to) in [
            ("bytes=500-1499", 500, 1500),
            ("bytes=500-", 500, 2048),
            ("bytes=-500", 1548, 2048),
            ("bytes=2000-5000", 2000, 2048),
        ] {
            let answer = part(&run, &digest, range).await;
            answer.is(206);
            assert_eq!(answer.header("content-length"), Some(&*(to - from).to_string()));
            let want = format!("bytes {from}-{}/2048", to - 1);
            assert_eq!(answer.header("content-range"), Some(&*want));
            assert_eq!(answer.header("docker-content-digest"), Some(&*digest));
            assert!(answer.body == bytes[from..to]);
        }
        let whole = run.suite.get(&run.blob(&digest)).await;
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    }
    bench.stop().await;
}

#[tokio::test]
async fn s2_5_a_range_without_a_byte_is_refused_with_416() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(2048);
        run.push(&bytes).await;
        for range in ["bytes=500-0", "bytes=5000-10000", "bytes=2048-", "bytes=-0"] {
            let answer = part(&run, &digest, range).await;
            answer.is(416);
            assert_eq!(answer.header("content-range"), Some("bytes */2048"));
        }
        for range in ["", "bytes", "bytes=", "lines=0-1", "bytes=a-b", "bytes=0-1,x"] {
            part(&run, &digest, range).await.is(200);
        }
        let head = run.suite.ask(Method::HEAD, &run.blob(&digest)).header("range", "bytes=0-1");
        let head = head.send().await;
        head.is(200);
        assert_eq!(head.header("content-length"), Some("2048"));
    }
    bench.stop().await;
}

#[tokio::test]
async fn s2_5_several_ranges_are_parts_of_one_answer() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(2048);
        run.push(&bytes).await;
        let answer = part(&run, &digest, "bytes=100-109,2040-,0-0,5000-").await;
        answer.is(206);
        let kind = answer.header("content-type").unwrap();
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
        let mut want = Vec::new();
        for (from, to) in [(100, 110), (2040, 2048), (0, 1)] {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n\
                 Content-Range: bytes {from}-{}/2048\r\n\r\n",
                to - 1
            );
            want.extend_from_slice(head.as_bytes());
            want.extend_from_slice(&bytes[from..to]);
        }
        want.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        assert_eq!(answer.header("content-length"), Some(&*want.len().to_string()));
        assert!(answer.body == want);
    }
    bench.stop().await;
}

#[tokio::test]
async fn s2_5_a_download_goes_on_where_it_broke_off() {
    let bench = Bench::start().await;
    let run = bench.run();
    let (bytes, digest) = run.noise(2048);
    run.push(&bytes).await;
    let etag = format!("\"{digest}\"");
    for (known, status) in [(etag.as_str(), 206), ("\"other\"", 200)] {
        let ask = run.suite.ask(Method::GET, &run.blob(&digest)).header("range", "bytes=1000-");
        ask.header("if-range", known).send().await.is(status);
    }
    bench.stop().await;
}
