//! Clients that push, delete, mount and pull at the same time until the server is gone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hub_tests::{Dice, Person};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RANGE, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, StatusCode};

use super::goods::{Blob, Goods, MANIFEST, Pool};
use super::ledger::{Ledger, Place, Upload};

/// The server does not answer any more.
#[derive(Debug)]
pub struct Gone(
    /// What the client says; read when a test fails.
    #[expect(dead_code, reason = "stands in the message of a failed test")]
    reqwest::Error,
);

/// What the players share.
#[derive(Debug)]
pub struct Field {
    pub repos: Vec<String>,
    pub pool: Pool,
    /// Pushes that were acknowledged.
    pub pushed: AtomicUsize,
    /// Collections that came to their end.
    pub collected: AtomicUsize,
    /// Manifests that were refused because one of their blobs was gone.
    pub missed: AtomicUsize,
    /// Requests that were told to come again.
    pub put_off: AtomicUsize,
    /// What should not have happened.
    pub complaints: Mutex<Vec<String>>,
}

impl Field {
    pub fn complain(&self, text: String) {
        self.complaints.lock().unwrap().push(text);
    }
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }

    /// Whether the same is to be asked again in a moment: the blob is just being collected.
    pub fn put_off(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE && self.headers.contains_key(RETRY_AFTER)
    }

    /// How many bytes of an upload the hub has, as it says.
    pub fn received(&self) -> usize {
        let range = self.headers.get(RANGE).and_then(|range| range.to_str().ok());
        let last = range.and_then(|range| range.strip_prefix("0-")?.parse::<usize>().ok());
        last.map_or(0, |last| if last == 0 { 0 } else { last + 1 })
    }
}

/// Sends a request and reads its answer whole.
pub async fn ask(field: &Field, request: RequestBuilder) -> Result<Answer, Gone> {
    let answer = request.send().await.map_err(Gone)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.map_err(Gone)?.to_vec();
    let answer = Answer { status, headers, body };
    if answer.put_off() {
        field.put_off.fetch_add(1, Ordering::Relaxed);
    } else if status.is_server_error() {
        field.complain(answer.text());
    }
    Ok(answer)
}

/// One client, who alone moves the tags that begin with its number.
pub struct Player {
    pub number: usize,
    pub dice: Dice,
    pub ledger: Ledger,
    pub field: Arc<Field>,
    pub made: usize,
}

impl Player {
    /// Goes on until the server is gone.
    pub async fn play(mut self, person: Person) -> Self {
        while self.step(&person).await.is_ok() {}
        self.ledger.orphaned();
        self
    }

    async fn step(&mut self, person: &Person) -> Result<(), Gone> {
        match self.dice.below(12) {
            0 => self.delete_tag(person).await,
            1 => self.delete_blob(person).await,
            2 => self.leave_half(person).await,
            3 => self.pull(person).await,
            _ => self.push(person).await,
        }
    }

    fn repo(&mut self) -> String {
        let which = self.dice.below(self.field.repos.len());
        self.field.repos[which].clone()
    }

    fn one_of_mine(&mut self) -> Option<(Place, Arc<Goods>)> {
        let mut mine = self.ledger.certain();
        if mine.is_empty() {
            return None;
        }
        let which = self.dice.below(mine.len());
        Some(mine.swap_remove(which))
    }

    async fn push(&mut self, person: &Person) -> Result<(), Gone> {
        self.made += 1;
        let maker = format!("p{}-{}", self.number, self.made);
        let goods = Arc::new(self.field.pool.image(&mut self.dice, &maker));
        let again = if self.dice.one_in(5) { self.one_of_mine() } else { None };
        let place = again.map_or_else(|| (self.repo(), maker), |(place, _)| place);
        self.ledger.asked(&place, Some(goods.clone()));
        // Others delete blobs meanwhile, and what has no manifest yet is garbage: who is told that
        // one is missing sends it again.
        for _ in 0..50 {
            for blob in &goods.blobs {
                self.bring(person, &place.0, blob).await?;
            }
            let path = format!("/v2/{}/manifests/{}", place.0, place.1);
            let request = person.request(Method::PUT, &path).header(CONTENT_TYPE, MANIFEST);
            let answer = ask(&self.field, request.body(goods.manifest.clone())).await?;
            if answer.status == StatusCode::CREATED {
                self.ledger.settled(&place, Some(goods));
                self.field.pushed.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            if !answer.text().contains("BLOB_UNKNOWN") {
                self.field.complain(format!("push of {place:?}: {}", answer.text()));
                break;
            }
            self.field.missed.fetch_add(1, Ordering::Relaxed);
        }
        self.field.complain(format!("{place:?} never got in"));
        self.ledger.refused(&place);
        Ok(())
    }

    /// Sends a blob to a repository unless it is there, in one of the ways that clients have.
    /// What is put off is noticed when the manifest is refused.
    async fn bring(&mut self, person: &Person, repo: &str, blob: &Arc<Blob>) -> Result<(), Gone> {
        let path = format!("/v2/{repo}/blobs/{}", blob.digest);
        let head = ask(&self.field, person.request(Method::HEAD, &path)).await?;
        if head.status == StatusCode::OK && !self.dice.one_in(8) {
            return Ok(());
        }
        let uploads = format!("/v2/{repo}/blobs/uploads/");
        let begin = match self.dice.below(4) {
            0 => format!("{uploads}?mount={}&from={}", blob.digest, self.repo()),
            1 => {
                let path = format!("{uploads}?digest={}", blob.digest);
                let request = octets(person.request(Method::POST, &path), &blob.bytes);
                let answer = ask(&self.field, request).await?;
                if answer.status != StatusCode::CREATED && !answer.put_off() {
                    self.field.complain(format!("single POST: {}", answer.text()));
                }
                return Ok(());
            }
            _ => uploads,
        };
        let answer = ask(&self.field, person.request(Method::POST, &begin)).await?;
        match answer.status {
            StatusCode::CREATED => return Ok(()),
            StatusCode::ACCEPTED => self.open(repo, blob, &answer),
            _ if answer.put_off() => return Ok(()),
            _ => {
                self.field.complain(format!("{begin}: {}", answer.text()));
                return Ok(());
            }
        }
        let pieces = self.dice.below(3);
        for _ in 0..pieces {
            self.send_some(person).await?;
        }
        self.finish(person).await
    }

    /// Notes an upload that just began; it is the last of the ledger.
    fn open(&mut self, repo: &str, blob: &Arc<Blob>, answer: &Answer) {
        let location = answer.headers[LOCATION].to_str().unwrap().to_owned();
        self.ledger.uploads.push(Upload {
            repo: repo.to_owned(),
            location,
            blob: blob.clone(),
            acked: 0,
            sent: 0,
            ending: false,
            orphan: None,
        });
    }

    /// Sends a part of what the last upload lacks.
    async fn send_some(&mut self, person: &Person) -> Result<(), Gone> {
        let upload = self.ledger.uploads.last_mut().unwrap();
        let left = upload.blob.bytes.len() - upload.acked;
        if left < 8 {
            return Ok(());
        }
        let piece = 2 + self.dice.below(left - 4);
        upload.sent = upload.acked + piece;
        let bytes = &upload.blob.bytes[upload.acked..upload.sent];
        let request = octets(person.request(Method::PATCH, &upload.location), bytes);
        let answer = ask(&self.field, request).await?;
        let range = format!("0-{}", upload.sent - 1);
        if answer.status == StatusCode::ACCEPTED && answer.headers[RANGE] == range {
            upload.acked = upload.sent;
        } else {
            self.field.complain(format!("PATCH: {} {:?}", answer.text(), answer.headers));
        }
        Ok(())
    }

    /// Sends the rest of the last upload and ends it.
    async fn finish(&mut self, person: &Person) -> Result<(), Gone> {
        let upload = self.ledger.uploads.last_mut().unwrap();
        upload.ending = true;
        upload.sent = upload.blob.bytes.len();
        let path = format!("{}?digest={}", upload.location, upload.blob.digest);
        let mut offset = upload.acked;
        loop {
            let request = person.request(Method::PUT, &path);
            let answer = ask(&self.field, octets(request, &upload.blob.bytes[offset..])).await?;
            if !answer.put_off() {
                // Collected in the moment in which they were published: then it begins again.
                let lost = offset > upload.acked && answer.status == StatusCode::NOT_FOUND;
                if answer.status != StatusCode::CREATED && !lost {
                    self.field.complain(format!("PUT: {}", answer.text()));
                }
                break;
            }
            let request = person.request(Method::GET, &upload.location);
            offset = ask(&self.field, request).await?.received();
        }
        self.ledger.uploads.pop();
        Ok(())
    }

    /// Begins an upload and stays away, or gives it up.
    async fn leave_half(&mut self, person: &Person) -> Result<(), Gone> {
        let repo = self.repo();
        let blob = self.field.pool.any(&mut self.dice);
        let path = format!("/v2/{repo}/blobs/uploads/");
        let answer = ask(&self.field, person.request(Method::POST, &path)).await?;
        if answer.status != StatusCode::ACCEPTED {
            self.field.complain(format!("POST: {}", answer.text()));
            return Ok(());
        }
        self.open(&repo, &blob, &answer);
        self.send_some(person).await?;
        if self.ledger.uploads.len() > 2 || self.dice.one_in(2) {
            let upload = self.ledger.uploads.last_mut().unwrap();
            upload.ending = true;
            let request = person.request(Method::DELETE, &upload.location);
            let answer = ask(&self.field, request).await?;
            if answer.status != StatusCode::NO_CONTENT {
                self.field.complain(format!("DELETE of an upload: {}", answer.text()));
            }
            self.ledger.uploads.pop();
        }
        Ok(())
    }

    /// Deletes one of the player's own images, by tag or by digest.
    async fn delete_tag(&mut self, person: &Person) -> Result<(), Gone> {
        let Some((place, goods)) = self.one_of_mine() else { return Ok(()) };
        self.ledger.asked(&place, None);
        let reference = if self.dice.one_in(2) { &place.1 } else { &goods.digest };
        let path = format!("/v2/{}/manifests/{reference}", place.0);
        let answer = ask(&self.field, person.request(Method::DELETE, &path)).await?;
        if answer.status == StatusCode::ACCEPTED {
            self.ledger.settled(&place, None);
        } else {
            self.field.complain(format!("DELETE {path}: {}", answer.text()));
        }
        Ok(())
    }

    /// Tries to delete a blob that others may be about to use.
    async fn delete_blob(&mut self, person: &Person) -> Result<(), Gone> {
        let path =
            format!("/v2/{}/blobs/{}", self.repo(), self.field.pool.any(&mut self.dice).digest);
        let answer = ask(&self.field, person.request(Method::DELETE, &path)).await?;
        if !matches!(answer.status.as_u16(), 202 | 404 | 405) {
            self.field.complain(format!("DELETE {path}: {}", answer.text()));
        }
        Ok(())
    }

    /// Pulls one of the player's own images.
    async fn pull(&mut self, person: &Person) -> Result<(), Gone> {
        let Some((place, goods)) = self.one_of_mine() else { return Ok(()) };
        let path = format!("/v2/{}/manifests/{}", place.0, place.1);
        let answer = ask(&self.field, person.request(Method::GET, &path)).await?;
        if answer.body != goods.manifest {
            self.field.complain(format!("GET {path}: {}", answer.text()));
        }
        let blob = &goods.blobs[self.dice.below(goods.blobs.len())];
        let path = format!("/v2/{}/blobs/{}", place.0, blob.digest);
        let answer = ask(&self.field, person.request(Method::GET, &path)).await?;
        if answer.body != blob.bytes {
            self.field.complain(format!(
                "GET {path}: {} {} bytes",
                answer.status,
                answer.body.len()
            ));
        }
        Ok(())
    }
}

fn octets(request: RequestBuilder, bytes: &[u8]) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/octet-stream").body(bytes.to_vec())
}
