//! `Location` and `Range` of an upload session.

use reqwest::header::{HeaderMap, LOCATION, RANGE};
use url::Url;

use hub_model::Digest;

/// Where an upload goes on, as the answer to a request for `asked` says.
///
/// A registry behind a proxy that ends TLS may name itself with `http://`; on the host that was
/// asked the scheme stays the one that worked.
pub(crate) fn next_location(asked: &Url, headers: &HeaderMap) -> Option<Url> {
    let mut next = asked.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    if next.host_str() == asked.host_str() && asked.scheme() == "https" && next.scheme() == "http" {
        next.set_scheme("https").ok()?;
    }
    Some(next)
}

/// The address that ends the session: the location with the digest added to its query.
pub(crate) fn with_digest(location: &Url, digest: &Digest) -> Url {
    let mut url = location.clone();
    url.query_pairs_mut().append_pair("digest", digest.as_str());
    url
}

/// Number of bytes that the session holds, by its `Range: 0-<last>`.
///
/// An empty session answers `0-0`, as one with a single byte does; it is taken for empty.
pub(crate) fn bytes_kept(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(RANGE)?.to_str().ok()?;
    let text = text.trim().trim_start_matches("bytes").trim_start_matches(['=', ' ']);
    let (first, last) = text.split_once('-')?;
    match (first.parse::<u64>().ok()?, last.parse::<i64>().ok()?) {
        (0, -1 | 0) => Some(0),
        (0, last) => u64::try_from(last).ok()?.checked_add(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn headers(name: reqwest::header::HeaderName, text: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(text).unwrap())])
    }

    #[test]
    fn a_range_says_how_much_was_kept() {
        for (text, want) in [
            ("0-0", Some(0)),
            ("0--1", Some(0)),
            ("0-1", Some(2)),
            ("0-16777215", Some(16_777_216)),
            ("bytes=0-9", Some(10)),
            ("5-9", None),
            ("0-", None),
            ("-", None),
            ("", None),
            ("0-x", None),
            ("0-99999999999999999999", None),
        ] {
            assert_eq!(bytes_kept(&headers(RANGE, text)), want, "{text}");
        }
        assert_eq!(bytes_kept(&HeaderMap::new()), None);
    }

    #[test]
    fn a_location_may_be_relative_absolute_or_elsewhere() {
        let asked = Url::parse("https://h.example/v2/a/b/blobs/uploads/").unwrap();
        for (text, want) in [
            ("/v2/a/b/blobs/uploads/1?s=x", "https://h.example/v2/a/b/blobs/uploads/1?s=x"),
            ("http://h.example/u/1", "https://h.example/u/1"),
            ("https://store.example/u/1", "https://store.example/u/1"),
            ("http://store.example/u/1", "http://store.example/u/1"),
        ] {
            let next = next_location(&asked, &headers(LOCATION, text)).unwrap();
            assert_eq!(next.as_str(), want);
        }
        assert_eq!(next_location(&asked, &HeaderMap::new()), None);
    }

    #[test]
    fn the_digest_joins_the_query_that_is_there() {
        let digest = Digest::parse(&format!("sha256:{}", "0".repeat(64))).unwrap();
        for (text, want) in [
            ("http://h/u", "http://h/u?digest="),
            ("http://h/u?_state=a%3Db", "http://h/u?_state=a%3Db&digest="),
        ] {
            let url = with_digest(&Url::parse(text).unwrap(), &digest);
            assert_eq!(url.as_str(), format!("{want}sha256%3A{}", digest.hex()));
        }
    }
}
