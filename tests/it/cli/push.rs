//! `hub push`, to a hub and to any other registry.

use hub_tests::{PASSWORD, Terminal, TestHub, readme_image, write_layout};
use serde_json::{Value, json};

/// A terminal signed in as alice, with a layout `img` of one image.
async fn desk(hub: &TestHub, readme: &str) -> Terminal {
    let desk = Terminal::at(hub);
    write_layout(&desk.home().join("img"), "v1", &readme_image(readme));
    desk.ok(["login", &hub.url, "-u", "alice", "-p", PASSWORD]).await;
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_with_flags_beats_the_image_and_travels_as_a_referrer() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let desk = desk(&hub, "# from the image").await;
    desk.file("OTHER.md", "# said\n\nThis is what people say about it.\n");
    desk.ok([
        "push",
        "oci:img:v1",
        "alice/x:v1",
        "-o",
        "OTHER.md",
        "--keyword",
        "one",
        "--keyword",
        "two",
        "--description",
        "said in a line",
        "--url",
        "https://example.com/x",
        "--icon",
        "https://example.com/x.svg",
    ])
    .await;
    hub.settle().await;

    let img = alice.json("/api/v1/repos/alice/x/-/tags/v1").await;
    let detail = &img["detailInfo"];
    assert_eq!(detail["keywords"], json!(["one", "two"]));
    assert_eq!(detail["description"], "said in a line");
    assert_eq!(detail["icon"], "https://example.com/x.svg");
    assert_eq!(img["sources"]["description"], "cli");
    let docs = alice.get("/api/v1/repos/alice/x/-/tags/v1/docs").await.text().await.unwrap();
    assert!(docs.starts_with("# said"), "{docs}");
    let digest = img["digest"].as_str().unwrap();
    let referrers = alice.json(&format!("/v2/alice/x/referrers/{digest}")).await;
    let kind = "application/vnd.theriseunion.hub.detail.v1";
    assert_eq!(referrers["manifests"][0]["artifactType"], kind);
    assert_eq!(alice.json("/api/v1/repos/alice/x").await["tags"], 1, "the artifact is no image");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referrer_alone_describes_the_image_on_another_hub() {
    let (first, second) = (TestHub::start().await, TestHub::start().await);
    let alice = first.person("alice").await;
    let there = second.person("alice").await;
    let desk = desk(&first, "# from the image").await;
    desk.file("OTHER.md", "# travelled\n");
    desk.ok(["push", "oci:img:v1", "alice/x:v1", "-o", "OTHER.md"]).await;
    first.settle().await;

    // What a mirror does: the image, then what refers to it, by bytes.
    let image = readme_image("# from the image");
    there.push_image("alice/x:v1", &image).await;
    let referrers = alice.json(&format!("/v2/alice/x/referrers/{}", image.digest)).await;
    let artifact = referrers["manifests"][0]["digest"].as_str().unwrap();
    let bytes =
        alice.get(&format!("/v2/alice/x/manifests/{artifact}")).await.bytes().await.unwrap();
    let manifest: Value = serde_json::from_slice(&bytes).unwrap();
    let mut blobs = vec![&manifest["config"]];
    blobs.extend(manifest["layers"].as_array().unwrap());
    for blob in blobs {
        let digest = blob["digest"].as_str().unwrap();
        let body = alice.get(&format!("/v2/alice/x/blobs/{digest}")).await.bytes().await.unwrap();
        assert_eq!(there.push_blob("alice/x", digest, body.to_vec()).await, 201);
    }
    let put = there.request(reqwest::Method::PUT, &format!("/v2/alice/x/manifests/{artifact}"));
    let put = put.header("content-type", "application/vnd.oci.image.manifest.v1+json").body(bytes);
    assert_eq!(put.send().await.unwrap().status(), 201);
    second.settle().await;

    let img = there.json("/api/v1/repos/alice/x/-/tags/v1").await;
    assert_eq!(img["sources"]["docs"], format!("referrer:{artifact}"));
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_readme_file_stops_everything_before_it_begins() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let desk = desk(&hub, "# x").await;
    let output = desk.hub(["push", "oci:img:v1", "alice/x:v1", "-o", "NOTHING.md"]).await;
    assert_ne!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("NOTHING.md"), "{said}");
    assert_eq!(alice.get("/api/v1/repos/alice/x").await.status(), 404, "nothing was pushed");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_that_are_there_are_not_sent_again() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let desk = desk(&hub, "# once").await;
    desk.ok(["push", "oci:img:v1", "alice/x:v1"]).await;
    let again = desk.hub(["push", "oci:img:v1", "alice/x:v2"]).await;
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.success() && said.contains("2 there already"), "{said}");
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_into_the_organisation_of_another_is_denied_with_a_hint() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let bob = hub.person("bob").await;
    bob.push_image("bob/x:v1", &readme_image("# bob's")).await;
    hub.settle().await;
    let desk = desk(&hub, "# mine").await;
    let output = desk.hub(["push", "oci:img:v1", "bob/x:v1"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("hint:"), "{said}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oci_archive_and_a_plain_folder_are_sources_too() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let desk = desk(&hub, "# archived").await;
    let mut tar = tar::Builder::new(std::fs::File::create(desk.home().join("img.tar")).unwrap());
    tar.append_dir_all(".", desk.home().join("img")).unwrap();
    tar.finish().unwrap();
    desk.ok(["push", "oci-archive:img.tar", "alice/archive:v1"]).await;
    desk.ok(["push", "./img", "alice/folder:v1"]).await;
    hub.settle().await;
    let digest = readme_image("# archived").digest;
    for repo in ["archive", "folder"] {
        let img = alice.json(&format!("/api/v1/repos/alice/{repo}/-/tags/v1")).await;
        assert_eq!(img["digest"], digest.as_str(), "{repo}");
    }
    hub.stop().await;
}
