//! How many results have which value.

use std::collections::HashMap;

use hub_model::{FacetCount, Facets, SizeBucket};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::query::Query;
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentOrdinal, SegmentReader};

use crate::schema::column;

/// Values of one facet that are told, at most.
const MOST: usize = 30;

/// Values of one facet that a segment tells, at most: far more than are told in the end, so that
/// the most frequent ones of the whole are among them.
const MOST_OF_SEGMENT: usize = 2000;

/// Facets that are words.
const WORDS: [&str; 5] = [column::ORG, column::KEYWORD, column::CATEGORY, column::OS, column::ARCH];

/// Counts over everything that matches.
pub(crate) fn of_all(searcher: &Searcher, query: &dyn Query) -> tantivy::Result<Facets> {
    searcher.search(query, &Counting).map(Counts::told)
}

/// Counts over these documents, which stand in order.
pub(crate) fn of_some(
    searcher: &Searcher,
    docs: impl Iterator<Item = DocAddress>,
) -> tantivy::Result<Facets> {
    let mut counts = Counts::default();
    let mut open: Option<(SegmentOrdinal, Counter)> = None;
    for at in docs {
        if open.as_ref().is_none_or(|(segment, _)| *segment != at.segment_ord) {
            if let Some((_, counter)) = open.take() {
                counts.add(counter.told()?);
            }
            open = Some((at.segment_ord, Counter::new(searcher.segment_reader(at.segment_ord))?));
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
struct Counter {
    words: Vec<Option<(StrColumn, Vec<u32>)>>,
    size: Column<u64>,
    sizes: [usize; 4],
    flags: [(Column<bool>, usize); 3],
}

impl Counter {
    fn new(segment: &SegmentReader) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        let words = WORDS.iter().map(|name| {
            let column = fast.str(name)?;
            Ok(column.map(|column| {
                let terms = column.num_terms();
                (column, vec![0; terms])
            }))
        });
        let flag = |name| Ok::<_, tantivy::TantivyError>((fast.bool(name)?, 0));
        Ok(Self {
            words: words.collect::<tantivy::Result<_>>()?,
            size: fast.u64(column::SIZE)?,
            sizes: [0; 4],
            flags: [flag(column::OFFICIAL)?, flag(column::DEPRECATED)?, flag(column::README)?],
        })
    }

    fn count(&mut self, doc: DocId) {
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
        let mut counts = Counts { sizes: self.sizes, ..Counts::default() };
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
            for (number, count) in numbers {
                let mut word = String::new();
                column.ord_to_str(u64::try_from(number).unwrap_or(u64::MAX), &mut word)?;
                facet.insert(word, usize::try_from(count).unwrap_or(usize::MAX));
            }
        }
        for (count, (_, found)) in counts.flags.iter_mut().zip(self.flags) {
            *count = found;
        }
        Ok(counts)
    }
}

/// Counts by words.
#[derive(Default)]
struct Counts {
    words: [HashMap<String, usize>; 5],
    sizes: [usize; 4],
    flags: [usize; 3],
}

impl Counts {
    fn add(&mut self, other: Self) {
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

    fn told(self) -> Facets {
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
struct Counting;

impl Collector for Counting {
    type Fruit = Counts;
    type Child = Counter;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<Counter> {
        Counter::new(segment)
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
