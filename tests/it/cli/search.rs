//! `hub search`, as people type it.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use hub_tests::{Terminal, TestHub, readme_image};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_kept_to_names_or_keywords() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let keyword = hub_oci::ImageBuilder::new()
        .layer([("README.md", "# Other\n")])
        .annotation("io.artifacthub.package.keywords", "marzipan")
        .build();
    alice.push_image("alice/other:v1", &keyword).await;
    alice.push_image("alice/marzipan:v1", &readme_image("# Sweet")).await;
    alice.push_image("alice/sweet:v1", &readme_image("# Marzipan\n\nMuch marzipan.")).await;
    hub.settle().await;
    let desk = Terminal::at(&hub);
    let found = async |place: &str| {
        let args =
            ["--server", &hub.url, "search", "marzipan", "--match", place, "--format", "name"];
        let mut names: Vec<_> = desk.ok(args).await.lines().map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(found("name").await, ["alice/marzipan"]);
    assert_eq!(found("keyword").await, ["alice/other"]);
    let anywhere = found("all").await;
    assert!(anywhere.len() >= 2 && anywhere.contains(&"alice/other".to_owned()), "{anywhere:?}");
    hub.stop().await;
}

#[tokio::test]
async fn results_are_opened_in_a_browser_or_their_address_is_printed() {
    let desk = Terminal::default();
    let search = ["--server", "https://hub.example.com", "search", "-w", "消息", "queue"];
    let more = ["--match", "name", "--sort", "recent", "--page", "2"];
    let args: Vec<_> = search.into_iter().chain(more).collect();
    let address = "https://hub.example.com/search?q=%E6%B6%88%E6%81%AF+queue&match=name&sort=recent\
                   &page=2";
    assert_eq!(desk.ok(args.iter().copied()).await.trim(), address);

    let browser = desk.file("browser", "#!/bin/sh\nprintf %s \"$1\" > opened\n");
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = desk.command(args.iter().copied());
    let output = command.env("BROWSER", &browser).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
    assert!(said(&output).contains("opened"), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(desk.home().join("opened")).unwrap(), address);

    // One that does not work is no reason to leave somebody without the address.
    let mut command = desk.command(args.iter().copied());
    let output = command.env("BROWSER", desk.home().join("absent")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), address);
    assert!(output.status.success() && said(&output).contains("opened no browser"));
}

#[tokio::test]
async fn a_place_or_an_order_that_is_none_is_refused_with_those_that_are() {
    let desk = Terminal::default();
    let mut refusals = String::new();
    for wrong in [["--match", "readme"], ["--sort", "best"], ["--web", "--fail-on-no-result"]] {
        let output = desk.hub(["search", "x"].into_iter().chain(wrong)).await;
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        refusals.push_str(&said(&output));
    }
    insta::assert_snapshot!(refusals, @r"
    error: invalid value 'readme' for '--match <PLACE>'
      [possible values: all, name, keyword]

    For more information, try '--help'.
    error: invalid value 'best' for '--sort <SORT>'
      [possible values: relevance, pulls, recent, stars, updated, new, name, size]

    For more information, try '--help'.
    error: the argument '--web' cannot be used with '--fail-on-no-result'

    Usage: hub search --web <QUERY>...

    For more information, try '--help'.
    ");
}
