//! `Authorization`: what is read as a name and a password, or as a token, writes itself again.
#![no_main]

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret;

#[allow(dead_code, missing_docs)]
#[path = "../../hub-server/src/http/credentials.rs"]
mod credentials;

use credentials::{Presented, presented};

fuzz_target!(|input: &[u8]| {
    for scheme in [&b""[..], b"Bearer ", b"Basic "] {
        let Ok(value) = HeaderValue::from_bytes(&[scheme, input].concat()) else { continue };
        let read = |value| presented(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]));
        let again = match read(value) {
            None | Some(Presented::Unreadable) => continue,
            Some(Presented::Bearer(token)) => format!("Bearer {}", token.expose_secret()),
            Some(Presented::Basic(name, password)) => {
                assert!(!name.contains(':'));
                let pair = format!("{name}:{}", password.expose_secret());
                format!("Basic {}", BASE64_STANDARD.encode(pair))
            }
        };
        let value = HeaderValue::from_str(&again).expect("read from a header");
        assert!(matches!(read(value), Some(Presented::Bearer(_) | Presented::Basic(..))));
    }
});
