//! How soon a push is found.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hyper::{Method, StatusCode};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use super::hub::encoded;
use super::latency::Times;
use crate::acts::{Sending, push_image};
use crate::client::{Ask, Connection, Take};
use crate::content::{Image, Maker};
use crate::peers::Served;

/// Pushes in a second.
const RATE: u64 = 100;

/// One in so many of each connection is looked for.
const WATCHED: usize = 20;

/// Connections that push.
const PUSHERS: usize = 8;

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// When it counts as not found.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pushes so many new repositories, and looks for some of them by name from the answer on. Answers
/// how long that took, and how many were pushed in a second.
pub(crate) async fn measure(served: &Served, pushes: usize) -> Result<(Times, f64)> {
    let maker = Maker::new(1024);
    let image = Image::of(vec![maker.make()]);
    let address = served.target.address;
    // What a run before pushed is found already.
    let run = std::time::UNIX_EPOCH.elapsed()?.as_secs();
    let began = Instant::now();
    let clients = (0..PUSHERS).map(|pusher| {
        let image = image.clone();
        let (served, began) = (&served, began);
        async move {
            let names: Vec<String> =
                (pusher..pushes).step_by(PUSHERS).map(|n| format!("zq{run:x}n{n}wv")).collect();
            let scopes: Vec<String> =
                names.iter().map(|name| format!("repository:admin/{name}:pull,push")).collect();
            let mut ticks = interval(Duration::from_micros(1_000_000 * PUSHERS as u64 / RATE));
            let mut watchers = JoinSet::new();
            for (number, (name, scope)) in names.iter().zip(&scopes).enumerate() {
                let target = served.target(std::slice::from_ref(scope)).await?;
                let mut connection = Connection::new(address, target.authorization.clone());
                ticks.tick().await;
                let repo = format!("admin/{name}");
                push_image(&mut connection, &repo, "v1", &image, Sending::Monolith).await?;
                if number % WATCHED == 0 {
                    watchers.spawn(watch(address, name.clone(), Instant::now()));
                }
            }
            let pushing = began.elapsed();
            let mut times = Vec::new();
            while let Some(watcher) = watchers.join_next().await {
                times.push(watcher??);
            }
            Ok::<_, anyhow::Error>((times, pushing))
        }
    });
    let mut times = Times::default();
    let mut pushing = Duration::ZERO;
    for done in futures::future::try_join_all(clients).await? {
        pushing = pushing.max(done.1);
        done.0.into_iter().for_each(|(name, took)| times.add(took, name));
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousand")]
    let rate = pushes as f64 / pushing.as_secs_f64();
    Ok((times, rate))
}

async fn watch(
    address: std::net::SocketAddr,
    name: String,
    pushed: Instant,
) -> Result<(String, Duration)> {
    // The organisation of an administrator is private: a stranger would never find it.
    let mut connection = Connection::new(address, Some(crate::peers::basic()?));
    let path = format!("/api/v1/search?q={}&correct=false", encoded(&name));
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
