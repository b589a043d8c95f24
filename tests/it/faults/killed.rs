//! `kill -9` while hundreds push, delete, mount and pull, and garbage is collected beside them.
//!
//! `HUB_TEST_FAULT_ROUNDS=N` kills more often, `HUB_TEST_FAULT_SEED=N` throws the dice again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hub_tests::{Dice, Person, Server, Site, fault_rounds};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::audit::{Audit, Held};
use super::crowd::{Field, Player};
use super::goods::Pool;
use super::ledger::Ledger;

/// Clients at the same time.
const PLAYERS: usize = 96;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_hub_keeps_what_it_acknowledged_and_nothing_by_halves() {
    let seed = Dice::seed();
    let mut dice = Dice::of(seed, 0);
    let rounds = fault_rounds(4);
    let site = Site::new("[log]\nlevel = \"error\"\n").await;
    let field = Arc::new(Field {
        repos: (0..6).map(|n| format!("admin/r{n}")).collect(),
        pool: Pool::new(seed),
        pushed: 0.into(),
        complaints: Vec::new().into(),
    });
    let mut players: Vec<_> = (1..=PLAYERS).map(|number| player(seed, number, &field)).collect();
    let mut server = site.serve().await;
    let mut collections = 0;
    for round in 1..=rounds {
        let person = Person::known("admin", &server.url);
        let mut playing = JoinSet::new();
        for player in players.drain(..) {
            playing.spawn(player.play(person.clone()));
        }
        let mut collecting = JoinSet::new();
        collecting.spawn(collect(person));
        kill_after(&mut server, &field, 25 + dice.below(75)).await;
        players = playing.join_all().await;
        collections += collecting.join_all().await.iter().sum::<usize>();
        if dice.one_in(2) {
            // And once more while it starts.
            let mut early = site.begin();
            tokio::time::sleep(Duration::from_millis(dice.below(500) as u64)).await;
            early.kill();
        }
        server = site.serve().await;
        let held = if round == rounds { Held::Await } else { Held::Leave };
        let person = Person::known("admin", &server.url);
        Audit::run(person, &field, &mut players, held).await;
        let complaints = field.complaints.lock().unwrap().join("\n");
        assert!(complaints.is_empty(), "seed {seed}, round {round}:\n{complaints}");
    }
    assert_eq!(server.terminate(), Some(0), "it also stops in good order");
    report(&players);
    assert!(collections > 0, "no collection was ever taken on");
    nothing_is_by_halves(&site);
    site.remove().await;
}

fn player(seed: u64, number: usize, field: &Arc<Field>) -> Player {
    Player {
        number,
        dice: Dice::of(seed, number as u64),
        ledger: Ledger::default(),
        field: field.clone(),
        made: 0,
    }
}

/// Asks for a collection again and again, until the server is gone. The grace is longer than a
/// push takes and shorter than the test.
/// Answers how often it was taken on.
async fn collect(person: Person) -> usize {
    let wish = json!({"graceSeconds": 10});
    let mut runs = 0;
    while let Ok(answer) = person.request(Method::POST, "/api/v1/gc").json(&wish).send().await {
        runs += usize::from(answer.status() == StatusCode::ACCEPTED);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    runs
}

/// Reads everything again. Bytes that were stored and never acknowledged may lie around until they
/// are collected; everything else has to agree.
fn nothing_is_by_halves(site: &Site) {
    let output = site.run(&["check", "--fix", "--rehash", "all", "--format", "json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).expect(&said);
    let counts = report["counts"].as_object().unwrap();
    let harmless = ["unknown_bytes", "leftover"];
    let bad: Vec<_> = counts.keys().filter(|kind| !harmless.contains(&kind.as_str())).collect();
    assert!(bad.is_empty(), "{report:#}");
    assert!(report["rehashed"].as_u64().unwrap() > 0, "{report:#}");
}

/// Kills the server once so many more pushes were acknowledged: a moment that depends on chance,
/// not on how fast the machine is.
async fn kill_after(server: &mut Server, field: &Field, pushes: usize) {
    let target = field.pushed.load(Ordering::Relaxed) + pushes;
    let begin = Instant::now();
    while field.pushed.load(Ordering::Relaxed) < target {
        assert!(begin.elapsed() < Duration::from_mins(2), "hardly any push is acknowledged");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.kill();
}

/// Says how much happened, and fails when it was too little to mean anything.
#[expect(clippy::print_stderr, reason = "how much a test by chance has seen")]
fn report(players: &[Player]) {
    let sum = |what: fn(&Ledger) -> usize| players.iter().map(|p| what(&p.ledger)).sum::<usize>();
    let (pushed, deleted) = (sum(|l| l.pushed), sum(|l| l.deleted));
    let uncertain = sum(|l| l.uncertain);
    eprintln!("{pushed} pushes and {deleted} deletes acknowledged, {uncertain} cut off");
    assert!(pushed >= 100 && pushed + uncertain >= 300, "{pushed} pushes, {uncertain} cut off");
}
