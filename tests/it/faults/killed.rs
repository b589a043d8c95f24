//! `kill -9` while hundreds push, delete, mount and pull.
//!
//! `HUB_TEST_FAULT_ROUNDS=N` kills more often, `HUB_TEST_FAULT_SEED=N` throws the dice again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hub_tests::{Dice, Person, Server, Site, fault_rounds};
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
    for round in 1..=rounds {
        let person = Person::known("admin", &server.url);
        let mut playing = JoinSet::new();
        for player in players.drain(..) {
            playing.spawn(player.play(person.clone()));
        }
        kill_after(&mut server, &field, 25 + dice.below(75)).await;
        players = playing.join_all().await;
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
