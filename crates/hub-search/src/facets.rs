//! How many results have which value.

use std::collections::HashMap;

use hub_model::{FacetCount, Facets, SizeBucket};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use crate::snapshot::{Columns, Snapshot};

/// Values of one facet that are told, at most.
const MOST: usize = 30;

/// Values of one facet that a segment tells, at most: far more than are told in the end, so that
/// the most frequent ones of the whole are among them.
const MOST_OF_SEGMENT: usize = 500;

/// Counts over these documents, which stand in order.
pub(crate) fn of_some(
    snapshot: &Snapshot,
    docs: impl Iterator<Item = DocAddress>,
) -> tantivy::Result<Facets> {
    let mut counts = Counts::default();
    let mut open: Option<(SegmentOrdinal, Counter)> = None;
    for at in docs {
        if open.as_ref().is_none_or(|(segment, _)| *segment != at.segment_ord) {
            if let Some((_, counter)) = open.take() {
                counts.add(counter.told()?);
            }
            open = Some((at.segment_ord, Counter::new(snapshot.columns(at.segment_ord))));
        }
        if let Some((_, counter)) = &mut open {
            counter.count(at.doc_id);
        }
    }
    if let Some((_, counter)) = open {
        counts.add(counter.told()?);
    }
    Ok(counts.told())
}

/// Counts of one segment by the numbers that words have there.
pub(crate) struct Counter {
    all: usize,
    words: Vec<Option<(StrColumn, Vec<u32>)>>,
    size: Column<u64>,
    sizes: [usize; 4],
    flags: Vec<(Column<bool>, usize)>,
}

impl Counter {
    fn new(columns: &Columns) -> Self {
        let words = columns.words.iter().map(|column| {
            let column = column.clone()?;
            let terms = column.num_terms();
            Some((column, vec![0; terms]))
        });
        let flags = columns.flags.iter().map(|column| (column.clone(), 0));
        Self {
            all: 0,
            words: words.collect(),
            size: columns.size.clone(),
            sizes: [0; 4],
            flags: flags.collect(),
        }
    }

    fn count(&mut self, doc: DocId) {
        self.all += 1;
        for (column, counts) in self.words.iter_mut().flatten() {
            for number in column.term_ords(doc) {
                if let Some(count) = usize::try_from(number).ok().and_then(|at| counts.get_mut(at))
                {
                    *count += 1;
                }
            }
        }
        if let Some(size) = self.size.first(doc).filter(|size| *size > 0) {
            self.sizes[SizeBucket::of(size) as usize] += 1;
        }
        for (column, count) in &mut self.flags {
            *count += usize::from(column.first(doc) == Some(true));
        }
    }

    /// The counts by words.
    fn told(self) -> tantivy::Result<Counts> {
        let mut counts = Counts { all: self.all, sizes: self.sizes, ..Counts::default() };
        for (facet, words) in counts.words.iter_mut().zip(self.words) {
            let Some((column, numbers)) = words else { continue };
            let mut numbers: Vec<(usize, u32)> =
                numbers.into_iter().enumerate().filter(|(_, count)| *count > 0).collect();
            if numbers.len() > MOST_OF_SEGMENT {
                numbers.select_nth_unstable_by_key(MOST_OF_SEGMENT, |(_, count)| {
                    std::cmp::Reverse(*count)
                });
                numbers.truncate(MOST_OF_SEGMENT);
            }
            // In the order of the dictionary, each block of it is read once.
            numbers.sort_unstable();
            let terms: Vec<u64> = numbers.iter().map(|(number, _)| *number as u64).collect();
            let mut count_of = numbers.iter().map(|(_, count)| *count as usize);
            column.dictionary().sorted_ords_to_term_cb(&terms, |word| {
                let word = String::from_utf8_lossy(word).into_owned();
                facet.insert(word, count_of.next().unwrap_or_default());
            })?;
        }
        for (count, (_, found)) in counts.flags.iter_mut().zip(self.flags) {
            *count = found;
        }
        Ok(counts)
    }
}

/// Counts by words.
#[derive(Default)]
pub(crate) struct Counts {
    /// How many documents.
    pub(crate) all: usize,
    words: [HashMap<String, usize>; 5],
    sizes: [usize; 4],
    flags: [usize; 3],
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.all += other.all;
        for (own, other) in self.words.iter_mut().zip(other.words) {
            for (word, count) in other {
                *own.entry(word).or_default() += count;
            }
        }
        for (own, other) in self.sizes.iter_mut().zip(other.sizes) {
            *own += other;
        }
        for (own, other) in self.flags.iter_mut().zip(other.flags) {
            *own += other;
        }
    }

    /// The most frequent values.
    pub(crate) fn told(self) -> Facets {
        let [orgs, keywords, categories, os, arch] = self.words.map(most_frequent);
        let [official, deprecated, readme] = self.flags;
        let sizes = SizeBucket::ALL.into_iter().zip(self.sizes).filter(|(_, count)| *count > 0);
        let size = |(bucket, count): (SizeBucket, usize)| FacetCount {
            value: bucket.as_str().to_owned(),
            count,
        };
        let sizes = sizes.map(size).collect();
        Facets { orgs, keywords, categories, os, arch, sizes, official, deprecated, readme }
    }
}

fn most_frequent(counts: HashMap<String, usize>) -> Vec<FacetCount> {
    let mut counts: Vec<FacetCount> = counts
        .into_iter()
        .filter(|(value, _)| !value.is_empty())
        .map(|(value, count)| FacetCount { value, count })
        .collect();
    counts.sort_by(|left, right| {
        right.count.cmp(&left.count).then_with(|| left.value.cmp(&right.value))
    });
    counts.truncate(MOST);
    counts
}

/// Counts while the engine walks through what matches.
pub(crate) struct Counting<'a>(pub(crate) &'a Snapshot);

impl Collector for Counting<'_> {
    type Fruit = Counts;
    type Child = Counter;

    fn for_segment(&self, at: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<Counter> {
        Ok(Counter::new(self.0.columns(at)))
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Counts>>) -> tantivy::Result<Counts> {
        let mut counts = Counts::default();
        for fruit in fruits {
            counts.add(fruit?);
        }
        Ok(counts)
    }
}

impl SegmentCollector for Counter {
    type Fruit = tantivy::Result<Counts>;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.count(doc);
    }

    fn harvest(self) -> Self::Fruit {
        self.told()
    }
}
