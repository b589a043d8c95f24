//! Somebody walks the README through another's organisation.

use hub_tests::{PASSWORD, Terminal, TestHub, readme_image, write_layout};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_user_gets_nowhere_in_anothers_organisation_and_is_told_what_to_do() {
    let hub = TestHub::start().await;
    let admin = hub.person("ada").await;
    hub.person("mallory").await;
    admin.push_image("ada/thing:v1", &readme_image("# Thing")).await;
    let vault = json!({"name": "ada/vault", "visibility": "private"});
    admin.send(Method::POST, "/api/v1/repos", &vault).await;
    admin.push_image("ada/vault:v1", &readme_image("# vault")).await;
    hub.settle().await;

    let desk = Terminal::at(&hub);
    write_layout(&desk.home().join("layout"), "v1", &readme_image("# mine"));
    desk.file("README.md", "# Mine now\n");
    desk.ok(["login", &hub.url, "-u", "mallory", "-p", PASSWORD]).await;
    let tried = async |args: &[&str]| {
        let output = desk.hub(args.iter().copied()).await;
        let said = String::from_utf8(output.stderr).unwrap();
        let said =
            said.lines().filter(|line| !line.starts_with("source") && !line.starts_with("readme"));
        (output.status.code().unwrap(), said.collect::<Vec<_>>().join("\n"))
    };
    // What is public may be read, and nothing more.
    assert_eq!(tried(&["show", "ada/thing:v1"]).await.0, 0);
    for (args, code) in [
        (&["push", "oci:layout:v1", "ada/thing:v1", "-o", "README.md"][..], 4),
        (&["push", "oci:layout:v1", "ada/new:v1"], 4),
        (&["describe", "ada/thing:v1", "-o", "README.md"], 4),
        (&["rm", "ada/thing:v1", "--yes"], 4),
        (&["rm", "ada/thing", "--repo", "--yes"], 4),
        (&["show", "ada/vault:v1"], 3),
        (&["tags", "ada/vault"], 3),
        (&["push", "oci:layout:v1", "ada/vault:v2"], 4),
        (&["rm", "ada/vault:v1", "--yes"], 3),
    ] {
        let (found, said) = tried(args).await;
        assert_eq!(found, code, "{args:?}: {said}");
        assert!(said.contains("error:"), "{args:?}: {said}");
        assert!(said.contains("hint:"), "{args:?} says nothing of what to do next: {said}");
        assert!(!said.contains("# vault"), "{args:?}: {said}");
    }
    let found = desk.ok(["search", "vault", "--format", "json"]).await;
    assert_eq!(found.trim(), "[]");
    let readme = admin.get("/api/v1/repos/ada/thing/-/tags/v1/docs").await.text().await.unwrap();
    assert_eq!(readme, "# Thing", "nothing was changed");
    assert_eq!(admin.json("/api/v1/repos/ada/thing").await["tags"], 1);
    hub.stop().await;
}
