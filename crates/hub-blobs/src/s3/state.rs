//! What is remembered of an upload between two requests.

use serde::{Deserialize, Serialize};

use crate::{BlobError, Staged};

/// The least size of a part that is not the last. Source: Amazon's limits of multipart uploads
/// (`docs/sources.md#s3-multipart`).
pub(super) const LEAST_PART: usize = 5 << 20;

/// Size of the first parts. Two of them are in memory per upload.
const FIRST_PART: usize = 8 << 20;

/// How many parts have one size before it doubles: 10,000 parts, the most there may be, then hold
/// 7.8 TiB, more than an object may have.
const SAME_SIZE: usize = 1000;

/// The staged bytes of an upload: parts, and a tail that is too short for one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) multipart: Option<Multipart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tail: Option<Tail>,
    /// Tails that an earlier state named. That state was current until this one was saved, so they
    /// go when this one is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) old: Vec<String>,
}

/// A multipart upload that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Multipart {
    /// Key of the object that it is to become.
    pub(super) key: String,
    /// What the service calls it.
    pub(super) id: String,
    /// What the service calls its parts, in their order.
    pub(super) parts: Vec<String>,
    /// Number of bytes in these parts.
    pub(super) size: u64,
}

/// Bytes behind the last part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tail {
    pub(super) key: String,
    pub(super) size: u64,
}

impl State {
    /// The state that `staged` carries, whose bytes are as many as it says.
    pub(super) fn of(staged: &Staged) -> Result<Self, BlobError> {
        let state = if staged.state.is_empty() {
            Self::default()
        } else {
            serde_json::from_slice(&staged.state).map_err(|error| missing(error.to_string()))?
        };
        let size = state.size();
        if size == staged.offset {
            Ok(state)
        } else {
            Err(missing(format!("{size} bytes are staged instead of {}", staged.offset)))
        }
    }

    pub(super) fn save(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers make JSON")
    }

    fn size(&self) -> u64 {
        self.multipart.as_ref().map_or(0, |multipart| multipart.size)
            + self.tail.as_ref().map_or(0, |tail| tail.size)
    }

    /// How many parts are stored.
    pub(super) fn parts(&self) -> usize {
        self.multipart.as_ref().map_or(0, |multipart| multipart.parts.len())
    }

    /// Size of the part behind `parts` others.
    pub(super) fn part_size(parts: usize) -> usize {
        FIRST_PART << (parts / SAME_SIZE)
    }

    /// What makes a part at the end of a request, rather than a tail that the next request has to
    /// fetch. Half a part, so that short requests cannot use the parts up.
    pub(super) fn least_part(parts: usize) -> usize {
        LEAST_PART.max(Self::part_size(parts) / 2)
    }
}

fn missing(message: String) -> BlobError {
    let source = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, message);
    BlobError::Io { doing: "find the staged bytes", source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Algorithm;

    #[test]
    fn ten_thousand_parts_hold_the_largest_object() {
        let sum = |size: fn(usize) -> usize| (0..10_000).map(|n| size(n) as u64).sum::<u64>();
        assert!(sum(State::part_size) > 5 << 40);
        assert!(sum(State::least_part) > 3 << 40);
        assert!(State::part_size(9_999) < 5 << 30, "the largest part there may be");
    }

    #[test]
    fn a_state_that_does_not_fit_its_offset_is_refused() {
        let tail = Some(Tail { key: "uploads/id/tail".to_owned(), size: 3 });
        let state = State { tail, ..State::default() };
        let mut staged = Staged::new("id", Algorithm::Sha256);
        staged.state = state.save();
        staged.offset = 3;
        assert_eq!(State::of(&staged).unwrap(), state);
        staged.offset = 4;
        assert!(matches!(State::of(&staged), Err(BlobError::Io { .. })));
        staged.state = b"nonsense".to_vec();
        assert!(matches!(State::of(&staged), Err(BlobError::Io { .. })));
    }
}
