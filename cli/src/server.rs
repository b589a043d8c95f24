//! The address of a hub, and how people write it.

use std::fmt;
use std::net::IpAddr;

use hub_model::{ImageRef, RepoName};
use url::Url;

use crate::report::Failure;

/// Address of a hub: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    host: String,
    plain: bool,
}

impl Server {
    /// Reads an address, with or without a scheme: without one it means https, and plain HTTP on
    /// this machine. Plain HTTP to another machine is refused unless `plain_http` allows it.
    ///
    /// # Errors
    ///
    /// A usage failure when the text is no address, or names a scheme that is not allowed.
    pub(crate) fn parse(text: &str, plain_http: bool) -> Result<Self, Failure> {
        let text = text.trim().trim_end_matches('/');
        let wrong = |why: &str| {
            Failure::usage(format!("{text} is no address of a hub: {why}"))
                .hint("write hub.example.com, or http://127.0.0.1:5000")
        };
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let url =
            Url::parse(&format!("http://{rest}")).map_err(|error| wrong(&error.to_string()))?;
        let name = url.host_str().ok_or_else(|| wrong("it names no host"))?.to_owned();
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("a host and a port are all there may be"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("user and password belong into flags"));
        }
        let here = is_loopback(&name);
        let plain = match scheme {
            None => here || plain_http,
            Some("http") if here || plain_http => true,
            Some("http") => {
                return Err(Failure::usage(format!(
                    "plain HTTP to {name} shows your token to the network"
                ))
                .hint("write https://, or --plain-http if that is what you want"));
            }
            Some("https") => false,
            Some(_) => return Err(wrong("the scheme is http or https")),
        };
        // `Url` drops the port that its scheme implies, so the text decides.
        let port = rest.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        let usual = if plain { 80 } else { 443 };
        let host = match port {
            Some(port) if port != usual => format!("{name}:{port}"),
            _ => name,
        };
        Ok(Self { host, plain })
    }

    /// Host, with the port unless it is the usual one: the first part of image names.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether HTTP is spoken without TLS.
    pub(crate) const fn is_plain(&self) -> bool {
        self.plain
    }

    /// `https://hub.example.com`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.plain { "http" } else { "https" };
        format!("{scheme}://{}", self.host)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

/// Reads an image's name, with a failure that says what to write.
///
/// # Errors
///
/// A usage failure that names the broken rule.
pub(crate) fn image(text: &str) -> Result<ImageRef, Failure> {
    ImageRef::parse(text).map_err(|error| {
        Failure::usage(format!("{text} is no name of an image"))
            .cause(error)
            .hint("write ORG/REPO:TAG, or HOST/ORG/REPO:TAG")
    })
}

/// The repository of an image's name.
///
/// # Errors
///
/// A usage failure that names the broken rule.
pub(crate) fn repo_name(image: &ImageRef) -> Result<RepoName, Failure> {
    RepoName::parse(&image.path).map_err(|error| {
        Failure::usage(format!("{} is no name of a repository", image.path))
            .cause(error)
            .hint("write ORG/REPO")
    })
}

/// Whether a host is this machine.
fn is_loopback(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_its_scheme_or_gets_a_safe_one() {
        for (text, plain_http, want) in [
            ("hub.example.com", false, "https://hub.example.com"),
            ("https://hub.example.com/", false, "https://hub.example.com"),
            ("hub.example.com:5443", false, "https://hub.example.com:5443"),
            ("hub.example.com:443", false, "https://hub.example.com"),
            ("127.0.0.1:5000", false, "http://127.0.0.1:5000"),
            ("http://127.0.0.1:5000", false, "http://127.0.0.1:5000"),
            ("https://127.0.0.1:5000", false, "https://127.0.0.1:5000"),
            ("localhost", false, "http://localhost"),
            ("http://localhost:80", false, "http://localhost"),
            ("[::1]:5000", false, "http://[::1]:5000"),
            ("http://hub.lan:5000", true, "http://hub.lan:5000"),
        ] {
            assert_eq!(Server::parse(text, plain_http).unwrap().url(), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_a_usage_failure() {
        for text in ["", "http://hub.lan", "ftp://hub.lan", "hub.lan/path", "a b", "https://u:p@h"]
        {
            assert_eq!(Server::parse(text, false).unwrap_err().exit.code(), 2, "{text}");
        }
    }
}
