//! A hub of any size, made from a corpus of real images by variation.
//!
//! Record `n` is the same on every machine and in every run. The first records are the corpus
//! itself; each further one takes an image as its model, varies name, words and README, and is put
//! into an organisation of one to eighty repositories. READMEs are shared by some twenty repositories,
//! as those of forks and mirrors are.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::corpus::Image;

/// Sizes of organisations, again and again: sixteen repositories on average.
const ORG_SIZES: [usize; 9] = [1, 1, 2, 3, 5, 8, 14, 30, 80];

/// Repositories that share a README.
const SHARING: usize = 20;

/// Characters of a README that are made: more than are searched.
const README_CHARS: usize = 5000;

/// Words that names are made of besides those of the corpus.
const ENDINGS: [&str; 12] = [
    "alpine", "api", "base", "cli", "custom", "dev", "exporter", "operator", "proxy", "server",
    "ui", "worker",
];

/// Syllables of invented words.
const HEADS: [&str; 16] =
    ["b", "br", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"];
const TAILS: [&str; 10] = ["a", "e", "i", "o", "u", "an", "el", "ix", "or", "um"];

/// A repository of the large hub.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    /// Full name.
    pub(crate) name: String,
    /// One line.
    pub(crate) description: String,
    /// Words to be found by.
    pub(crate) keywords: Vec<String>,
    /// Curated categories.
    pub(crate) categories: Vec<String>,
    /// Which README, for [`Variation::readme`].
    pub(crate) readme: Option<usize>,
    /// Its tags.
    pub(crate) tags: Vec<String>,
    /// Whether the administrators vouch for it.
    pub(crate) official: bool,
    /// Whether nobody should begin to use it.
    pub(crate) deprecated: bool,
    /// Pulls so far.
    pub(crate) pulls: u64,
}

/// Makes records.
#[derive(Debug)]
pub(crate) struct Variation {
    images: Vec<Image>,
    readmes: usize,
}

impl Variation {
    /// Of `repos` repositories in all.
    pub(crate) fn new(images: Vec<Image>, repos: usize) -> Self {
        let readmes = (repos / SHARING).max(images.len());
        Self { images, readmes }
    }

    /// The corpus.
    pub(crate) fn images(&self) -> &[Image] {
        &self.images
    }

    /// How many READMEs there are.
    pub(crate) const fn readmes(&self) -> usize {
        self.readmes
    }

    /// The record of that number.
    pub(crate) fn record(&self, number: usize) -> Record {
        let mut random = random(1, number);
        let Some(varied) = number.checked_sub(self.images.len()) else {
            let image = &self.images[number];
            return self.like(
                image,
                image.id.clone(),
                image.description.clone(),
                &mut random,
                number,
            );
        };
        let (org, place, seat) = seat(varied);
        // A prime that divides no count of images nearby: no organisation has a model twice.
        let at = (org * 7919 + place * 389) % self.images.len();
        let image = &self.images[at];
        let name = format!("{}/{}", org_name(org), self.path(image, seat, &mut random));
        let description = self.sentence(&image.description, &mut random);
        let kept = random.random_range(0..self.readmes.div_ceil(self.images.len()));
        let readme = at + kept * self.images.len();
        let mut record = self.like(image, name, description, &mut random, readme);
        record.readme = record.readme.filter(|_| random.random_bool(0.8));
        record.official = false;
        record
    }

    fn like(
        &self,
        image: &Image,
        name: String,
        description: String,
        random: &mut StdRng,
        readme: usize,
    ) -> Record {
        // One in ten thousand has a million pulls or more.
        let decades: f64 = random.random::<f64>().powi(3) * 7.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 10^7")]
        let pulls = 10_f64.powf(decades) as u64;
        Record {
            name,
            description,
            keywords: image.keywords.clone(),
            categories: image.categories.clone(),
            readme: Some(readme % self.readmes),
            tags: image.tags.iter().take(1 + random.random_range(0..4)).cloned().collect(),
            official: image.official,
            deprecated: image.deprecated,
            pulls,
        }
    }

    fn path(&self, image: &Image, seat: usize, random: &mut StdRng) -> String {
        let name = &image.name;
        let ending = ENDINGS.choose(random).unwrap_or(&"dev");
        match random.random_range(0..100) {
            0..40 => name.clone(),
            40..60 => format!("{name}-{ending}"),
            60..75 => format!("{}-{name}", invented(seat)),
            75..90 => format!("{}-{ending}", invented(seat)),
            _ => {
                let other = self.images.choose(random).map_or("more", |image| &image.name);
                format!("{name}-{other}")
            }
        }
    }

    /// Words of a line, some left out, some taken from another image.
    fn sentence(&self, line: &str, random: &mut StdRng) -> String {
        let mut words: Vec<&str> = line.split(' ').filter(|_| random.random_bool(0.85)).collect();
        if random.random_bool(0.5)
            && let Some(other) = self.images.choose(random)
        {
            words.extend(other.description.split(' ').take(random.random_range(2..8)));
        }
        words.join(" ")
    }

    /// The README of that number, Markdown.
    pub(crate) fn readme(&self, number: usize) -> String {
        let mut random = random(2, number);
        let image = &self.images[number % self.images.len()];
        let mut text = String::with_capacity(README_CHARS + 200);
        for line in &image.readme {
            let kept = random.random_range(0..100);
            if kept < 80 {
                text.push_str(line);
            } else if kept < 92
                && let Some(other) = self.images.choose(&mut random)
                && let Some(line) = other.readme.choose(&mut random)
            {
                text.push_str(line);
            }
            if random.random_bool(0.1) {
                text.push(' ');
                text.push_str(&invented(random.random_range(0..400_000)));
            }
            text.push('\n');
            if text.len() > README_CHARS {
                break;
            }
        }
        text
    }
}

fn random(kind: u64, number: usize) -> StdRng {
    StdRng::seed_from_u64(kind << 48 | number as u64)
}

/// Organisation of a varied record, its place in it, and its number among all.
fn seat(number: usize) -> (usize, usize, usize) {
    let round: usize = ORG_SIZES.iter().sum();
    let mut place = number % round;
    let mut org = number / round * ORG_SIZES.len();
    for size in ORG_SIZES {
        if place < size {
            break;
        }
        place -= size;
        org += 1;
    }
    (org, place, number)
}

fn org_name(number: usize) -> String {
    // Far from the names of repositories.
    format!("{}{}", invented(number), ["", "-io", "labs", "hub"][number % 4])
}

/// A word that nobody knows, another one for each number.
fn invented(number: usize) -> String {
    let mut left = number.wrapping_mul(2_654_435_761) & 0xff_ffff;
    let mut word = String::new();
    while word.len() < 4 || left > 0 {
        word.push_str(HEADS[left % HEADS.len()]);
        left /= HEADS.len();
        word.push_str(TAILS[left % TAILS.len()]);
        left /= TAILS.len();
    }
    word
}
