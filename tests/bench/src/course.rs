//! The course of a run: each scenario on servers of its own, in turn, round after round.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::acts::{Act, Check, Target};
use crate::content::MIB;
use crate::crowd::{self, Question};
use crate::hashing;
use crate::load::{Load, drive};
use crate::machine::Machine;
use crate::meter::{folder_bytes, free_bytes};
use crate::peers::{self, Peer, Served};
use crate::printer::note;
use crate::report::{Fact, Figures, Report, Round, Row, mib};
use crate::scenarios::{Kind, Scenario};
use crate::seed::{REPO, Seeds, scope};
use crate::targets;

/// Fact: memory of a server that has nothing to do, in MiB.
pub(crate) const IDLE: &str = "idle memory with many repositories, MiB";

/// Fact: from the start of the process to its first answer.
pub(crate) const START: &str = "start with many repositories, ms";

/// Fact: the peak of memory above what the server held before, in MiB.
pub(crate) const ABOVE_IDLE: &str = "16 pushes of 1GB at once: memory above idle, MiB";

/// Fact: what the folder of a server grew by, in layers.
pub(crate) const COPIES: &str = "push of one layer by 100: stored copies";

/// Fact: processor seconds of the hash of 1 GiB.
pub(crate) const HASHING: &str = "hashing 1 GiB alone, CPU-s";

/// The warm-up is this share of a round.
const WARM_UP: usize = 10;

/// A quick run does this share of each round.
const QUICK: usize = 8;

/// Longest pushes in the scenario of memory.
const PARALLEL_SECONDS: u64 = 300;

/// What to run.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The program `hub-server`.
    pub(crate) hub: PathBuf,
    /// Folder for everything that servers keep.
    pub(crate) scratch: PathBuf,
    /// Who takes part.
    pub(crate) peers: Vec<Peer>,
    /// Which scenarios.
    pub(crate) scenarios: Vec<Scenario>,
    /// Rounds whose median counts.
    pub(crate) rounds: usize,
    /// Shorter loads.
    pub(crate) quick: bool,
    /// Tags and repositories of the crowded registry.
    pub(crate) many: usize,
}

/// Runs everything, and judges it.
pub(crate) async fn run(plan: &Plan) -> Result<Report> {
    let mut report = Report {
        machine: Machine::here(&plan.hub),
        rounds: plan.rounds,
        quick: plan.quick,
        many: plan.many,
        rows: Vec::new(),
        facts: Vec::new(),
        targets: Vec::new(),
    };
    let crowded: Vec<_> = plan.scenarios.iter().filter(|s| s.kind.is_crowded()).collect();
    let mut crowd = None;
    for scenario in &plan.scenarios {
        note(scenario.name);
        let doing = || format!("scenario `{}`", scenario.name);
        match scenario.kind {
            Kind::Hashing(bytes) => {
                let value = hashing::seconds(bytes, plan.rounds).await?;
                report.facts.push(Fact { what: HASHING, peer: Peer::Hub, value });
            }
            Kind::Start | Kind::Tags(_) | Kind::Catalog(_) => {
                if crowd.is_none() {
                    crowd = Some(gather(plan, &mut report, &crowded).await.with_context(doing)?);
                }
                if let (Some(servers), false) = (&crowd, scenario.kind == Kind::Start) {
                    lists(plan, scenario, servers, &mut report).await.with_context(doing)?;
                }
            }
            Kind::Parallel(_) => parallel(plan, scenario, &mut report).await.with_context(doing)?,
            _ => usual(plan, scenario, &mut report).await.with_context(doing)?,
        }
    }
    report.targets = targets::judge(&report);
    Ok(report)
}

impl Plan {
    fn peers_of(&self, scenario: &Scenario) -> Vec<Peer> {
        let taking_part = |peer: &Peer| self.peers.contains(peer);
        scenario.peers.iter().copied().filter(taking_part).collect()
    }

    fn load(&self, load: Load) -> Load {
        if self.quick { load.share(QUICK).at_most(1) } else { load }
    }

    /// A fresh folder for a server.
    fn folder(&self, peer: Peer) -> Result<PathBuf> {
        let name = match peer {
            Peer::Hub => "hub",
            Peer::DockerRegistry => "docker-registry",
            Peer::DockerRegistryBasic => "docker-registry-basic",
            Peer::Nginx => "nginx",
        };
        let folder = self.scratch.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        Ok(folder)
    }

    /// Whether the disk takes that much. A full one would end the run, and the work of others
    /// beside it.
    fn has_room_for(&self, bytes: u64) -> Result<bool> {
        let needed = bytes + bytes / 8;
        let room = free_bytes(&self.scratch)? >= needed;
        if !room {
            note(&format!("  skipped: it needs {:.0} MiB of disk", mib(needed)));
        }
        Ok(room)
    }

    async fn start(&self, peer: Peer, folder: &Path) -> Result<Served> {
        let served = Served::start(peer, folder, &self.hub).await?;
        note(&format!("  {served}"));
        Ok(served)
    }
}

/// A scenario on fresh servers, a warm-up first.
async fn usual(plan: &Plan, scenario: &Scenario, report: &mut Report) -> Result<()> {
    let load = plan.load(scenario.load);
    let operations = load.operations * plan.rounds + load.share(WARM_UP).operations;
    let stored = scenario.kind.stored_bytes(operations);
    if !plan.has_room_for(stored * plan.peers_of(scenario).len() as u64)? {
        return Ok(());
    }
    let seeds = Seeds::of(scenario.kind);
    let mut servers = Vec::new();
    for peer in plan.peers_of(scenario) {
        let served = plan.start(peer, &plan.folder(peer)?).await?;
        seeds.plant(&served).await?;
        servers.push(served);
    }
    let mut rounds: BTreeMap<Peer, Vec<Round>> = BTreeMap::new();
    for number in 0..=plan.rounds {
        let (load, check) =
            if number == 0 { (load.share(WARM_UP), Check::Digest) } else { (load, Check::Length) };
        let same = match scenario.kind {
            Kind::Token => None,
            kind => Some(seeds.act(kind, number)).map(|(act, scopes)| (Arc::new(act), scopes)),
        };
        for served in in_turn(&servers, number) {
            let (target, act) = match &same {
                Some((act, scopes)) => (served.target(scopes).await?, Arc::clone(act)),
                None => tokens(served).await?,
            };
            let before = folder_bytes(&served.folder)?;
            let round = measure(served, &target, &act, load, check).await?;
            if let (Act::PushSame { blob, .. }, 1) = (&*act, number) {
                let grown = folder_bytes(&served.folder)?.saturating_sub(before);
                let value = (mib(grown) / mib(blob.size)).round();
                report.facts.push(Fact { what: COPIES, peer: served.peer, value });
            }
            if number > 0 {
                rounds.entry(served.peer).or_default().push(round);
            }
        }
    }
    add_rows(report, scenario, &rounds);
    discard(servers)
}

/// The target and act that ask a token endpoint.
async fn tokens(served: &Served) -> Result<(Arc<Target>, Arc<Act>)> {
    let scopes = [scope(REPO, "pull")];
    let path = peers::token_path(served.target.address, &scopes).await?;
    let act = Act::Read { method: hyper::Method::GET, paths: vec![path], expect: None };
    Ok((served.with_password()?, Arc::new(act)))
}

/// The servers, each round with another one first.
fn in_turn(servers: &[Served], round: usize) -> impl Iterator<Item = &Served> {
    let count = servers.len();
    (0..count).map(move |place| &servers[(place + round) % count])
}

async fn measure(
    served: &Served,
    target: &Arc<Target>,
    act: &Arc<Act>,
    load: Load,
    check: Check,
) -> Result<Round> {
    let before = served.meter.cpu_at_rest().await?;
    served.meter.forget_peak()?;
    let driven = drive(target, act, load, check).await;
    let driven = driven.with_context(|| served.peer.to_string())?;
    let cpu = served.meter.cpu_at_rest().await?.saturating_sub(before);
    Ok(Round { driven, cpu, peak_bytes: served.meter.peak_bytes()? })
}

fn add_rows(report: &mut Report, scenario: &Scenario, rounds: &BTreeMap<Peer, Vec<Round>>) {
    for (peer, rounds) in rounds {
        let figures = Figures::of(rounds);
        report.rows.push(Row { scenario: scenario.name, peer: *peer, figures });
    }
}

/// Ends servers and removes what they kept.
fn discard(servers: Vec<Served>) -> Result<()> {
    for served in servers {
        let folder = served.folder.clone();
        drop(served);
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// Servers with very many tags and repositories. Their start and idleness are facts on the way.
async fn gather(plan: &Plan, report: &mut Report, crowded: &[&Scenario]) -> Result<Vec<Served>> {
    let wanted = |peer: &Peer| crowded.iter().any(|scenario| scenario.peers.contains(peer));
    let mut servers = Vec::new();
    for peer in plan.peers.iter().copied().filter(wanted) {
        let folder = plan.folder(peer)?.with_extension("crowd");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        crowd::fill(peer, &folder, &plan.hub, plan.many).await?;
        // The first start after a change of everything is not what people wait for.
        drop(plan.start(peer, &folder).await?);
        let served = plan.start(peer, &folder).await?;
        let started = served.started.as_secs_f64() * 1e3;
        report.facts.push(Fact { what: START, peer, value: started });
        let idle = mib(served.meter.resident_bytes()?);
        report.facts.push(Fact { what: IDLE, peer, value: idle });
        servers.push(served);
    }
    Ok(servers)
}

/// A scenario on the crowded servers.
async fn lists(
    plan: &Plan,
    scenario: &Scenario,
    servers: &[Served],
    report: &mut Report,
) -> Result<()> {
    let question = Question::of(scenario.kind, plan.many);
    let act = Arc::new(question.act());
    let load = plan.load(scenario.load);
    let mut rounds: BTreeMap<Peer, Vec<Round>> = BTreeMap::new();
    for number in 0..=plan.rounds {
        for served in in_turn(servers, number) {
            question.check(served).await?;
            let target = served.target(&question.scopes).await?;
            let load = if number == 0 { load.share(WARM_UP) } else { load };
            let round = measure(served, &target, &act, load, Check::Length).await?;
            if number > 0 {
                rounds.entry(served.peer).or_default().push(round);
            }
        }
    }
    add_rows(report, scenario, &rounds);
    Ok(())
}

/// Many large pushes at once, one server after the other: there is room for one.
async fn parallel(plan: &Plan, scenario: &Scenario, report: &mut Report) -> Result<()> {
    let kind = match scenario.kind {
        Kind::Parallel(_) if plan.quick => Kind::Parallel(64 * MIB),
        kind => kind,
    };
    let seeds = Seeds::of(kind);
    let (act, scopes) = seeds.act(kind, 0);
    let act = Arc::new(act);
    if !plan.has_room_for(kind.stored_bytes(scenario.load.operations))? {
        return Ok(());
    }
    for peer in plan.peers_of(scenario) {
        let served = plan.start(peer, &plan.folder(peer)?).await?;
        let idle = served.meter.resident_bytes()?;
        let target = served.target(&scopes).await?;
        let load = scenario.load.at_most(PARALLEL_SECONDS);
        let round = measure(&served, &target, &act, load, Check::Length).await?;
        let above = mib(round.peak_bytes.saturating_sub(idle));
        report.facts.push(Fact { what: ABOVE_IDLE, peer, value: above });
        add_rows(report, scenario, &BTreeMap::from([(peer, vec![round])]));
        discard(vec![served])?;
    }
    Ok(())
}
