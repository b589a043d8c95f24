//! One state of the index, with the columns that every answer reads.
//!
//! Opening a column costs more than reading it, so they are opened once a commit.

use std::ops::Deref;
use std::sync::Arc;

use tantivy::columnar::{Column, StrColumn};
use tantivy::index::SegmentId;
use tantivy::{DocAddress, Searcher, SegmentReader};

use crate::listing::Listings;
use crate::prior;
use crate::schema::column;

/// A state of the index.
pub(crate) struct Snapshot {
    searcher: Searcher,
    columns: Vec<Arc<Columns>>,
    listings: Listings,
}

/// The columns of a segment.
pub(crate) struct Columns {
    segment: SegmentId,
    pub(crate) id: Column<i64>,
    pub(crate) created: Column<i64>,
    pub(crate) pushed: Column<i64>,
    pub(crate) pulls: Column<u64>,
    pub(crate) recent_pulls: Column<u64>,
    pub(crate) stars: Column<u64>,
    pub(crate) size: Column<u64>,
    /// What documents are worth whatever is asked: read for far more of them than are results.
    lifts: Vec<u16>,
    pub(crate) name: Option<StrColumn>,
    /// Those of [`column::WORDS`].
    pub(crate) words: Vec<Option<StrColumn>>,
    /// Those of [`column::FLAGS`].
    pub(crate) flags: Vec<Column<bool>>,
}

impl Snapshot {
    /// Opens a state; what the one `before` has open is taken over.
    pub(crate) fn open(searcher: Searcher, before: &[Arc<Columns>]) -> tantivy::Result<Self> {
        let open = |segment: &SegmentReader| {
            let known = before.iter().find(|known| known.segment == segment.segment_id());
            known
                .map_or_else(|| Columns::open(segment).map(Arc::new), |known| Ok(Arc::clone(known)))
        };
        let columns =
            searcher.segment_readers().iter().map(open).collect::<tantivy::Result<_>>()?;
        Ok(Self { searcher, columns, listings: Listings::default() })
    }

    /// Listings of this state.
    pub(crate) const fn listings(&self) -> &Listings {
        &self.listings
    }

    /// The columns of every segment.
    pub(crate) fn all_columns(&self) -> &[Arc<Columns>] {
        &self.columns
    }

    /// The columns of a segment.
    pub(crate) fn columns(&self, segment: u32) -> &Columns {
        &self.columns[segment as usize]
    }

    /// Row of a repository.
    pub(crate) fn id(&self, at: DocAddress) -> i64 {
        self.columns(at.segment_ord).id.first(at.doc_id).unwrap_or_default()
    }

    /// Full name of a repository.
    pub(crate) fn name(&self, at: DocAddress) -> tantivy::Result<String> {
        let mut name = String::new();
        if let Some(names) = &self.columns(at.segment_ord).name
            && let Some(number) = names.term_ords(at.doc_id).next()
        {
            names.ord_to_str(number, &mut name)?;
        }
        Ok(name)
    }
}

impl Deref for Snapshot {
    type Target = Searcher;

    fn deref(&self) -> &Searcher {
        &self.searcher
    }
}

impl Columns {
    fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        let words = column::WORDS.iter().map(|name| fast.str(name));
        let flags = column::FLAGS.iter().map(|name| fast.bool(name));
        let lift = fast.u64(column::LIFT)?;
        let lifts = (0..segment.max_doc()).map(|doc| lift.first(doc).unwrap_or(1000));
        Ok(Self {
            segment: segment.segment_id(),
            id: fast.i64(column::ID)?,
            created: fast.i64(column::CREATED)?,
            pushed: fast.i64(column::PUSHED)?,
            pulls: fast.u64(column::PULLS)?,
            recent_pulls: fast.u64(column::RECENT)?,
            stars: fast.u64(column::STARS)?,
            size: fast.u64(column::SIZE)?,
            lifts: lifts.map(|lift| u16::try_from(lift).unwrap_or(u16::MAX)).collect(),
            name: fast.str(column::NAME)?,
            words: words.collect::<tantivy::Result<_>>()?,
            flags: flags.collect::<tantivy::Result<_>>()?,
        })
    }

    /// What a repository is worth whatever is asked, as a factor.
    pub(crate) fn lift(&self, doc: u32) -> f32 {
        prior::factor(self.lifts[doc as usize].into())
    }
}
