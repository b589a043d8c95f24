//! `import corpus`: records and READMEs of images that live elsewhere, out of files.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Lines};
use std::iter::Enumerate;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use hub_model::Actor;

use super::{printer, store};
use crate::services::import::{self, Checked, ImageRecord, Imported};
use crate::{App, Config, open};

/// Name of the files that records stand in, one object a line.
const FILE: &str = "images.jsonl";

/// Records of one change.
const AT_ONCE: usize = 200;

/// Folders below each other that are looked into.
const DEEPEST: usize = 8;

pub(super) async fn corpus(config: Config, dir: &Path) -> Result<()> {
    let mut files = Vec::new();
    find(dir, DEEPEST, &mut files)
        .with_context(|| format!("could not look into {}", dir.display()))?;
    files.sort();
    ensure!(!files.is_empty(), "there is no {FILE} below {}", dir.display());
    let opened = open(config).await.context("could not open the data")?;
    let done = read_all(&opened.app, &files).await;
    let settled = match &done {
        Ok(_) => store::bring_index_up_to_date(&opened).await,
        Err(_) => Ok(()),
    };
    opened.app.db.close().await;
    let done = done?;
    settled?;
    printer::line(&format!(
        "imported {} repositories with {} tags; {} organisations are new",
        done.repos, done.tags, done.orgs
    ));
    Ok(())
}

/// The files below a folder, symbolic links left aside.
fn find(dir: &Path, deeper: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_file() && entry.file_name() == FILE {
            files.push(entry.path());
        } else if kind.is_dir() && deeper > 0 {
            find(&entry.path(), deeper - 1, files)?;
        }
    }
    Ok(())
}

/// Everything is read and checked before anything is written, and then read again: a million
/// records with their READMEs are more than memory should hold.
async fn read_all(app: &App, files: &[PathBuf]) -> Result<Imported> {
    for file in files {
        for record in Records::open(file)? {
            record?;
        }
    }
    let mut done = Imported::default();
    for file in files {
        let mut records = Records::open(file)?;
        loop {
            let some: Vec<Checked> = records.by_ref().take(AT_ONCE).collect::<Result<_>>()?;
            if some.is_empty() {
                break;
            }
            let part = import::import(app, &Actor::System, &some).await?;
            done.repos += part.repos;
            done.orgs += part.orgs;
            done.tags += part.tags;
        }
    }
    Ok(done)
}

/// The records of a file, one after the other.
struct Records<'a> {
    file: &'a Path,
    folder: &'a Path,
    lines: Enumerate<Lines<BufReader<File>>>,
}

impl<'a> Records<'a> {
    fn open(file: &'a Path) -> Result<Self> {
        let opened = File::open(file);
        let opened = opened.with_context(|| format!("could not read {}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        Ok(Self { file, folder, lines: BufReader::new(opened).lines().enumerate() })
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Checked>;

    fn next(&mut self) -> Option<Result<Checked>> {
        let is_blank = |line: &io::Result<String>| line.as_ref().is_ok_and(|l| l.trim().is_empty());
        let (at, line) = self.lines.find(|(_, line)| !is_blank(line))?;
        let read = line.map_err(Into::into).and_then(|line| record(self.folder, &line));
        Some(read.with_context(|| format!("{}, line {}", self.file.display(), at + 1)))
    }
}

fn record(folder: &Path, line: &str) -> Result<Checked> {
    let record: ImageRecord = serde_json::from_str(line)?;
    let readme = record.readme.as_deref().map(|path| readme(folder, path)).transpose()?;
    Ok(import::check(record, readme)?)
}

/// A README beside the file, never outside of its folder.
fn readme(folder: &Path, path: &str) -> Result<String> {
    let leads_out = |path: &Path| {
        path.components().any(|part| !matches!(part, std::path::Component::Normal(_)))
    };
    if leads_out(Path::new(path)) {
        bail!("`readme`: `{path}` leads out of the folder");
    }
    let bytes = fs::read(folder.join(path)).with_context(|| format!("`readme`: {path}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
