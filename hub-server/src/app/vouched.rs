//! What a provider of OpenID Connect says about its user, once it is proved.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::provider::ProviderError;

/// Longest subject. Source: OpenID Connect Core 1.0, 2.
const LONGEST_SUBJECT: usize = 255;

/// Most groups that are looked at.
const MOST_GROUPS: usize = 10_000;

/// Somebody whom the provider vouches for.
#[derive(Debug, Clone, PartialEq)]
pub struct Vouched {
    /// Who it is: issuer and subject with a blank between them.
    pub subject: String,
    /// What else it says.
    claims: Map<String, Value>,
}

impl Vouched {
    /// Reads the claims of a token that was verified already.
    ///
    /// # Errors
    ///
    /// When there is no subject, or one that is too long.
    pub(super) fn read(issuer: &str, subject: &str, token: &str) -> Result<Self, ProviderError> {
        let odd = |text: &str| ProviderError::Untrusted(text.to_owned());
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err(odd("its subject is empty or too long"));
        }
        let payload = token.split('.').nth(1).unwrap_or_default();
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload);
        let payload = payload.map_err(|_| odd("its token cannot be read"))?;
        let claims = serde_json::from_slice(&payload);
        let claims = claims.map_err(|_| odd("its token cannot be read"))?;
        Ok(Self { subject: format!("{issuer} {subject}"), claims })
    }

    /// Adds what the user info says; the token's own word stays.
    ///
    /// # Errors
    ///
    /// When it is about somebody else.
    pub(super) fn add(&mut self, more: Map<String, Value>) -> Result<(), ProviderError> {
        // Source: OpenID Connect Core 1.0, 5.3.2: otherwise it must not be used.
        if more.get("sub").is_none_or(|sub| Some(sub) != self.claims.get("sub")) {
            let text = "the user info is about somebody else";
            return Err(ProviderError::Untrusted(text.to_owned()));
        }
        for (name, value) in more {
            self.claims.entry(name).or_insert(value);
        }
        Ok(())
    }

    /// Whether a claim is there.
    #[must_use]
    pub fn has(&self, claim: &str) -> bool {
        self.find(claim).is_some()
    }

    /// A claim that is a text.
    #[must_use]
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.find(claim)?.as_str().filter(|text| !text.is_empty())
    }

    /// A claim that is a list of texts, or one text.
    #[must_use]
    pub fn texts(&self, claim: &str) -> Vec<String> {
        match self.find(claim) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(all)) => {
                let texts = all.iter().filter_map(Value::as_str).take(MOST_GROUPS);
                texts.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The claim of that name, or the one that a path with dots leads to: `realm_access.roles`.
    fn find(&self, claim: &str) -> Option<&Value> {
        if let Some(value) = self.claims.get(claim) {
            return Some(value);
        }
        let mut parts = claim.split('.');
        let first = self.claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    /// Somebody for tests of what follows.
    #[cfg(test)]
    pub(crate) fn for_tests(subject: &str, claims: &Value) -> Self {
        let claims = claims.as_object().cloned().unwrap_or_default();
        Self { subject: subject.to_owned(), claims }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_found_by_name_and_by_path() {
        let dana = Vouched::for_tests(
            "i s",
            &json!({"name": "Dana", "realm_access": {"roles": ["a", 1, "b"]}, "x.y": "z", "g": "one",
                    "empty": ""}),
        );
        assert_eq!(dana.text("name"), Some("Dana"));
        assert_eq!(dana.text("x.y"), Some("z"));
        assert_eq!(dana.text("empty"), None);
        assert_eq!(dana.texts("realm_access.roles"), ["a", "b"]);
        assert_eq!(dana.texts("g"), ["one"]);
        assert_eq!(dana.texts("realm_access.none"), Vec::<String>::new());
        assert!(!dana.has("name.first"));
    }

    #[test]
    fn the_user_info_adds_to_the_token_and_is_about_the_same_person() {
        let mut dana = Vouched::for_tests("i s", &json!({"sub": "s", "name": "Dana"}));
        let more = |sub: Value| {
            json!({"sub": sub, "name": "Eve", "groups": ["a"]}).as_object().cloned().unwrap()
        };
        assert!(dana.add(more(json!("t"))).is_err());
        assert!(dana.add(Map::new()).is_err());
        assert!(!dana.has("groups"));
        dana.add(more(json!("s"))).unwrap();
        assert_eq!((dana.text("name"), dana.texts("groups").len()), (Some("Dana"), 1));
    }
}
