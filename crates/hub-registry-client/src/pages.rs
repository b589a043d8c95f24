//! Lists that come in pages, each with a link to the next.

use std::collections::HashSet;

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// The pages of a list.
pub(crate) struct Pages {
    next: Option<Url>,
    seen: HashSet<Url>,
}

impl Pages {
    pub(crate) fn begin(first: Url) -> Self {
        Self { seen: HashSet::from([first.clone()]), next: Some(first) }
    }

    /// The page to ask for, until there is none.
    pub(crate) fn next(&mut self) -> Option<Url> {
        self.next.take()
    }

    /// Takes note of the link of the page at `url`. One that leads to where we were before leads
    /// nowhere.
    pub(crate) fn came(&mut self, url: &Url, headers: &HeaderMap) {
        let link = headers.get(LINK).and_then(|link| link.to_str().ok());
        let next = link.and_then(next_link).and_then(|link| url.join(&link).ok());
        self.next = next.filter(|next| self.seen.insert(next.clone()));
    }
}

/// The address in a `Link: <…>; rel="next"`.
fn next_link(link: &str) -> Option<String> {
    let (address, rel) = link.trim().strip_prefix('<')?.split_once('>')?;
    let rel = rel.replace(['"', ' '], "");
    (rel == ";rel=next").then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use hub_model::Digest;
    use proptest::prelude::*;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::{Remote, RemoteOptions, Scheme};

    proptest! {
        #[test]
        fn any_link_never_panics_and_one_that_is_written_is_read(
            text in "<?[a-z/?=]{0,9}>?;? ?(rel=\"?next\"?)?|\\PC{0,40}", path in "[a-z/?=&]{1,20}",
        ) {
            let _ = next_link(&text);
            prop_assert_eq!(next_link(&format!("<{path}>; rel=\"next\"")), Some(path));
        }
    }

    #[test]
    fn the_next_page_is_found_in_the_link() {
        for (link, want) in [
            (
                "</v2/a/b/tags/list?n=2&last=v2>; rel=\"next\"",
                Some("/v2/a/b/tags/list?n=2&last=v2"),
            ),
            ("<https://h/x>;rel=next", Some("https://h/x")),
            ("<x>; rel=\"prev\"", None),
            ("x", None),
            ("<x", None),
        ] {
            assert_eq!(next_link(link).as_deref(), want, "{link}");
        }
    }

    /// A registry that answers with what `says` of the path: a link and a body.
    async fn registry(says: impl Fn(&str) -> (String, String) + Send + 'static) -> Remote {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        #[expect(clippy::disallowed_methods, reason = "a test has no app to stop")]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let mut lines = Vec::new();
                while !lines.ends_with(b"\r\n\r\n") {
                    if stream.read_until(b'\n', &mut lines).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                let head = String::from_utf8_lossy(&lines);
                let (link, body) = says(head.split(' ').nth(1).unwrap_or_default());
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nLink: <{link}>; rel=\"next\"\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.get_mut().write_all(answer.as_bytes()).await;
            }
        });
        Remote::new(RemoteOptions { scheme: Scheme::Plain, ..RemoteOptions::new(host) }).unwrap()
    }

    #[tokio::test]
    async fn a_list_that_leads_back_to_itself_ends() {
        let two = |path: &str| {
            let (next, tag) = if path.ends_with("last=b") { ("c", "c") } else { ("b", "b") };
            (format!("/v2/a/b/tags/list?last={next}"), format!("{{\"tags\":[\"{tag}\"]}}"))
        };
        let remote = registry(two).await;
        assert_eq!(remote.tags("a/b").await.unwrap(), ["b", "c", "b"]);
    }

    #[tokio::test]
    async fn every_page_of_referrers_is_read_and_only_one_kind_is_asked_for() {
        let subject = Digest::parse(&format!("sha256:{}", "0".repeat(64))).unwrap();
        let list = |path: &str| {
            assert!(path.contains("?artifactType=a%2Fb%2Bc"), "{path}");
            let (link, one, kind) = if path.ends_with("last=1") {
                (path.to_owned(), "2", "a/b+c")
            } else {
                (format!("{path}&last=1"), "1", "other")
            };
            let digest = format!("sha256:{}", one.repeat(64));
            let entry = format!(
                r#"{{"mediaType":"m","digest":"{digest}","size":1,"artifactType":"{kind}"}}"#
            );
            let index = format!(r#"{{"schemaVersion":2,"mediaType":"i","manifests":[{entry}]}}"#);
            (link, index)
        };
        let remote = registry(list).await;
        let found = remote.referrers("a/b", &subject, Some("a/b+c")).await.unwrap();
        let found: Vec<_> = found.iter().map(|entry| entry.digest.hex().to_owned()).collect();
        assert_eq!(found, ["2".repeat(64)]);
    }
}
