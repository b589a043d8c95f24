//! The one place that changes the index.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use hub_model::SearchDoc;
use tantivy::merge_policy::LogMergePolicy;
use tantivy::{DocAddress, Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument};

use crate::dictionary::Dictionary;
use crate::error::Doing as _;
use crate::folders::{self, Home, Housed};
use crate::schema::{self, Fields};
use crate::snapshot::Snapshot;
use crate::{Batch, SearchError};

/// Memory that a writer fills before it writes a segment, in bytes. A part of it is made ready for
/// each commit, so it is the engine's least: commits are many and small.
const HEAP_BYTES: usize = 15_000_000;

/// The same for a rebuild: a million documents become a handful of segments.
const REBUILD_BYTES: usize = 100_000_000;

/// Documents below which segments count as equally small. They are merged together, eight at least:
/// with the engine's 10,000 a commit of a dozen documents rewrites thousands, again and again.
const SMALL_SEGMENT: u32 = 1000;

/// An index that answers.
pub(crate) struct Live {
    reader: IndexReader,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) fields: Fields,
    pub(crate) position: AtomicI64,
}

impl Live {
    fn open(index: &Index) -> Result<Self, SearchError> {
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader: IndexReader = reader.doing("open the search index for reading")?;
        let snapshot = Snapshot::open(reader.searcher(), &[]);
        let snapshot = snapshot.doing("open the columns of the search index")?;
        Ok(Self {
            reader,
            snapshot: ArcSwap::from_pointee(snapshot),
            fields: schema::schema().1,
            position: AtomicI64::new(folders::position(index).unwrap_or(0)),
        })
    }

    /// Lets searches see the last commit, which reached `position`.
    fn advance(&self, position: i64) -> Result<(), SearchError> {
        let open = || {
            self.reader.reload()?;
            Snapshot::open(self.reader.searcher(), self.snapshot.load().all_columns())
        };
        self.snapshot.store(open().doing("open the new state of the search index")?.into());
        self.position.store(position, Ordering::Release);
        Ok(())
    }

    /// Full name and row of every document.
    pub(crate) fn documents(&self) -> Result<Vec<(String, i64)>, SearchError> {
        let mut documents = Vec::new();
        let snapshot = self.snapshot.load();
        for (number, segment) in (0..).zip(snapshot.segment_readers()) {
            for doc in segment.doc_ids_alive() {
                let at = DocAddress::new(number, doc);
                let name = snapshot.name(at).doing("list the search index")?;
                documents.push((name, snapshot.id(at)));
            }
        }
        Ok(documents)
    }
}

/// Writes, one caller at a time.
///
/// The writer lives as long as its index: dropping one stops the merges that keep the number of
/// segments small.
pub(crate) struct Desk {
    home: Home,
    dictionary: Arc<Dictionary>,
    pen: Mutex<Pen>,
}

struct Pen {
    writer: IndexWriter,
    folder: Option<PathBuf>,
}

/// An index that was built beside the one that answers. It lies in its folder and does not count
/// before it is adopted.
pub struct Rebuilt {
    live: Live,
    pen: Pen,
    count: u64,
}

impl fmt::Debug for Rebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rebuilt").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Desk {
    /// Opens `found`, or an empty index.
    pub(crate) fn open(
        home: Home,
        found: Option<Housed>,
        dictionary: Arc<Dictionary>,
    ) -> Result<(Live, Self), SearchError> {
        let Housed { index, folder } = match found {
            Some(found) => found,
            None => home.fresh()?,
        };
        let pen = Mutex::new(Pen { writer: following(&index)?, folder });
        Ok((Live::open(&index)?, Self { home, dictionary, pen }))
    }

    pub(crate) fn apply(&self, live: &ArcSwap<Live>, batch: &Batch) -> Result<(), SearchError> {
        self.apply_by(live, batch, &self.dictionary)
    }

    /// The same by another dictionary.
    pub(crate) fn apply_by(
        &self,
        live: &ArcSwap<Live>,
        batch: &Batch,
        dictionary: &Dictionary,
    ) -> Result<(), SearchError> {
        // A panic leaves no more than uncommitted documents, which their letters bring again.
        let mut pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        // Only now: a rebuild may have swapped it while this call waited for the pen.
        let live = live.load_full();
        let written = write(&mut pen.writer, &live.fields, dictionary, batch);
        if written.is_err() {
            // The next commit must not carry half of this batch. Its own failure says no more
            // than the first one.
            let _ = pen.writer.rollback();
            clear(&pen.writer);
            return written;
        }
        live.advance(batch.position)
    }

    /// Builds a whole index beside the one that answers, which goes on changing meanwhile.
    pub(crate) fn beside<E: std::error::Error + Send + Sync + 'static>(
        &self,
        docs: impl Iterator<Item = Result<SearchDoc, E>>,
        position: i64,
    ) -> Result<Rebuilt, SearchError> {
        let housed = self.home.fresh()?;
        let folder = housed.folder.clone();
        let rebuilt = self.fill(housed, docs, position);
        if rebuilt.is_err()
            && let Some(folder) = &folder
        {
            folders::remove(folder);
        }
        rebuilt
    }

    /// Fills an empty index.
    fn fill<E: std::error::Error + Send + Sync + 'static>(
        &self,
        Housed { index, folder }: Housed,
        docs: impl Iterator<Item = Result<SearchDoc, E>>,
        position: i64,
    ) -> Result<Rebuilt, SearchError> {
        let fields = schema::schema().1;
        let mut rebuilding = writer(&index, REBUILD_BYTES)?;
        let mut count = 0;
        for doc in docs {
            let doc = doc.map_err(|error| SearchError::Source(Box::new(error)))?;
            add(&rebuilding, &fields, &self.dictionary, &doc)?;
            count += 1;
        }
        commit(&mut rebuilding, position)?;
        // Its merges come to their end first: fewer segments answer faster.
        rebuilding.wait_merging_threads().doing("merge the segments of the search index")?;
        let writer = following(&index)?;
        Ok(Rebuilt { live: Live::open(&index)?, pen: Pen { writer, folder }, count })
    }

    /// Lets a rebuilt index count and answer, in place of the one before.
    pub(crate) fn adopt(&self, live: &ArcSwap<Live>, rebuilt: Rebuilt) -> Result<u64, SearchError> {
        let Rebuilt { live: fresh, pen: new, count } = rebuilt;
        let mut pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &new.folder
            && let Err(error) = self.home.complete(folder)
        {
            retire(new);
            return Err(error);
        }
        let old = std::mem::replace(&mut *pen, new);
        live.store(fresh.into());
        retire(old);
        Ok(count)
    }
}

/// Ends a writer that is no longer needed. Searches that began on its files finish: they hold them
/// open.
fn retire(old: Pen) {
    // Its merges would write into the folder while it is removed; what they say matters no more.
    let _ = old.writer.wait_merging_threads();
    if let Some(folder) = old.folder {
        folders::remove(&folder);
    }
}

/// A writer of many small commits.
fn following(index: &Index) -> Result<IndexWriter, SearchError> {
    let writer = writer(index, HEAP_BYTES)?;
    let mut merges = LogMergePolicy::default();
    merges.set_min_layer_size(SMALL_SEGMENT);
    writer.set_merge_policy(Box::new(merges));
    Ok(writer)
}

fn writer(index: &Index, heap_bytes: usize) -> Result<IndexWriter, SearchError> {
    let writer = index.writer_with_num_threads(1, heap_bytes);
    let writer = writer.doing("open the search index for writing")?;
    clear(&writer);
    Ok(writer)
}

/// Removes what a commit left that did not come to its end. The next one may give its files the
/// same names, and the engine refuses to write over files. What stays is noticed then.
fn clear(writer: &IndexWriter) {
    let _ = writer.garbage_collect_files().wait();
}

fn write(
    writer: &mut IndexWriter,
    fields: &Fields,
    dictionary: &Dictionary,
    batch: &Batch,
) -> Result<(), SearchError> {
    for name in &batch.remove {
        writer.delete_term(fields.key(name));
    }
    for doc in &batch.put {
        writer.delete_term(fields.key(&doc.name));
        add(writer, fields, dictionary, doc)?;
    }
    commit(writer, batch.position)
}

fn add(
    writer: &IndexWriter<TantivyDocument>,
    fields: &Fields,
    dictionary: &Dictionary,
    doc: &SearchDoc,
) -> Result<(), SearchError> {
    let added = writer.add_document(fields.document(doc, dictionary));
    added.map(drop).doing("add a document to the search index")
}

fn commit(writer: &mut IndexWriter, position: i64) -> Result<(), SearchError> {
    let mut prepared = writer.prepare_commit().doing("write the search index")?;
    prepared.set_payload(&position.to_string());
    prepared.commit().map(drop).doing("commit to the search index")
}
