//! What the OCI conformance suite asks of a registry, and our rules beside it.
//!
//! Every test carries the number of its requirement; `docs/reference/oci-conformance.md` lists
//! them, and a test beside says when the list and the tests disagree.

mod blobs;
mod chunks;
mod deletes;
mod digests;
mod errors;
mod ground;
mod limits;
mod list;
mod manifests;
mod mounts;
mod older;
mod ranges;
mod referrers;
mod sets;
mod signing_in;
mod tags;
mod walk;

use hub_server::Config;
use hub_tests::{Answer, Ask, Person, Suite, TestHub, digest};
use reqwest::Method;

/// A hub with one person, and the suite twice: with kept tokens and without.
pub struct Bench {
    pub hub: TestHub,
    pub person: Person,
    suites: [Suite; 2],
}

/// The suite at work: with kept tokens or without, by one algorithm, in repositories of its own.
pub struct Run<'a> {
    pub suite: &'a Suite,
    pub algorithm: &'static str,
    pub repo: String,
    pub other: String,
}

impl Bench {
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let hub = TestHub::with(change).await;
        let person = hub.person("conformance").await;
        let suites = [true, false].map(|keep| Suite::new(&hub, &person, keep));
        Self { hub, person, suites }
    }

    /// With kept tokens and without, for sha256 and for sha512.
    pub fn runs(&self) -> Vec<Run<'_>> {
        let mut runs = Vec::new();
        for suite in &self.suites {
            for algorithm in ["sha256", "sha512"] {
                let kept = if suite.keeps_tokens() { "kept" } else { "anew" };
                runs.push(Run {
                    suite,
                    algorithm,
                    repo: format!("conformance/repo1-{algorithm}-{kept}"),
                    other: format!("conformance/repo2-{algorithm}-{kept}"),
                });
            }
        }
        runs
    }

    /// One run, where neither tokens nor algorithms matter.
    pub fn run(&self) -> Run<'_> {
        self.runs().remove(0)
    }

    pub async fn stop(self) {
        self.hub.stop().await;
    }
}

impl Run<'_> {
    pub fn digest(&self, bytes: &[u8]) -> String {
        digest(self.algorithm, bytes)
    }

    /// Bytes that nobody sent before, and their digest.
    pub fn noise(&self, length: usize) -> (Vec<u8>, String) {
        let bytes = noise(length);
        let digest = self.digest(&bytes);
        (bytes, digest)
    }

    pub fn blob(&self, digest: &str) -> String {
        format!("/v2/{}/blobs/{digest}", self.repo)
    }

    pub fn manifest(&self, reference: &str) -> String {
        format!("/v2/{}/manifests/{reference}", self.repo)
    }

    pub fn uploads(&self) -> String {
        format!("/v2/{}/blobs/uploads/", self.repo)
    }

    pub fn tags(&self) -> String {
        format!("/v2/{}/tags/list", self.repo)
    }

    pub fn referrers(&self, subject: &str) -> String {
        format!("/v2/{}/referrers/{subject}", self.repo)
    }

    /// Begins an upload and answers its location.
    pub async fn begin(&self) -> String {
        let answer = self.suite.post(&self.uploads()).await;
        answer.is(202);
        assert_eq!(answer.header("content-length"), Some("0"));
        answer.location()
    }

    /// The closing `PUT`, whose body is still to be given.
    pub fn close(&self, at: &str, digest: &str) -> Ask<'_> {
        self.suite.ask(Method::PUT, at).query("digest", digest)
    }

    /// `PATCH`, whose body is still to be given.
    pub fn patch(&self, at: &str) -> Ask<'_> {
        self.suite.ask(Method::PATCH, at)
    }

    /// Pushes a blob by `POST` and `PUT`.
    pub async fn push(&self, bytes: &[u8]) -> String {
        let digest = self.digest(bytes);
        let at = self.begin().await;
        let answer = self.close(&at, &digest).body(bytes.to_vec()).send().await;
        self.created(&answer, bytes).await;
        digest
    }

    /// Whether an answer says that these bytes are a blob of the repository now, and they are.
    pub async fn created(&self, answer: &Answer, bytes: &[u8]) {
        let digest = self.digest(bytes);
        answer.is(201);
        assert_eq!(answer.header("docker-content-digest"), Some(&*digest));
        assert_eq!(answer.location(), self.blob(&digest));
        let read = self.suite.get(&answer.location()).await;
        read.is(200);
        assert!(read.body == bytes, "the blob is another one");
    }
}

/// Bytes that nobody sent before.
pub fn noise(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 16);
    while bytes.len() < length {
        bytes.extend_from_slice(uuid::Uuid::now_v7().as_bytes());
    }
    bytes.truncate(length);
    bytes
}
