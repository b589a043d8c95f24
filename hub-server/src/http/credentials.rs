//! The credential in an `Authorization` header.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};

/// A credential in an `Authorization` header.
#[derive(Debug)]
pub(crate) enum Presented {
    /// A token.
    Bearer(SecretString),
    /// A user name with a password or a personal token.
    Basic(String, SecretString),
    /// Something that follows neither form.
    Unreadable,
}

/// The credential that a request presents; an empty `Basic` is none. Of two, a proxy before us may
/// have looked at the other one, so neither counts.
pub(crate) fn presented(headers: &HeaderMap) -> Option<Presented> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return Some(Presented::Unreadable);
    }
    let parsed = value.to_str().ok().and_then(|text| {
        let (scheme, rest) = text.trim().split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Presented::Bearer(rest.into()));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
        let (name, password) = text.split_once(':')?;
        Some(Presented::Basic(name.to_owned(), password.into()))
    });
    match parsed {
        Some(Presented::Basic(name, password))
            if name.is_empty() && password.expose_secret().is_empty() =>
        {
            None
        }
        Some(presented) => Some(presented),
        None => Some(Presented::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_authorization_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            for scheme in [&b""[..], b"Basic ", b"Bearer ", b"basic  "] {
                let Ok(value) = HeaderValue::from_bytes(&[scheme, &bytes].concat()) else { continue };
                let _ = presented(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]));
            }
        }

        #[test]
        fn a_name_and_a_password_come_out_as_they_went_in(
            name in "[^:\\x00]{1,20}", password in any::<String>(),
        ) {
            let text = format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")));
            match presented(&headers(&text)) {
                Some(Presented::Basic(found, secret)) => {
                    prop_assert_eq!((found, secret.expose_secret()), (name, &*password));
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    fn headers(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, authorization.parse().unwrap())])
    }

    #[test]
    fn an_authorization_header_is_read_or_refused() {
        let read = |value: &str| presented(&headers(value));
        assert!(presented(&HeaderMap::new()).is_none());
        // What containers/image sends to a registry without credentials.
        assert!(read("Basic Og==").is_none());
        assert!(matches!(read("bearer hub_pat_1"), Some(Presented::Bearer(_))));
        match read("Basic YW5hOmE6Yg==") {
            Some(Presented::Basic(name, password)) => {
                assert_eq!((name.as_str(), password.expose_secret()), ("ana", "a:b"));
            }
            other => panic!("{other:?}"),
        }
        for bad in ["", "Basic", "Basic !!", "Basic YW5h", "Digest x=y", "Bearer"] {
            assert!(matches!(read(bad), Some(Presented::Unreadable)), "{bad}");
        }
    }
}
