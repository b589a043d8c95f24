//! Blobs in chunks, in order and out of it.

use hub_server::BlobsStore;
use hub_tests::Answer;

use super::{Bench, Run};

/// How chunks are sent.
#[derive(Clone, Copy)]
struct Way {
    /// Where the chunks end.
    ends: &'static [usize],
    /// The last one travels in the closing `PUT`.
    last_in_put: bool,
    /// Before every right chunk a wrong one is sent.
    wrong_first: bool,
}

/// Sends one chunk; in the closing `PUT` when there is a digest.
async fn send(run: &Run<'_>, at: &str, digest: Option<&str>, start: usize, bytes: &[u8]) -> Answer {
    let ask = match digest {
        Some(digest) => run.close(at, digest),
        None => run.patch(at),
    };
    let range = format!("{start}-{}", start + bytes.len() - 1);
    ask.header("content-range", &range).body(bytes.to_vec()).send().await
}

async fn chunked(way: Way) {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(*way.ends.last().unwrap());
        let starts = [0].into_iter().chain(way.ends.iter().copied());
        let chunks: Vec<_> = starts.zip(way.ends.iter().copied()).collect();
        let mut at = run.begin().await;
        let mut closed = None;
        for &(start, end) in &chunks {
            let closing =
                |end: usize| (way.last_in_put && end == bytes.len()).then_some(digest.as_str());
            if way.wrong_first {
                let (first, last) = if start == 0 { chunks[1] } else { chunks[0] };
                let wrong = send(&run, &at, closing(last), first, &bytes[first..last]).await;
                wrong.is(416);
                assert_eq!(wrong.code(), "BLOB_UPLOAD_INVALID");
                // The suite asks where it was refused, the digest still in the query.
                let asked = match closing(last) {
                    Some(digest) => format!("{at}?digest={digest}"),
                    None => at.clone(),
                };
                let state = run.suite.get(&asked).await;
                state.is(204);
                assert_eq!(state.header("range"), Some(&*received(start)));
                at = state.location();
            }
            let answer = send(&run, &at, closing(end), start, &bytes[start..end]).await;
            if closing(end).is_some() {
                closed = Some(answer);
            } else {
                answer.is(202);
                assert_eq!(answer.header("range"), Some(&*received(end)));
                at = answer.location();
            }
        }
        let closed = match closed {
            Some(closed) => closed,
            None => run.close(&at, &digest).body("").send().await,
        };
        run.created(&closed, &bytes).await;
    }
    bench.stop().await;
}

fn received(bytes: usize) -> String {
    format!("0-{}", bytes.saturating_sub(1))
}

const THREE: &[usize] = &[1024, 2048, 3067];

#[tokio::test]
async fn c10_one_chunk_and_a_put_without_body() {
    chunked(Way { ends: &[512], last_in_put: false, wrong_first: false }).await;
}

#[tokio::test]
async fn c11_several_chunks_each_sent_where_the_answer_before_says() {
    chunked(Way { ends: THREE, last_in_put: false, wrong_first: false }).await;
}

#[tokio::test]
async fn c12_the_last_chunk_may_travel_in_the_closing_put() {
    chunked(Way { ends: THREE, last_in_put: true, wrong_first: false }).await;
}

#[tokio::test]
async fn c13_a_chunk_out_of_order_is_refused_and_the_upload_tells_how_far_it_is() {
    chunked(Way { ends: THREE, last_in_put: false, wrong_first: true }).await;
}

#[tokio::test]
async fn c14_a_closing_put_out_of_order_is_refused_with_416_and_the_upload_goes_on() {
    chunked(Way { ends: &[1024, 2043], last_in_put: true, wrong_first: true }).await;
    chunked(Way { ends: THREE, last_in_put: true, wrong_first: true }).await;
}

#[tokio::test]
async fn s3_a_chunk_whose_lengths_disagree_is_refused() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, _) = run.noise(1024);
        let at = run.begin().await;
        let said = run.patch(&at).header("content-range", "0-1022").body(bytes);
        let answer = said.send().await;
        answer.is(400);
        assert_eq!(answer.code(), "SIZE_INVALID");
        assert_eq!(run.suite.get(&at).await.header("range"), Some("0-0"));
    }
    bench.stop().await;
}

#[tokio::test]
async fn s3_bytes_beyond_the_stated_range_are_not_kept() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(2048);
        let at = run.begin().await;
        // Without a length only the bytes tell, and those beyond the range are not taken.
        let streamed = run.patch(&at).header("content-range", "0-1023").stream(bytes.clone());
        let answer = streamed.send().await;
        answer.is(400);
        assert_eq!(answer.code(), "SIZE_INVALID");
        let state = run.suite.get(&at).await;
        state.is(204);
        let last = state.header("range").unwrap().strip_prefix("0-").unwrap().to_owned();
        let from = match last.parse::<usize>().unwrap() {
            0 => 0,
            last => last + 1,
        };
        assert!(from <= 1024, "{from} bytes are kept, 1024 were announced");
        let rest = run.patch(&at).header("content-range", &format!("{from}-2047"));
        rest.body(bytes[from..].to_vec()).send().await.is(202);
        run.created(&run.close(&at, &digest).body("").send().await, &bytes).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn s3_content_range_is_read_with_and_without_unit_and_nonsense_is_refused() {
    let bench = Bench::start().await;
    let run = bench.run();
    let (bytes, digest) = run.noise(12);
    let at = run.begin().await;
    for (range, status) in [
        ("x", 400),
        ("0-", 400),
        ("3-2", 416),
        ("0-99999999999999999999999", 400),
        ("0-3", 202),
        ("bytes 4-7", 202),
        ("bytes 8-11/*", 202),
    ] {
        let from = if range.starts_with("bytes 4") { 4 } else { 8 };
        let piece = if range == "0-3" { &bytes[..4] } else { &bytes[from..from + 4] };
        let answer =
            run.patch(&at).header("content-range", range).body(piece.to_vec()).send().await;
        assert_eq!(answer.status.as_u16(), status, "{range}");
    }
    run.created(&run.close(&at, &digest).body("").send().await, &bytes).await;
    bench.stop().await;
}

#[tokio::test]
async fn s3_a_put_without_digest_is_refused_and_the_upload_goes_on() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (bytes, digest) = run.noise(512);
        let at = run.begin().await;
        let answer = run.suite.ask(reqwest::Method::PUT, &at).body(bytes.clone()).send().await;
        answer.is(400);
        assert_eq!(answer.code(), "DIGEST_INVALID");
        run.created(&run.close(&at, &digest).body(bytes.clone()).send().await, &bytes).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn s3_what_describes_an_upload_comes_with_every_answer() {
    let bench = Bench::start().await;
    let in_a_bucket = bench.hub.app().config.blobs.store == BlobsStore::S3;
    let least = in_a_bucket.then_some("5242880");
    for run in bench.runs() {
        let answer = run.suite.post(&run.uploads()).await;
        let id = answer.header("docker-upload-uuid").unwrap().to_owned();
        assert_eq!(answer.header("range"), Some("0-0"));
        assert_eq!(answer.location(), format!("{}{id}", run.uploads()));
        assert_eq!(answer.header("oci-chunk-min-length"), least, "only a bucket needs one");
        let at = answer.location();
        let answer = run.patch(&at).body("12345").send().await;
        assert_eq!(answer.header("docker-upload-uuid"), Some(&*id));
        assert_eq!(answer.header("content-length"), Some("0"));
        assert_eq!(answer.location(), at, "a location stays for the life of the upload");
        let state = run.suite.get(&at).await;
        assert_eq!(state.header("docker-upload-uuid"), Some(&*id));
        assert_eq!(state.header("content-length"), None);
        run.suite.head(&at).await.is(204);
        let elsewhere = at.replace(&run.repo, &run.other);
        let foreign = run.suite.get(&elsewhere).await;
        foreign.is(404);
        assert_eq!(foreign.code(), "BLOB_UPLOAD_UNKNOWN");
    }
    bench.stop().await;
}
