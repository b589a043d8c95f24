//! Signing in, looking, deleting, and the ways these fail.

use hub_tests::{PASSWORD, Terminal, TestHub, readme_image};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_shared_with_docker_and_ends_with_logout() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let desk = Terminal::at(&hub);
    let login = desk.hub(["login", &hub.url, "-u", "alice", "-p", PASSWORD]).await;
    assert!(login.status.success(), "{}", String::from_utf8_lossy(&login.stderr));
    let said = String::from_utf8_lossy(&login.stderr).into_owned();
    assert!(
        said.contains("--password-stdin"),
        "a password on the command line is warned about: {said}"
    );

    let file = desk.home().join(".docker/config.json");
    let docker: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(docker["auths"][hub.host()]["auth"].is_string(), "{docker}");
    assert!(!docker.to_string().contains(PASSWORD));
    let who: Value = serde_json::from_str(&desk.ok(["whoami", "--format", "json"]).await).unwrap();
    assert_eq!(who["name"], "alice");

    desk.ok(["logout"]).await;
    let docker: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(docker["auths"][hub.host()], Value::Null);
    assert_eq!(desk.hub(["whoami"]).await.status.code(), Some(4));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_what_went_wrong() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    hub.person("bob").await;
    alice.push_image("alice/x:v1", &readme_image("# x")).await;
    hub.settle().await;
    let desk = Terminal::at(&hub);
    assert_eq!(
        desk.hub(["login", &hub.url, "-u", "bob", "-p", "wrong"]).await.status.code(),
        Some(4)
    );
    desk.ok(["login", &hub.url, "-u", "bob", "-p", PASSWORD]).await;

    for (args, code) in [
        (&["show", "alice/nothing"][..], 3),
        (&["tags", "alice/nothing"], 3),
        (&["rm", "alice/x:v1", "--yes"], 4),
        (&["rm", "alice/x:v1"], 2),
        (&["show", "NO/x"], 2),
        (&["fly"], 2),
        (&["--server", "http://127.0.0.1:1", "search", "x"], 6),
    ] {
        let output = desk.hub(args.iter().copied()).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.contains("error:"), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?} printed data");
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn show_tags_search_and_rm_speak_json_and_names() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice
        .push_image("alice/x:v1", &readme_image("# X\n\nHas crosses in every corner of it."))
        .await;
    alice
        .push_image("alice/x:v2", &readme_image("# X\n\nHas crosses in every corner of it."))
        .await;
    hub.settle().await;
    let desk = Terminal::at(&hub);
    desk.ok(["login", &hub.url, "-u", "alice", "-p", PASSWORD]).await;

    let json = async |args: &[&str]| -> Value {
        serde_json::from_str(&desk.ok(args.iter().copied()).await).unwrap()
    };
    assert_eq!(json(&["show", "alice/x:v1", "--format", "json"]).await["tag"], "v1");
    let tags = json(&["tags", "alice/x", "--format", "json"]).await;
    assert_eq!(tags[0]["tag"], "v2", "newest first");
    assert_eq!(desk.ok(["tags", "alice/x", "--format", "name"]).await, "alice/x:v2\nalice/x:v1\n");
    assert_eq!(desk.ok(["search", "crosses", "--format", "name"]).await.trim(), "alice/x");
    assert_eq!(json(&["search", "xyzzyq", "--format", "json"]).await, json!([]));
    let table = desk.ok(["search", "crosses"]).await;
    assert!(
        table.contains("NAME") && table.contains("Has crosses in every corner of it."),
        "{table}"
    );

    desk.ok(["rm", "alice/x:v2", "--yes"]).await;
    assert_eq!(desk.ok(["tags", "alice/x", "--format", "name"]).await, "alice/x:v1\n");
    let tip = desk.hub(["search", "x", "-o", "json"]).await;
    let said = String::from_utf8_lossy(&tip.stderr).into_owned();
    assert!(tip.status.code() == Some(2) && said.contains("--format"), "{said}");
    hub.settle().await;
    hub.stop().await;
}
