//! `hub share` and `hub audit`.

use hub_tests::{PASSWORD, Terminal, TestHub};
use reqwest::Method;
use serde_json::{Value, json};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_is_made_shown_changed_and_ended() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    hub.person("bob").await;
    let new = json!({"name": "alice/vault", "visibility": "private"});
    alice.send(Method::POST, "/api/v1/repos", &new).await;
    let desk = Terminal::at(&hub);
    desk.ok(["login", &hub.url, "-u", "alice", "-p", PASSWORD]).await;

    let create = ["share", "create", "alice/vault", "--to", "bob", "--until", "2999-12-31"];
    let dry: Vec<_> = create.into_iter().chain(["--dry-run"]).collect();
    desk.ok(dry).await;
    assert_eq!(desk.ok(["share", "ls"]).await, "", "nothing was done");
    let made: Vec<_> = create.into_iter().chain(["--format", "json"]).collect();
    let made = parsed(&desk.ok(made).await);
    assert_eq!((&made["with"], &made["until"]), (&json!("bob"), &json!("2999-12-31")));
    let table = desk.ok(["share", "ls", "alice/vault", "--detail"]).await;
    assert!(table.contains("bob") && table.contains("2999-12-31"), "{table}");
    let named = desk.ok(["share", "ls", "--org", "alice", "--format", "name"]).await;
    assert_eq!(named, "alice/vault bob\n");
    let edit = ["share", "edit", "alice/vault", "bob", "--until", "forever"];
    let edited = desk.ok(edit.into_iter().chain(["--format", "json"])).await;
    assert_eq!(parsed(&edited)["until"], "forever");
    let shown = desk.ok(["share", "show", "alice/vault", "bob"]).await;
    assert!(shown.contains("forever"), "{shown}");
    let again = desk.hub(create).await;
    assert_eq!(again.status.code(), Some(5), "{}", String::from_utf8_lossy(&again.stderr));

    let other = Terminal::at(&hub);
    other.ok(["login", &hub.url, "-u", "bob", "-p", PASSWORD]).await;
    let to_me = parsed(&other.ok(["share", "ls", "--to-me", "--format", "json"]).await);
    assert_eq!(to_me[0]["repo"], "alice/vault");

    let remove = ["share", "rm", "alice/vault", "bob"];
    let nobody_asked = desk.hub(remove).await;
    assert_eq!(nobody_asked.status.code(), Some(2));
    desk.ok(remove.into_iter().chain(["--yes"])).await;
    assert_eq!(other.hub(["show", "alice/vault"]).await.status.code(), Some(3));

    let acts = desk.ok(["audit", "--org", "alice", "--action", "share", "--format", "jsonl"]).await;
    let acts: Vec<_> = acts.lines().map(|line| parsed(line)["action"].clone()).collect();
    assert_eq!(acts, ["share.delete", "share.edit", "share.create"]);
    let two = desk.ok(["audit", "--org", "alice", "--limit", "2", "--format", "name"]).await;
    assert_eq!(two.lines().count(), 2);
    assert_eq!(desk.hub(["audit"]).await.status.code(), Some(4), "for administrators");
    hub.stop().await;
}
