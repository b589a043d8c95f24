//! What was searched for and not found: opt-in, counted, and never by whom.
//!
//! A search notes it in memory; a job writes it down. Of a text nothing is kept but itself: who may
//! see what is not found is no question here, since only administrators read the list.

use hub_db::DbError;
use hub_model::{Actor, MissedSearch, SearchFilter, SearchMatch};

use super::{SearchPage, SearchRequest, digest};
use crate::App;
use crate::services::access::{self, AccessError};
use crate::services::audit::{self, Act};
use crate::services::sign_in::{ROBOT_PREFIX, SESSION_PREFIX, TOKEN_PREFIX};
use crate::services::{Page, limit_rows, plain};

/// Most texts that are kept: the most frequent ones, of equals the newest.
const MOST: i64 = 10_000;

/// How long a text is kept that nobody searches for again, in milliseconds.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// Why the list is not shown or not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum MissedError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A place in a list that was not made by the list before.
    #[error("`{cursor}` is no place in this list")]
    Cursor {
        /// The text.
        cursor: String,
    },
    /// The metadata store failed.
    #[error("could not read what was not found")]
    Db(#[from] DbError),
}

/// Counts a search that found nothing, when the settings say so. Not what was narrowed down, went
/// beyond the first page, or was to be taken literally; and nothing that is a credential, which
/// people paste anywhere.
pub(super) fn note(app: &App, request: &SearchRequest, found: &SearchPage) {
    let plain = request.filter == SearchFilter::default()
        && request.matching == SearchMatch::All
        && !hub_search::narrows(&request.text);
    let asked = request.note_missed && request.correct && request.page <= 1;
    let missed = found.total == 0 && found.corrected.is_none();
    if !(app.config.search.log_missed && asked && missed && plain) {
        return;
    }
    let secret = [TOKEN_PREFIX, SESSION_PREFIX, ROBOT_PREFIX];
    if digest::pasted(&request.text).is_some()
        || secret.into_iter().any(|prefix| request.text.contains(prefix))
    {
        return;
    }
    if let Some(text) = MissedSearch::folded(&request.text) {
        app.missed.note(text, app.now_ms());
    }
}

/// Writes down what was counted since the last time.
///
/// # Errors
///
/// When the metadata store fails; then it is tried again.
pub(crate) async fn flush(app: &App) -> Result<(), DbError> {
    let missed = app.missed.take();
    if missed.is_empty() {
        return Ok(());
    }
    let written = app.db.add_missed(&missed, MOST).await;
    if written.is_err() {
        app.missed.put_back(missed);
    }
    written
}

/// Forgets what nobody searched for in 90 days.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn forget_old(app: &App) -> Result<(), DbError> {
    app.db.drop_missed_before(app.now_ms() - KEPT_MS).await
}

/// What was not found, the most frequent first, those behind `after`: for administrators.
///
/// # Errors
///
/// When the caller is none, or `after` is no place in the list.
pub async fn list(
    app: &App,
    actor: &Actor,
    after: Option<&str>,
    limit: u64,
) -> Result<Page<MissedSearch>, MissedError> {
    access::require_administrator(actor)?;
    let place = |cursor: &str| {
        let (times, text) = cursor.split_once(':')?;
        Some((times.parse().ok()?, plain(text)))
    };
    let bad = |cursor: &str| MissedError::Cursor { cursor: cursor.to_owned() };
    let after = after.map(|cursor| place(cursor).ok_or_else(|| bad(cursor))).transpose()?;
    let after = after.as_ref().map(|(times, text)| (*times, text.as_str()));
    let items = app.db.missed(after, limit_rows(limit).saturating_add(1)).await?;
    let total = i64::try_from(app.db.count_missed().await?).unwrap_or(i64::MAX);
    Ok(Page::cut(items, total, limit, |search| format!("{}:{}", search.times, search.text)))
}

/// Forgets all of it: for administrators. Answers how many texts that were.
///
/// # Errors
///
/// When the caller is none.
pub async fn forget(app: &App, actor: &Actor) -> Result<u64, MissedError> {
    access::require_administrator(actor)?;
    let mut change = app.db.change().await?;
    let texts = change.drop_missed().await?;
    let act = Act { action: "search.forget", target: "", org_id: None };
    let before = serde_json::json!({ "texts": texts });
    audit::done(app, &mut change, actor, act, (before, ())).await?;
    change.commit().await?;
    // What waits in memory is as old as what is gone.
    drop(app.missed.take());
    Ok(texts)
}
