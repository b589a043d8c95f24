//! Counting what hostile bytes become, and stopping in time.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::time::Instant;

use crate::Limits;

/// Why the reading of a layer ended before its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("it has more than {0} compressed bytes")]
    Compressed(u64),
    #[error("it expands to more than {0} bytes")]
    Expanded(u64),
    #[error("the layers of the image expand to more than {0} bytes")]
    Image(u64),
    #[error("it expands to more than {0} times its size")]
    Ratio(u64),
    #[error("it has more than {0} entries")]
    Entries(u64),
    #[error("the header of an entry has more than {0} bytes")]
    Header(u64),
    #[error("reading the image took longer than {0} s")]
    Time(u64),
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl Stop {
    /// Whether the whole image is at its end, and not the layer alone.
    pub(crate) const fn ends_image(&self) -> bool {
        matches!(self, Self::Image(_) | Self::Time(_))
    }
}

/// What one extraction may use, and has used.
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    pub(crate) limits: &'a Limits,
    started: Instant,
    image_bytes: Cell<u64>,
    kept_bytes: Cell<u64>,
    kept_entries: Cell<usize>,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            started: Instant::now(),
            image_bytes: Cell::new(0),
            kept_bytes: Cell::new(0),
            kept_entries: Cell::new(0),
        }
    }

    /// Forgets what was kept: another pass begins.
    pub(crate) fn begin_pass(&self) {
        self.kept_bytes.set(0);
        self.kept_entries.set(0);
    }

    /// Whether `bytes` more may be kept; takes them when so.
    pub(crate) fn keep_bytes(&self, bytes: u64) -> bool {
        let kept = self.kept_bytes.get().saturating_add(bytes);
        let fits = kept <= self.limits.kept_bytes;
        if fits {
            self.kept_bytes.set(kept);
        }
        fits
    }

    /// Whether one more entry may be kept.
    pub(crate) fn keep_entry(&self) -> bool {
        self.kept_entries.set(self.kept_entries.get() + 1);
        self.kept_entries.get() <= self.limits.kept_entries
    }

    fn late(&self) -> Option<Stop> {
        let late = self.started.elapsed() > self.limits.time;
        late.then_some(Stop::Time(self.limits.time.as_secs()))
    }
}

/// Counts one layer.
#[derive(Debug)]
pub(crate) struct Meter<'a> {
    pub(crate) budget: &'a Budget<'a>,
    compressed: Cell<u64>,
    expanded: Cell<u64>,
    header_left: Cell<u64>,
    stop: RefCell<Option<Stop>>,
    store: RefCell<Option<io::Error>>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(budget: &'a Budget<'a>) -> Self {
        Self {
            budget,
            compressed: Cell::new(0),
            expanded: Cell::new(0),
            header_left: Cell::new(u64::MAX),
            stop: RefCell::new(None),
            store: RefCell::new(None),
        }
    }

    /// From here to [`Meter::in_content`] headers are read: names in them are held in memory, so
    /// they get a cap of their own. `unread` bytes of the entry before are passed over first.
    pub(crate) fn in_header(&self, unread: u64) {
        self.header_left.set(unread.saturating_add(self.budget.limits.header_bytes));
    }

    /// Headers are over.
    pub(crate) fn in_content(&self) {
        self.header_left.set(u64::MAX);
    }

    /// What ended the reading, when `error` came up.
    ///
    /// # Errors
    ///
    /// The error of the store, when it was the store's.
    pub(crate) fn reason(&self, error: &io::Error) -> Result<Stop, io::Error> {
        if let Some(store) = self.store.take() {
            return Err(store);
        }
        Ok(self.stop.take().unwrap_or_else(|| Stop::Damaged(error.to_string())))
    }

    fn fail(&self, stop: Stop) -> io::Error {
        let error = io::Error::other(stop.to_string());
        self.stop.borrow_mut().get_or_insert(stop);
        error
    }

    fn count_compressed(&self, bytes: usize) -> io::Result<()> {
        let limits = self.budget.limits;
        self.compressed.set(self.compressed.get().saturating_add(bytes as u64));
        if self.compressed.get() > limits.layer_compressed_bytes {
            return Err(self.fail(Stop::Compressed(limits.layer_compressed_bytes)));
        }
        self.budget.late().map_or(Ok(()), |late| Err(self.fail(late)))
    }

    fn count_expanded(&self, bytes: usize) -> io::Result<()> {
        let limits = self.budget.limits;
        let more = bytes as u64;
        let expanded = self.expanded.get().saturating_add(more);
        let image = self.budget.image_bytes.get().saturating_add(more);
        self.expanded.set(expanded);
        self.budget.image_bytes.set(image);
        let allowed = self.compressed.get().saturating_mul(limits.ratio);
        let stop = if expanded > limits.layer_bytes {
            Stop::Expanded(limits.layer_bytes)
        } else if image > limits.image_bytes {
            Stop::Image(limits.image_bytes)
        } else if expanded > limits.ratio_free_bytes && expanded > allowed {
            Stop::Ratio(limits.ratio)
        } else if self.header_left.get() < more {
            Stop::Header(limits.header_bytes)
        } else if let Some(late) = self.budget.late().filter(|_| bytes > 512) {
            late
        } else {
            self.header_left.set(self.header_left.get() - more);
            return Ok(());
        };
        Err(self.fail(stop))
    }
}

/// Counts the bytes as they come from the store.
pub(crate) struct Compressed<'a> {
    pub(crate) inner: Box<dyn Read + Send>,
    pub(crate) meter: &'a Meter<'a>,
}

impl Read for Compressed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(into) {
            Ok(bytes) => self.meter.count_compressed(bytes).map(|()| bytes),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::other("the store failed");
                self.meter.store.borrow_mut().get_or_insert(error);
                Err(told)
            }
        }
    }
}

/// Counts the bytes after decompression.
pub(crate) struct Expanded<'a, R> {
    pub(crate) inner: R,
    pub(crate) meter: &'a Meter<'a>,
}

impl<R: Read> Read for Expanded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(into)?;
        self.meter.count_expanded(bytes).map(|()| bytes)
    }
}
