//! Where a request really comes from: what a trusted proxy says counts, what anybody else says
//! about it is thrown away at the door.
//!
//! Afterwards `Host` is the host that the caller asked, `X-Forwarded-Proto` is the scheme, and
//! [`Caller address`](ClientAddress) is an extension; rooms further in need not ask whom to trust.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::Config;
use crate::app::neighbours;
use crate::config::Networks;

/// The scheme, `http` or `https`, by which the caller came.
pub(super) const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the caller, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// The whole address as text, for the record; empty when it is not known.
    #[must_use]
    pub fn text(self) -> String {
        self.0.map(|address| address.to_string()).unwrap_or_default()
    }

    /// Who sends the request.
    pub(super) fn of(parts: &Parts) -> Self {
        parts.extensions.get().copied().unwrap_or(Self(None))
    }

    /// What names the caller where callers are counted: the address, of IPv6 the first half, which
    /// is what one line gets.
    #[must_use]
    pub fn key(self) -> String {
        self.0.map(neighbours).unwrap_or_default()
    }
}

/// As the door found it; unknown where a request came by no door.
impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// Sets host and scheme of a request right, and finds out who calls.
///
/// # Errors
///
/// The answer to a request whose head is too large.
#[expect(clippy::result_large_err, reason = "made once per request, and never passed on")]
pub(super) fn settle(
    config: &Config,
    peer: Option<IpAddr>,
    request: &mut Request,
) -> Result<ClientAddress, Response> {
    let listen = &config.listen;
    let max = usize::try_from(listen.max_header_bytes).unwrap_or(usize::MAX);
    if size(request.headers()) > max {
        let text = "the head of the request is too large\n";
        return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text).into_response());
    }
    // HTTP/2 names the host in the address of the request, and there it goes before the header.
    // Source: RFC 9110, 7.2; RFC 9113, 8.3.1.
    if let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    let scheme = config.scheme();
    let client = believe(request.headers_mut(), peer, scheme, &listen.trusted_proxies);
    Ok(ClientAddress(client))
}

/// Host and port that the caller asked, when they are such that they may be repeated in a challenge
/// and in commands.
pub(super) fn host(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (1..=255).contains(&host.len()).then_some(host).filter(|host| host.bytes().all(usual))
}

/// Bytes of a head, as HTTP/1 would write it.
fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// Takes over what a trusted peer says, removes what others say; answers the caller's address.
fn believe(
    headers: &mut HeaderMap,
    peer: Option<IpAddr>,
    scheme: &'static str,
    trusted: &Networks,
) -> Option<IpAddr> {
    let is_trusted = peer.is_some_and(|peer| trusted.contain(peer));
    let (host, client) = if is_trusted {
        (last(headers, &HOST), forwarded_for(headers, trusted))
    } else {
        (None, None)
    };
    let said = if is_trusted { last(headers, &PROTO) } else { None };
    let scheme = match said.as_ref().map(HeaderValue::as_bytes) {
        Some(b"https") => "https",
        Some(b"http") => "http",
        _ => scheme,
    };
    for name in [HOST, FOR] {
        headers.remove(name);
    }
    headers.insert(PROTO, HeaderValue::from_static(scheme));
    if let Some(host) = host {
        headers.insert(header::HOST, host);
    }
    client.or(peer.map(|peer| peer.to_canonical()))
}

/// The last value of a list: what the proxy next to us wrote. What stands before it, anybody may
/// have sent, and proxies that append pass it on.
fn last(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let text = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    let last = text.rsplit(',').next()?.trim();
    if last.is_empty() { None } else { HeaderValue::from_str(last).ok() }
}

/// The last address of the chain that is not itself a trusted proxy: what stands before it,
/// anybody may have written.
fn forwarded_for(headers: &HeaderMap, trusted: &Networks) -> Option<IpAddr> {
    let texts: Vec<_> =
        headers.get_all(FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let texts = texts.join(",");
    let mut last = None;
    for text in texts.rsplit(',') {
        let Ok(address) = text.trim().parse::<IpAddr>() else { break };
        last = Some(address.to_canonical());
        if !trusted.contain(address) {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(peer: &str, all: &[(&'static str, &str)]) -> (String, String, String) {
        let mut headers: HeaderMap = all
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        headers.insert(header::HOST, "inside:8080".parse().unwrap());
        told_by(peer, headers)
    }

    fn told_by(peer: &str, mut headers: HeaderMap) -> (String, String, String) {
        let trusted = "127.0.0.0/8,10.0.0.0/8".parse().unwrap();
        let client = believe(&mut headers, peer.parse().ok(), "http", &trusted);
        let text = |name: HeaderName| headers[name].to_str().unwrap().to_owned();
        assert!(!headers.contains_key(HOST) && !headers.contains_key(FOR));
        (text(PROTO), text(header::HOST), client.map_or_else(String::new, |ip| ip.to_string()))
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let said = [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "hub.example.com"),
            ("x-forwarded-for", "198.51.100.7"),
        ];
        let own = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        let believed = own("https", "hub.example.com", "198.51.100.7");
        assert_eq!(told("127.0.0.1", &said), believed);
        assert_eq!(told("::ffff:10.0.0.1", &said), believed);
        assert_eq!(told("203.0.113.9", &said), own("http", "inside:8080", "203.0.113.9"));
        assert_eq!(told("", &said), own("http", "inside:8080", ""));
        let odd = [("x-forwarded-proto", "gopher"), ("x-forwarded-host", "")];
        assert_eq!(told("127.0.0.1", &odd), own("http", "inside:8080", "127.0.0.1"));
    }

    #[test]
    fn of_host_and_scheme_the_word_of_the_nearest_proxy_counts() {
        let told = told(
            "127.0.0.1",
            &[
                ("x-forwarded-proto", "http, https"),
                ("x-forwarded-host", "evil.example.com, hub.example.com"),
            ],
        );
        assert_eq!((told.0.as_str(), told.1.as_str()), ("https", "hub.example.com"));
        let mut twice = HeaderMap::new();
        twice.insert(header::HOST, "inside:8080".parse().unwrap());
        twice.append(HOST, "evil.example.com".parse().unwrap());
        twice.append(HOST, "hub.example.com".parse().unwrap());
        assert_eq!(told_by("127.0.0.1", twice).1, "hub.example.com");
    }

    #[test]
    fn a_host_is_repeated_when_it_can_do_no_harm() {
        let of = |text: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, text.parse().unwrap())]);
            host(&headers).map(str::to_owned)
        };
        for good in ["hub.example.com", "my_hub:8080", "[::1]:80"] {
            assert_eq!(of(good).as_deref(), Some(good));
        }
        for bad in ["", "a b", "a\"b", "a/b", "a@b", &"x".repeat(256)] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_that_the_caller_invented_is_passed_over() {
        let of = |chain| told("127.0.0.1", &[("x-forwarded-for", chain)]).2;
        assert_eq!(of("1.1.1.1, 198.51.100.7, 10.0.0.2"), "198.51.100.7");
        assert_eq!(of("10.0.0.3, 10.0.0.2"), "10.0.0.3");
        assert_eq!(of("nonsense"), "127.0.0.1");
        assert_eq!(of("1.1.1.1, unknown, 10.0.0.2"), "10.0.0.2");
    }
}
