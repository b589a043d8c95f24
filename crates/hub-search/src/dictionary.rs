//! What words mean: concepts with their names in two languages, and the names of software.
//!
//! The dictionary holds subjects, never queries (`data/concepts.txt`, `data/software.txt`). A
//! document carries the concepts that it names or is named after; a query asks for the concepts
//! that it names. So a Chinese question finds what is described in English, and a topic finds
//! software whose image says nothing about itself.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use hub_model::SearchDoc;

use crate::fold::fold;
use crate::text::{self, Run};

/// Concepts that come with the program.
pub(crate) const CONCEPTS: &str = include_str!("../data/concepts.txt");
/// Software that comes with the program.
pub(crate) const SOFTWARE: &str = include_str!("../data/software.txt");

/// Parts of a name that say how software is packed, not what it is.
const PACKING: &[&str] = &[
    "alpine",
    "app",
    "bitnami",
    "ce",
    "chart",
    "cluster",
    "community",
    "container",
    "core",
    "docker",
    "ee",
    "enterprise",
    "ha",
    "helm",
    "image",
    "kubeblocks",
    "lite",
    "official",
    "operator",
    "oss",
    "replicaset",
    "server",
    "service",
    "sharded",
    "single",
    "slim",
    "standalone",
    "web",
];

/// How often a concept counts for a document that is called like its software.
const BY_NAME: u32 = 4;
/// The same through a broader concept.
const BROADER: u32 = 2;
/// Named in keywords or categories.
const BY_KEYWORD: u32 = 2;
/// Named in title or description.
const BY_TEXT: u32 = 1;

/// The dictionary that comes with the program.
pub(crate) static BUILT_IN: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::parse(CONCEPTS, SOFTWARE).expect("the data is tested"));

/// Number of a concept in its dictionary.
pub(crate) type ConceptId = u16;

/// Concepts and names of software.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dictionary {
    /// Names of the concepts, by number.
    ids: Vec<String>,
    /// The broader concepts of each.
    broader: Vec<Vec<ConceptId>>,
    /// Stems of a name in Latin letters, joined by blanks.
    phrases: HashMap<String, ConceptId>,
    /// Stem that such names begin with, to the words of the longest one.
    first_words: HashMap<String, usize>,
    /// Names in Chinese.
    chinese: HashMap<String, ConceptId>,
    /// Characters of the longest such name.
    longest_chinese: usize,
    /// Canonical name of software to its concepts.
    software: HashMap<String, Vec<ConceptId>>,
    /// Canonical name to the other names of the same program.
    aliases: HashMap<String, Vec<String>>,
    /// Tells dictionaries apart.
    fingerprint: u64,
}

/// Why a dictionary cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of {file}: {what}")]
pub(crate) struct DictionaryError {
    /// Which of the two texts.
    pub(crate) file: &'static str,
    /// Number of the line, from 1.
    pub(crate) line: usize,
    /// What is wrong with it.
    pub(crate) what: String,
}

impl Dictionary {
    /// Reads both texts; their heads say how a line is written.
    ///
    /// # Errors
    ///
    /// When a line cannot be read, a name stands twice, or a concept is not there.
    pub(crate) fn parse(concepts: &str, software: &str) -> Result<Self, DictionaryError> {
        let mut hasher = DefaultHasher::new();
        (concepts, software).hash(&mut hasher);
        let mut dictionary = Self { fingerprint: hasher.finish(), ..Self::default() };
        let ids = dictionary.declare(concepts)?;
        for (line, text) in told(concepts) {
            let names = |what: String| DictionaryError { file: "concepts", line, what };
            dictionary.read_concept(&ids, text).map_err(names)?;
        }
        for (line, text) in told(software) {
            let names = |what: String| DictionaryError { file: "software", line, what };
            dictionary.read_software(&ids, text).map_err(names)?;
        }
        Ok(dictionary)
    }

    /// Numbers the concepts, so that lines may name later ones.
    fn declare(&mut self, text: &str) -> Result<BTreeMap<String, ConceptId>, DictionaryError> {
        let mut ids = BTreeMap::new();
        for (line, text) in told(text) {
            let id = text.split([':', '>']).next().unwrap_or_default().trim().to_owned();
            let number = u16::try_from(self.broader.len()).unwrap_or(u16::MAX);
            self.ids.push(id.clone());
            self.broader.push(Vec::new());
            if id.is_empty() || ids.insert(id.clone(), number).is_some() {
                let what = format!("`{id}` stands twice");
                return Err(DictionaryError { file: "concepts", line, what });
            }
        }
        Ok(ids)
    }

    fn read_concept(
        &mut self,
        ids: &BTreeMap<String, ConceptId>,
        text: &str,
    ) -> Result<(), String> {
        let (head, names) = text.split_once(':').ok_or("a colon is missing")?;
        let (id, broader) = head.split_once('>').unwrap_or((head, ""));
        let number = known(ids, id)?;
        let broader = broader.split_whitespace().map(|id| known(ids, id));
        self.broader[usize::from(number)] = broader.collect::<Result<_, _>>()?;
        let (english, chinese) = names.split_once('|').ok_or("Chinese names are missing")?;
        for name in english.split(';').map(str::trim).filter(|name| !name.is_empty()) {
            let words = text::name_tokens(name);
            let first = words.first().map(|word| text::stem(word)).unwrap_or_default();
            let longest = self.first_words.entry(first).or_default();
            *longest = words.len().max(*longest);
            insert(&mut self.phrases, phrase(&words), number, name)?;
        }
        for name in chinese.split(';').map(str::trim).filter(|name| !name.is_empty()) {
            let name = fold(name).into_owned();
            self.longest_chinese = self.longest_chinese.max(name.chars().count());
            insert(&mut self.chinese, name.clone(), number, &name)?;
        }
        Ok(())
    }

    fn read_software(
        &mut self,
        ids: &BTreeMap<String, ConceptId>,
        text: &str,
    ) -> Result<(), String> {
        let (programs, concepts) = text.rsplit_once(':').ok_or("a colon is missing")?;
        let concepts = concepts.split(',').map(|id| known(ids, id));
        let concepts: Vec<_> = concepts.collect::<Result<_, _>>()?;
        for program in programs.split(',') {
            let names: Vec<_> = program.split('=').map(str::trim).collect();
            for name in &names {
                let others = names.iter().filter(|other| other != &name && !other.starts_with('~'));
                let others: Vec<_> = others.map(|other| text::canonical(other)).collect();
                let (name, short) = name.strip_prefix('~').map_or((*name, false), |n| (n, true));
                let name = text::canonical(name);
                if !short {
                    insert(&mut self.software, name.clone(), concepts.clone(), &name)?;
                }
                insert(&mut self.aliases, name.clone(), others, &name)?;
            }
        }
        Ok(())
    }

    /// A number that changes with the texts.
    pub(crate) const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Name of a concept, the same in every dictionary that has it.
    pub(crate) fn id(&self, concept: ConceptId) -> &str {
        &self.ids[usize::from(concept)]
    }

    /// Other names of the program called `word`, canonical.
    pub(crate) fn aliases(&self, word: &str) -> &[String] {
        self.aliases.get(word).map_or(&[], Vec::as_slice)
    }

    /// The concept that the words from the first one on name, the longest name first, and of how
    /// many words the name is.
    pub(crate) fn phrase_at(&self, stems: &[String]) -> Option<(ConceptId, usize)> {
        let longest = *self.first_words.get(stems.first()?)?;
        let longest = longest.min(stems.len());
        (1..=longest).rev().find_map(|len| Some((*self.phrases.get(&stems[..len].join(" "))?, len)))
    }

    /// Cuts a run of Chinese into pieces, each a name of a concept or text between names.
    pub(crate) fn cut(&self, run: &str) -> Vec<(String, Option<ConceptId>)> {
        let chars: Vec<char> = run.chars().collect();
        let mut pieces = Vec::new();
        let mut between = String::new();
        let mut at = 0;
        while at < chars.len() {
            let longest = self.longest_chinese.min(chars.len() - at);
            let found = (2..=longest).rev().find_map(|len| {
                let name: String = chars[at..at + len].iter().collect();
                let concept = *self.chinese.get(&name)?;
                Some((name, concept, len))
            });
            let Some((name, concept, len)) = found else {
                between.push(chars[at]);
                at += 1;
                continue;
            };
            if !between.is_empty() {
                pieces.push((std::mem::take(&mut between), None));
            }
            pieces.push((name, Some(concept)));
            at += len;
        }
        if !between.is_empty() {
            pieces.push((between, None));
        }
        pieces
    }

    /// The concepts of a document, and how much each counts.
    pub(crate) fn concepts_of(&self, doc: &SearchDoc) -> BTreeMap<ConceptId, u32> {
        let mut found = BTreeMap::new();
        for concept in self.named_after(&doc.name) {
            self.add(&mut found, concept, BY_NAME, BROADER);
        }
        for text in doc.keywords.iter().chain(&doc.categories) {
            for concept in self.named_in(text) {
                self.add(&mut found, concept, BY_KEYWORD, BY_TEXT);
            }
        }
        for text in [&doc.title, &doc.description] {
            for concept in self.named_in(text) {
                self.add(&mut found, concept, BY_TEXT, BY_TEXT);
            }
        }
        found
    }

    fn add(&self, to: &mut BTreeMap<ConceptId, u32>, id: ConceptId, count: u32, broader: u32) {
        *to.entry(id).or_default() += count;
        for id in &self.broader[usize::from(id)] {
            *to.entry(*id).or_default() += broader;
        }
    }

    /// Concepts of the software that a repository is called after.
    fn named_after(&self, full_name: &str) -> Vec<ConceptId> {
        let last = full_name.rsplit('/').next().unwrap_or(full_name);
        let words = text::name_tokens(last);
        let bare = words.iter().filter(|word| !PACKING.contains(&word.as_str()));
        let bare: String = bare.map(String::as_str).collect();
        let unnumbered = bare.trim_end_matches(|c: char| c.is_ascii_digit());
        let names = [&text::canonical(last), bare.as_str(), unnumbered];
        let found = names.iter().find_map(|name| self.software.get(*name));
        found.cloned().unwrap_or_default()
    }

    /// Concepts whose names stand in a text; each as often as it stands there, at most twice.
    fn named_in(&self, text: &str) -> Vec<ConceptId> {
        let mut found = Vec::new();
        let mut words: Vec<String> = Vec::new();
        for run in text::runs(text) {
            match run {
                Run::Latin(word) => words.push(text::stem(&word)),
                Run::Cjk(run) => found.extend(self.cut(&run).into_iter().filter_map(|(_, id)| id)),
            }
        }
        let mut rest = &words[..];
        while !rest.is_empty() {
            let found_here = self.phrase_at(rest);
            found.extend(found_here.map(|(concept, _)| concept));
            rest = &rest[found_here.map_or(1, |(_, len)| len)..];
        }
        found.sort_unstable();
        let mut kept: Vec<ConceptId> = Vec::with_capacity(found.len());
        for concept in found {
            if kept.len() < 2 || kept[kept.len() - 2] != concept {
                kept.push(concept);
            }
        }
        kept
    }
}

/// The lines that say something, with their numbers.
fn told(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().zip(1..).map(|(line, number)| (number, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn known(ids: &BTreeMap<String, ConceptId>, id: &str) -> Result<ConceptId, String> {
    let id = id.trim();
    ids.get(id).copied().ok_or_else(|| format!("there is no concept `{id}`"))
}

/// The key of a name in Latin letters.
fn phrase(words: &[String]) -> String {
    words.iter().map(|word| text::stem(word)).collect::<Vec<_>>().join(" ")
}

/// Keeps a name. Spellings of one name may stand on one line.
fn insert<T: PartialEq>(
    to: &mut HashMap<String, T>,
    key: String,
    value: T,
    name: &str,
) -> Result<(), String> {
    if to.get(&key).is_some_and(|other| *other != value) {
        return Err(format!("`{name}` stands twice"));
    }
    to.insert(key, value);
    Ok(())
}

/// Dictionaries that lack something.
#[cfg(test)]
impl Dictionary {
    /// The same without one name of a concept.
    pub(crate) fn without_name(&self, name: &str) -> Self {
        let mut without = self.clone();
        let english = without.phrases.remove(&phrase(&text::name_tokens(name)));
        let chinese = without.chinese.remove(&*fold(name));
        assert!(english.or(chinese).is_some(), "`{name}` is in the dictionary");
        without
    }

    /// The same without a program of these names.
    pub(crate) fn without_program(&self, names: &[String]) -> Self {
        let mut without = self.clone();
        for name in names {
            let name = text::canonical(name);
            without.software.remove(&name);
            without.aliases.remove(&name);
        }
        without
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_the_program_can_be_read() {
        let dictionary = Dictionary::parse(CONCEPTS, SOFTWARE).unwrap();
        assert!(dictionary.broader.len() > 100);
    }
}
