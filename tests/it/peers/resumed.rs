//! An upload whose client is killed in the middle, and that another one goes on with.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hub_tests::{PASSWORD, TestHub, output, program, sha256};
use reqwest::{Method, StatusCode};

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_client_was_killed_goes_on_where_it_broke_off() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(curl) = program("curl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..6_u32 << 20).flat_map(u32::to_le_bytes).collect();
    let (digest, file) = (sha256(&bytes), folder.path().join("layer"));
    fs::write(&file, &bytes).unwrap();
    let start = alice.request(Method::POST, "/v2/alice/x/blobs/uploads/").send().await.unwrap();
    let at = start.headers()["location"].to_str().unwrap().to_owned();
    let curl = || {
        let mut command = Command::new(&curl);
        command.args(["-sS", "--http1.1", "-k", "-u", &format!("alice:{PASSWORD}")]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let url = format!("{}{at}", hub.url);

    let mut first = curl();
    first.args(["-X", "PATCH", "--limit-rate", "6M", "-T"]).arg(&file).arg(&url);
    let mut first = first.spawn().unwrap();
    let begin = Instant::now();
    // What it has read of the file it has sent, but for its buffer.
    while read_by(first.id()) < 9 << 20 {
        assert!(begin.elapsed() < Duration::from_secs(30), "curl sends nothing");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    first.kill().unwrap();
    first.wait().unwrap();

    let mut offset = 0;
    while offset == 0 {
        assert!(begin.elapsed() < Duration::from_mins(1), "nothing of it was kept");
        tokio::time::sleep(Duration::from_millis(20)).await;
        let answer = alice.get(&at).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        let range = answer.headers()["range"].to_str().unwrap().to_owned();
        let last: usize = range.strip_prefix("0-").unwrap().parse().unwrap();
        offset = if last == 0 { 0 } else { last + 1 };
    }
    assert!(offset < bytes.len(), "it was killed in the middle");
    fs::write(&file, &bytes[offset..]).unwrap();
    let mut second = curl();
    let range = format!("Content-Range: {offset}-{}", bytes.len() - 1);
    second.args(["-f", "-X", "PATCH", "-H", &range, "-T"]).arg(&file).arg(&url);
    let mut end = curl();
    end.args(["-f", "-X", "PUT", &format!("{url}?digest={digest}")]);
    for mut command in [second, end] {
        let done = tokio::task::spawn_blocking(move || output(&mut command)).await.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let blob = alice.get(&format!("/v2/alice/x/blobs/{digest}")).await;
    assert_eq!(sha256(&blob.bytes().await.unwrap()), digest);
    hub.stop().await;
}

/// Bytes that a process has read so far.
fn read_by(process: u32) -> u64 {
    let counters = fs::read_to_string(format!("/proc/{process}/io")).unwrap_or_default();
    let read = counters.lines().find_map(|line| line.strip_prefix("rchar: "));
    read.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}
