//! Stopping, crashing, and going on.

use hub_tests::{PASSWORD, Server, Terminal, init, readme_image, write_layout};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_data_refuses_to_start() {
    let data = tempfile::tempdir().unwrap();
    assert!(init(data.path()).status.success());
    let mut server = Server::serve(data.path()).await;
    let second = std::process::Command::new(hub_tests::binary("hub-server"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("another process"), "{said}");
    assert_eq!(server.terminate(), Some(0), "SIGTERM ends it in good order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_nothing_that_was_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    assert!(init(data.path()).status.success());
    let mut server = Server::serve(data.path()).await;
    let desk = Terminal::default();
    let image = readme_image("# survives");
    write_layout(&desk.home().join("thing"), "v1", &image);
    desk.ok(["login", &server.url, "-u", "admin", "-p", PASSWORD]).await;
    desk.ok(["push", "oci:thing:v1", "admin/thing:v1"]).await;
    server.kill();

    let server = Server::serve(data.path()).await;
    let client = hub_registry_client::http::builder().build().unwrap();
    for (digest, bytes) in &image.blobs {
        let url = format!("{}/v2/admin/thing/blobs/{digest}", server.url);
        let blob = client.get(url).basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
        assert_eq!(blob.bytes().await.unwrap(), bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_to_a_server_that_went_away_says_what_was_done_and_how_to_go_on() {
    let data = tempfile::tempdir().unwrap();
    assert!(init(data.path()).status.success());
    let mut server = Server::serve(data.path()).await;
    let desk = Terminal::default();
    // Large enough to be under way when the server goes.
    let mut noise = vec![0u8; 96 << 20];
    let mut state = 1u64;
    for chunk in noise.chunks_mut(8) {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        chunk.copy_from_slice(&state.to_le_bytes());
    }
    let image = hub_oci::ImageBuilder::new()
        .compression(hub_oci::Compression::None)
        .layer([("noise", noise)])
        .build();
    write_layout(&desk.home().join("big"), "v1", &image);
    desk.ok(["login", &server.url, "-u", "admin", "-p", PASSWORD]).await;

    let push = desk
        .command(["push", "oci:big:v1", "admin/big:v1"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let uploads = data.path().join("blobs/uploads");
    let begin = std::time::Instant::now();
    while !has_bytes(&uploads) && !has_bytes(&data.path().join("uploads")) {
        assert!(begin.elapsed().as_secs() < 30, "no upload began");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    server.kill();
    let ended =
        tokio::task::spawn_blocking(move || push.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(6), "{said}");
    assert!(said.contains("hint:") && said.contains("again"), "{said}");
    assert!(ended.stdout.is_empty());
}

/// Whether a file below a folder holds at least a megabyte.
fn has_bytes(folder: &std::path::Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| entry.metadata().is_ok_and(|m| m.is_file() && m.len() > 1 << 20))
}
