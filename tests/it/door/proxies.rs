//! Behind proxies: what they say is believed when they are trusted, and only then.

use std::path::Path;
use std::time::{Duration, Instant};

use hub_tests::{Nginx, TestHub, TestTls, free_port, readme_image};
use reqwest::{Method, StatusCode};

async fn realm(hub: &TestHub, headers: &[(&str, &str)]) -> String {
    let mut request = hub.nobody().request(Method::GET, "/v2/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    challenge.split('"').nth(1).unwrap().to_owned()
}

const FORWARDED: [(&str, &str); 2] =
    [("x-forwarded-proto", "https"), ("x-forwarded-host", "hub.example.com")];
const TOKEN: &str = "/api/v1/registry/token";

#[tokio::test]
async fn a_proxy_on_this_machine_is_believed_and_a_stranger_is_not() {
    let hub = TestHub::start().await;
    assert_eq!(realm(&hub, &FORWARDED).await, format!("https://hub.example.com{TOKEN}"));
    assert_eq!(realm(&hub, &[]).await, format!("{}{TOKEN}", hub.url));
    hub.stop().await;

    let hub = TestHub::with(|c| c.listen.trusted_proxies = "192.0.2.0/24".parse().unwrap()).await;
    assert_eq!(realm(&hub, &FORWARDED).await, format!("{}{TOKEN}", hub.url));
    hub.stop().await;
}

#[tokio::test]
async fn the_public_address_goes_before_whatever_a_proxy_says() {
    let hub = TestHub::with(|config| {
        config.listen.public_url = Some("https://images.example.com".parse().unwrap());
    })
    .await;
    assert_eq!(realm(&hub, &FORWARDED).await, format!("https://images.example.com{TOKEN}"));
    hub.stop().await;
}

/// An nginx that ends TLS before the hub, as `docs/how-to/tls.md` has it.
fn nginx(folder: &Path, tls: &TestTls, port: u16, hub: &str) -> Option<Nginx> {
    let server = format!(
        "listen 127.0.0.1:{port} ssl;
         ssl_certificate {}; ssl_certificate_key {};
         location / {{
           proxy_pass http://{hub};
           proxy_http_version 1.1;
           proxy_request_buffering off;
           proxy_buffering off;
           proxy_set_header Host $http_host;
           proxy_set_header X-Forwarded-Host $http_host;
           proxy_set_header X-Forwarded-Proto $scheme;
           proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
         }}",
        tls.cert().display(),
        tls.key().display()
    );
    Nginx::start(folder, &server)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_through_a_real_proxy_that_ends_tls_arrives_whole() {
    let hub = TestHub::with(|config| {
        (config.listen.tls_cert, config.listen.tls_key) = (None, None);
    })
    .await;
    let alice = hub.person("alice").await;
    let folder = tempfile::tempdir().unwrap();
    let tls = TestTls::make(&folder.path().join("tls"));
    let port = free_port();
    let Some(_nginx) = nginx(folder.path(), &tls, port, hub.host()) else { return };

    let url = format!("https://127.0.0.1:{port}");
    let client = tls.trusted(hub_registry_client::http::builder()).build().unwrap();
    let begin = Instant::now();
    let ping = loop {
        if let Ok(answer) = client.get(format!("{url}/v2/")).send().await {
            break answer;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "nginx does not answer");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let challenge = ping.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains(&format!("realm=\"{url}{TOKEN}\"")), "{challenge}");

    let forged = client.get(format!("{url}/v2/"));
    let forged = FORWARDED.iter().fold(forged, |request, (name, value)| {
        request.header(*name, value.replace("hub.", "evil."))
    });
    let forged = forged.send().await.unwrap();
    let challenge = forged.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains(&format!("realm=\"{url}{TOKEN}\"")), "{challenge}");

    let through = alice.through(&url, client);
    let start = through.request(Method::POST, "/v2/alice/app/blobs/uploads/").send().await.unwrap();
    assert_eq!(start.status(), StatusCode::ACCEPTED);
    let location = start.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("/v2/alice/app/blobs/uploads/"), "{location}");
    let image = readme_image("# behind a proxy");
    through.push_image("alice/app:v1", &image).await;
    let got = through.get("/v2/alice/app/manifests/v1").await.bytes().await.unwrap();
    assert_eq!(got, image.manifest);
    hub.settle().await;
    hub.stop().await;
}
