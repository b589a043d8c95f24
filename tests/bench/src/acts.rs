//! What a client does to a registry: one request, or the several of a push or a pull.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hyper::header::{HeaderValue, LOCATION};
use hyper::{Method, StatusCode, Uri};

use crate::client::{Answer, Ask, Connection, Take};
use crate::content::{BYTES, Blob, Image, MANIFEST, MANIFESTS, Maker};

/// A server, and who we are to it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Sent with every request.
    pub(crate) authorization: Option<HeaderValue>,
}

/// What is checked about each answer, beside its status and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Nothing more: the client should cost little.
    Length,
    /// Also the digest of what it holds.
    Digest,
}

/// How the bytes of a blob are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    /// `POST`, `PUT` with all bytes.
    Monolith,
    /// `POST`, one `PATCH` with all bytes, `PUT`.
    Streamed,
    /// `POST`, a `PATCH` for each so many bytes, `PUT`.
    Chunks(u64),
}

/// One operation, the same for every server.
#[derive(Debug)]
pub(crate) enum Act {
    /// One request that is answered 200; the paths take turns.
    Read {
        /// `GET` or `HEAD`.
        method: Method,
        /// Paths with their queries.
        paths: Vec<String>,
        /// Bytes and digest of the answer, when they are known.
        expect: Option<(u64, String)>,
    },
    /// A new blob.
    PushBlob {
        /// Where to.
        repo: String,
        /// Makes the blobs.
        maker: Maker,
        /// How.
        sending: Sending,
    },
    /// The same blob every time.
    PushSame {
        /// Where to.
        repo: String,
        /// Which.
        blob: Blob,
    },
    /// A new image of one layer: layer, configuration, manifest.
    PushImage {
        /// Where to.
        repo: String,
        /// Makes the layers.
        maker: Maker,
        /// How.
        sending: Sending,
    },
    /// An image of one layer: `HEAD` and `GET` of the manifest, configuration, layer.
    PullImage {
        /// Where from.
        repo: String,
        /// Its tag.
        tag: String,
        /// What is expected.
        image: Image,
    },
    /// A blob of another repository; the blobs take turns.
    Mount {
        /// Where to.
        repo: String,
        /// Where from.
        from: String,
        /// Their digests.
        digests: Vec<String>,
    },
    /// Some of these, in turn, each as often as it is named.
    Mixed(Vec<Act>),
}

/// What an operation came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Done {
    /// Until the head of its last answer came, counted from the request that it answers.
    pub(crate) first_byte: Duration,
    /// Bytes of bodies that travelled.
    pub(crate) bytes: u64,
}

impl Act {
    /// Does it for the `number`th time.
    pub(crate) async fn perform(
        &self,
        connection: &mut Connection,
        target: &Target,
        number: usize,
        check: Check,
    ) -> Result<Done> {
        match self {
            Self::Read { method, paths, expect } => {
                let path = &paths[number % paths.len()];
                let answer = read(connection, method.clone(), path, expect.as_ref(), check).await?;
                Ok(Done { first_byte: answer.first_byte, bytes: answer.bytes })
            }
            Self::PushBlob { repo, maker, sending } => {
                push_blob(connection, repo, &maker.make(), *sending).await
            }
            Self::PushSame { repo, blob } => {
                push_blob(connection, repo, blob, Sending::Monolith).await
            }
            Self::PushImage { repo, maker, sending } => {
                let image = Image::of(vec![maker.make()]);
                push_image(connection, repo, &format!("p{number}"), &image, *sending).await
            }
            Self::PullImage { repo, tag, image } => {
                pull_image(connection, repo, tag, image, check).await
            }
            Self::Mount { repo, from, digests } => {
                mount(connection, repo, from, &digests[number % digests.len()]).await
            }
            Self::Mixed(acts) => {
                // Spread, so that a short run meets all of them: 7 shares no factor with 10 or 12.
                let act = &acts[number * 7 % acts.len()];
                Box::pin(act.perform(connection, target, number, check)).await
            }
        }
    }
}

async fn read(
    connection: &mut Connection,
    method: Method,
    path: &str,
    expect: Option<&(u64, String)>,
    check: Check,
) -> Result<Answer> {
    let is_head = method == Method::HEAD;
    let hashed = check == Check::Digest && !is_head && expect.is_some();
    let take = if hashed { Take::Hash } else { Take::Count };
    let mut ask = Ask::new(method, path).take(take);
    if path.contains("/manifests/") {
        ask = ask.accepting(MANIFESTS);
    }
    let answer = connection.ask(ask).await?.expect(StatusCode::OK, path)?;
    if let Some((bytes, digest)) = expect {
        let found = if is_head { answer.content_length() } else { Some(answer.bytes) };
        ensure!(found == Some(*bytes), "{path}: {found:?} bytes instead of {bytes}");
        let found = answer.digest.as_ref();
        ensure!(found.is_none_or(|found| found == digest), "{path}: {found:?}, not {digest}");
    }
    Ok(answer)
}

/// Pushes a blob, whether or not it is there.
pub(crate) async fn push_blob(
    connection: &mut Connection,
    repo: &str,
    blob: &Blob,
    sending: Sending,
) -> Result<Done> {
    let begin = format!("/v2/{repo}/blobs/uploads/");
    let answer = connection.ask(Ask::new(Method::POST, &begin)).await?;
    let mut at = location(&answer.expect(StatusCode::ACCEPTED, "begin an upload")?)?;
    let step = match sending {
        Sending::Monolith => 0,
        Sending::Streamed => blob.size,
        Sending::Chunks(bytes) => bytes,
    };
    let mut sent = 0;
    while step > 0 && sent < blob.size {
        let to = (sent + step).min(blob.size);
        let mut ask = Ask::new(Method::PATCH, &at).with(BYTES, blob.part(sent, to));
        if sending != Sending::Streamed {
            ask = ask.part_at(sent);
        }
        let answer = connection.ask(ask).await?.expect(StatusCode::ACCEPTED, "send a chunk")?;
        at = location(&answer)?;
        sent = to;
    }
    let mark = if at.contains('?') { '&' } else { '?' };
    let end = format!("{at}{mark}digest={}", blob.digest);
    let mut ask = Ask::new(Method::PUT, &end);
    if sent < blob.size {
        ask = ask.with(BYTES, blob.payload());
    }
    let answer = connection.ask(ask).await?.expect(StatusCode::CREATED, "end an upload")?;
    Ok(Done { first_byte: answer.first_byte, bytes: blob.size })
}

/// Pushes an image: its layers, its configuration, its manifest.
pub(crate) async fn push_image(
    connection: &mut Connection,
    repo: &str,
    tag: &str,
    image: &Image,
    sending: Sending,
) -> Result<Done> {
    let mut bytes = 0;
    for blob in &image.layers {
        bytes += push_blob(connection, repo, blob, sending).await?.bytes;
    }
    push_blob(connection, repo, &image.config, Sending::Monolith).await?;
    let path = format!("/v2/{repo}/manifests/{tag}");
    let ask = Ask::new(Method::PUT, &path).with(MANIFEST, image.manifest.payload());
    let answer = connection.ask(ask).await?.expect(StatusCode::CREATED, "push a manifest")?;
    Ok(Done { first_byte: answer.first_byte, bytes })
}

async fn pull_image(
    connection: &mut Connection,
    repo: &str,
    tag: &str,
    image: &Image,
    check: Check,
) -> Result<Done> {
    let by_tag = format!("/v2/{repo}/manifests/{tag}");
    let manifest = (image.manifest.size, image.manifest.digest.clone());
    read(connection, Method::HEAD, &by_tag, Some(&manifest), check).await?;
    read(connection, Method::GET, &by_tag, Some(&manifest), check).await?;
    let mut done = Done::default();
    for blob in std::iter::once(&image.config).chain(&image.layers) {
        let path = format!("/v2/{repo}/blobs/{}", blob.digest);
        let expect = (blob.size, blob.digest.clone());
        let answer = read(connection, Method::GET, &path, Some(&expect), check).await?;
        done.first_byte = answer.first_byte;
        done.bytes += answer.bytes;
    }
    Ok(done)
}

async fn mount(connection: &mut Connection, repo: &str, from: &str, digest: &str) -> Result<Done> {
    let path = format!("/v2/{repo}/blobs/uploads/?mount={digest}&from={from}");
    let answer = connection.ask(Ask::new(Method::POST, &path)).await?;
    let answer = answer.expect(StatusCode::CREATED, "mount a blob")?;
    Ok(Done { first_byte: answer.first_byte, bytes: 0 })
}

/// Path and query of where an upload goes on; some servers answer a whole address.
fn location(answer: &Answer) -> Result<String> {
    let location = answer.header(LOCATION.as_str()).context("there is no `Location`")?;
    let uri: Uri = location.parse().context("the `Location` is no address")?;
    Ok(uri.path_and_query().context("the `Location` has no path")?.to_string())
}
