//! `hub-server gc` and `hub-server check`, run as a person would.

use std::path::Path;
use std::process::{Command, Output};

use hub_tests::{PASSWORD, Server, Terminal, binary, init, readme_image, write_layout};
use serde_json::Value;

fn run(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary("hub-server"));
    command.args(arguments).arg("--data").arg(data).output().unwrap()
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// Files of published blobs.
fn blobs(data: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![data.join("blobs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_collected_and_what_was_damaged_is_found_and_healed() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    assert!(init(data).status.success());
    let mut server = Server::serve(data).await;
    let desk = Terminal::default();
    let (kept, gone) = (readme_image("# kept"), readme_image("# gone"));
    write_layout(&desk.home().join("kept"), "v1", &kept);
    write_layout(&desk.home().join("gone"), "v1", &gone);
    desk.ok(["login", &server.url, "-u", "admin", "-p", PASSWORD]).await;
    desk.ok(["push", "oci:kept:v1", "admin/app:v1"]).await;
    desk.ok(["push", "oci:gone:v1", "admin/gone:v1"]).await;
    desk.ok(["rm", "admin/gone:v1", "--yes"]).await;

    let refused = run(data, &["gc"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("/api/v1/gc"), "{said}");
    assert_eq!(server.terminate(), Some(0));

    let dry = json(&run(data, &["gc", "--dry-run", "--grace", "0", "--format", "json"]));
    assert!(dry["blobs"].as_u64().unwrap() > 0, "{dry}");
    let wet = json(&run(data, &["gc", "--grace", "0", "--format", "json"]));
    assert_eq!((&dry["blobs"], &dry["bytes"]), (&wet["blobs"], &wet["bytes"]));
    let text = run(data, &["gc", "--grace", "0"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("0 blobs"));
    let clean = run(data, &["check", "--rehash", "all"]);
    let said = String::from_utf8_lossy(&clean.stdout);
    assert!(clean.status.success() && said.contains("nothing is wrong"), "{said}");

    // One blob is truncated, another one changed, and something lies around.
    let (layer, bytes) = kept.blobs.iter().max_by_key(|blob| blob.1.len()).unwrap();
    let (config, _) = kept.blobs.iter().find(|blob| blob.0 != *layer).unwrap();
    let files = blobs(data);
    let file = |digest: &hub_model::Digest| {
        files.iter().find(|file| file.ends_with(digest.hex())).unwrap()
    };
    std::fs::write(file(layer), &bytes[..bytes.len() / 2]).unwrap();
    let mut changed = std::fs::read(file(config)).unwrap();
    changed[0] ^= 1;
    std::fs::write(file(config), changed).unwrap();

    let found = run(data, &["check", "--rehash", "all", "--format", "json"]);
    assert_eq!(found.status.code(), Some(1));
    let report = json(&found);
    assert_eq!(report["counts"]["wrong_size"], 1, "{report}");
    assert_eq!(report["counts"]["wrong_digest"], 1, "{report}");
    assert_eq!(report["findings"][0]["neededBy"][0], "admin/app:v1", "{report}");
    let fixed = run(data, &["check", "--rehash", "all", "--fix"]);
    assert_eq!(fixed.status.code(), Some(1));

    let server = Server::serve(data).await;
    let client = hub_registry_client::http::builder().build().unwrap();
    for digest in [layer, config] {
        let url = format!("{}/v2/admin/app/blobs/{digest}", server.url);
        let answer = client.get(&url).basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
        assert_eq!(answer.status(), 404);
        let said = answer.text().await.unwrap();
        assert!(said.contains("damaged"), "{said}");
    }
    desk.ok(["login", &server.url, "-u", "admin", "-p", PASSWORD]).await;
    desk.ok(["push", "oci:kept:v1", "admin/app:v1"]).await;
    for (digest, bytes) in &kept.blobs {
        let url = format!("{}/v2/admin/app/blobs/{digest}", server.url);
        let answer = client.get(&url).basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), bytes);
    }
    drop(server);
    let clean = run(data, &["check", "--rehash", "all"]);
    let said = String::from_utf8_lossy(&clean.stdout);
    assert!(clean.status.success(), "{said}");
}
