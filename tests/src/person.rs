//! Somebody who uses the hub over HTTP.

use hub_model::{Actor, ImageRef, UserName};
use hub_oci::BuiltImage;
use hub_server::services::accounts::{self, NewAccount};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::SecretString;
use serde_json::Value;

use crate::{PASSWORD, TestHub, plain_client};

/// A user, or nobody in particular, with a client that follows no redirects.
#[derive(Debug, Clone)]
pub struct Person {
    /// Name to sign in with, empty for nobody.
    pub name: String,
    url: String,
    client: reqwest::Client,
}

impl Person {
    pub(crate) async fn sign_up(hub: &TestHub, name: &str, admin: bool) -> Self {
        let account = NewAccount {
            name: UserName::parse(name).unwrap(),
            password: SecretString::from(PASSWORD),
            admin,
        };
        accounts::add_user(hub.app(), &Actor::System, account).await.unwrap();
        Self { name: name.to_owned(), ..Self::nobody(hub) }
    }

    pub(crate) fn nobody(hub: &TestHub) -> Self {
        Self::with(hub.client(), "", &hub.url)
    }

    /// Somebody whom the hub at `url` knows already.
    #[must_use]
    pub fn known(name: &str, url: &str) -> Self {
        Self::with(plain_client(), name, url)
    }

    fn with(client: reqwest::ClientBuilder, name: &str, url: &str) -> Self {
        let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { name: name.to_owned(), url: url.to_owned(), client }
    }

    /// A request to a path of the hub, signed in by name and password.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        if self.name.is_empty() { request } else { request.basic_auth(&self.name, Some(PASSWORD)) }
    }

    /// Reads a path.
    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// Reads JSON, which must be there.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path} answered {status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Sends JSON and answers status and JSON (`null` for an empty body).
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let answer = self.request(method, path).json(body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        (status, json)
    }

    /// Pushes one blob by a single POST.
    pub async fn push_blob(&self, repo: &str, digest: &str, bytes: Vec<u8>) -> StatusCode {
        let path = format!("/v2/{repo}/blobs/uploads/?digest={digest}");
        let request = self.request(Method::POST, &path);
        let request = request.header("content-type", "application/octet-stream");
        request.body(bytes).send().await.unwrap().status()
    }

    /// Puts a manifest and answers what the registry said.
    pub async fn put_manifest(&self, reference: &str, image: &BuiltImage) -> Response {
        let to = ImageRef::parse(reference).unwrap();
        let path = format!("/v2/{}/manifests/{}", to.path, to.version());
        let request = self.request(Method::PUT, &path);
        let request = request.header("content-type", &image.media_type);
        request.body(image.manifest.clone()).send().await.unwrap()
    }

    /// Pushes an image with all it holds: blobs, then the images of an index, then itself.
    pub async fn push_image(&self, reference: &str, image: &BuiltImage) {
        let to = ImageRef::parse(reference).unwrap();
        for (digest, bytes) in &image.blobs {
            let status = self.push_blob(&to.path, digest.as_str(), bytes.clone()).await;
            assert_eq!(status, StatusCode::CREATED, "{digest}");
        }
        for child in &image.children {
            let by_digest = format!("{}@{}", to.path, child.digest);
            Box::pin(self.push_image(&by_digest, child)).await;
        }
        let answer = self.put_manifest(reference, image).await;
        let status = answer.status();
        assert_eq!(status, StatusCode::CREATED, "{}", answer.text().await.unwrap());
    }

    /// The same person, by another address and client.
    #[must_use]
    pub fn through(&self, url: &str, client: reqwest::Client) -> Self {
        Self { name: self.name.clone(), url: url.to_owned(), client }
    }

    /// The same person at another hub with the same people, or one that was started again.
    #[must_use]
    pub fn at(&self, hub: &TestHub) -> Self {
        Self { name: self.name.clone(), ..Self::nobody(hub) }
    }
}
