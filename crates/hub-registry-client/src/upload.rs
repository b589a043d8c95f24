//! Blobs into a remote: look first, mount, send in chunks, resume.
//!
//! A blob of at most one chunk goes with a single PUT, and starts over when that breaks. A larger
//! one goes in chunks of 16 MiB which are kept until the registry has them: after an error the
//! session is asked how much it holds, and the rest of the chunk is sent again. When the session
//! itself is gone, or holds something else than was sent, a new one is begun.

use std::pin::Pin;

use bytes::Bytes;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt};
use url::Url;

use crate::download::Hasher;
use crate::location::{bytes_kept, next_location, with_digest};
use crate::remote::{Broken, Call, Remote, scope};
use crate::retry::is_passing;
use crate::{BlobToPush, Progress, RemoteError};

/// Size of a chunk, in bytes. Above the least that S3 stores behind a registry want (5 MiB).
const CHUNK: u64 = 16 << 20;

/// How a blob got where it was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobOutcome {
    /// It was there.
    Present,
    /// It was linked from another repository.
    Mounted,
    /// It was sent.
    Uploaded,
}

/// Why a session does not go on.
enum Stop {
    /// A new session may do better.
    Restart(RemoteError),
    /// Nothing will.
    Fail(RemoteError),
}

impl From<RemoteError> for Stop {
    fn from(error: RemoteError) -> Self {
        Self::Fail(error)
    }
}

impl Remote {
    /// Brings a blob into `repo`, unless it is there.
    ///
    /// # Errors
    ///
    /// [`RemoteError::Mismatch`] when the bytes are not those of the digest, and
    /// [`RemoteError::Source`] when they cannot be read; nothing is stored then.
    pub async fn push_blob(
        &self,
        repo: &str,
        blob: BlobToPush<'_>,
        progress: &dyn Progress,
    ) -> Result<BlobOutcome, RemoteError> {
        let mut attempt = 0;
        loop {
            // Also after a failure: the registry may have got it all, and only the answer was lost.
            if self.has_blob(repo, blob.digest).await?.is_some() {
                progress.at(blob.size);
                let sent = attempt > 0;
                return Ok(if sent { BlobOutcome::Uploaded } else { BlobOutcome::Present });
            }
            progress.at(0);
            match self.upload(repo, blob, progress).await {
                Ok(outcome) => {
                    progress.at(blob.size);
                    return Ok(outcome);
                }
                Err(Stop::Fail(error)) => return Err(error),
                Err(Stop::Restart(error)) => match self.retry().pause_after(attempt, None) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(error),
                },
            }
            attempt += 1;
        }
    }

    async fn upload(
        &self,
        repo: &str,
        blob: BlobToPush<'_>,
        progress: &dyn Progress,
    ) -> Result<BlobOutcome, Stop> {
        let doing = format!("push blob {} to {}/{repo}", blob.digest.short(), self.host());
        let mut scopes = vec![scope(repo, "pull,push")];
        let mut url = self.url(&format!("{repo}/blobs/uploads/"));
        if let Some(from) = blob.mount_from {
            url.query_pairs_mut()
                .append_pair("mount", blob.digest.as_str())
                .append_pair("from", from);
            scopes.push(scope(from, "pull"));
        }
        let call = Call::new(Method::POST, url, &scopes);
        let begun = [StatusCode::ACCEPTED, StatusCode::CREATED];
        let response = self.send(&doing, &call, &begun).await?;
        if response.status() == StatusCode::CREATED {
            return Ok(BlobOutcome::Mounted);
        }
        let location = next_location(&call.url, response.headers())
            .ok_or_else(|| protocol(&doing, "it began an upload without saying where"))?;
        let scopes = &scopes[..1];
        let mut session = Session { remote: self, doing: &doing, scopes, blob, progress, location };
        let reader = session.open().await?;
        if blob.size <= CHUNK {
            session.send_whole(reader).await?;
        } else {
            session.send_chunks(reader).await?;
        }
        Ok(BlobOutcome::Uploaded)
    }
}

/// An upload under way.
struct Session<'a> {
    remote: &'a Remote,
    doing: &'a str,
    scopes: &'a [String],
    blob: BlobToPush<'a>,
    progress: &'a dyn Progress,
    location: Url,
}

type Reader = Pin<Box<dyn AsyncRead + Send>>;

impl Session<'_> {
    async fn open(&self) -> Result<Reader, RemoteError> {
        self.blob.source.open().await.map_err(|source| self.unreadable(source))
    }

    /// Sends a small blob with the request that ends the session.
    async fn send_whole(&mut self, mut reader: Reader) -> Result<(), Stop> {
        let hasher = Hasher::new(self.blob.digest.algorithm());
        let (body, hasher) = self.read(&mut reader, self.blob.size, hasher).await?;
        self.check(hasher)?;
        let mut call = self.call(Method::PUT, with_digest(&self.location, self.blob.digest));
        call.body = body;
        call.watched = Some((self.progress, 0));
        call.headers.insert(CONTENT_TYPE, OCTETS);
        match self.remote.attempt(&call).await {
            Ok(response) if is_stored(response.status()) => Ok(()),
            outcome => Err(self.judge(outcome).await),
        }
    }

    /// Sends a large blob in chunks, and ends the session.
    async fn send_chunks(&mut self, mut reader: Reader) -> Result<(), Stop> {
        let mut hasher = Hasher::new(self.blob.digest.algorithm());
        let mut start = 0;
        while start < self.blob.size {
            let length = CHUNK.min(self.blob.size - start);
            let chunk;
            (chunk, hasher) = self.read(&mut reader, length, hasher).await?;
            self.send_chunk(start, &chunk).await?;
            start += length;
        }
        self.check(hasher)?;
        self.finish().await
    }

    /// Sends one chunk, again and again as far as needed.
    async fn send_chunk(&mut self, start: u64, chunk: &Bytes) -> Result<(), Stop> {
        let end = start + chunk.len() as u64;
        let (mut at, mut attempt) = (start, 0);
        while at < end {
            let skip = usize::try_from(at - start).expect("a position within the chunk");
            let outcome = self.patch(at, chunk.slice(skip..)).await;
            let kept = match outcome {
                Ok(response) if response.status() == StatusCode::ACCEPTED => {
                    self.follow(&response);
                    bytes_kept(response.headers()).unwrap_or(end)
                }
                Ok(response) if response.status() == StatusCode::RANGE_NOT_SATISFIABLE => {
                    self.kept().await?
                }
                outcome => {
                    let error = match self.judge(outcome).await {
                        // The session may live although the request died.
                        Stop::Restart(error) => error,
                        fail @ Stop::Fail(_) => return Err(fail),
                    };
                    let Some(pause) = self.remote.retry().pause_after(attempt, None) else {
                        return Err(Stop::Fail(error));
                    };
                    tokio::time::sleep(pause).await;
                    self.kept().await?
                }
            };
            if !(start..=end).contains(&kept) {
                let message = format!("it holds {kept} bytes of the upload, not {start} to {end}");
                return Err(Stop::Restart(protocol(self.doing, &message)));
            }
            attempt = if kept > at { 0 } else { attempt + 1 };
            if attempt > self.remote.retry().times {
                return Err(Stop::Fail(protocol(self.doing, "the upload makes no progress")));
            }
            at = kept;
            self.progress.at(at);
        }
        Ok(())
    }

    async fn patch(&self, at: u64, body: Bytes) -> Result<Response, Broken> {
        let last = at + body.len() as u64 - 1;
        let range = HeaderValue::from_str(&format!("{at}-{last}")).expect("digits and a dash");
        let mut call = self.call(Method::PATCH, self.location.clone());
        call.headers.insert(CONTENT_TYPE, OCTETS);
        call.headers.insert(CONTENT_RANGE, range);
        call.body = body;
        call.watched = Some((self.progress, at));
        self.remote.attempt(&call).await
    }

    /// Asks the session how much it holds.
    async fn kept(&mut self) -> Result<u64, Stop> {
        let call = self.call(Method::GET, self.location.clone());
        let alive = [StatusCode::NO_CONTENT, StatusCode::ACCEPTED, StatusCode::OK];
        let response = match self.remote.send(self.doing, &call, &alive).await {
            Ok(response) => response,
            Err(error @ RemoteError::NotFound { .. }) => return Err(Stop::Restart(error)),
            Err(error) => return Err(Stop::Fail(error)),
        };
        self.follow(&response);
        bytes_kept(response.headers()).ok_or_else(|| {
            Stop::Restart(protocol(self.doing, "it does not say how much of the upload it holds"))
        })
    }

    /// Ends the session.
    async fn finish(&self) -> Result<(), Stop> {
        let mut call = self.call(Method::PUT, with_digest(&self.location, self.blob.digest));
        call.headers.insert(CONTENT_TYPE, OCTETS);
        let stored = [StatusCode::CREATED, StatusCode::NO_CONTENT, StatusCode::OK];
        match self.remote.send(self.doing, &call, &stored).await {
            Ok(_) => Ok(()),
            // A first attempt may have ended the session without our hearing of it.
            Err(error @ RemoteError::NotFound { .. }) => Err(Stop::Restart(error)),
            Err(error) => Err(Stop::Fail(error)),
        }
    }

    /// Reads `length` bytes and takes them into the hash.
    async fn read(
        &self,
        reader: &mut Reader,
        length: u64,
        mut hasher: Hasher,
    ) -> Result<(Bytes, Hasher), RemoteError> {
        let expected = usize::try_from(length).expect("a chunk fits into memory");
        let mut buffer = Vec::with_capacity(expected);
        let read = reader.take(length).read_to_end(&mut buffer).await;
        read.map_err(|source| self.unreadable(source))?;
        if buffer.len() < expected {
            return Err(self.unreadable(std::io::ErrorKind::UnexpectedEof.into()));
        }
        let bytes = Bytes::from(buffer);
        let copy = bytes.clone();
        // 16 MiB take some 12 ms, too long for the thread that also sends.
        let task = tokio::task::spawn_blocking(move || {
            hasher.update(&copy);
            hasher
        });
        let hasher = task.await.map_err(|error| self.unreadable(error.into()))?;
        Ok((bytes, hasher))
    }

    fn check(&self, hasher: Hasher) -> Result<(), RemoteError> {
        let found = hasher.finish();
        if found == *self.blob.digest {
            return Ok(());
        }
        Err(RemoteError::Mismatch { expected: self.blob.digest.clone(), found: found.to_string() })
    }

    /// What to do after an attempt that did not succeed.
    async fn judge(&self, outcome: Result<Response, Broken>) -> Stop {
        let again = match &outcome {
            Ok(response) => {
                is_passing(response.status()) || response.status() == StatusCode::NOT_FOUND
            }
            Err(Broken::Network(_)) => true,
            Err(Broken::Answer(failure, _)) => is_passing(failure.status),
            Err(Broken::Final(_)) => false,
        };
        let error = self.remote.give_up(self.doing, outcome).await;
        if again { Stop::Restart(error) } else { Stop::Fail(error) }
    }

    fn call(&self, method: Method, url: Url) -> Call<'_> {
        Call::new(method, url, self.scopes)
    }

    fn follow(&mut self, response: &Response) {
        if let Some(next) = next_location(&self.location, response.headers()) {
            self.location = next;
        }
    }

    fn unreadable(&self, source: std::io::Error) -> RemoteError {
        RemoteError::Source { digest: self.blob.digest.clone(), source }
    }
}

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

fn is_stored(status: StatusCode) -> bool {
    matches!(status, StatusCode::CREATED | StatusCode::NO_CONTENT | StatusCode::OK)
}

fn protocol(doing: &str, message: &str) -> RemoteError {
    RemoteError::Protocol { doing: doing.to_owned(), message: message.to_owned() }
}
