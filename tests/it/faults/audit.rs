//! The look after a crash: is everything there that was acknowledged, and nothing by halves?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hub_tests::{Person, sha256};
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE};
use reqwest::{Method, StatusCode};
use tokio::task::JoinSet;

use super::crowd::{Answer, Field, Player, ask};
use super::ledger::{Place, Upload};

/// Longest time for which a dead writer may hold an upload, or a dead collector a blob: the lease,
/// and some room.
const LEASE: Duration = Duration::from_secs(40);

/// What is to be done with uploads that a dead writer still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Come back to them after the next crash.
    Leave,
    /// Wait until they are free.
    Await,
}

/// One look at everything, by somebody who signed in anew.
#[derive(Clone)]
pub struct Audit {
    person: Person,
    field: Arc<Field>,
    /// Tags by repository, as the registry lists them.
    listed: Arc<BTreeMap<String, BTreeSet<String>>>,
    /// Blobs that were read already, by repository.
    seen: Arc<Mutex<BTreeSet<Place>>>,
}

impl Audit {
    /// Compares what is there with what every player was told.
    pub async fn run(person: Person, field: &Arc<Field>, players: &mut Vec<Player>, held: Held) {
        let mut listed = BTreeMap::new();
        for repo in &field.repos {
            listed.insert(repo.clone(), tags(&person, field, repo).await);
        }
        let audit =
            Self { person, field: field.clone(), listed: Arc::new(listed), seen: Arc::default() };
        let mut known = BTreeSet::new();
        let mut looking = JoinSet::new();
        for player in players.drain(..) {
            known.extend(player.ledger.places().into_iter().map(|(place, _)| place));
            looking.spawn(audit.clone().player(player, held));
        }
        players.extend(looking.join_all().await);
        for (repo, tags) in &*audit.listed {
            for tag in tags {
                if !known.contains(&(repo.clone(), tag.clone())) {
                    field.complain(format!("{repo}:{tag} was never pushed"));
                }
            }
        }
    }

    async fn player(self, mut player: Player, held: Held) -> Player {
        for (place, states) in player.ledger.places() {
            let there = self.image(&place).await;
            let fits = |state: &&Option<Arc<_>>| {
                state.as_ref().map(|goods: &Arc<super::goods::Goods>| &goods.manifest)
                    == there.as_ref()
            };
            let Some(state) = states.iter().find(fits).cloned() else {
                let found = there.map_or("nothing".to_owned(), |bytes| sha256(&bytes));
                self.field.complain(format!("{place:?} is {found}, may be {}", names(&states)));
                continue;
            };
            if let Some(goods) = &state {
                for blob in &goods.blobs {
                    self.blob(&place.0, &blob.digest).await;
                }
            }
            player.ledger.found(&place, state);
        }
        let mut left = Vec::new();
        for upload in std::mem::take(&mut player.ledger.uploads) {
            left.extend(self.upload(upload, held).await);
        }
        player.ledger.uploads = left;
        player
    }

    async fn ask(&self, method: Method, path: &str) -> Answer {
        ask(&self.field, self.person.request(method, path)).await.expect("the server is there")
    }

    /// The manifest behind a tag, which is listed if and only if it can be had.
    async fn image(&self, (repo, tag): &Place) -> Option<Vec<u8>> {
        let answer = self.ask(Method::GET, &format!("/v2/{repo}/manifests/{tag}")).await;
        let listed = self.listed[repo].contains(tag);
        if listed != (answer.status == StatusCode::OK) {
            self.field.complain(format!("{repo}:{tag} listed: {listed}, {}", answer.text()));
        }
        (answer.status == StatusCode::OK).then_some(answer.body)
    }

    /// Reads a blob of an image, once per repository.
    async fn blob(&self, repo: &str, digest: &str) {
        let place = (repo.to_owned(), digest.to_owned());
        if !self.seen.lock().unwrap().insert(place) {
            return;
        }
        let answer = self.ask(Method::GET, &format!("/v2/{repo}/blobs/{digest}")).await;
        self.require_bytes(repo, digest, &answer);
    }

    /// Reads a blob that perhaps no manifest names: it may have been collected.
    async fn loose_blob(&self, repo: &str, digest: &str) {
        let answer = self.ask(Method::GET, &format!("/v2/{repo}/blobs/{digest}")).await;
        if answer.status != StatusCode::NOT_FOUND {
            self.require_bytes(repo, digest, &answer);
        }
    }

    fn require_bytes(&self, repo: &str, digest: &str, answer: &Answer) {
        if answer.status != StatusCode::OK || sha256(&answer.body) != digest {
            let (status, length) = (answer.status, answer.body.len());
            self.field.complain(format!("blob {repo}@{digest}: {status}, {length} bytes"));
        }
    }

    /// Goes on with an upload, unless it may be gone and is. Gives it back when it is still held.
    async fn upload(&self, mut upload: Upload, held: Held) -> Option<Upload> {
        let began = Instant::now();
        loop {
            let answer = self.ask(Method::GET, &upload.location).await;
            if answer.status == StatusCode::NOT_FOUND {
                self.gone(&upload).await;
                return None;
            }
            let offset = answer.received();
            if !(upload.acked..=upload.sent).contains(&offset) {
                let (acked, sent) = (upload.acked, upload.sent);
                self.field.complain(format!("an upload at {offset}, not {acked} to {sent}"));
                return None;
            }
            let answer = self.go_on(&upload, offset).await;
            match answer.status {
                StatusCode::CREATED => {
                    self.loose_blob(&upload.repo, &upload.blob.digest).await;
                    return None;
                }
                _ if answer.put_off() => {
                    upload.sent = upload.blob.bytes.len();
                    upload.ending = true;
                    if began.elapsed() > LEASE {
                        self.field.complain(format!("its blob never goes: {}", answer.text()));
                        return None;
                    }
                }
                // The bytes were published in the moment of the crash.
                StatusCode::NOT_FOUND if upload.ending => return None,
                StatusCode::CONFLICT => {
                    let since = *upload.orphan.get_or_insert_with(Instant::now);
                    if since.elapsed() > LEASE {
                        self.field.complain(format!("an upload is stuck: {}", answer.text()));
                        return None;
                    }
                    if held == Held::Leave {
                        return Some(upload);
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                _ => {
                    self.field.complain(format!("an upload does not go on: {}", answer.text()));
                    return None;
                }
            }
        }
    }

    /// Sends what is missing: one half as a piece, the other with the end.
    async fn go_on(&self, upload: &Upload, offset: usize) -> Answer {
        let bytes = &upload.blob.bytes;
        let middle = offset + (bytes.len() - offset) / 2;
        if middle > offset {
            let piece = self.person.request(Method::PATCH, &upload.location);
            let piece = piece.header(CONTENT_RANGE, format!("{offset}-{}", middle - 1));
            let piece = piece.header(CONTENT_TYPE, "application/octet-stream");
            let piece = piece.body(bytes[offset..middle].to_vec());
            let answer = ask(&self.field, piece).await.expect("the server is there");
            if answer.status != StatusCode::ACCEPTED {
                return answer;
            }
        }
        let path = format!("{}?digest={}", upload.location, upload.blob.digest);
        let end = self.person.request(Method::PUT, &path).body(bytes[middle..].to_vec());
        ask(&self.field, end).await.expect("the server is there")
    }

    /// An upload is no more: its end was asked for, and then the blob is whole or absent.
    async fn gone(&self, upload: &Upload) {
        if !upload.ending {
            let path = &upload.location;
            self.field.complain(format!("{path} with {} bytes is lost", upload.acked));
        }
        self.loose_blob(&upload.repo, &upload.blob.digest).await;
    }
}

fn names(states: &[Option<Arc<super::goods::Goods>>]) -> String {
    let name = |state: &Option<Arc<super::goods::Goods>>| match state {
        Some(goods) => goods.digest.clone(),
        None => "nothing".to_owned(),
    };
    states.iter().map(name).collect::<Vec<_>>().join(" or ")
}

/// The tags of a repository, page by page, and what its record says about them.
async fn tags(person: &Person, field: &Field, repo: &str) -> BTreeSet<String> {
    let mut tags = BTreeSet::new();
    let mut last = String::new();
    loop {
        let path = format!("/v2/{repo}/tags/list?n=100&last={last}");
        let request = person.request(Method::GET, &path);
        let answer = ask(field, request).await.expect("the server is there");
        if answer.status == StatusCode::NOT_FOUND {
            return tags;
        }
        let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let page = page["tags"].as_array().unwrap();
        tags.extend(page.iter().map(|tag| tag.as_str().unwrap().to_owned()));
        match page.last() {
            Some(tag) if page.len() == 100 => tag.as_str().unwrap().clone_into(&mut last),
            _ => break,
        }
    }
    let record = person.json(&format!("/api/v1/repos/{repo}")).await;
    if record["tags"] != tags.len() {
        field.complain(format!("{repo} has {} tags: {record}", tags.len()));
    }
    let latest = record["latestTag"].as_str();
    if latest.is_some_and(|tag| !tags.contains(tag)) || latest.is_none() != tags.is_empty() {
        field.complain(format!("the latest tag of {repo} is {latest:?}"));
    }
    tags
}
