//! Bodies of requests: streams that may take long, but may not fall silent.

use std::io;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use futures::stream::{self, BoxStream};

/// The pieces of a body as they come.
pub(super) type Pieces = BoxStream<'static, io::Result<bytes::Bytes>>;

/// The pieces of a body. Fails when none comes for as long as `patience`.
pub(super) fn pieces(body: Body, patience: Duration) -> Pieces {
    let begin = Some(body.into_data_stream());
    stream::unfold(begin, move |state: Option<BodyDataStream>| async move {
        let mut body = state?;
        match tokio::time::timeout(patience, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(body))),
            Ok(Some(Err(error))) => Some((Err(io::Error::other(error)), None)),
            Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), None)),
        }
    })
    .boxed()
}

/// Why a body was not read whole.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It has more bytes than allowed.
    TooLarge,
    /// It broke off.
    BrokeOff,
}

/// Reads a body of at most `limit` bytes. A larger one is read on for a while and thrown away,
/// because a client that still sends would not see the answer.
pub(super) async fn read(
    body: Body,
    limit: usize,
    patience: Duration,
) -> Result<Vec<u8>, ReadError> {
    const DRAINED_BYTES: usize = 64 << 20;
    let mut pieces = pieces(body, patience);
    let mut read = Vec::new();
    let mut seen = 0_usize;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| ReadError::BrokeOff)?;
        seen += piece.len();
        if seen <= limit {
            read.extend_from_slice(&piece);
        } else if seen > DRAINED_BYTES {
            break;
        }
    }
    if seen > limit { Err(ReadError::TooLarge) } else { Ok(read) }
}

/// The same, and the whole of it has to come within `whole`.
pub(super) async fn read_within(
    whole: Duration,
    body: Body,
    limit: usize,
    patience: Duration,
) -> Result<Vec<u8>, ReadError> {
    let read = tokio::time::timeout(whole, read(body, limit, patience));
    read.await.unwrap_or(Err(ReadError::BrokeOff))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_body_above_the_limit_is_refused_and_one_at_the_limit_is_not() {
        assert_eq!(read(Body::from("1234"), 4, SOON).await.unwrap(), b"1234");
        assert!(matches!(read(Body::from("12345"), 4, SOON).await, Err(ReadError::TooLarge)));
    }

    #[tokio::test]
    async fn silence_ends_a_body() {
        let body = Body::from_stream(stream::pending::<io::Result<bytes::Bytes>>());
        assert!(matches!(read(body, 4, SOON).await, Err(ReadError::BrokeOff)));
    }

    #[tokio::test]
    async fn a_body_that_drips_for_ever_ends_when_it_has_to_come_within_a_time() {
        let drop = async |()| {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Some((Ok::<_, io::Error>(bytes::Bytes::from_static(b".")), ()))
        };
        let body = Body::from_stream(Box::pin(stream::unfold((), drop)));
        let read = read_within(SOON, body, 1 << 20, Duration::from_mins(1)).await;
        assert!(matches!(read, Err(ReadError::BrokeOff)));
    }
}
