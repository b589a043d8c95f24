//! What a foreign registry says in its headers: challenges, and where an upload goes on.
#![no_main]

// The client's own files, whose `reqwest::header` is that of `http`.
extern crate http as reqwest;

use http::header::{HeaderMap, HeaderValue, LOCATION, RANGE, WWW_AUTHENTICATE};
use libfuzzer_sys::fuzz_target;
use url::Url;

#[allow(dead_code, missing_docs)]
#[path = "../../crates/hub-registry-client/src/challenge.rs"]
mod challenge;
#[allow(dead_code, missing_docs)]
#[path = "../../crates/hub-registry-client/src/location.rs"]
mod location;

fuzz_target!(|data: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let mut headers = HeaderMap::new();
    for name in [LOCATION, RANGE, WWW_AUTHENTICATE] {
        headers.insert(name, value.clone());
    }
    if let Some(challenge::Challenge::Bearer { realm, service, scope, error }) =
        challenge::Challenge::of(&headers)
    {
        let length = |text: Option<String>| text.map_or(0, |text| text.len());
        let all = realm.len() + length(service) + length(scope) + length(error);
        assert!(all <= 4 * data.len(), "a challenge does not grow");
    }
    let _ = location::bytes_kept(&headers);
    let asked = Url::parse("https://h.example/v2/a/b/blobs/uploads/").expect("a good address");
    if let Some(next) = location::next_location(&asked, &headers) {
        // Whoever spoke TLS is not led back to plain text on the same host.
        assert!(next.host_str() != asked.host_str() || next.scheme() != "http", "{next}");
    }
});
