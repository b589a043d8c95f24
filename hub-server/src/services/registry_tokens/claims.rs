//! The inside of a registry token.

use hub_model::{Credential, PasswordMark, RobotName, Scope, TokenScope, UserName};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use crate::app::{Bearer, SignedToken, TokenKeys};

/// How far the clocks of two machines may be apart, in seconds.
/// Source: `docs/sources.md#token-skew`.
const SKEW_SECONDS: i64 = 60;

/// What a token says.
///
/// Source: distribution's token authentication, claim set (`docs/sources.md#token-claims`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    iss: String,
    /// Name of the user; empty for nobody.
    sub: String,
    aud: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    access: Vec<Entry>,
    /// What the credential was good for that the token was asked for with.
    credential_scope: TokenScope,
    /// Row of that credential, when it was a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<i64>,
    /// Row of that credential, when it was an access key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<i64>,
    /// When the secret was made, when it was a robot's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    robot: Option<i64>,
    /// What stands for the password, when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

/// One scope inside a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    actions: Vec<String>,
}

impl Claims {
    /// A token that `service` issues for itself, in seconds; good for nothing yet.
    pub(super) fn new(service: &str, bearer: &Bearer, now: i64, lifetime: u64) -> Self {
        let mut claims = Self {
            iss: service.to_owned(),
            sub: String::new(),
            aud: service.to_owned(),
            exp: now.saturating_add_unsigned(lifetime),
            nbf: now,
            iat: now,
            jti: uuid::Uuid::now_v7().to_string(),
            access: Vec::new(),
            credential_scope: TokenScope::Pull,
            credential: None,
            key: None,
            robot: None,
            password: None,
        };
        match bearer {
            Bearer::Nobody => {}
            Bearer::Robot { name, secret_at_ms } => {
                claims.sub = name.to_string();
                claims.robot = Some(*secret_at_ms);
            }
            Bearer::User { name, by } => {
                claims.sub = name.to_string();
                match by {
                    Credential::Password(PasswordMark(mark)) => {
                        claims.password = Some(hex::encode(mark));
                    }
                    Credential::Token(row) => claims.credential = Some(*row),
                    Credential::Key(row) => claims.key = Some(*row),
                }
            }
        }
        claims
    }

    /// The same, good for this, asked for with a credential of that scope.
    pub(super) fn good_for(mut self, access: &[Scope], scope: TokenScope) -> Self {
        let entry = |scope: &Scope| Entry {
            kind: scope.kind.clone(),
            name: scope.name.clone(),
            actions: scope.actions.clone(),
        };
        self.access = access.iter().map(entry).collect();
        self.credential_scope = scope;
        self
    }

    /// Whose it says it is; `None` when that is nobody who could be.
    fn bearer(&self) -> Option<Bearer> {
        if self.sub.is_empty() {
            return Some(Bearer::Nobody);
        }
        if let Some(secret_at_ms) = self.robot {
            return Some(Bearer::Robot { name: RobotName::parse(&self.sub).ok()?, secret_at_ms });
        }
        let by = match (self.credential, self.key) {
            (Some(row), _) => Credential::Token(row),
            (None, Some(row)) => Credential::Key(row),
            (None, None) => {
                let mut mark = [0; 16];
                hex::decode_to_slice(self.password.as_deref()?, &mut mark).ok()?;
                Credential::Password(PasswordMark(mark))
            }
        };
        Some(Bearer::User { name: UserName::parse(&self.sub).ok()?, by })
    }

    fn scopes(&self) -> Vec<Scope> {
        let scope = |entry: &Entry| Scope {
            kind: entry.kind.clone(),
            name: entry.name.clone(),
            actions: entry.actions.clone(),
        };
        self.access.iter().map(scope).collect()
    }

    pub(super) fn sign(&self, keys: &TokenKeys) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(keys.kid.clone());
        encode(&header, self, &keys.encoding)
    }

    /// What a token says that `service` signed for itself, whenever that was.
    pub(super) fn read(jwt: &str, keys: &TokenKeys, service: &str) -> Option<SignedToken> {
        let header = decode_header(jwt).ok()?;
        if header.kid.as_deref() != Some(keys.kid.as_str()) {
            return None;
        }
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[service]);
        rules.set_issuer(&[service]);
        rules.set_required_spec_claims(&["aud", "exp", "iss", "nbf", "sub"]);
        // The hub has one clock, and it is not the library's.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let claims = decode::<Self>(jwt, &keys.decoding, &rules).ok()?.claims;
        Some(SignedToken {
            bearer: claims.bearer()?,
            begins: claims.nbf,
            ends: claims.exp,
            access: claims.scopes().into(),
            credential_scope: claims.credential_scope,
        })
    }
}

/// Whether a token is good at `now`, in seconds.
pub(super) const fn is_in_time(token: &SignedToken, now: i64) -> bool {
    let begun = token.begins <= now.saturating_add(SKEW_SECONDS);
    let ended = token.ends.saturating_add(SKEW_SECONDS) <= now;
    begun && !ended
}
