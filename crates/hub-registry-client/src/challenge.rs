//! `WWW-Authenticate`: what a registry wants to see before it answers.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// The way of authenticating that a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A token from `realm`.
    Bearer {
        realm: String,
        service: Option<String>,
        /// What the token must be good for, as the registry sees it.
        scope: Option<String>,
        /// Why the token that was sent is not good enough.
        error: Option<String>,
    },
    /// User and password with each request.
    Basic,
}

impl Challenge {
    /// The best challenge among the headers: a token before a password.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let all = headers.get_all(WWW_AUTHENTICATE);
        let texts = all.iter().filter_map(|value| value.to_str().ok());
        let mut found: Vec<Self> = texts.flat_map(parse).collect();
        let bearer = found.iter().position(|challenge| matches!(challenge, Self::Bearer { .. }));
        match bearer {
            Some(at) => Some(found.swap_remove(at)),
            None => found.pop(),
        }
    }

    /// Whether it says that the token lacks a right.
    pub(crate) fn is_insufficient(&self) -> bool {
        matches!(self, Self::Bearer { error: Some(error), .. } if error == "insufficient_scope")
    }
}

/// Reads one header, which may hold several challenges.
fn parse(text: &str) -> Vec<Challenge> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    while !rest.is_empty() {
        let word = rest.find([' ', ',']).unwrap_or(rest.len());
        let scheme = rest[..word].to_ascii_lowercase();
        let (params, behind) = parameters(&rest[word..]);
        let get =
            |key: &str| params.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        match (&*scheme, get("realm")) {
            ("bearer", Some(realm)) => found.push(Challenge::Bearer {
                realm,
                service: get("service"),
                scope: get("scope"),
                error: get("error"),
            }),
            ("basic", _) => found.push(Challenge::Basic),
            _ => {}
        }
        rest = behind.trim_start_matches([' ', ',']);
    }
    found
}

/// Reads `key="value", key=value …` up to the next scheme or the end.
fn parameters(mut text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    loop {
        let start = text.trim_start_matches([' ', ',', '\t']);
        let name = start.find(['=', ' ', ',']).unwrap_or(start.len());
        let Some(value) = start[name..].strip_prefix('=') else {
            return (found, start);
        };
        let (value, behind) = if let Some(quoted) = value.strip_prefix('"') {
            unquote(quoted)
        } else {
            let end = value.find([',', ' ']).unwrap_or(value.len());
            (value[..end].to_owned(), &value[end..])
        };
        found.push((start[..name].to_ascii_lowercase(), value));
        text = behind;
    }
}

/// The text up to the closing quotation mark, and what is behind it.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(char),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    proptest! {
        #[test]
        fn any_challenge_never_panics_and_never_grows(
            text in "((Bearer|Basic|[a-z]{0,3}) ?([a-z]{0,3}=\"?[a-z\\\\ ,]{0,5}\"?,? ?){0,3}){0,4}|\\PC{0,40}"
        ) {
            for challenge in parse(&text) {
                if let Challenge::Bearer { realm, .. } = challenge {
                    prop_assert!(realm.len() <= text.len());
                }
            }
        }
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
            error: None,
        }
    }

    #[test]
    fn challenges_of_real_registries_are_understood() {
        let scope = "repository:a/b:pull,push repository:c/d:pull";
        for (text, want) in [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#
                    .to_owned(),
                vec![bearer("https://auth.docker.io/token", Some("registry.docker.io"), None)],
            ),
            (
                format!(r#"bearer realm="https://h/t", service="h", scope="{scope}""#),
                vec![bearer("https://h/t", Some("h"), Some(scope))],
            ),
            (r#"Basic realm="Registry Realm""#.to_owned(), vec![Challenge::Basic]),
            ("Basic".to_owned(), vec![Challenge::Basic]),
            (
                r#"Bearer realm="r",service=s, Basic realm="x, y""#.to_owned(),
                vec![bearer("r", Some("s"), None), Challenge::Basic],
            ),
            (r#"Bearer realm="a\"b""#.to_owned(), vec![bearer("a\"b", None, None)]),
        ] {
            assert_eq!(parse(&text), want, "{text}");
        }
    }

    #[test]
    fn nonsense_is_no_challenge() {
        for text in
            ["", ",", "Bearer", "Bearer realm", "Digest realm=\"x\"", "=", "\"", "Bearer =x"]
        {
            assert_eq!(parse(text), vec![], "{text}");
        }
    }

    #[test]
    fn a_token_is_preferred_to_a_password() {
        let mut headers = HeaderMap::new();
        for text in ["Basic realm=\"x\"", "Bearer realm=\"r\",error=\"insufficient_scope\""] {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(text).unwrap());
        }
        let challenge = Challenge::of(&headers).unwrap();
        assert!(matches!(challenge, Challenge::Bearer { .. }));
        assert!(challenge.is_insufficient());
        assert_eq!(Challenge::of(&HeaderMap::new()), None);
    }
}
