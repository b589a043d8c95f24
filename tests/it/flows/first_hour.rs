//! What a newcomer does in the first hour, in the spelling of the README.

use hub_tests::{PASSWORD, Server, Terminal, init, readme_image, write_layout};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_pushes_an_image_with_a_readme_and_finds_it() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("hub");
    let made = init(&data);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let again = init(&data);
    assert!(!again.status.success(), "a second administrator of that name");
    let server = Server::serve(&data).await;

    let desk = Terminal::default();
    let bare = hub_oci::ImageBuilder::new().layer([("bin/thing", "x")]).build();
    write_layout(&desk.home().join("thing"), "v1", &bare);
    desk.file("README.md", "# Thing\n\nKeeps marbles sorted by colour.\n");

    desk.ok(["login", &server.url, "-u", "admin", "-p", PASSWORD]).await;
    let pushed = desk.ok(["push", "oci:thing:v1", "admin/thing:v1", "-o", "README.md"]).await;
    let host = server.url.strip_prefix("http://").unwrap();
    assert_eq!(pushed.trim(), format!("{host}/admin/thing:v1@{}", bare.digest));

    let client = hub_registry_client::http::builder().build().unwrap();
    let get = async |path: &str| {
        let answer = client.get(format!("{}{path}", server.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, page) = get("/r/admin/thing").await;
    assert_eq!(status, 200);
    assert!(page.contains("Keeps marbles sorted by colour."), "{page}");
    let (_, repo) = get("/api/v1/repos/admin/thing").await;
    assert_eq!(serde_json::from_str::<Value>(&repo).unwrap()["latestTag"], "v1");

    let begin = std::time::Instant::now();
    loop {
        let found = desk.ok(["search", "thing", "--format", "json"]).await;
        let found: Value = serde_json::from_str(&found).unwrap();
        if found.as_array().unwrap().iter().any(|hit| hit["name"] == "admin/thing") {
            break;
        }
        assert!(begin.elapsed().as_secs() < 10, "never found: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_push_is_seen_by_its_owner_only() {
    let data = tempfile::tempdir().unwrap();
    assert!(init(data.path()).status.success());
    let server = Server::serve(data.path()).await;
    let desk = Terminal::default();
    write_layout(&desk.home().join("thing"), "v1", &readme_image("# secret"));
    desk.ok(["login", &server.url, "-u", "admin", "-p", PASSWORD]).await;
    desk.ok(["push", "oci:thing:v1", "admin/vault:v1", "--visibility", "private"]).await;

    let shown: Value =
        serde_json::from_str(&desk.ok(["show", "admin/vault:v1", "--format", "json"]).await)
            .unwrap();
    assert_eq!(shown["tag"], "v1");
    let client = hub_registry_client::http::builder().build().unwrap();
    for path in ["/r/admin/vault", "/api/v1/repos/admin/vault"] {
        let answer = client.get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    let org = client.get(format!("{}/o/admin", server.url)).send().await.unwrap();
    assert_eq!(org.status().as_u16(), 200);
    let text = org.text().await.unwrap();
    assert!(!text.contains("vault"), "{text}");
}
