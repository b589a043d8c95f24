//! `hub user`, `hub passwd` and `hub session`.

use std::io::Write;
use std::process::{Output, Stdio};

use hub_tests::{PASSWORD, Terminal, TestHub};
use serde_json::{Value, json};

/// Runs `hub` with something on stdin.
async fn fed(desk: &Terminal, args: &[&str], stdin: &str) -> Output {
    let mut command = desk.command(args.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let stdin = stdin.to_owned();
    let run = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        // Who refuses its arguments reads nothing.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    });
    run.await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_keeps_users_from_the_command_line() {
    let hub = TestHub::start().await;
    hub.administrator("boss").await;
    let desk = Terminal::at(&hub);
    let login = ["login", &hub.url, "-u", "boss", "--password-stdin"];
    assert!(fed(&desk, &login, PASSWORD).await.status.success());

    let plan = desk.hub(["user", "add", "ana", "--dry-run"]).await;
    assert!(said(&plan).contains("would make the user ana"), "{}", said(&plan));
    let made = fed(&desk, &["user", "add", "ana", "--password-stdin"], PASSWORD).await;
    assert!(made.status.success(), "{}", said(&made));
    let twice = fed(&desk, &["user", "add", "ana", "--password-stdin"], PASSWORD).await;
    assert_eq!(twice.status.code(), Some(5), "{}", said(&twice));
    let nothing = desk.hub(["user", "add", "bob"]).await;
    assert_eq!(nothing.status.code(), Some(2), "{}", said(&nothing));

    desk.ok(["user", "edit", "ana", "--disabled"]).await;
    let list: Value = serde_json::from_str(
        &desk.ok(["user", "ls", "--state", "disabled", "--format", "json"]).await,
    )
    .unwrap();
    assert_eq!((&list[0]["name"], &list[0]["disabled"]), (&json!("ana"), &json!(true)));
    let table = desk.ok(["user", "ls"]).await;
    assert!(table.lines().any(|line| line.starts_with("boss") && line.contains("administrator")));
    desk.ok(["user", "edit", "ana", "--disabled=false", "--admin"]).await;
    let shown = desk.ok(["user", "show", "ana"]).await;
    assert!(shown.contains("is        administrator") && shown.contains("ana (owner)"), "{shown}");
    desk.ok(["user", "edit", "ana", "--admin=false"]).await;
    let alone = desk.hub(["user", "edit", "boss", "--admin=false"]).await;
    assert_eq!(alone.status.code(), Some(5));
    assert!(said(&alone).contains("last administrator"), "{}", said(&alone));

    let reset = fed(&desk, &["user", "passwd", "ana", "--password-stdin"], "another one").await;
    assert!(reset.status.success(), "{}", said(&reset));
    let unsure = desk.hub(["user", "rm", "ana"]).await;
    assert_eq!(unsure.status.code(), Some(2));
    assert!(said(&unsure).contains("add --yes"), "{}", said(&unsure));
    desk.ok(["user", "rm", "ana", "--yes"]).await;
    assert_eq!(desk.hub(["user", "rm", "ana", "--yes"]).await.status.code(), Some(3));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_changes_their_password_and_ends_their_sessions() {
    let hub = TestHub::start().await;
    hub.person("ana").await;
    let desk = Terminal::at(&hub);
    let login = ["login", &hub.url, "-u", "ana", "--password-stdin"];
    assert!(fed(&desk, &login, PASSWORD).await.status.success());
    let browser = hub.client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = [("name", "ana"), ("password", PASSWORD)];
    let request = browser.post(format!("{}/login", hub.url)).header("origin", &hub.url);
    request.header("user-agent", "Firefox").form(&form).send().await.unwrap();

    let listed = desk.ok(["session", "ls"]).await;
    assert!(listed.contains("Firefox"), "{listed}");
    let one = desk.ok(["session", "ls", "--format", "name"]).await;
    desk.ok(["session", "end", one.trim()]).await;
    assert_eq!(desk.ok(["session", "ls"]).await, "");
    assert_eq!(desk.hub(["session", "end", "--all"]).await.status.code(), Some(2));
    desk.ok(["session", "end", "--all", "--tokens", "--yes"]).await;
    assert_eq!(desk.ok(["whoami"]).await.trim(), "ana", "the token in use stays");

    let passwords = format!("{PASSWORD}\nanother password\n");
    let changed = fed(&desk, &["passwd", "--password-stdin"], &passwords).await;
    assert!(changed.status.success(), "{}", said(&changed));
    let again = fed(&desk, &["passwd", "--password-stdin"], &passwords).await;
    assert!(said(&again).contains("the old password is wrong"), "{}", said(&again));
    hub.stop().await;
}
