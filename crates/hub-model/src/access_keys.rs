//! Access keys: pairs of a user for signed requests, and for clients that sign in with a signature.

use serde::{Deserialize, Serialize};

use crate::NameError;

/// The public half of an access key: 20 characters, capital letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccessKeyId(String);

impl AccessKeyId {
    /// Length of every one.
    pub const CHARS: usize = 20;

    /// What ours begin with, so that they are known when they leak.
    pub const PREFIX: &str = "HUB";

    /// Parses one.
    ///
    /// # Errors
    ///
    /// Returns the first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let what = "an access key";
        if text.len() != Self::CHARS {
            return Err(NameError::Edge { what, rule: "has 20 characters" });
        }
        if !text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            return Err(NameError::Edge { what, rule: "holds capital letters and digits only" });
        }
        Ok(Self(text.to_owned()))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for AccessKeyId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for AccessKeyId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<AccessKeyId> for String {
    fn from(id: AccessKeyId) -> Self {
        id.0
    }
}

/// An access key, without its secret half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Row in the database.
    pub id: i64,
    /// Row of its owner.
    pub user_id: i64,
    /// The public half.
    pub key_id: AccessKeyId,
    /// What its owner calls it.
    pub name: String,
    /// Whether it may not be used.
    pub disabled: bool,
    /// When it was made, in milliseconds.
    pub created_at_ms: i64,
    /// When it ends, in milliseconds; `None` for never.
    pub expires_at_ms: Option<i64>,
    /// When it was last used, in milliseconds, some minutes late; `None` for never.
    pub used_at_ms: Option<i64>,
}

impl AccessKey {
    /// Whether it may be used at `now_ms`.
    #[must_use]
    pub fn is_open(&self, now_ms: i64) -> bool {
        !self.disabled && self.expires_at_ms.is_none_or(|end| now_ms < end)
    }
}

/// An access key about to be made.
#[derive(Debug, Clone)]
pub struct NewAccessKey {
    /// Row of its owner.
    pub user_id: i64,
    /// The public half.
    pub key_id: AccessKeyId,
    /// The secret half, encrypted.
    pub sealed: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// When it is made, in milliseconds.
    pub created_at_ms: i64,
    /// When it ends, in milliseconds; `None` for never.
    pub expires_at_ms: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_key_is_twenty_capitals_and_digits() {
        assert_eq!(AccessKeyId::parse("HUB0123456789ABCDEFG").unwrap().as_str().len(), 20);
        for bad in
            ["", "HUB", "HUB0123456789ABCDEFGH", "hub0123456789abcdefg", "HUB0123456789ABCDE+G"]
        {
            assert!(AccessKeyId::parse(bad).is_err(), "{bad}");
        }
        assert!(AccessKeyId::parse("HUB0123456789ABCDEé").is_err());
    }
}
