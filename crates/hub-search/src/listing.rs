//! Everything that fulfils some filters, in an order that does not depend on a text.
//!
//! The front page of a large hub lists everything, and counts its facets: each answer would walk
//! through all of it. What a walk over many repositories found is kept for as long as the state of
//! the index lasts that it was found in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hub_model::{Facets, SearchSort};
use tantivy::collector::sort_key::{SortByStaticFastValue, SortByString};
use tantivy::collector::{Collector, Count, TopDocs};
use tantivy::query::Query;
use tantivy::{DocAddress, Order};

use crate::facets::Counting;
use crate::schema::column;
use crate::snapshot::Snapshot;

/// Listings that are kept.
const MOST: usize = 100;

/// A listing of fewer repositories is made anew each time.
const WORTH_KEEPING: usize = 2000;

/// Places of a listing that are kept, at least: nobody reads much further.
const FIRST: usize = 200;

/// What fulfils some filters.
pub(crate) struct Listing {
    /// How much it is.
    pub(crate) total: usize,
    /// Its facets, when they were wanted.
    pub(crate) facets: Option<Facets>,
    /// The first of it.
    pub(crate) first: Vec<DocAddress>,
}

impl Listing {
    fn reaches(&self, end: usize, facets: bool) -> bool {
        (self.first.len() >= end.min(self.total)) && (self.facets.is_some() || !facets)
    }
}

/// Listings of one state of the index, by what was asked.
#[derive(Default)]
pub(crate) struct Listings(Mutex<HashMap<String, Arc<Listing>>>);

impl Listings {
    /// What fulfils `all` up to place `end`, in that order. `asked` tells filters, and what the
    /// caller may see, from all others.
    pub(crate) fn list(
        &self,
        snapshot: &Snapshot,
        all: &dyn Query,
        asked: &str,
        (sort, facets, end): (SearchSort, bool, usize),
    ) -> tantivy::Result<Arc<Listing>> {
        let key = format!("{sort:?} {asked}");
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known.filter(|known| known.reaches(end, facets)) {
            return Ok(known);
        }
        let there = usize::try_from(snapshot.num_docs()).unwrap_or(usize::MAX);
        let end = end.max(FIRST).min(there).max(1);
        let listing = Arc::new(listed(snapshot, all, (sort, facets, end))?);
        if listing.total >= WORTH_KEEPING {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST {
                kept.clear();
            }
            kept.insert(key, Arc::clone(&listing));
        }
        Ok(listing)
    }
}

fn listed(
    snapshot: &Snapshot,
    all: &dyn Query,
    (sort, facets, end): (SearchSort, bool, usize),
) -> tantivy::Result<Listing> {
    let first = TopDocs::with_limit(end);
    // Of equals the repository that was made first, as everywhere.
    let id = (SortByStaticFastValue::<i64>::for_field(column::ID), Order::Asc);
    match sort {
        SearchSort::Name => {
            let by = (SortByString::for_field(column::NAME), Order::Asc);
            walk(snapshot, all, facets, first.order_by(by))
        }
        SearchSort::Relevance | SearchSort::Updated | SearchSort::New => {
            let by = if sort == SearchSort::New { column::CREATED } else { column::PUSHED };
            let by = (SortByStaticFastValue::<i64>::for_field(by), Order::Desc);
            walk(snapshot, all, facets, first.order_by((by, id)))
        }
        SearchSort::Pulls | SearchSort::Recent | SearchSort::Stars | SearchSort::Size => {
            let by = (SortByStaticFastValue::<u64>::for_field(counted(sort)), Order::Desc);
            walk(snapshot, all, facets, first.order_by((by, id)))
        }
    }
}

/// Walks through everything once.
fn walk<T: Send>(
    snapshot: &Snapshot,
    all: &dyn Query,
    facets: bool,
    first: impl Collector<Fruit = Vec<(T, DocAddress)>>,
) -> tantivy::Result<Listing> {
    let (total, facets, found) = if facets {
        let (counts, found) = snapshot.search(all, &(Counting(snapshot), first))?;
        (counts.all, Some(counts.told()), found)
    } else {
        let (total, found) = snapshot.search(all, &(Count, first))?;
        (total, None, found)
    };
    Ok(Listing { total, facets, first: found.into_iter().map(|(_, at)| at).collect() })
}

/// The column of an order by a count.
const fn counted(sort: SearchSort) -> &'static str {
    match sort {
        SearchSort::Recent => column::RECENT,
        SearchSort::Stars => column::STARS,
        SearchSort::Size => column::SIZE,
        _ => column::PULLS,
    }
}
