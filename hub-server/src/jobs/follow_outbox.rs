//! Reads the letters: the index follows the records.

use std::collections::BTreeSet;

use hub_db::{Db, DbError};
use hub_model::{Letter, LetterKind, SearchDoc};
use hub_search::{Batch, SearchError};
use tokio::runtime::Handle;

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
    let docs = Docs::new(app.db.clone());
    let index = app.index.clone();
    let rebuilt = tokio::task::spawn_blocking(move || index.build_beside(docs, position)).await??;
    // A batch that was read for the old one would count as dealt with in the new one.
    let _turn = app.following.lock().await;
    let index = app.index.clone();
    Ok(tokio::task::spawn_blocking(move || index.adopt(rebuilt)).await??)
}

/// Documents out of the database, for a thread that waits.
struct Docs {
    db: Db,
    on: Handle,
    page: std::vec::IntoIter<SearchDoc>,
    /// Where the next page begins; `None` behind the last one.
    after: Option<String>,
}

impl Docs {
    fn new(db: Db) -> Self {
        let page = Vec::new().into_iter();
        Self { db, on: Handle::current(), page, after: Some(String::new()) }
    }
}

impl Iterator for Docs {
    type Item = Result<SearchDoc, DbError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(doc) = self.page.next() {
            return Some(Ok(doc));
        }
        let after = self.after.take()?;
        match self.on.block_on(self.db.search_docs(&after, DOCS)) {
            Ok(docs) => {
                self.after = docs.last().map(|doc| doc.name.clone());
                self.page = docs.into_iter();
                self.page.next().map(Ok)
            }
            Err(error) => Some(Err(error)),
        }
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
