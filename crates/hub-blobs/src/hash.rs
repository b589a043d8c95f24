//! A running hash whose state can be saved.
//!
//! Source of its speed: `docs/sources.md#sha-rates`.

use std::fmt;

use hub_model::{Algorithm, Digest};
use sha2::digest::common::hazmat::SerializableState;
use sha2::{Digest as _, Sha256, Sha512};

/// A hash over the bytes seen so far.
///
/// Its state can be [saved](Hash::save) and [restored](Hash::restore) by another process, so that
/// an upload goes on after a restart without reading again what is already there.
#[derive(Clone)]
pub struct Hash(State);

#[derive(Clone)]
enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hash {
    /// A hash over nothing yet.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// The hash that was saved as `state`; an empty `state` is a hash over nothing.
    ///
    /// `None` when `state` was not made by [`Hash::save`] with the same algorithm.
    #[must_use]
    pub fn restore(algorithm: Algorithm, state: &[u8]) -> Option<Self> {
        if state.is_empty() {
            return Some(Self::new(algorithm));
        }
        let state = match algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::deserialize(state.try_into().ok()?).ok()?),
            Algorithm::Sha512 => State::Sha512(Sha512::deserialize(state.try_into().ok()?).ok()?),
        };
        Some(Self(state))
    }

    /// The state, for [`Hash::restore`].
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        match &self.0 {
            State::Sha256(hash) => hash.serialize().to_vec(),
            State::Sha512(hash) => hash.serialize().to_vec(),
        }
    }

    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(hash) => hash.update(bytes),
            State::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The hash function.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            State::Sha256(_) => Algorithm::Sha256,
            State::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// The digest of everything taken in.
    ///
    /// # Panics
    ///
    /// Never: the digits of a hash always make a digest.
    #[must_use]
    pub fn finish(self) -> Digest {
        let algorithm = self.algorithm();
        let hex = match self.0 {
            State::Sha256(hash) => hex::encode(hash.finalize()),
            State::Sha512(hash) => hex::encode(hash.finalize()),
        };
        Digest::from_hex(algorithm, &hex).expect("a hash has the length of its algorithm")
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hash").field(&self.algorithm()).finish()
    }
}

/// The digest of `bytes`.
#[must_use]
pub fn digest_of(bytes: &[u8], algorithm: Algorithm) -> Digest {
    let mut hash = Hash::new(algorithm);
    hash.update(bytes);
    hash.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_digests() {
        assert_eq!(
            digest_of(b"", Algorithm::Sha256).as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert!(
            digest_of(b"abc", Algorithm::Sha512).as_str().starts_with("sha512:ddaf35a193617aba")
        );
    }

    #[test]
    fn a_foreign_state_is_refused() {
        let saved = Hash::new(Algorithm::Sha256).save();
        assert!(Hash::restore(Algorithm::Sha512, &saved).is_none());
        assert!(Hash::restore(Algorithm::Sha256, &saved[1..]).is_none());
        assert!(Hash::restore(Algorithm::Sha256, b"nonsense").is_none());
        assert!(Hash::restore(Algorithm::Sha512, &[]).is_some());
    }

    proptest! {
        #[test]
        fn a_restored_hash_goes_on_where_it_was_saved(
            bytes in proptest::collection::vec(any::<u8>(), 0..700),
            cut in 0_usize..700,
            long in any::<bool>(),
        ) {
            let algorithm = if long { Algorithm::Sha512 } else { Algorithm::Sha256 };
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            let mut first = Hash::new(algorithm);
            first.update(head);
            let mut second = Hash::restore(algorithm, &first.save()).unwrap();
            second.update(tail);
            prop_assert_eq!(second.finish(), digest_of(&bytes, algorithm));
        }
    }
}
