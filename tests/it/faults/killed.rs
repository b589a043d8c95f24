//! `kill -9` while hundreds push, delete, mount and pull, and garbage is collected beside them.
//!
//! `HUB_TEST_FAULT_ROUNDS=N` kills more often, `HUB_TEST_FAULT_SEED=N` throws the dice again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hub_tests::{Dice, Person, Server, Site, fault_rounds};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::audit::{Audit, Held};
use super::crowd::{Field, Player};
use super::goods::Pool;
use super::ledger::Ledger;

/// Clients at the same time.
const PLAYERS: usize = 96;

/// Clients of every other round.
const FEW: usize = 8;

/// Which dice the collector has.
const COLLECTOR: u64 = 1000;

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
        collected: 0.into(),
        missed: 0.into(),
        put_off: 0.into(),
        complaints: Vec::new().into(),
    });
    let mut players: Vec<_> = (1..=PLAYERS).map(|number| player(seed, number, &field)).collect();
    let mut server = site.serve().await;
    let dice_of_collector = Dice::of(seed, COLLECTOR);
    let mut collector = Collector { dice: dice_of_collector, field: field.clone(), blobs: 0 };
    for round in 1..=rounds {
        let person = Person::known("admin", &server.url);
        let mut playing = JoinSet::new();
        // Among many a collection hardly comes to its end; among few it is killed in every step.
        let few = round % 2 == 0;
        let first = if few { PLAYERS - FEW } else { 0 };
        for player in players.drain(first..) {
            playing.spawn(player.play(person.clone()));
        }
        let mut collecting = JoinSet::new();
        collecting.spawn(collector.play(person));
        await_deeds(&field, 40 + dice.below(40), usize::from(few)).await;
        tokio::time::sleep(Duration::from_millis(dice.below(1000) as u64)).await;
        server.kill();
        players.extend(playing.join_all().await);
        collector = collecting.join_next().await.unwrap().unwrap();
        if dice.one_in(2) {
            // And once more while it starts.
            let mut early = site.begin();
            tokio::time::sleep(Duration::from_millis(dice.below(500) as u64)).await;
            early.kill();
        }
        nothing_is_by_halves(&site, &format!("seed {seed}, round {round}"));
        site.end_lease("gc").await;
        server = site.serve().await;
        let held = if round == rounds { Held::Await } else { Held::Leave };
        audit(&server, &field, &mut players, held, &format!("seed {seed}, round {round}")).await;
    }
    assert_eq!(server.terminate(), Some(0), "it also stops in good order");
    report(&field, &players, &collector);

    // What is left is all needed.
    let said = site.run(&["gc", "--grace", "0"]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    nothing_is_by_halves(&site, &format!("seed {seed}, at the end"));
    server = site.serve().await;
    audit(&server, &field, &mut players, Held::Await, &format!("seed {seed}, at the end")).await;
    assert_eq!(server.terminate(), Some(0));
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

async fn audit(
    server: &Server,
    field: &Arc<Field>,
    players: &mut Vec<Player>,
    held: Held,
    when: &str,
) {
    Audit::run(Person::known("admin", &server.url), field, players, held).await;
    let complaints = field.complaints.lock().unwrap().join("\n");
    assert!(complaints.is_empty(), "{when}:\n{complaints}");
}

/// Asks for collections, one after the other.
struct Collector {
    dice: Dice,
    field: Arc<Field>,
    blobs: u64,
}

impl Collector {
    /// Goes on until the server is gone. Without any grace, what a client uploaded a moment ago
    /// and has no manifest yet goes; with ten seconds, only what was left behind.
    async fn play(mut self, person: Person) -> Self {
        while self.collect(&person).await.is_ok() {}
        self
    }

    async fn collect(&mut self, person: &Person) -> reqwest::Result<()> {
        let grace = [0, 0, 0, 1, 10][self.dice.below(5)];
        let mut wish = json!({"graceSeconds": grace});
        if self.dice.one_in(2) {
            wish["untaggedSeconds"] = json!(1);
        }
        let asked = person.request(Method::POST, "/api/v1/gc").json(&wish).send().await?;
        let mut run: Value = asked.json().await?;
        let at = format!("/api/v1/gc/{}", run["id"]);
        while run["state"] == "queued" || run["state"] == "running" {
            tokio::time::sleep(Duration::from_millis(20)).await;
            run = person.request(Method::GET, &at).send().await?.json().await?;
        }
        assert_eq!((&run["state"], &run["errors"]), (&json!("done"), &json!(0)), "{run}");
        self.field.collected.fetch_add(1, Ordering::Relaxed);
        self.blobs += run["blobs"].as_u64().unwrap();
        Ok(())
    }
}

/// Reads everything again. Bytes that were stored and never acknowledged may lie around until they
/// are collected; everything else has to agree.
fn nothing_is_by_halves(site: &Site, when: &str) {
    let output = site.run(&["check", "--rehash", "all", "--format", "json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).expect(&said);
    let counts = report["counts"].as_object().unwrap();
    let harmless = ["unknown_bytes", "leftover"];
    let bad: Vec<_> = counts.keys().filter(|kind| !harmless.contains(&kind.as_str())).collect();
    assert!(bad.is_empty(), "{when}: {report:#}");
    assert!(report["rehashed"].as_u64().unwrap() > 0, "{when}: {report:#}");
}

/// Waits until so many more pushes were acknowledged, and collections done: what happened then
/// does not depend on how fast the machine is.
async fn await_deeds(field: &Field, pushes: usize, collections: usize) {
    let done = || [&field.pushed, &field.collected].map(|count| count.load(Ordering::Relaxed));
    let before = done();
    let begin = Instant::now();
    while done()[0] < before[0] + pushes || done()[1] < before[1] + collections {
        assert!(begin.elapsed() < Duration::from_mins(2), "{:?} pushes and collections", done());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Says how much happened, and fails when it was too little to mean anything.
#[expect(clippy::print_stderr, reason = "how much a test by chance has seen")]
fn report(field: &Field, players: &[Player], collector: &Collector) {
    let sum = |what: fn(&Ledger) -> usize| players.iter().map(|p| what(&p.ledger)).sum::<usize>();
    let (pushed, deleted) = (sum(|l| l.pushed), sum(|l| l.deleted));
    let uncertain = sum(|l| l.uncertain);
    let Collector { blobs, .. } = collector;
    let runs = field.collected.load(Ordering::Relaxed);
    let missed = field.missed.load(Ordering::Relaxed);
    let put_off = field.put_off.load(Ordering::Relaxed);
    eprintln!("{pushed} pushes and {deleted} deletes acknowledged, {uncertain} cut off");
    eprintln!(
        "{runs} collections took {blobs} blobs; {missed} manifests missed one, {put_off} put off"
    );
    assert!(pushed >= 100 && pushed + uncertain >= 300, "{pushed} pushes, {uncertain} cut off");
    assert!(runs > 0 && *blobs > 0, "nothing was collected");
}
