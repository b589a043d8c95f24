//! `hub-server user`: accounts, where nobody can sign in to change them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use hub_tests::{PASSWORD, Person, Server, binary, init};
use reqwest::StatusCode;

/// Runs `hub-server user` on a data folder, with something on stdin.
fn user(data: &Path, args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(binary("hub-server"))
        .arg("user")
        .args(args)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

/// What it printed; it must have succeeded.
fn ok(data: &Path, args: &[&str], stdin: &str) -> String {
    let output = user(data, args, stdin);
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{args:?}: {out}{err}");
    out.into_owned()
}

/// What it complained about; it must have failed.
fn refused(data: &Path, args: &[&str], stdin: &str) -> String {
    let output = user(data, args, stdin);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn accounts_are_kept_while_the_hub_stands_still() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let none = refused(&data, &["ls"], "");
    assert!(none.contains("there is no hub in") && !data.exists(), "{none}");
    assert!(init(&data).status.success());

    let made = ok(&data, &["add", "ana", "--password-stdin", "--admin"], "forgotten soon\n");
    assert_eq!(made, "made the administrator ana, who owns the organisation ana\n");
    let twice = refused(&data, &["add", "ana", "--password-stdin"], PASSWORD);
    assert!(twice.contains("the name `ana` is taken"), "{twice}");
    let short = refused(&data, &["passwd", "ana", "--password-stdin"], "short");
    assert!(short.contains("a password has 8 to 256 bytes"), "{short}");
    ok(&data, &["passwd", "ana", "--password-stdin"], PASSWORD);
    let made = ok(&data, &["add", "bob"], "");
    assert!(made.contains("password: "), "one is made and printed: {made}");

    assert_eq!(ok(&data, &["disable", "ana"], ""), "ana is now an administrator, disabled\n");
    let last = refused(&data, &["admin", "admin", "--off"], "");
    assert!(last.contains("last administrator"), "{last}");
    let last = refused(&data, &["delete", "admin"], "");
    assert!(last.contains("last administrator"), "{last}");
    ok(&data, &["enable", "ana"], "");
    assert_eq!(ok(&data, &["admin", "admin", "--off"], ""), "admin is now a user\n");
    ok(&data, &["admin", "bob"], "");
    let gone = ok(&data, &["delete", "bob"], "");
    assert!(gone.contains("deleted the organisation bob"), "{gone}");
    assert!(refused(&data, &["delete", "bob"], "").contains("there is no user `bob`"));
    assert_eq!(ok(&data, &["ls"], ""), "admin  a user\nana    an administrator\n");

    let server = Server::serve(&data).await;
    let ana = Person::known("ana", &server.url);
    assert_eq!(ana.json("/api/v1/whoami").await["admin"], true);
    let bob = Person::known("bob", &server.url);
    assert_eq!(bob.get("/api/v1/whoami").await.status(), StatusCode::UNAUTHORIZED);
    let busy = refused(&data, &["disable", "ana"], "");
    assert!(
        busy.contains("is served by a running hub") && busy.contains("/settings/users"),
        "{busy}"
    );
}
