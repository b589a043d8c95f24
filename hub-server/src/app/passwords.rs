//! Hashing and checking of passwords, as many at once as there are cores; only so many wait.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::TooMany;

/// How many may wait for each core. One check takes some 25 milliseconds, so the last of them
/// waits some seconds; and many machines that pull at once with one password still find room,
/// because after the first check the others need none.
const WAITING_PER_CORE: usize = 256;

/// After how long who found no room may try again, in seconds.
const SOON: u64 = 5;

/// Argon2 with its usual settings (19 MiB each), off the asynchronous threads.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// The right to one piece of slow work.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many wait already.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The library refused.
    #[error("could not hash the password")]
    Argon(#[source] argon2::password_hash::Error),
    /// The thread that worked on it is gone.
    #[error("could not finish hashing the password")]
    Lost(#[source] tokio::task::JoinError),
}

impl Passwords {
    /// For as many at once as there are cores.
    #[must_use]
    pub fn new(cores: usize) -> Self {
        let places = cores.saturating_mul(WAITING_PER_CORE).min(Semaphore::MAX_PERMITS);
        Self { turns: Arc::new(Semaphore::new(cores)), places: Arc::new(Semaphore::new(places)) }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    ///
    /// When too many wait already.
    pub(crate) async fn turn(&self) -> Result<Turn, TooMany> {
        let full = TooMany { what: "sign-ins", retry_after_seconds: SOON };
        let place = self.places.try_acquire().map_err(|_| full)?;
        let permit = Arc::clone(&self.turns).acquire_owned().await.expect("never closed");
        drop(place);
        Ok(Turn { _permit: permit })
    }

    /// Takes every place there is to wait, for as long as what is answered lives.
    #[cfg(test)]
    pub(crate) fn fill(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(self.places.available_permits()).unwrap();
        Arc::clone(&self.places).try_acquire_many_owned(all).unwrap()
    }

    /// The text to store for a password.
    ///
    /// # Errors
    ///
    /// When the hash cannot be made, or too many wait.
    pub async fn hash(&self, password: &SecretString) -> Result<String, HashError> {
        let password = password.clone();
        let hash = self.turn().await?.work(move || {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(HashError::Argon)
        });
        hash.await?
    }
}

impl Turn {
    /// Whether `password` is the one behind `stored`. Without a stored hash the same work is done
    /// and the answer is no, so that the time does not tell whether the user exists.
    ///
    /// # Errors
    ///
    /// When the work could not be finished.
    pub(crate) async fn verify(
        self,
        password: &SecretString,
        stored: Option<String>,
    ) -> Result<bool, HashError> {
        let password = password.clone();
        self.work(move || {
            let secret = password.expose_secret().as_bytes();
            let hash = stored.as_deref().and_then(|stored| PasswordHash::new(stored).ok());
            if let Some(hash) = hash {
                return Argon2::default().verify_password(secret, &hash).is_ok();
            }
            let _ = Argon2::default().hash_password(secret);
            false
        })
        .await
    }

    async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let done = tokio::task::spawn_blocking(move || {
            // Kept inside the thread: a caller who went away does not free its core.
            let _turn = self;
            work()
        });
        done.await.map_err(HashError::Lost)
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, poll};

    use super::*;

    #[tokio::test]
    async fn who_finds_no_place_to_wait_is_sent_away_and_the_others_get_their_turn() {
        let passwords = Passwords::new(1);
        let first = passwords.turn().await.unwrap();
        let mut second = Box::pin(passwords.turn());
        assert!(poll!(&mut second).is_pending());
        let rest = passwords.fill();
        let refused = passwords.turn().now_or_never().expect("nobody waits for a place");
        assert_eq!(refused.unwrap_err().retry_after_seconds, SOON);
        drop(first);
        let second = second.await.unwrap();
        // The second one waits no more, so there is a place.
        let mut third = Box::pin(passwords.turn());
        assert!(poll!(&mut third).is_pending());
        drop((second, rest));
        assert!(third.await.is_ok());
    }
}
