//! TLS: both versions of HTTP, a certificate that changes, and clients of others.

use std::process::Command;
use std::time::{Duration, Instant};

use hub_tests::{
    PASSWORD, Server, TestHub, TestTls, binary, output, program, readme_image, run, write_layout,
};
use reqwest::tls::TlsInfo;
use reqwest::{ClientBuilder, StatusCode, Version};

/// The certificate that a new connection is shown, DER.
async fn shown(hub: &TestHub) -> Vec<u8> {
    shown_at(&hub.url, hub.client()).await
}

async fn shown_at(url: &str, client: ClientBuilder) -> Vec<u8> {
    let client = client.tls_info(true).build().unwrap();
    let answer = client.get(format!("{url}/healthz")).send().await.unwrap();
    let info = answer.extensions().get::<TlsInfo>().unwrap();
    info.peer_certificate().unwrap().to_vec()
}

async fn until(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !check().await {
        assert!(begin.elapsed() < Duration::from_secs(30), "{what} never happened");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls() {
    let hub = TestHub::with_tls(|_| ()).await;
    let url = format!("{}/v2/", hub.url);
    assert!(url.starts_with("https://"));
    for (client, want) in [
        (hub.client(), Version::HTTP_2),
        (hub.client().http1_only(), Version::HTTP_11),
        (hub.client().http2_prior_knowledge(), Version::HTTP_2),
    ] {
        let answer = client.build().unwrap().get(&url).send().await.unwrap();
        assert_eq!((answer.version(), answer.status()), (want, StatusCode::UNAUTHORIZED));
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
        let realm = format!("Bearer realm=\"{}/api/v1/registry/token\"", hub.url);
        assert!(challenge.starts_with(&realm), "{challenge}");
    }
    let stranger = hub_registry_client::http::builder().build().unwrap();
    assert!(stranger.get(&url).send().await.is_err(), "nobody else trusts the authority");
    hub.stop().await;
}

#[tokio::test]
async fn http_2_is_spoken_without_tls_to_who_knows_already() {
    let hub = TestHub::with(|config| {
        (config.listen.tls_cert, config.listen.tls_key) = (None, None);
    })
    .await;
    let client = hub_registry_client::http::builder().http2_prior_knowledge().build().unwrap();
    let answer = client.get(format!("{}/v2/", hub.url)).send().await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains(&format!("realm=\"{}/", hub.url)), "{challenge}");
    hub.stop().await;
}

#[tokio::test]
async fn an_image_is_pushed_and_pulled_over_http_2() {
    let hub = TestHub::with_tls(|_| ()).await;
    let alice = hub.person("alice").await;
    let image = readme_image("# over TLS");
    alice.push_image("alice/app:v1", &image).await;
    let manifest = alice.get("/v2/alice/app/manifests/v1").await;
    assert_eq!(manifest.version(), Version::HTTP_2);
    assert_eq!(manifest.bytes().await.unwrap(), image.manifest);
    for (digest, bytes) in &image.blobs {
        let blob = alice.get(&format!("/v2/alice/app/blobs/{digest}")).await;
        assert_eq!(&blob.bytes().await.unwrap(), bytes);
    }
    hub.stop().await;
}

#[tokio::test]
async fn cookies_are_for_https_only_when_the_hub_speaks_it() {
    let hub = TestHub::with_tls(|_| ()).await;
    let page = hub.nobody().get("/login").await;
    assert!(page.headers().contains_key("strict-transport-security"));
    assert_eq!(hub_server::http::actor::cookie_name(hub.app()), "__Host-hub_session");
    hub.stop().await;
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_open_connections_stay() {
    let hub = TestHub::with_tls(|config| config.listen.tls_reload_seconds = 1).await;
    let tls = hub.tls().unwrap();
    let before = shown(&hub).await;
    let client = hub.client().tls_info(true).build().unwrap();
    let url = format!("{}/healthz", hub.url);
    let certificate_of = |answer: &reqwest::Response| {
        answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec()
    };
    assert_eq!(certificate_of(&client.get(&url).send().await.unwrap()), before);

    let renewed = tls.renew();
    until("the new certificate", async || shown(&hub).await == renewed).await;
    // The connection from before still serves, with what it began with.
    assert_eq!(certificate_of(&client.get(&url).send().await.unwrap()), before);

    // A broken file changes nothing, and a good one after it is taken up.
    std::fs::write(tls.cert(), "-----BEGIN CERTIFICATE-----\nnonsense\n").unwrap();
    let error = hub.reload_tls().unwrap_err().to_string();
    assert!(error.ends_with("server.crt is damaged or no PEM"), "{error}");
    assert_eq!(shown(&hub).await, renewed);
    let other = TestTls::make(&hub.data().join("other"));
    std::fs::copy(other.cert(), tls.cert()).unwrap();
    let error = hub.reload_tls().unwrap_err().to_string();
    assert!(error.contains("does not fit the certificate in"), "{error}");
    assert_eq!(shown(&hub).await, renewed);
    let again = tls.renew();
    until("the third certificate", async || shown(&hub).await == again).await;
    hub.stop().await;
}

#[tokio::test]
async fn a_process_that_is_hung_up_on_reads_its_certificate_again() {
    let folder = tempfile::tempdir().unwrap();
    let tls = TestTls::make(&folder.path().join("tls"));
    let mut server = Server::serve_tls(&folder.path().join("data"), &tls).await;
    let url = server.url.clone();
    let shown = async || shown_at(&url, tls.trusted(hub_registry_client::http::builder())).await;
    let before = shown().await;
    let renewed = tls.renew();
    assert_eq!(shown().await, before, "nobody said so yet");
    server.hang_up();
    until("the new certificate", async || shown().await == renewed).await;

    // It outlives files that are no good, and reads the good ones after them.
    std::fs::write(tls.cert(), "nonsense").unwrap();
    server.hang_up();
    assert_eq!(shown().await, renewed);
    let again = tls.renew();
    until("the third certificate", async || {
        server.hang_up();
        shown().await == again
    })
    .await;
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_hub_without_a_good_certificate_does_not_start_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let (one, other) = (TestTls::make(&one), TestTls::make(&other));
    let nonsense = folder.path().join("nonsense.pem");
    std::fs::write(&nonsense, "nonsense").unwrap();
    let absent = folder.path().join("absent.pem");
    let start = |args: &[&std::path::Path]| {
        let mut command = Command::new(binary("hub-server"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("d"));
        for (flag, value) in ["--tls-cert", "--tls-key"].iter().zip(args) {
            command.arg(flag).arg(value);
        }
        let ended = output(&mut command);
        assert!(!ended.status.success());
        String::from_utf8(ended.stderr).unwrap()
    };
    for (args, want) in [
        (vec![one.cert(), other.key()], "does not fit the certificate in"),
        (vec![absent.clone(), one.key()], "could not read"),
        (vec![nonsense.clone(), one.key()], "holds no certificate"),
        (vec![one.cert(), nonsense], "holds no private key"),
        (vec![one.cert()], "belong together, and only one of them is set"),
    ] {
        let args: Vec<_> = args.iter().map(std::path::PathBuf::as_path).collect();
        let said = start(&args);
        assert!(said.contains("could not prepare TLS") && said.contains(want), "{want}: {said}");
    }
    assert!(!folder.path().join("d").exists(), "nothing is made before the certificate is good");
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_copies_to_a_hub_whose_authority_it_is_told() {
    let hub = TestHub::with_tls(|_| ()).await;
    hub.person("alice").await;
    let Some(skopeo) = program("skopeo") else { return };
    let folder = tempfile::tempdir().unwrap();
    let image = readme_image("# TLS");
    write_layout(&folder.path().join("layout"), "v1", &image);
    let to = format!("docker://{}/alice/app:v1", hub.host());
    let credentials = format!("alice:{PASSWORD}");
    let trust = hub.tls().unwrap().cert_dir();
    let command = |from: &str, to: &str, side: &str| {
        let mut command = Command::new(&skopeo);
        command.args(["copy", "-q", "--dest-creds", &credentials, from, to]);
        if side == "src" {
            command = Command::new(&skopeo);
            command.args(["copy", "-q", "--src-creds", &credentials, from, to]);
        }
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path().join("data"));
        command.current_dir(folder.path());
        command
    };
    let mut distrusting = command("oci:layout:v1", &to, "dest");
    let refused = tokio::task::spawn_blocking(move || output(&mut distrusting)).await.unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("certificate"));

    let mut there = command("oci:layout:v1", &to, "dest");
    there.arg("--dest-cert-dir").arg(&trust);
    let mut back = command(&to, "oci:back:v1", "src");
    back.arg("--src-cert-dir").arg(&trust);
    tokio::task::spawn_blocking(move || (run(&mut there), run(&mut back))).await.unwrap();
    for (digest, bytes) in &image.blobs {
        let file = folder.path().join("back/blobs/sha256").join(digest.hex());
        assert_eq!(&std::fs::read(file).unwrap(), bytes);
    }
    hub.settle().await;
    hub.stop().await;
}
