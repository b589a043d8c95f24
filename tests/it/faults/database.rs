//! PostgreSQL that goes away under load and comes back.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hub_tests::{Dice, Person, PgServer, TestHub};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use tokio::task::JoinSet;

use super::goods::{Goods, MANIFEST, Pool};

/// What the clients share.
struct Load {
    pool: Pool,
    stop: AtomicBool,
    pushed: Mutex<Vec<(String, Goods)>>,
    refused: AtomicUsize,
}

impl Load {
    /// Waits until so many more pushes are acknowledged.
    async fn wait_for(&self, more: usize) {
        let target = self.pushed.lock().unwrap().len() + more;
        let begin = Instant::now();
        while self.pushed.lock().unwrap().len() < target {
            assert!(begin.elapsed() < Duration::from_secs(90), "no push gets through");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_may_be_restarted_under_load_and_the_hub_goes_on_by_itself() {
    let Some(postgres) = PgServer::start() else { return };
    let url = SecretString::from(postgres.url());
    let hub = TestHub::with(|config| config.database.url = Some(url)).await;
    let alice = hub.person("alice").await;
    let seed = Dice::seed();
    let load = Arc::new(Load {
        pool: Pool::new(seed),
        stop: false.into(),
        pushed: Vec::new().into(),
        refused: 0.into(),
    });
    let mut clients = JoinSet::new();
    for number in 1..=8 {
        clients.spawn(push(load.clone(), alice.clone(), Dice::of(seed, number), number));
    }
    let postgres = Arc::new(postgres);
    for mode in ["fast", "immediate"] {
        load.wait_for(5).await;
        let postgres = postgres.clone();
        tokio::task::spawn_blocking(move || postgres.restart(mode)).await.unwrap();
        load.wait_for(5).await;
    }
    load.stop.store(true, Ordering::Relaxed);
    clients.join_all().await;

    let pushed = std::mem::take(&mut *load.pushed.lock().unwrap());
    for (tag, goods) in &pushed {
        let manifest = alice.get(&format!("/v2/alice/x/manifests/{tag}")).await;
        assert_eq!(manifest.bytes().await.unwrap(), goods.manifest, "{tag}");
        for blob in &goods.blobs {
            let answer = alice.get(&format!("/v2/alice/x/blobs/{}", blob.digest)).await;
            assert_eq!(answer.bytes().await.unwrap(), blob.bytes, "{}", blob.digest);
        }
    }
    hub.stop().await;
}

/// Pushes image after image. While the database is away a request may fail, but it is answered,
/// and says that the hub failed, not the client.
async fn push(load: Arc<Load>, alice: Person, mut dice: Dice, number: u64) {
    let mut made = 0;
    while !load.stop.load(Ordering::Relaxed) {
        made += 1;
        let tag = format!("p{number}-{made}");
        let goods = load.pool.image(&mut dice, &tag);
        if try_push(&load, &alice, &tag, &goods).await {
            load.pushed.lock().unwrap().push((tag, goods));
        } else {
            load.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn try_push(load: &Load, alice: &Person, tag: &str, goods: &Goods) -> bool {
    for blob in &goods.blobs {
        let path = format!("/v2/alice/x/blobs/uploads/?digest={}", blob.digest);
        let request = alice.request(Method::POST, &path).body(blob.bytes.clone());
        if !created(load, request).await {
            return false;
        }
    }
    let path = format!("/v2/alice/x/manifests/{tag}");
    let request = alice.request(Method::PUT, &path).header(CONTENT_TYPE, MANIFEST);
    created(load, request.body(goods.manifest.clone())).await
}

async fn created(load: &Load, request: reqwest::RequestBuilder) -> bool {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    if status == StatusCode::CREATED {
        return true;
    }
    let text = answer.text().await.unwrap();
    let refused = load.refused.load(Ordering::Relaxed);
    assert!(status.is_server_error(), "after {refused} refusals: {status} {text}");
    assert!(text.contains("\"errors\""), "{text}");
    false
}
