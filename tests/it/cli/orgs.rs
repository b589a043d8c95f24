//! `hub org` and `hub perm`, as people run them.

use hub_tests::{PASSWORD, Terminal, TestHub, readme_image, write_layout};
use reqwest::Method;
use serde_json::{Value, json};

/// A terminal of somebody who is signed in.
async fn desk(hub: &TestHub, name: &str) -> Terminal {
    let desk = Terminal::at(hub);
    desk.ok(["login", &hub.url, "-u", name, "-p", PASSWORD]).await;
    desk
}

/// What a command prints, both streams, with its exit code, without days and the address.
async fn told(hub: &TestHub, desk: &Terminal, args: &[&str]) -> String {
    let output = desk.hub(args.iter().copied()).await;
    let both = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(both).unwrap().replace(hub.host(), "HUB");
    let day = chrono::Utc::now().format("%Y-%m-%d").to_string();
    let end = (chrono::Utc::now() + chrono::Days::new(14)).format("%Y-%m-%d").to_string();
    let text = text.replace(&day, "TODAY").replace(&end, "IN-14-DAYS");
    format!("{}exit {}", text, output.status.code().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_is_set_up_from_the_command_line() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    hub.person("bob").await;
    let (alice, bob) = (desk(&hub, "alice").await, desk(&hub, "bob").await);
    let create = ["org", "create", "labring", "--default-visibility", "private"];
    insta::assert_snapshot!(told(&hub, &alice, &create).await, @r"
    labring
    made     labring: you own it
    exit 0
    ");
    let dry = ["org", "invite", "labring", "bob", "--role", "push", "--dry-run"];
    insta::assert_snapshot!(told(&hub, &alice, &dry).await, @r"
    dry-run  would invite bob as writer of labring
    exit 0
    ");
    let invite = ["org", "invite", "labring", "bob", "--role", "push"];
    insta::assert_snapshot!(told(&hub, &alice, &invite).await, @r"
    invited  bob as writer of labring, until IN-14-DAYS
    hint: bob accepts by hub org accept labring, or on the pages
    exit 0
    ");
    insta::assert_snapshot!(told(&hub, &bob, &["org", "invitations"]).await, @r"
    ORG      USER  ROLE    BY     UNTIL
    labring  bob   writer  alice  IN-14-DAYS
    exit 0
    ");
    insta::assert_snapshot!(told(&hub, &bob, &["org", "accept", "labring"]).await, @r"
    member   bob: writer of labring
    exit 0
    ");
    insta::assert_snapshot!(told(&hub, &bob, &["org", "ls"]).await, @r"
    NAME     ROLE
    bob      owner
    labring  writer
    exit 0
    ");
    insta::assert_snapshot!(told(&hub, &alice, &["org", "members", "labring"]).await, @r"
    USER   ROLE    SINCE
    alice  owner   TODAY
    bob    writer  TODAY
    exit 0
    ");
    insta::assert_snapshot!(told(&hub, &alice, &["org", "leave", "labring"]).await, @r"
    error: will not leave labring without asking
      hint: add --yes
    exit 2
    ");
    insta::assert_snapshot!(told(&hub, &alice, &["org", "leave", "labring", "-y"]).await, @r"
    error: `labring` needs an owner: name another one first
    exit 5
    ");
    let transfer = ["org", "transfer", "labring", "bob", "--yes"];
    insta::assert_snapshot!(told(&hub, &alice, &transfer).await, @r"
    owner    bob owns labring now; you are a writer there
    exit 0
    ");
    insta::assert_snapshot!(told(&hub, &alice, &["org", "leave", "labring", "-y"]).await, @r"
    left     labring
    exit 0
    ");
    let show = alice.ok(["org", "show", "labring", "--format", "json"]).await;
    let show: Value = serde_json::from_str(&show).unwrap();
    assert_eq!(show["defaultVisibility"], "private");
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_granted_asked_about_and_revoked() {
    let hub = TestHub::start().await;
    let owner = hub.person("alice").await;
    hub.person("bob").await;
    let (alice, bob) = (desk(&hub, "alice").await, desk(&hub, "bob").await);
    owner.push_image("alice/vault:v1", &readme_image("# vault")).await;
    let private = json!({"visibility": "private"});
    owner.send(Method::PATCH, "/api/v1/repos/alice/vault", &private).await;
    let check = ["perm", "check", "alice/vault", "--action", "push"];
    insta::assert_snapshot!(told(&hub, &bob, &check).await, @r"
    error: `alice/vault` was not found
      hint: check the name, and who you are: hub whoami
    exit 3
    ");
    let grant = ["perm", "grant", "alice/vault", "--user", "bob", "--role", "pull"];
    insta::assert_snapshot!(told(&hub, &alice, &grant).await, @r"
    granted  bob: reader of alice/vault
    exit 0
    ");
    insta::assert_snapshot!(told(&hub, &bob, &check).await, @r"
    denied
    exit 8
    ");
    let why = ["perm", "check", "alice/vault", "--action", "push", "--why"];
    insta::assert_snapshot!(told(&hub, &bob, &why).await, @r"
    denied: reader granted on alice/vault since TODAY may not push
    looked at somebody outside alice
    counts    reader granted on alice/vault since TODAY
    exit 8
    ");
    let about = ["perm", "check", "alice/vault", "--action", "pull", "--user", "bob", "--why"];
    insta::assert_snapshot!(told(&hub, &alice, &about).await, @r"
    allowed by: reader granted on alice/vault since TODAY
    looked at somebody outside alice
    counts    reader granted on alice/vault since TODAY
    exit 0
    ");
    insta::assert_snapshot!(told(&hub, &alice, &["perm", "get", "alice/vault"]).await, @r"
    WHO    ROLE    BY              SINCE       UNTIL
    alice  owner   membership      TODAY
    bob    reader  grant of alice  TODAY
    repo     alice/vault is private
    exit 0
    ");
    let revoke = ["perm", "revoke", "alice/vault", "--user", "bob", "--yes"];
    insta::assert_snapshot!(told(&hub, &alice, &revoke).await, @r"
    revoked  the role of bob in alice/vault
    exit 0
    ");
    let json = alice.hub([
        "perm",
        "check",
        "alice/vault",
        "--action",
        "pull",
        "--user",
        "bob",
        "--format",
        "json",
    ]);
    let json = json.await;
    assert_eq!(json.status.code(), Some(8));
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["allowed"], &json["ground"]["kind"]), (&json!(false), &json!("stranger")));
    for wrong in [
        &["perm", "grant", "alice/vault", "--user", "bob", "--role", "boss"][..],
        &["perm", "check", "alice/vault:v1", "--action", "pull"],
        &["perm", "check", "alice/vault", "--action", "fly"],
        &["org", "edit", "alice"],
    ] {
        assert_eq!(alice.hub(wrong.iter().copied()).await.status.code(), Some(2), "{wrong:?}");
    }
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_denied_says_what_one_has_and_whom_to_ask() {
    let hub = TestHub::start().await;
    let owner = hub.person("alice").await;
    hub.person("bob").await;
    owner.push_image("alice/open:v1", &readme_image("# open")).await;
    let bob = desk(&hub, "bob").await;
    write_layout(&bob.home().join("img"), "v1", &readme_image("# bob's"));
    let known = ["push", "oci:img:v1", "alice/open:v2"];
    let new = ["push", "oci:img:v1", "alice/new:v1"];
    insta::assert_snapshot!(told(&hub, &bob, &known).await, @r#"
    error: push to org "alice" denied: you (bob) have pull only
      hint: hub perm check alice/open --action push --why, or ask an owner of alice
    exit 4
    "#);
    insta::assert_snapshot!(told(&hub, &bob, &new).await, @r#"
    error: push to org "alice" denied: you (bob) are no member
      hint: hub perm check alice --action push --why, or ask an owner of alice
    exit 4
    "#);
    let member = "/api/v1/orgs/alice/members/bob";
    owner.send(Method::PUT, member, &json!({"role": "pull"})).await;
    insta::assert_snapshot!(told(&hub, &bob, &known).await, @r#"
    error: push to org "alice" denied: you (bob) have pull only
      hint: hub perm check alice/open --action push --why, or ask an owner: alice
    exit 4
    "#);
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_nobodys_comes_with_what_to_try() {
    let hub = TestHub::start().await;
    let person = hub.person("alice").await;
    let alice = desk(&hub, "alice").await;
    let new = json!({"name": "alice/vault", "visibility": "private"});
    person.send(Method::POST, "/api/v1/repos", &new).await;
    let share = ["share", "create", "alice/vault", "--to", "nobody"];
    insta::assert_snapshot!(told(&hub, &alice, &share).await, @r"
    error: with: there is neither a user nor an organisation `nobody`
      hint: ask them what they are called here (hub whoami); who has no account is given one by an administrator, or registers where the hub allows it
    exit 1
    ");
    let member = ["org", "member", "add", "alice", "nobody"];
    insta::assert_snapshot!(told(&hub, &alice, &member).await, @r"
    error: there is no user `nobody`
      hint: ask them what they are called here (hub whoami); who has no account is given one by an administrator, or registers where the hub allows it
    exit 3
    ");
    let grant = ["perm", "grant", "alice/vault", "--user", "nobody", "--role", "pull"];
    insta::assert_snapshot!(told(&hub, &alice, &grant).await, @r"
    error: there is no user `nobody`
      hint: ask them what they are called here (hub whoami); who has no account is given one by an administrator, or registers where the hub allows it
    exit 3
    ");
    insta::assert_snapshot!(told(&hub, &alice, &["session", "ls"]).await, @r"
    none     you are signed in at HUB with no browser
    hint: hub token ls lists what programs are signed in with
    exit 0
    ");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_is_told_which_rights_stay_and_who_hands_over_what_they_are() {
    let hub = TestHub::start().await;
    let person = hub.person("alice").await;
    hub.person("bob").await;
    hub.administrator("root").await;
    let (bob, root) = (desk(&hub, "bob").await, desk(&hub, "root").await);
    for (method, path, body) in [
        (Method::POST, "/api/v1/orgs", json!({"name": "team"})),
        (Method::POST, "/api/v1/repos", json!({"name": "team/vault", "visibility": "private"})),
        (Method::PUT, "/api/v1/orgs/team/members/bob", json!({"role": "writer"})),
        (Method::PUT, "/api/v1/repos/team/vault/-/access/bob", json!({"role": "reader"})),
    ] {
        let (status, said) = person.send(method, path, &body).await;
        assert!(status.is_success(), "{path}: {said}");
    }
    let transfer = ["org", "transfer", "team", "bob", "--yes"];
    insta::assert_snapshot!(told(&hub, &root, &transfer).await, @r"
    owner    bob owns team now
    exit 0
    ");
    insta::assert_snapshot!(told(&hub, &bob, &["org", "leave", "team", "--yes"]).await, @r"
    left     team
    warning: bob still has a role of their own on team/vault
    hint: hub perm revoke team/vault --user bob
    exit 0
    ");
    hub.stop().await;
}
