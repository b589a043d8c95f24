//! How soon a push is found.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use super::hub::encoded;
use super::latency::Times;
use crate::acts::{Sending, push_image};
use crate::client::{Ask, Connection, Take};
use crate::content::{Image, MANIFEST, Maker};
use crate::peers::Served;

/// Pushes in a second that are tried for.
const RATE: u64 = 100;

/// One in so many of each client is looked for.
const WATCHED: usize = 20;

/// Clients that push.
const PUSHERS: usize = 8;

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// When it counts as not found.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes so many repositories, then pushes another tag to each of them, and looks for some of these
/// pushes in the index. Answers how long after the answer each was found, and how many were pushed in
/// a second.
///
/// As clients push what shares its layers: they ask for these, and send the manifest.
pub(crate) async fn measure(served: &Served, pushes: usize) -> Result<(Times, f64)> {
    let maker = Maker::new(1024);
    let image = Image::of(vec![maker.make()]);
    // What a run before pushed is found already.
    let run = std::time::UNIX_EPOCH.elapsed()?.as_secs();
    let names: Vec<String> = (0..pushes).map(|n| format!("zq{run:x}n{n}wv")).collect();
    let places =
        names.chunks(pushes.div_ceil(PUSHERS).max(1)).map(|names| make(served, names, &image));
    let places = futures::future::try_join_all(places).await?;
    let began = Instant::now();
    let clients = places.iter().map(|places| push_all(served.target.address, places, &image));
    let mut times = Times::default();
    let mut pushing = Duration::ZERO;
    for (found, ended) in futures::future::try_join_all(clients).await? {
        pushing = pushing.max(ended - began);
        for (name, took) in found {
            times.add(took, name);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousand")]
    let rate = pushes as f64 / pushing.as_secs_f64();
    Ok((times, rate))
}

/// A repository of ours.
struct Place {
    name: String,
    repo: String,
    authorization: Option<HeaderValue>,
}

/// Makes repositories, with the image in each.
async fn make(served: &Served, names: &[String], image: &Image) -> Result<Vec<Place>> {
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let repo = format!("admin/{name}");
        let target = served.target(&[format!("repository:{repo}:pull,push")]).await?;
        let authorization = target.authorization.clone();
        let mut connection = Connection::new(target.address, authorization.clone());
        push_image(&mut connection, &repo, "v1", image, Sending::Monolith).await?;
        places.push(Place { name: name.clone(), repo, authorization });
    }
    Ok(places)
}

/// Pushes to each at its time. Answers what was found how long after its push, and when the last
/// push was answered.
async fn push_all(
    address: SocketAddr,
    places: &[Place],
    image: &Image,
) -> Result<(Vec<(String, Duration)>, Instant)> {
    let mut ticks = interval(Duration::from_micros(1_000_000 * PUSHERS as u64 / RATE));
    let mut watchers = JoinSet::new();
    for (number, place) in places.iter().enumerate() {
        ticks.tick().await;
        let since_ms = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
        push_again(address, place, image).await?;
        if number % WATCHED == 0 {
            watchers.spawn(watch(address, place.name.clone(), since_ms, Instant::now()));
        }
    }
    let ended = Instant::now();
    let mut times = Vec::new();
    while let Some(watcher) = watchers.join_next().await {
        times.push(watcher??);
    }
    Ok((times, ended))
}

/// Pushes the image under another tag.
async fn push_again(address: SocketAddr, place: &Place, image: &Image) -> Result<()> {
    let mut connection = Connection::new(address, place.authorization.clone());
    let repo = &place.repo;
    for blob in image.layers.iter().chain([&image.config]) {
        let path = format!("/v2/{repo}/blobs/{}", blob.digest);
        let ask = Ask::new(Method::HEAD, &path);
        connection.ask(ask).await?.expect(StatusCode::OK, "ask for a blob")?;
    }
    let path = format!("/v2/{repo}/manifests/v2");
    let ask = Ask::new(Method::PUT, &path).with(MANIFEST, image.manifest.payload());
    connection.ask(ask).await?.expect(StatusCode::CREATED, "push a manifest")?;
    Ok(())
}

/// Asks until the index knows of an upload to that repository since then.
async fn watch(
    address: SocketAddr,
    name: String,
    since_ms: i64,
    pushed: Instant,
) -> Result<(String, Duration)> {
    // The organisation of an administrator is private: a stranger would never find it.
    let mut connection = Connection::new(address, Some(crate::peers::basic()?));
    let (text, since) = (encoded(&name), encoded(&hub_api::time(since_ms)));
    let path = format!("/api/v1/search?q={text}&updated={since}&correct=false");
    loop {
        let ask = Ask::new(Method::GET, &path).take(Take::Keep);
        let answer = connection.ask(ask).await?.expect(StatusCode::OK, "search")?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.body)?;
        if answer["total"].as_u64() > Some(0) {
            return Ok((name, pushed.elapsed()));
        }
        ensure!(pushed.elapsed() < PATIENCE, "{name} was not found within {PATIENCE:?}");
        sleep(LOOK).await;
    }
}
