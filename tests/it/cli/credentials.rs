//! Tokens, robots and access keys at the command line.

use hub_tests::{PASSWORD, Terminal, TestHub};
use serde_json::Value;

async fn desk(hub: &TestHub, user: &str) -> Terminal {
    let desk = Terminal::at(hub);
    desk.ok(["login", &hub.url, "-u", user, "-p", PASSWORD]).await;
    desk
}

async fn json(desk: &Terminal, args: &[&str]) -> Value {
    let text = desk.ok(args.iter().copied().chain(["--format", "json"])).await;
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_login_ends_the_token_of_the_first_and_no_other_machines() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let first = desk(&hub, "alice").await;
    let second = desk(&hub, "alice").await;
    let ids = async || {
        let tokens = alice.json("/api/v1/tokens").await;
        let id = |token: &Value| token["id"].as_i64().unwrap();
        tokens.as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    let before = ids().await;
    assert_eq!(before.len(), 2, "two machines of one name");
    first.ok(["login", &hub.url, "-u", "alice", "-p", PASSWORD]).await;
    let after = ids().await;
    assert_eq!(after.len(), 2, "{before:?} {after:?}");
    assert!(after.contains(&before[0]) && !after.contains(&before[1]), "{before:?} {after:?}");
    second.ok(["whoami"]).await;
    first.ok(["whoami"]).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_narrow_listed_rotated_and_revoked() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let desk = desk(&hub, "alice").await;
    let create = ["token", "create", "ci", "--scope", "push:alice/app", "--expires", "90d"];
    let dry = desk.hub(create.iter().copied().chain(["--dry-run"])).await;
    assert!(dry.status.success() && dry.stdout.is_empty());
    let secret = desk.ok(create).await;
    assert!(secret.starts_with("hub_pat_") && secret.lines().count() == 1, "the secret alone");
    let listed = json(&desk, &["token", "ls"]).await;
    let ci = &listed[0];
    assert_eq!((&ci["name"], &ci["within"]), (&"ci".into(), &serde_json::json!(["alice/app"])));
    let id = ci["id"].to_string();
    let rotated = json(&desk, &["token", "rotate", &id]).await;
    assert_eq!((&rotated["scope"], &rotated["within"]), (&ci["scope"], &ci["within"]));
    let id = rotated["id"].to_string();
    assert_eq!(desk.hub(["token", "revoke", &id]).await.status.code(), Some(2), "nobody to ask");
    desk.ok(["token", "revoke", &id, "--yes"]).await;
    assert_eq!(desk.hub(["token", "revoke", &id, "--yes"]).await.status.code(), Some(3));
    let both = ["token", "create", "x", "--scope", "pull:a", "--scope", "push:b"];
    assert_eq!(desk.hub(both).await.status.code(), Some(2));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_is_made_signs_in_and_is_deleted() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let desk = desk(&hub, "alice").await;
    let secret = desk.ok(["robot", "create", "alice/ci", "--scope", "push:alice/app"]).await;
    let secret = secret.trim();
    let machine = Terminal::at(&hub);
    machine.ok(["login", &hub.url, "-u", "alice+ci", "-p", secret]).await;
    assert_eq!(machine.ok(["whoami"]).await.trim(), "alice+ci");
    let by_token = Terminal::at(&hub);
    by_token.ok(["login", &hub.url, "--token", secret]).await;
    assert_eq!(json(&by_token, &["whoami"]).await["kind"], "robot");

    let shown = json(&desk, &["robot", "edit", "alice+ci", "--scope", "pull", "--disable"]).await;
    assert_eq!((&shown["scope"], &shown["disabled"]), (&"pull".into(), &true.into()));
    assert_eq!(machine.hub(["whoami"]).await.status.code(), Some(4));
    desk.ok(["robot", "edit", "alice+ci", "--enable"]).await;
    let fresh = json(&desk, &["robot", "rotate", "alice/ci"]).await;
    assert_ne!(fresh["secret"], secret);
    assert_eq!(machine.hub(["whoami"]).await.status.code(), Some(4));
    assert!(desk.ok(["robot", "ls", "alice"]).await.contains("alice+ci"));
    desk.ok(["robot", "rm", "alice/ci", "--yes"]).await;
    assert_eq!(desk.hub(["robot", "show", "alice/ci"]).await.status.code(), Some(3));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_key_is_printed_with_the_login_that_uses_it() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let desk = desk(&hub, "alice").await;
    let made = desk.ok(["key", "create", "ci"]).await;
    let line = made.lines().find(|line| line.contains("docker login")).unwrap();
    let (say, login) = line.split_once(" | ").unwrap();
    let words: Vec<_> = login.split(' ').collect();
    assert_eq!((words[2], words[4], words[5]), ("--username", "--password-stdin", hub.host()));
    let (user, id) = (words[3], words[3].rsplit('@').next().unwrap());
    let output = std::process::Command::new("sh").args(["-c", say]).output().unwrap();
    let password = String::from_utf8(output.stdout).unwrap();
    // What `printf`, which is no program of its own, says is all that the login is given.
    assert_eq!(say, format!("printf %s {password}"));
    let machine = Terminal::at(&hub);
    machine.ok(["login", &hub.url, "-u", user, "-p", &password]).await;
    assert_eq!(machine.ok(["whoami"]).await.trim(), "alice");

    desk.ok(["key", "disable", id]).await;
    assert_eq!(machine.hub(["whoami"]).await.status.code(), Some(4));
    desk.ok(["key", "enable", id]).await;
    machine.ok(["whoami"]).await;
    desk.ok(["key", "rm", id, "--yes"]).await;
    assert_eq!(json(&desk, &["key", "ls"]).await, serde_json::json!([]));
    hub.stop().await;
}
