//! Hashing and checking of passwords, as many at once as there are cores.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// Argon2 with its usual settings (19 MiB each), off the asynchronous threads.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The library refused.
    #[error("could not hash the password")]
    Argon(#[source] argon2::password_hash::Error),
    /// The thread that worked on it is gone.
    #[error("could not finish hashing the password")]
    Lost(#[source] tokio::task::JoinError),
}

impl Passwords {
    /// As many at once as `turns` has permits.
    #[must_use]
    pub fn new(turns: Semaphore) -> Self {
        Self { turns: Arc::new(turns) }
    }

    /// The text to store for a password.
    ///
    /// # Errors
    ///
    /// When the hash cannot be made.
    pub async fn hash(&self, password: &SecretString) -> Result<String, HashError> {
        let password = password.clone();
        self.work(move || {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(HashError::Argon)
        })
        .await?
    }

    /// Whether `password` is the one behind `stored`. Without a stored hash the same work is done
    /// and the answer is no, so that the time does not tell whether the user exists.
    ///
    /// # Errors
    ///
    /// When the work could not be finished.
    pub async fn verify(
        &self,
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
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("never closed");
        let done = tokio::task::spawn_blocking(move || {
            // Kept inside the thread: a caller who went away does not free its core.
            let _turn = turn;
            work()
        });
        done.await.map_err(HashError::Lost)
    }
}
