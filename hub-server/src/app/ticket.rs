//! What a browser carries while its reader is at the provider: it ties the way back to the way
//! there, so that nobody is signed in by an answer to somebody else's question.
//!
//! The hub keeps nothing of who sets out: anybody can do that, as often as they like.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hub_db::Db;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::keys::{KeyError, TICKET_SETTING as SETTING};
use super::provider::Journey;
use super::secrets::{HubKey, is_sealed};

/// Bytes of the key.
const KEY_BYTES: usize = 32;

/// How long somebody may stay at the provider, in milliseconds.
pub const TICKET_MS: i64 = 10 * 60 * 1000;

/// Longest address that is gone on to: cookies have four kilobytes.
const LONGEST_NEXT: usize = 1500;

/// The key of tickets, the same on every replica.
pub struct TicketKey(hmac::Key);

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKey")
    }
}

impl TicketKey {
    /// Reads the key that the replicas share; the first one makes it. One that an early hub stored
    /// as it was is replaced: whoever has a copy of that database has it too, and nobody is on the
    /// way for more than a few minutes.
    ///
    /// # Errors
    ///
    /// When the metadata store fails, or what it holds was sealed with another key.
    pub async fn load(db: &Db, secrets: &HubKey) -> Result<Self, KeyError> {
        let found = db.setting(SETTING).await?;
        if let Some(sealed) = found.as_deref().filter(|found| is_sealed(found)) {
            return Self::opened(secrets, sealed);
        }
        let fresh = Zeroizing::new(rand::random::<[u8; KEY_BYTES]>());
        let fresh = secrets.seal(SETTING, &*fresh);
        let mut change = db.change().await?;
        if let Some(plain) = found {
            change.swap_setting(SETTING, &plain, &fresh).await?;
        }
        // Another replica may have been faster: what was stored first counts.
        let stored = change.init_setting(SETTING, &fresh).await?;
        change.commit().await?;
        Self::opened(secrets, &stored)
    }

    fn opened(secrets: &HubKey, sealed: &[u8]) -> Result<Self, KeyError> {
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &secrets.open(SETTING, sealed)?)))
    }
}

/// Somebody who is on the way to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    secret: String,
    /// When they set out, in milliseconds.
    at_ms: i64,
    /// Where on the hub they want to go.
    pub next: String,
    /// Row of the user who wants to sign in this way from now on.
    pub link: Option<i64>,
}

impl Ticket {
    /// A ticket for who sets out now.
    #[must_use]
    pub fn fresh(at_ms: i64, next: &str, link: Option<i64>) -> Self {
        let secret = hex::encode(rand::random::<[u8; 32]>());
        let next = if next.len() > LONGEST_NEXT { "/" } else { next };
        Self { secret, at_ms, next: next.to_owned(), link }
    }

    /// The ticket as a cookie holds it.
    #[must_use]
    pub fn seal(&self, key: &TicketKey) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let text = BASE64_URL_SAFE_NO_PAD.encode(text);
        let tag = hmac::sign(&key.0, text.as_bytes());
        format!("{text}.{}", hex::encode(tag.as_ref()))
    }

    /// Reads a cookie; `None` when we did not make it, or too long ago.
    #[must_use]
    pub fn open(cookie: &str, key: &TicketKey, now_ms: i64) -> Option<Self> {
        let (text, tag) = cookie.split_once('.')?;
        hmac::verify(&key.0, text.as_bytes(), &hex::decode(tag).ok()?).ok()?;
        let ticket: Self =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let age = now_ms - ticket.at_ms;
        (0..TICKET_MS).contains(&age).then_some(ticket)
    }

    /// What belongs to this way there and back.
    #[must_use]
    pub fn journey(&self, back: &str) -> Journey {
        Journey {
            state: self.part("state"),
            nonce: self.part("nonce"),
            verifier: self.part("verifier"),
            back: back.to_owned(),
        }
    }

    /// Names the journey where returns are noted.
    #[must_use]
    pub fn mark(&self) -> String {
        self.part("mark")
    }

    /// The parts go different ways, and none of them gives another away.
    fn part(&self, name: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("hub oidc {name}\0"));
        hash.update(&self.secret);
        hex::encode(hash.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> TicketKey {
        TicketKey(hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]))
    }

    #[test]
    fn a_ticket_is_good_for_ten_minutes_and_only_as_we_made_it() {
        let ticket = Ticket::fresh(1000, "/o/labring", None);
        let sealed = ticket.seal(&key(1));
        assert_eq!(Ticket::open(&sealed, &key(1), 1000).as_ref(), Some(&ticket));
        assert!(Ticket::open(&sealed, &key(1), 1000 + TICKET_MS - 1).is_some());
        assert_eq!(Ticket::open(&sealed, &key(1), 1000 + TICKET_MS), None);
        assert_eq!(Ticket::open(&sealed, &key(1), 999), None);
        assert_eq!(Ticket::open(&sealed, &key(2), 1000), None);

        let (text, tag) = sealed.split_once('.').unwrap();
        let other = Ticket { link: Some(1), ..ticket };
        let other = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&other).unwrap());
        for altered in
            [format!("{other}.{tag}"), text.to_owned(), format!("{text}."), String::new()]
        {
            assert_eq!(Ticket::open(&altered, &key(1), 1000), None, "{altered}");
        }
    }

    #[tokio::test]
    async fn the_key_is_stored_sealed_and_one_that_was_not_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("hub.db").display());
        let db = Db::open(&url).await.unwrap();
        db.migrate().await.unwrap();
        let mut change = db.change().await.unwrap();
        change.init_setting(SETTING, &[1; 32]).await.unwrap();
        change.commit().await.unwrap();

        let secrets = HubKey::new(&[7; 32]);
        let fresh = TicketKey::load(&db, &secrets).await.unwrap();
        let ticket = Ticket::fresh(1000, "/", None);
        assert_eq!(Ticket::open(&ticket.seal(&key(1)), &fresh, 1000), None, "the old one is out");
        let stored = db.setting(SETTING).await.unwrap().unwrap();
        assert!(is_sealed(&stored));
        let again = TicketKey::load(&db, &secrets).await.unwrap();
        assert_eq!(Ticket::open(&ticket.seal(&fresh), &again, 1000), Some(ticket));
        let other = TicketKey::load(&db, &HubKey::new(&[8; 32])).await;
        assert!(matches!(other, Err(KeyError::Sealed(_))));
    }

    #[test]
    fn the_parts_of_a_journey_differ_and_fit_where_they_go() {
        let journey = Ticket::fresh(0, "/", None).journey("https://hub/back");
        let other = Ticket::fresh(0, "/", None).journey("https://hub/back");
        assert_ne!(journey.state, other.state);
        assert_ne!(journey.state, journey.nonce);
        // Source: RFC 7636, 4.1.
        assert!((43..=128).contains(&journey.verifier.len()));
        assert_eq!(Ticket::fresh(0, &"/x".repeat(1000), None).next, "/");
    }
}
