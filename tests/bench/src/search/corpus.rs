//! Real images, as lines of JSON.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// Lines of a README that models are made of, at most.
const README_LINES: usize = 400;

/// An image of the corpus.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// Full name.
    pub(crate) id: String,
    /// The name without its organisation.
    pub(crate) name: String,
    /// One line, in one language or two.
    pub(crate) description: String,
    /// Words to be found by.
    pub(crate) keywords: Vec<String>,
    /// Curated categories.
    pub(crate) categories: Vec<String>,
    /// README, line by line.
    pub(crate) readme: Vec<String>,
    /// Its tags.
    pub(crate) tags: Vec<String>,
    /// Whether the administrators vouch for it.
    pub(crate) official: bool,
    /// Whether nobody should begin to use it.
    pub(crate) deprecated: bool,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    description_en: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    readme: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    official: bool,
    #[serde(default)]
    deprecated: bool,
}

/// Every image of each `images.jsonl` in the folders of `dir`.
pub(crate) fn read(dir: &Path) -> Result<Vec<Image>> {
    let folders = fs::read_dir(dir).with_context(|| format!("could not list {}", dir.display()))?;
    let mut folders: Vec<_> = folders.collect::<Result<_, _>>()?;
    folders.sort_by_key(fs::DirEntry::file_name);
    let mut images = Vec::new();
    for folder in folders {
        let folder = folder.path();
        let Ok(lines) = fs::read_to_string(folder.join("images.jsonl")) else { continue };
        for line in lines.lines() {
            images.push(image(serde_json::from_str(line)?, &folder)?);
        }
    }
    ensure!(!images.is_empty(), "no images.jsonl in a folder of {}", dir.display());
    Ok(images)
}

fn image(line: Line, folder: &Path) -> Result<Image> {
    let readme = match &line.readme {
        Some(path) => fs::read(folder.join(path)).with_context(|| path.clone())?,
        None => Vec::new(),
    };
    let readme = String::from_utf8_lossy(&readme);
    let said = [line.description, line.description_en].into_iter().flatten();
    let said: Vec<String> = said.filter(|line| !line.trim().is_empty()).collect();
    let name = line.id.rsplit('/').next().unwrap_or(&line.id).to_owned();
    Ok(Image {
        name,
        description: said.join(" — "),
        keywords: line.keywords,
        categories: line.categories,
        readme: readme.lines().take(README_LINES).map(str::to_owned).collect(),
        tags: line.tags,
        official: line.official,
        deprecated: line.deprecated,
        id: line.id,
    })
}
