//! Digests of content.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::NameError;

/// A hash function that content may be named by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, the usual one.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The word before the colon.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// Number of hexadecimal digits behind the colon.
    #[must_use]
    pub const fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// Digest of a blob or manifest, for example `sha256:e3b0…`.
///
/// `sha256` with 64 or `sha512` with 128 lowercase hexadecimal digits.
///
/// Source: OCI image-spec, Digests.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// Parses a digest.
    ///
    /// # Errors
    ///
    /// [`NameError::Digest`] for another algorithm, another length or other digits.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::Digest { found: text.chars().take(160).collect() };
        let (algorithm, hex) = text.split_once(':').ok_or_else(wrong)?;
        let algorithm = [Algorithm::Sha256, Algorithm::Sha512]
            .into_iter()
            .find(|known| known.as_str() == algorithm)
            .ok_or_else(wrong)?;
        let digits = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex.len() == algorithm.hex_len() && digits {
            Ok(Self(text.to_owned()))
        } else {
            Err(wrong())
        }
    }

    /// The digest whose digits are `hex`.
    ///
    /// # Errors
    ///
    /// [`NameError::Digest`] when the digits do not fit the algorithm.
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Result<Self, NameError> {
        Self::parse(&format!("{}:{hex}", algorithm.as_str()))
    }

    /// The hash function.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        if self.0.starts_with("sha512:") { Algorithm::Sha512 } else { Algorithm::Sha256 }
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0[7..]
    }

    /// The first twelve hexadecimal digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[7..19]
    }

    /// The whole digest as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Digest {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Digest {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_never_panics_and_what_passes_prints_as_it_came(
            text in "(sha(256|512):)?[0-9a-fA-F]{0,130}|\\PC{0,40}"
        ) {
            if let Ok(digest) = Digest::parse(&text) {
                prop_assert_eq!(digest.as_str(), &text);
                prop_assert_eq!(digest.hex().len(), digest.algorithm().hex_len());
                prop_assert_eq!(Digest::from_hex(digest.algorithm(), digest.hex()), Ok(digest));
            }
        }
    }

    #[test]
    fn only_lowercase_digits_of_the_right_number_pass() {
        let good = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(Digest::parse(&good).unwrap().short(), "0a0a0a0a0a0a");
        assert_eq!(
            Digest::parse(&format!("sha512:{}", "f".repeat(128))).unwrap().algorithm(),
            Algorithm::Sha512
        );
        for bad in [
            "",
            "sha256:",
            "sha256:zz",
            "md5:00",
            &good.to_uppercase(),
            &good[..70],
            "sha256:baddigeststring",
        ] {
            assert!(Digest::parse(bad).is_err(), "{bad}");
        }
    }
}
