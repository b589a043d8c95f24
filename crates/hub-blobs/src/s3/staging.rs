//! Bytes on their way in: parts of a multipart upload, and a tail.

use std::io;

use bytes::Bytes;
use futures::StreamExt as _;
use object_store::PutPayload;
use object_store::multipart::{MultipartStore as _, PartId};
use serde::{Deserialize, Serialize};
use tokio::task;

use super::objects::{Doing as _, absent_is_fine};
use super::state::{Multipart, State, Tail};
use super::{S3Store, random};
use crate::error::Doing as _;
use crate::{BlobError, ByteStream, Hash, Staged};

/// Bytes that are hashed in one go on a thread that may block.
const BATCH: usize = 1 << 20;

/// Ends the key of a [`Marker`].
const MARKER: &str = ".multipart";

/// Stands in the bucket as long as a multipart upload does, so that one whose row was lost is
/// found again.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    key: String,
    id: String,
}

/// Takes `body` in, at the end of what is staged.
pub(super) async fn append(
    store: &S3Store,
    staged: &mut Staged,
    body: ByteStream<'_>,
) -> Result<(), BlobError> {
    let mut source = Source { body, rest: Bytes::new() };
    if let Some(end) = source.is_empty().await {
        return ending(end);
    }
    let state = State::of(staged)?;
    let mut taking = Taking { store, id: staged.id.clone(), state };
    let mut part = taking.begin().await?;
    let mut hash = staged.hash.clone();
    let mut full: Option<Part> = None;
    loop {
        let parts = taking.state.parts() + usize::from(full.is_some());
        // One part fills while the one before is under way.
        let filling = source.fill(part, hash, State::part_size(parts));
        let sending = async {
            match full.take() {
                Some(part) => taking.send(part).await.map(Some),
                None => Ok(None),
            }
        };
        let (filled, sent) = futures::join!(filling, sending);
        if let Some(sent) = sent? {
            taking.note(staged, sent);
        }
        let Filled { bytes, hash: after, end } = filled?;
        let stored = taking.state.multipart.as_ref().map_or(0, |multipart| multipart.size);
        let next = Part { offset: stored + bytes.len() as u64, bytes, hash: after.clone() };
        match end {
            None => {
                (part, hash, full) = (Vec::new(), after, Some(next));
            }
            Some(end) => {
                if next.offset > staged.offset {
                    let last = if next.bytes.len() < State::least_part(taking.state.parts()) {
                        taking.put_tail(next).await?
                    } else {
                        taking.send(next).await?
                    };
                    taking.note(staged, last);
                }
                return ending(end);
            }
        }
    }
}

/// What a body that ended so means to its receiver.
fn ending(end: io::Result<()>) -> Result<(), BlobError> {
    end.map_err(|source| BlobError::Body { source })
}

/// Bytes for one part, and where the upload is when they are stored.
struct Part {
    bytes: Vec<u8>,
    offset: u64,
    hash: Hash,
}

/// An upload that bytes are added to.
struct Taking<'a> {
    store: &'a S3Store,
    id: String,
    state: State,
}

impl Taking<'_> {
    /// Drops the tails that nobody needs any more and fetches the one that the next part begins
    /// with.
    async fn begin(&mut self) -> Result<Vec<u8>, BlobError> {
        for key in std::mem::take(&mut self.state.old) {
            // One that stays is found by `list_leftovers`.
            let _ = self.store.bucket.remove(&key).await;
        }
        match &self.state.tail {
            Some(tail) => self.store.tail(tail).await.map(Vec::from),
            None => Ok(Vec::new()),
        }
    }

    /// Stores a part, and answers where the upload is then.
    async fn send(&mut self, part: Part) -> Result<(u64, Hash), BlobError> {
        let Part { bytes, offset, hash } = part;
        if self.state.multipart.is_none() {
            self.state.multipart = Some(self.store.begin_multipart(&self.id).await?);
        }
        let multipart = self.state.multipart.as_mut().expect("it was just begun");
        let size = bytes.len() as u64;
        let stored = self.store.put_part(multipart, bytes.into()).await;
        multipart.parts.push(stored.doing("store a part of an upload")?);
        multipart.size += size;
        self.state.old.extend(self.state.tail.take().map(|tail| tail.key));
        Ok((offset, hash))
    }

    /// Stores what is too short for a part, and answers where the upload is then.
    async fn put_tail(&mut self, part: Part) -> Result<(u64, Hash), BlobError> {
        let Part { bytes, offset, hash } = part;
        let tail = Tail {
            key: format!("uploads/{}/{}.tail", self.id, random()),
            size: bytes.len() as u64,
        };
        let put = self.store.bucket.put(&tail.key, bytes.into()).await;
        put.doing("store the end of what came")?;
        self.state.old.extend(self.state.tail.replace(tail).map(|tail| tail.key));
        Ok((offset, hash))
    }

    /// Notes what is safely there.
    fn note(&self, staged: &mut Staged, (offset, hash): (u64, Hash)) {
        staged.offset = offset;
        staged.hash = hash;
        staged.state = self.state.save();
    }
}

impl S3Store {
    /// The bytes of a tail.
    pub(super) async fn tail(&self, tail: &Tail) -> Result<Bytes, BlobError> {
        let found = self.bucket.get(&tail.key).await.doing("fetch the staged bytes")?;
        let size = found.as_ref().map_or(0, |bytes| bytes.len() as u64);
        match found {
            Some(bytes) if size == tail.size => Ok(bytes),
            _ => {
                let message = format!("{size} bytes are staged instead of {}", tail.size);
                let error = io::Error::new(io::ErrorKind::NotFound, message);
                Err(error).doing("fetch the staged bytes")
            }
        }
    }

    async fn begin_multipart(&self, id: &str) -> Result<Multipart, BlobError> {
        let key = format!("data/{id}.{}", random());
        let begun = self.bucket.client.create_multipart(&self.bucket.path(&key)).await;
        let begun = begun.doing("begin a multipart upload")?;
        let marker = Marker { key, id: begun };
        let text = serde_json::to_vec(&marker).expect("texts make JSON");
        let put = self.bucket.put(&marker_key(&marker.key), text.into()).await;
        put.doing("remember a multipart upload")?;
        Ok(Multipart { key: marker.key, id: marker.id, parts: Vec::new(), size: 0 })
    }

    /// Stores bytes behind the parts of `multipart`, and answers what the service calls them.
    pub(super) async fn put_part(
        &self,
        multipart: &Multipart,
        bytes: Bytes,
    ) -> Result<String, object_store::Error> {
        let path = self.bucket.path(&multipart.key);
        let number = multipart.parts.len();
        let payload = PutPayload::from(bytes);
        let part = self.bucket.client.put_part(&path, &multipart.id, number, payload).await?;
        Ok(part.content_id)
    }

    /// Makes the parts one object.
    pub(super) async fn complete(&self, multipart: Multipart) -> Result<(), object_store::Error> {
        let path = self.bucket.path(&multipart.key);
        let part = |content_id| PartId { content_id };
        let parts = multipart.parts.into_iter().map(part).collect();
        self.bucket.client.complete_multipart(&path, &multipart.id, parts).await.map(drop)
    }

    /// Gives a multipart upload up; one that is complete already stays so.
    async fn abort(&self, key: &str, id: &str) -> Result<(), BlobError> {
        let path = self.bucket.path(key);
        match absent_is_fine(self.bucket.client.abort_multipart(&path, &id.to_owned()).await) {
            Ok(_) => Ok(()),
            // Some services do not say that they know no such upload, but that it is not ours.
            Err(error) => match self.bucket.size(key).await {
                Ok(Some(_)) => Ok(()),
                _ => Err(error).doing("give a multipart upload up"),
            },
        }
    }

    /// Drops what a state names. What stays nevertheless is found by `list_leftovers`.
    pub(super) async fn drop_state(&self, state: &State) {
        if let Some(multipart) = &state.multipart
            && self.abort(&multipart.key, &multipart.id).await.is_ok()
        {
            let _ = self.bucket.remove(&marker_key(&multipart.key)).await;
        }
        for key in state.old.iter().chain(state.tail.as_ref().map(|tail| &tail.key)) {
            let _ = self.bucket.remove(key).await;
        }
    }

    /// Drops the object of that key, and the multipart upload that it tells of, if it is one that
    /// does.
    pub(super) async fn drop_object(&self, key: &str) -> Result<(), BlobError> {
        if key.ends_with(MARKER) {
            let found = self.bucket.get(key).await.doing("look for a multipart upload")?;
            let marker = found.and_then(|text| serde_json::from_slice::<Marker>(&text).ok());
            if let Some(Marker { key, id }) = marker {
                self.abort(&key, &id).await?;
            }
        }
        self.bucket.remove(key).await.doing("drop staged bytes")
    }
}

/// Key of the marker of the multipart upload that is to become the object `data/<id>.<random>`.
fn marker_key(data: &str) -> String {
    let name = data.strip_prefix("data/").unwrap_or(data);
    format!("uploads/{}{MARKER}", name.replacen('.', "/", 1))
}

/// A body that can be taken in pieces of any size.
struct Source<'a> {
    body: ByteStream<'a>,
    /// What was taken from the body and not yet from here.
    rest: Bytes,
}

/// Bytes that wait to be stored.
struct Filled {
    bytes: Vec<u8>,
    hash: Hash,
    /// How the body ended, if it did.
    end: Option<io::Result<()>>,
}

impl Source<'_> {
    /// How the body ended, if it did so before its first byte.
    async fn is_empty(&mut self) -> Option<io::Result<()>> {
        match self.piece(usize::MAX).await {
            Ok(Some(first)) => {
                self.rest = first;
                None
            }
            Ok(None) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        }
    }

    /// At most `room` bytes, at least one; `None` at the end.
    async fn piece(&mut self, room: usize) -> io::Result<Option<Bytes>> {
        while self.rest.is_empty() {
            match self.body.next().await {
                Some(piece) => self.rest = piece?,
                None => return Ok(None),
            }
        }
        let size = room.min(self.rest.len());
        Ok(Some(self.rest.split_to(size)))
    }

    /// Adds to `bytes` until there are `size` of them or the body ends, and hashes what is added.
    async fn fill(
        &mut self,
        mut bytes: Vec<u8>,
        mut hash: Hash,
        size: usize,
    ) -> Result<Filled, BlobError> {
        let mut end = None;
        while bytes.len() < size && end.is_none() {
            let before = bytes.len();
            let goal = size.min(before + BATCH);
            while bytes.len() < goal && end.is_none() {
                match self.piece(goal - bytes.len()).await {
                    Ok(Some(piece)) => {
                        if bytes.len() + piece.len() > bytes.capacity() && bytes.len() >= BATCH {
                            // Once, not by doubling: what is beyond a batch mostly is a full part.
                            bytes.reserve_exact(size - bytes.len());
                        }
                        bytes.extend_from_slice(&piece);
                    }
                    Ok(None) => end = Some(Ok(())),
                    Err(error) => end = Some(Err(error)),
                }
            }
            let hashing = task::spawn_blocking(move || {
                hash.update(&bytes[before..]);
                (bytes, hash)
            });
            (bytes, hash) = hashing.await.map_err(io::Error::other).doing("hash what came")?;
        }
        Ok(Filled { bytes, hash, end })
    }
}
