//! The hub's own key: it encrypts what has to be read again, so that whoever has a copy of the
//! database alone has no secret of it.
//!
//! A sealed value is a byte that names the form, the id of the key, 24 random bytes, and the
//! ciphertext of XChaCha20-Poly1305. The name of the record is authenticated with it: a value that
//! was moved to another record does not open.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// Names the form of a sealed value. A PKCS#8 document, which early hubs stored as it is, begins
/// with another byte.
const FORM: u8 = 1;

const ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 24;
const HEAD_BYTES: usize = 1 + ID_BYTES + NONCE_BYTES;

/// A key that seals and opens. Nothing of it is shown.
pub struct HubKey {
    cipher: XChaCha20Poly1305,
    id: [u8; ID_BYTES],
}

/// A value that is not what it should be: sealed with another key, for another record, or altered.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value of `{record}` does not open with key {key}")]
pub struct Unsealed {
    /// The record.
    record: String,
    /// Id of the key that was tried.
    key: String,
}

impl HubKey {
    /// The key of these bytes.
    pub(crate) fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"hub key id");
        hash.update(bytes);
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&hash.finalize()[..ID_BYTES]);
        Self { cipher: XChaCha20Poly1305::new(bytes.into()), id }
    }

    /// Names the key, and tells nothing about it.
    #[must_use]
    pub fn id(&self) -> String {
        hex::encode(self.id)
    }

    /// Encrypts what belongs to `record`.
    ///
    /// # Panics
    ///
    /// With more than 256 gigabytes.
    #[must_use]
    pub fn seal(&self, record: &str, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: plain, aad: record.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("only gigabytes are too long");
        [&[FORM][..], &self.id, &nonce, &sealed].concat()
    }

    /// Decrypts what [`HubKey::seal`] made for the same record.
    ///
    /// # Errors
    ///
    /// [`Unsealed`] for everything else.
    pub fn open(&self, record: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealed> {
        let plain = self.opened(record, sealed).map(Zeroizing::new);
        plain.ok_or_else(|| Unsealed { record: record.to_owned(), key: self.id() })
    }

    fn opened(&self, record: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, text) = sealed.split_at_checked(HEAD_BYTES)?;
        let (form, nonce) = head.split_at(1 + ID_BYTES);
        if form[0] != FORM || form[1..] != self.id {
            return None;
        }
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let payload = Payload { msg: text, aad: record.as_bytes() };
        self.cipher.decrypt(&XNonce::from(nonce), payload).ok()
    }
}

/// Whether a value is sealed, with whatever key.
pub(crate) fn is_sealed(value: &[u8]) -> bool {
    value.first() == Some(&FORM) && value.len() > HEAD_BYTES
}

/// Id of the key with which a value was sealed; empty when it is not sealed.
pub(crate) fn sealed_with(value: &[u8]) -> String {
    if is_sealed(value) { hex::encode(&value[1..=ID_BYTES]) } else { String::new() }
}

impl fmt::Debug for HubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubKey").field("id", &self.id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_record_and_its_key_alone() {
        let key = HubKey::new(&[7; KEY_BYTES]);
        let sealed = key.seal("access_key:A", b"secret");
        assert!(is_sealed(&sealed) && sealed_with(&sealed) == key.id());
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(**key.open("access_key:A", &sealed).unwrap(), *b"secret");
        assert_ne!(key.seal("access_key:A", b"secret"), sealed, "no two are alike");

        assert!(key.open("access_key:B", &sealed).is_err(), "moved to another record");
        assert!(HubKey::new(&[8; KEY_BYTES]).open("access_key:A", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(key.open("access_key:A", &altered).is_err(), "byte {place}");
            assert!(key.open("access_key:A", &sealed[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn nothing_of_a_key_is_shown() {
        let shown = format!("{:?}", HubKey::new(&[7; KEY_BYTES]));
        assert!(shown.starts_with("HubKey { id: ") && !shown.contains("07070707"), "{shown}");
    }
}
