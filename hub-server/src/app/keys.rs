//! The key pair that signs the registry's tokens, the same on every replica.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hub_db::{Db, DbError};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::secrets::{HubKey, Unsealed, is_sealed};

/// Name of the setting. Its value is a PKCS#8 document, sealed with the hub's own key.
pub(crate) const SETTING: &str = "registry_token_key";

/// Name of the setting that holds the key of tickets for the way to a provider, sealed as well.
pub(crate) const TICKET_SETTING: &str = "oidc_ticket_key";

/// An Ed25519 key pair.
#[derive(Clone)]
pub struct TokenKeys {
    /// Signs.
    pub encoding: EncodingKey,
    /// Verifies.
    pub decoding: DecodingKey,
    /// Names the pair in the header of a token.
    pub kid: String,
    /// The public half, base64url without padding, as `x` of a JSON Web Key.
    pub public: String,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKeys").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Why there is no key pair.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The metadata store failed.
    #[error("could not store the key")]
    Db(#[from] DbError),
    /// The library made none.
    #[error("could not make a key pair")]
    Make(#[source] aws_lc_rs::error::Unspecified),
    /// What is stored was sealed with another key, or altered.
    #[error("could not open the stored key")]
    Sealed(#[from] Unsealed),
    /// What is stored is no key pair.
    #[error("the stored key pair is damaged")]
    Damaged(#[source] aws_lc_rs::error::KeyRejected),
    /// The public half was not understood by the library that verifies.
    #[error("could not read the public key")]
    Public(#[source] jsonwebtoken::errors::Error),
}

impl TokenKeys {
    /// Reads the pair that the replicas share; the first one makes it.
    ///
    /// # Errors
    ///
    /// When the store fails, or what it holds is damaged.
    pub async fn load(db: &Db, secrets: &HubKey) -> Result<Self, KeyError> {
        if let Some(stored) = db.setting(SETTING).await? {
            return Self::stored(db, secrets, stored).await;
        }
        let fresh = Self::make()?;
        let mut change = db.change().await?;
        // Another replica may have been faster: what was stored first counts.
        let stored = change.init_setting(SETTING, &secrets.seal(SETTING, &fresh)).await?;
        change.commit().await?;
        Self::stored(db, secrets, stored).await
    }

    async fn stored(db: &Db, secrets: &HubKey, stored: Vec<u8>) -> Result<Self, KeyError> {
        if is_sealed(&stored) {
            return Self::from_pkcs8(&secrets.open(SETTING, &stored)?);
        }
        // An early hub stored it as it is.
        let keys = Self::from_pkcs8(&stored)?;
        let mut change = db.change().await?;
        change.swap_setting(SETTING, &stored, &secrets.seal(SETTING, &stored)).await?;
        change.commit().await?;
        Ok(keys)
    }

    fn make() -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(KeyError::Make)?;
        let document = pair.to_pkcs8v1().map_err(KeyError::Make)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    fn from_pkcs8(document: &[u8]) -> Result<Self, KeyError> {
        let pair =
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(document).map_err(KeyError::Damaged)?;
        let public = pair.public_key().as_ref();
        let x = BASE64_URL_SAFE_NO_PAD.encode(public);
        Ok(Self {
            encoding: EncodingKey::from_ed_der(document),
            decoding: DecodingKey::from_ed_components(&x).map_err(KeyError::Public)?,
            kid: hex::encode(&Sha256::digest(public)[..12]),
            public: x,
        })
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, Header, Validation};

    use super::*;

    #[test]
    fn what_it_signs_it_verifies() {
        let keys = TokenKeys::from_pkcs8(&TokenKeys::make().unwrap()).unwrap();
        let claims = serde_json::json!({"sub": "ana", "exp": 4_000_000_000_u64});
        let header = Header::new(Algorithm::EdDSA);
        let token = jsonwebtoken::encode(&header, &claims, &keys.encoding).unwrap();
        let rules = Validation::new(Algorithm::EdDSA);
        let read = jsonwebtoken::decode::<serde_json::Value>(&token, &keys.decoding, &rules);
        assert_eq!(read.unwrap().claims["sub"], "ana");
    }

    #[tokio::test]
    async fn the_stored_pair_is_sealed_also_one_that_an_early_hub_left() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("hub.db").display());
        let db = Db::open(&url).await.unwrap();
        db.migrate().await.unwrap();
        let plain = TokenKeys::make().unwrap();
        let mut change = db.change().await.unwrap();
        change.init_setting(SETTING, &plain).await.unwrap();
        change.commit().await.unwrap();

        let secrets = HubKey::new(&[7; 32]);
        let kid = TokenKeys::load(&db, &secrets).await.unwrap().kid;
        assert_eq!(kid, TokenKeys::from_pkcs8(&plain).unwrap().kid);
        let stored = db.setting(SETTING).await.unwrap().unwrap();
        assert_eq!(*secrets.open(SETTING, &stored).unwrap(), *plain);
        assert_eq!(TokenKeys::load(&db, &secrets).await.unwrap().kid, kid);
        let other = TokenKeys::load(&db, &HubKey::new(&[8; 32])).await;
        assert!(matches!(other, Err(KeyError::Sealed(_))));
    }

    #[test]
    fn a_damaged_document_is_refused() {
        assert!(matches!(TokenKeys::from_pkcs8(b"nonsense"), Err(KeyError::Damaged(_))));
    }
}
