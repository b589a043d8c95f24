//! What is asked: some queries of each kind, the same in every run.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use super::corpus::Image;

/// Results of a page.
pub(crate) const PAGE: usize = 20;

/// A kind of query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The whole name of an image.
    Exact,
    /// The beginning of a name.
    Prefix,
    /// A name with a slip or two.
    Typo,
    /// Two or three words of a description.
    Topic,
    /// A piece of Chinese.
    Zh,
    /// Words, narrowed to a category, with counts of every facet.
    Facet,
    /// Words, the fiftieth page.
    Page50,
    /// A category without words, most pulls first, with counts of every facet.
    Browse,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 8] = [
        Self::Exact,
        Self::Prefix,
        Self::Typo,
        Self::Topic,
        Self::Zh,
        Self::Facet,
        Self::Page50,
        Self::Browse,
    ];

    /// How the report calls it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Typo => "typo",
            Self::Topic => "topic",
            Self::Zh => "zh",
            Self::Facet => "facet",
            Self::Page50 => "page 50",
            Self::Browse => "browse",
        }
    }

    /// Results that come before the page that is asked for.
    pub(crate) const fn offset(self) -> usize {
        if matches!(self, Self::Page50) { 49 * PAGE } else { 0 }
    }
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Of which kind it is.
    pub(crate) kind: Kind,
    /// What is typed.
    pub(crate) text: String,
    /// The only category that is looked in.
    pub(crate) category: Option<String>,
}

/// Queries of every kind, so many of each.
pub(crate) fn asks(images: &[Image], each: usize) -> Vec<Ask> {
    let mut asks = Vec::new();
    for kind in Kind::ALL {
        let mut random = StdRng::seed_from_u64(kind as u64);
        let mut tries = 0;
        let mut left = each;
        while left > 0 && tries < each * 1000 {
            tries += 1;
            let Some(image) = images.choose(&mut random) else { break };
            let Some(text) = text(kind, image, &mut random) else { continue };
            // One that the image has: looked for elsewhere, nothing would be found, and fast.
            let narrowed = matches!(kind, Kind::Facet | Kind::Browse);
            let category = image.categories.choose(&mut random).filter(|_| narrowed).cloned();
            if narrowed && category.is_none() {
                continue;
            }
            asks.push(Ask { kind, text, category });
            left -= 1;
        }
    }
    asks
}

/// What somebody types letter by letter, at least so many times.
pub(crate) fn typed(images: &[Image], least: usize) -> Vec<String> {
    let mut random = StdRng::seed_from_u64(99);
    let mut typed = Vec::new();
    while typed.len() < least {
        let Some(image) = images.choose(&mut random) else { break };
        let letters: Vec<char> = image.name.chars().collect();
        for end in 1..=letters.len().min(8) {
            typed.push(letters[..end].iter().collect());
        }
    }
    typed
}

fn text(kind: Kind, image: &Image, random: &mut StdRng) -> Option<String> {
    match kind {
        Kind::Exact => Some(image.name.clone()),
        Kind::Prefix => {
            let letters = image.name.len();
            (letters >= 5 && image.name.is_ascii())
                .then(|| image.name[..letters.div_ceil(2).max(3)].to_owned())
        }
        Kind::Typo => slip(&image.name, random),
        Kind::Topic | Kind::Facet | Kind::Page50 => words(&image.description, random),
        Kind::Zh => chinese(&image.description, random),
        Kind::Browse => Some(String::new()),
    }
}

/// A letter less, or two that changed places; in a long name twice.
fn slip(name: &str, random: &mut StdRng) -> Option<String> {
    let mut letters: Vec<char> = name.chars().collect();
    if letters.len() < 6 || !letters.iter().all(char::is_ascii_lowercase) {
        return None;
    }
    let slips = if letters.len() >= 9 { random.random_range(1..=2) } else { 1 };
    for _ in 0..slips {
        let at = random.random_range(1..letters.len() - 1);
        if random.random_bool(0.5) {
            letters.remove(at);
        } else {
            letters.swap(at, at + 1);
        }
    }
    let text: String = letters.into_iter().collect();
    (text != name).then_some(text)
}

/// Two or three neighbours.
fn words(line: &str, random: &mut StdRng) -> Option<String> {
    let words: Vec<String> = line
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() > 3)
        .map(str::to_lowercase)
        .collect();
    let count = random.random_range(2..=3);
    let start = random.random_range(0..words.len().checked_sub(count)? + 1);
    Some(words[start..start + count].join(" "))
}

/// Two to five characters in a row.
fn chinese(line: &str, random: &mut StdRng) -> Option<String> {
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let runs: Vec<Vec<char>> = line
        .split(|c: char| !is_chinese(c))
        .map(|run| run.chars().collect())
        .filter(|run: &Vec<char>| run.len() >= 2)
        .collect();
    let run = runs.choose(random)?;
    let count = random.random_range(2..=run.len().min(5));
    let start = random.random_range(0..=run.len() - count);
    Some(run[start..start + count].iter().collect())
}
