//! The hub, as a program: imports, builds its index, serves.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hub_db::{Db, Pulls};
use hyper::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};

use super::asks::{Ask, Kind, PAGE};
use super::variation::Variation;
use crate::client::{self, Connection, Take};
use crate::meter::{Meter, folder_bytes};
use crate::peers::{Peer, Served, database_url, init};
use crate::printer;

/// How often the memory of a program is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Pulls that are written down at a time.
const AT_ONCE: usize = 2000;

/// What building the index cost.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Built {
    /// From the records to an index that answers.
    pub(crate) seconds: f64,
    /// The most memory that it held, in bytes.
    pub(crate) peak_bytes: u64,
    /// Size of the index, in bytes.
    pub(crate) bytes: u64,
}

/// Makes the hub in `folder`, once: an import of as many records as `variation` has. What was cut
/// off goes on behind the last step that was done.
pub(crate) async fn make(
    program: &Path,
    folder: &Path,
    variation: &Variation,
    repos: usize,
) -> Result<()> {
    let (imported, made) = (folder.join("imported"), folder.join("made"));
    if made.exists() {
        return Ok(());
    }
    if !imported.exists() {
        import(program, folder, variation, repos).await?;
        File::create(imported)?;
    }
    pull(folder, variation, repos).await?;
    File::create(made)?;
    Ok(())
}

async fn import(program: &Path, folder: &Path, variation: &Variation, repos: usize) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    let written = folder.with_extension("corpus");
    fs::create_dir_all(&written)?;
    printer::note(&format!("writing {repos} records"));
    write(variation, repos, &written)?;
    printer::note("importing them");
    fs::create_dir_all(folder)?;
    init(program, folder)?;
    let began = Instant::now();
    run(verb(program, &["import", "corpus"], folder).arg(&written)).await?;
    printer::note(&format!("imported in {:.0?}", began.elapsed()));
    Ok(fs::remove_dir_all(&written)?)
}

/// Builds the index of the hub in `folder` anew.
pub(crate) async fn reindex(program: &Path, folder: &Path) -> Result<Built> {
    let began = Instant::now();
    let peak_bytes = run(&mut verb(program, &["reindex"], folder)).await?;
    let seconds = began.elapsed().as_secs_f64();
    Ok(Built { seconds, peak_bytes, bytes: folder_bytes(&folder.join("index"))? })
}

/// How well the judged queries beside the corpus are answered: nDCG@10 by kind.
pub(crate) async fn judged(program: &Path, folder: &Path, corpus: &Path) -> Result<Value> {
    let _ = fs::remove_dir_all(folder);
    run(verb(program, &["import", "corpus"], folder).arg(corpus)).await?;
    let mut eval = verb(program, &["eval-search"], folder);
    eval.arg("--queries").arg(corpus.join("queries.jsonl")).args(["--format", "json"]);
    let said = eval.stderr(Stdio::inherit()).output()?;
    ensure!(said.status.success(), "hub-server eval-search failed");
    Ok(serde_json::from_slice(&said.stdout)?)
}

fn verb(program: &Path, verbs: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(verbs).arg("--data").arg(folder).args(["--database", &database_url(folder)]);
    command
}

/// Runs a program to its end; answers the most memory that it held, in bytes.
async fn run(command: &mut Command) -> Result<u64> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "{command:?} failed: {status}");
            return Ok(peak);
        }
        // It may end between the two looks.
        let seen = Meter::of(child.id()).and_then(|meter| meter.peak_bytes());
        peak = peak.max(seen.unwrap_or(peak));
        tokio::time::sleep(LOOK).await;
    }
}

/// Writes the records as lines, and the READMEs beside them.
fn write(variation: &Variation, repos: usize, folder: &Path) -> Result<()> {
    let readme = |number: usize| format!("readme/{}/{number}.md", number % 256);
    for part in 0..256 {
        fs::create_dir_all(folder.join(format!("readme/{part}")))?;
    }
    for number in 0..variation.readmes() {
        fs::write(folder.join(readme(number)), variation.readme(number))?;
    }
    let mut lines = BufWriter::new(File::create(folder.join("images.jsonl"))?);
    for number in 0..repos {
        let record = variation.record(number);
        let line = json!({
            "id": record.name,
            "description": record.description,
            "keywords": record.keywords,
            "categories": record.categories,
            "readme": record.readme.map(readme),
            "tags": record.tags,
            "official": record.official,
            "deprecated": record.deprecated,
        });
        serde_json::to_writer(&mut lines, &line)?;
        lines.write_all(b"\n")?;
    }
    Ok(lines.flush()?)
}

/// Writes down how often each was pulled.
async fn pull(folder: &Path, variation: &Variation, repos: usize) -> Result<()> {
    let db = Db::open(&database_url(folder)).await?;
    let now_ms = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
    let mut after = 0;
    let mut number = 0;
    loop {
        // The order does not matter: each gets the pulls of some record.
        let docs = db.search_docs(after, i64::try_from(AT_ONCE)?).await?;
        let Some(last) = docs.last() else { break };
        after = last.repo_id;
        let pulls: Vec<_> = docs
            .iter()
            .map(|doc| {
                number += 1;
                let count = variation.record(number % repos).pulls;
                Pulls { repo_id: doc.repo_id, count, last_ms: now_ms, tags: Vec::new() }
            })
            // A run that was cut off has written some already.
            .zip(&docs)
            .filter_map(|(pulls, doc)| (doc.pulls == 0).then_some(pulls))
            .collect();
        db.add_pulls(&pulls, now_ms).await?;
    }
    db.close().await;
    Ok(())
}

/// The hub, serving.
pub(crate) struct Hub {
    pub(crate) served: Served,
    connection: Connection,
}

impl Hub {
    /// Serves what lies in `folder`.
    pub(crate) async fn start(program: &Path, folder: &Path) -> Result<Self> {
        let served = Served::start(Peer::Hub, folder, program).await?;
        let connection = Connection::new(served.target.address, None);
        Ok(Self { served, connection })
    }

    /// Asks as a stranger; answers how many results there are, and how long it took.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<(u64, Duration)> {
        let (answer, took) = self.get(&path_of(ask)).await?;
        Ok((answer["total"].as_u64().context("no total")?, took))
    }

    /// Asks for what begins like this.
    pub(crate) async fn suggest(&mut self, typed: &str) -> Result<Duration> {
        Ok(self.get(&format!("/api/v1/suggest?q={}", encoded(typed))).await?.1)
    }

    async fn get(&mut self, path: &str) -> Result<(Value, Duration)> {
        let began = Instant::now();
        let ask = client::Ask::new(Method::GET, path).take(Take::Keep);
        let answer = self.connection.ask(ask).await?.expect(StatusCode::OK, "search")?;
        let took = began.elapsed();
        Ok((serde_json::from_slice(&answer.body)?, took))
    }
}

/// Where a question is asked.
fn path_of(ask: &Ask) -> String {
    let mut path = format!("/api/v1/search?q={}&limit={PAGE}", encoded(&ask.text));
    if let Some(category) = &ask.category {
        path.extend(["&facets=true&category=", &encoded(category)]);
    }
    match ask.kind {
        Kind::Page50 => path.push_str("&page=50"),
        Kind::Browse => path.push_str("&sort=pulls"),
        _ => {}
    }
    path
}

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The folder of a hub of that size.
pub(crate) fn folder(scratch: &Path, repos: usize) -> PathBuf {
    scratch.join(format!("hub-of-{repos}"))
}
