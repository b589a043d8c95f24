//! Reads the letters: the index follows the records.

use std::collections::BTreeSet;

use hub_db::{Db, DbError};
use hub_model::{Letter, LetterKind, SearchDoc};
use hub_search::{Batch, SearchError};
use tokio::sync::mpsc;

use crate::App;

/// Letters read in one go.
const BATCH: i64 = 500;

/// Documents read in one go while the index is rebuilt.
const DOCS: i64 = 200;

/// Why the index is behind.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The metadata store failed.
    #[error("could not read the letters")]
    Db(#[from] DbError),
    /// The index failed.
    #[error("could not change the index")]
    Index(#[from] SearchError),
    /// The thread that worked on the index is gone.
    #[error("could not finish changing the index")]
    Lost(#[from] tokio::task::JoinError),
}

/// Reads all letters that are there. Answers how many they were.
pub(crate) async fn catch_up(app: &App) -> Result<usize, FollowError> {
    let _turn = app.following.lock().await;
    let mut read = 0;
    loop {
        let letters = app.db.letters_after(app.index.position(), BATCH).await?;
        let Some(last) = letters.last() else { return Ok(read) };
        let position = last.seq;
        read += letters.len();
        let batch = batch(&app.db, &letters, position).await?;
        let index = app.index.clone();
        tokio::task::spawn_blocking(move || index.apply(&batch)).await??;
    }
}

/// What the letters change in the index: each repository once, as it is now.
async fn batch(db: &Db, letters: &[Letter], position: i64) -> Result<Batch, DbError> {
    let names: BTreeSet<&str> = letters
        .iter()
        .filter(|letter| matches!(letter.kind, LetterKind::Repo | LetterKind::Counts))
        .map(|letter| letter.subject.as_str())
        .collect();
    let mut batch = Batch { put: Vec::new(), remove: Vec::new(), position };
    for name in names {
        match db.search_doc(name).await? {
            Some(doc) => batch.put.push(doc),
            None => batch.remove.push(name.to_owned()),
        }
    }
    Ok(batch)
}

/// Builds the index anew out of the records, while the old one answers and follows.
pub(crate) async fn rebuild(app: &App) -> Result<u64, FollowError> {
    // Read before the records: what changes meanwhile is read again as a letter.
    let position = app.db.last_letter().await?;
    let docs = Docs::read(app);
    let index = app.index.clone();
    let rebuilt = tokio::task::spawn_blocking(move || index.build_beside(docs, position)).await??;
    // A batch that was read for the old one would count as dealt with in the new one.
    let _turn = app.following.lock().await;
    let index = app.index.clone();
    Ok(tokio::task::spawn_blocking(move || index.adopt(rebuilt)).await??)
}

/// Why the records could not be read to their end.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the process stops")]
    CutOff,
}

/// Documents out of the database, for a thread that waits. They are read while it works on those
/// before them.
struct Docs {
    pages: mpsc::Receiver<Result<Vec<SearchDoc>, DbError>>,
    page: std::vec::IntoIter<SearchDoc>,
    over: bool,
}

impl Docs {
    fn read(app: &App) -> Self {
        let (sender, pages) = mpsc::channel(1);
        app.spawn(read_ahead(app.clone(), sender));
        Self { pages, page: Vec::new().into_iter(), over: false }
    }
}

/// Sends all documents, page by page, until the process stops. The last page is empty.
async fn read_ahead(app: App, pages: mpsc::Sender<Result<Vec<SearchDoc>, DbError>>) {
    let mut after = 0;
    while !app.stop.is_cancelled() {
        let page = app.db.search_docs(after, DOCS).await;
        let last = page.as_ref().ok().and_then(|docs| docs.last()).map(|doc| doc.repo_id);
        let taken = pages.send(page).await.is_ok();
        match last {
            Some(last) if taken => after = last,
            _ => return,
        }
    }
}

impl Iterator for Docs {
    type Item = Result<SearchDoc, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(doc) = self.page.next() {
            return Some(Ok(doc));
        }
        if self.over {
            return None;
        }
        // Without its empty page the end is none: half of the records are no index.
        let page = match self.pages.blocking_recv() {
            Some(Ok(docs)) => docs,
            Some(Err(error)) => return Some(Err(error.into())),
            None => return Some(Err(ReadError::CutOff)),
        };
        self.over = page.is_empty();
        self.page = page.into_iter();
        self.page.next().map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{AccessTerms, Actor, RepoName, SearchQuery, Visibility};

    use super::*;
    use crate::services::{orgs, repos};

    fn found(app: &App) -> usize {
        let query = SearchQuery::new("queue", AccessTerms::Everything);
        app.index.search(&query).unwrap().total
    }

    #[tokio::test]
    async fn the_index_follows_what_comes_and_goes() {
        let (app, _dir) = App::for_tests().await;
        let name: RepoName = "ana/queue".parse().unwrap();
        orgs::create(&app, &Actor::System, &name.org(), "", "").await.unwrap();
        repos::create(&app, &Actor::System, &name, Visibility::Public).await.unwrap();
        assert_eq!(found(&app), 0);
        assert!(catch_up(&app).await.unwrap() > 0);
        assert_eq!(found(&app), 1);
        assert_eq!(catch_up(&app).await.unwrap(), 0);

        repos::delete(&app, &Actor::System, &name).await.unwrap();
        catch_up(&app).await.unwrap();
        assert_eq!(found(&app), 0);
    }

    #[tokio::test]
    async fn a_letter_that_only_newer_replicas_understand_is_passed_over() {
        let (app, _dir) = App::for_tests().await;
        let mut change = app.db.change().await.unwrap();
        change.tell(LetterKind::Other, "what is to come", 1).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(app.db.letters_after(0, 9).await.unwrap()[0].kind, LetterKind::Other);
        assert_eq!(catch_up(&app).await.unwrap(), 1);
        assert_eq!(app.index.position(), app.db.last_letter().await.unwrap());
    }

    #[tokio::test]
    async fn records_that_end_without_their_last_page_are_an_error() {
        let (app, _dir) = App::for_tests().await;
        let mut docs = Docs::read(&app);
        let ended = tokio::task::spawn_blocking(move || (docs.next().is_none(), docs));
        let (none, mut docs) = ended.await.unwrap();
        assert!(none && docs.next().is_none(), "there are none");

        let (sender, pages) = mpsc::channel(1);
        sender.send(Ok(vec![SearchDoc::default()])).await.unwrap();
        drop(sender);
        let mut docs = Docs { pages, page: Vec::new().into_iter(), over: false };
        let read = tokio::task::spawn_blocking(move || [docs.next(), docs.next()]).await.unwrap();
        assert!(matches!(read, [Some(Ok(_)), Some(Err(ReadError::CutOff))]), "{read:?}");
    }

    #[tokio::test]
    async fn an_index_built_anew_knows_the_same() {
        let (app, _dir) = App::for_tests().await;
        let name: RepoName = "ana/queue".parse().unwrap();
        orgs::create(&app, &Actor::System, &name.org(), "", "").await.unwrap();
        repos::create(&app, &Actor::System, &name, Visibility::Private).await.unwrap();
        assert_eq!(rebuild(&app).await.unwrap(), 1);
        assert_eq!(found(&app), 1);
        assert_eq!(app.index.position(), app.db.last_letter().await.unwrap());
        assert_eq!(catch_up(&app).await.unwrap(), 0);
    }
}
