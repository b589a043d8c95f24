//! A client that behaves as the OCI conformance suite does: how it reads challenges, asks for
//! tokens, keeps them, and follows locations.
//!
//! Source: the `conformance` folder of the distribution-spec repository (`docs/sources.md#oci-suite`).

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::{PASSWORD, Person, TestHub};

/// The suite at work for one person, or for nobody.
#[derive(Debug)]
pub struct Suite {
    url: url::Url,
    name: String,
    client: reqwest::Client,
    /// Tokens by repository and class; `None` while the suite keeps none.
    kept: Option<Mutex<HashMap<(String, &'static str), String>>>,
}

/// A challenge, as the suite reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// `bearer` or `basic`: the last of these words in the header, wherever it stands.
    pub scheme: String,
    /// What stands in quotes after a name.
    pub params: HashMap<String, String>,
}

impl Challenge {
    /// Reads a header as `(?i).*(bearer|basic).*` and `([a-zA-z]+)="(.+?)"` do.
    #[must_use]
    pub fn read(header: &str) -> Self {
        let lower = header.to_lowercase();
        let last =
            ["bearer", "basic"].into_iter().filter_map(|word| Some((lower.rfind(word)?, word)));
        let (_, scheme) = last.max().unwrap_or_else(|| panic!("no scheme in `{header}`"));
        let mut params = HashMap::new();
        let mut rest = header;
        while let Some((name, after)) = rest.split_once("=\"") {
            // A value has one character at least, so a quote right here belongs to it.
            let end = after.char_indices().skip(1).find(|(_, c)| *c == '"').map(|(at, _)| at);
            let Some(end) = end else { break };
            let word = |c: char| c.is_ascii_alphabetic() || "[\\]^_`".contains(c);
            let from = name.rfind(|c| !word(c)).map_or(0, |at| at + 1);
            if from < name.len() {
                params.insert(name[from..].to_owned(), after[..end].to_owned());
            }
            rest = &after[end + 1..];
        }
        Self { scheme: scheme.to_owned(), params }
    }

    /// The challenge of an answer 401: its first header of that name.
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        Self::read(answer.header("www-authenticate").expect("a 401 has a challenge"))
    }
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its bytes.
    pub body: Bytes,
}

impl Answer {
    /// A header's first value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Every value of a header.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The code of the first error.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().expect("an error has a code").to_owned()
    }

    /// Where to go on.
    #[must_use]
    pub fn location(&self) -> String {
        self.header("location").expect("there is a location").to_owned()
    }

    /// Fails with all the answer says unless it has this status.
    #[track_caller]
    pub fn is(&self, status: u16) {
        let (found, text) = (self.status.as_u16(), String::from_utf8_lossy(&self.body));
        let text = text.chars().take(500).collect::<String>();
        assert_eq!(found, status, "{:?} {text}", self.headers);
    }
}

/// A request that is being put together.
#[derive(Debug)]
pub struct Ask<'a> {
    suite: &'a Suite,
    method: Method,
    url: url::Url,
    headers: HeaderMap,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    None,
    Sized(Bytes),
    Chunked(Bytes),
}

impl Suite {
    /// The suite with a person's name and password. It keeps tokens, or asks each time anew.
    #[must_use]
    pub fn new(hub: &TestHub, person: &Person, keep_tokens: bool) -> Self {
        Self {
            url: url::Url::parse(&hub.url).unwrap(),
            name: person.name.clone(),
            client: hub_registry_client::http::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            kept: keep_tokens.then(Mutex::default),
        }
    }

    /// Whether tokens are kept.
    #[must_use]
    pub const fn keeps_tokens(&self) -> bool {
        self.kept.is_some()
    }

    /// A request to a path or a location.
    pub fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        let url = self.url.join(path).unwrap();
        Ask { suite: self, method, url, headers: HeaderMap::new(), body: Body::None }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).send().await
    }

    /// `HEAD`, whose answer has no bytes.
    pub async fn head(&self, path: &str) -> Answer {
        let answer = self.ask(Method::HEAD, path).send().await;
        assert!(answer.body.is_empty(), "the answer to a HEAD has a body");
        answer
    }

    /// `POST` without a body.
    pub async fn post(&self, path: &str) -> Answer {
        self.ask(Method::POST, path).header("content-length", "0").send().await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path).send().await
    }

    /// The credential for a challenge, asked for as the suite does.
    pub async fn credential(&self, challenge: &Challenge) -> String {
        assert_eq!(challenge.scheme, "bearer");
        // Go parses the realm and writes its query anew: what stood there is lost.
        let mut realm = url::Url::parse(&challenge.params["realm"]).unwrap();
        realm.set_query(None);
        realm.query_pairs_mut().append_pair("service", &challenge.params["service"]);
        if let Some(scope) = challenge.params.get("scope") {
            realm.query_pairs_mut().append_pair("scope", scope);
        }
        let password = if self.name.is_empty() { "" } else { PASSWORD };
        let request = self.client.get(realm).header("accept", "application/json");
        let answer = request.basic_auth(&self.name, Some(password)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "the token endpoint");
        let token: Value = answer.json().await.unwrap();
        let token = token["access_token"].as_str().or(token["token"].as_str()).unwrap();
        format!("Bearer {token}")
    }
}

impl Ask<'_> {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
        self
    }

    /// Sets a parameter. As Go does it, all are sorted and encoded anew.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let mut pairs: Vec<(String, String)> = self.url.query_pairs().into_owned().collect();
        pairs.push((name.to_owned(), value.to_owned()));
        pairs.sort_by(|one, other| one.0.cmp(&other.0));
        self.url.query_pairs_mut().clear().extend_pairs(pairs);
        self
    }

    /// A body whose length is said.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Body::Sized(bytes.into());
        self.header("content-type", "application/octet-stream")
    }

    /// A manifest.
    #[must_use]
    pub fn manifest(mut self, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.body = Body::Sized(bytes.into());
        self.header("content-type", media_type)
    }

    /// A body in chunked transfer coding, whose length nobody knows.
    #[must_use]
    pub fn stream(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Body::Chunked(bytes.into());
        self.header("content-type", "application/octet-stream")
    }

    /// Sends it, with the token kept for its class, or with none; and once more on 401.
    pub async fn send(self) -> Answer {
        let key = class(&self.method, self.url.path());
        let kept = self.suite.kept.as_ref();
        let token = kept.and_then(|kept| kept.lock().unwrap().get(&key).cloned());
        let answer = self.once(token.as_deref()).await;
        if answer.status != StatusCode::UNAUTHORIZED {
            return answer;
        }
        let token = self.suite.credential(&Challenge::of(&answer)).await;
        if let Some(kept) = kept {
            kept.lock().unwrap().insert(key, token.clone());
        }
        self.once(Some(&token)).await
    }

    /// Sends it once, with this credential.
    pub async fn once(&self, credential: Option<&str>) -> Answer {
        let request = self.suite.client.request(self.method.clone(), self.url.clone());
        let mut request = request.headers(self.headers.clone());
        if let Some(credential) = credential {
            request = request.header("authorization", credential);
        }
        let request = match self.body.clone() {
            Body::None => request,
            Body::Sized(bytes) => request.body(bytes),
            Body::Chunked(bytes) => {
                let half = bytes.len() / 2;
                let pieces =
                    [bytes.slice(..half), bytes.slice(half..)].map(Ok::<_, std::io::Error>);
                request.body(reqwest::Body::wrap_stream(futures::stream::iter(pieces)))
            }
        };
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, body: answer.bytes().await.unwrap() }
    }
}

/// What the suite keeps a token under: the repository, and what is done to it.
fn class(method: &Method, path: &str) -> (String, &'static str) {
    let class = match *method {
        Method::GET | Method::HEAD => "pull",
        Method::DELETE => "delete",
        _ => "push",
    };
    let end = ["/blobs/uploads/", "/blobs/", "/manifests/", "/tags/list", "/referrers/"]
        .into_iter()
        .find_map(|word| path.rfind(word));
    let repo = end.and_then(|end| path[..end].strip_prefix("/v2/")).unwrap_or_default();
    (repo.to_owned(), class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_as_the_suite_reads_it() {
        let header = r#"Bearer realm="http://h/token",service="hub",scope="repository:a/b:pull""#;
        let read = Challenge::read(header);
        assert_eq!(read.scheme, "bearer");
        assert_eq!(read.params["realm"], "http://h/token");
        assert_eq!(read.params["service"], "hub");
        assert_eq!(read.params["scope"], "repository:a/b:pull");
        // The last of the words wins, wherever it stands; what is not quoted is not seen.
        let misread = Challenge::read(r#"Bearer realm="http://basic/token",service=hub"#);
        assert_eq!(misread.scheme, "basic");
        assert!(!misread.params.contains_key("service"));
    }

    #[test]
    fn tokens_are_kept_by_repository_and_class() {
        for (method, path, want) in [
            (Method::GET, "/v2/", ("", "pull")),
            (Method::HEAD, "/v2/a/b/manifests/v1", ("a/b", "pull")),
            (Method::GET, "/v2/a/b/blobs/uploads/id", ("a/b", "pull")),
            (Method::PATCH, "/v2/a/b/blobs/uploads/id", ("a/b", "push")),
            (Method::DELETE, "/v2/a/b/blobs/sha256:1", ("a/b", "delete")),
        ] {
            assert_eq!(class(&method, path), (want.0.to_owned(), want.1));
        }
    }
}
