//! What was read out of images, written down: called by jobs.

use hub_db::Change;
use hub_model::{
    Detail, DetailScope, Digest, Document, Extraction, Field, Job, LetterKind, Repo, RepoName,
};
use hub_oci::Extracted;

use super::describe::text_of;
use super::settle::note_paragraph;
use super::{ImageError, settle};
use crate::App;

/// How many images are settled in one change.
const BATCH: usize = 100;

/// Writes down what was read out of an image, for every tag that names it. An image that went
/// away in the meantime is none of our business any more.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn described(
    app: &App,
    name: &RepoName,
    digest: &Digest,
    extracted: Extracted,
) -> Result<(), ImageError> {
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let Some(repo) = alive(&mut change, name, digest).await? else { return Ok(()) };
    change.put_documents(&extracted.documents).await?;
    let scope = DetailScope::Image(digest.clone());
    change.put_details(repo.id, &scope, &extracted.detail, now).await?;
    let state = (Extraction::Done, extracted.notes);
    settle_imgs_of(&mut change, &repo, digest, Some(state), now).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Writes down why nothing was read out of an image; the image itself is whole.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn not_described(
    app: &App,
    name: &RepoName,
    digest: &Digest,
    reason: String,
) -> Result<(), ImageError> {
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let Some(repo) = alive(&mut change, name, digest).await? else { return Ok(()) };
    let state = (Extraction::Failed(reason), Vec::new());
    settle_imgs_of(&mut change, &repo, digest, Some(state), now).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Writes down what the newest detail artifact says about `subject`; `None` when there is none
/// any more.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn said_by_artifacts(
    app: &App,
    name: &RepoName,
    subject: &Digest,
    said: Option<(Detail, Vec<Document>)>,
) -> Result<(), ImageError> {
    let now = app.now_ms();
    let scope = DetailScope::Artifact(subject.clone());
    let mut change = app.db.change().await?;
    let Some(repo) = change.lock_repo(name).await? else { return Ok(()) };
    let known = change.details(repo.id, &scope).await?;
    match said {
        None if known.is_none() => return Ok(()),
        None => change.drop_details(repo.id, &scope).await?,
        Some((mut detail, documents)) => {
            let docs = detail.get(Field::Docs).cloned();
            note_paragraph(&mut detail, &text_of(docs.as_ref(), &documents));
            change.put_documents(&documents).await?;
            change.put_details(repo.id, &scope, &detail, now).await?;
        }
    }
    settle_imgs_of(&mut change, &repo, subject, None, now).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Merges the levels of every image of a repository anew, oldest upload first, because each one
/// may inherit from the one before.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn settle_all(app: &App, name: &RepoName) -> Result<(), ImageError> {
    let mut change = app.db.change().await?;
    let Some(repo) = change.lock_repo(name).await? else { return Ok(()) };
    let mut tags = change.all_imgs(repo.id).await?;
    drop(change);
    tags.sort_by(|a, b| a.2.cmp(&b.2).then_with(|| a.0.cmp(&b.0)));
    for batch in tags.chunks(BATCH) {
        let mut change = app.db.change().await?;
        let Some(repo) = change.lock_repo(name).await? else { return Ok(()) };
        for (tag, ..) in batch {
            if let Some(img) = change.img(repo.id, tag).await? {
                settle(&mut change, &repo, &img, &img.extraction, &img.notes).await?;
            }
        }
        change.tell(LetterKind::Repo, name.as_str(), app.now_ms()).await?;
        change.commit().await?;
        app.kick();
    }
    Ok(())
}

/// The repository, when it still holds the manifest.
async fn alive(
    change: &mut Change,
    name: &RepoName,
    digest: &Digest,
) -> Result<Option<Repo>, ImageError> {
    let Some(repo) = change.lock_repo(name).await? else { return Ok(None) };
    let held = change.manifests_in(repo.id, std::slice::from_ref(digest)).await?;
    Ok(if held.is_empty() { None } else { Some(repo) })
}

/// Settles every tag that names `digest`. Later uploads that may inherit from one of them are
/// left to a job.
async fn settle_imgs_of(
    change: &mut Change,
    repo: &Repo,
    digest: &Digest,
    state: Option<(Extraction, Vec<String>)>,
    now_ms: i64,
) -> Result<(), ImageError> {
    let mut heirs_wait = false;
    for img in change.imgs_of(repo.id, digest).await? {
        let (extraction, notes) = match &state {
            Some((extraction, notes)) => (extraction, notes),
            None => (&img.extraction, &img.notes),
        };
        let detail = settle(change, repo, &img, extraction, notes).await?;
        let tag = img.tag.as_str();
        let newest = repo.latest_tag.as_ref() == Some(&img.tag);
        heirs_wait |= !newest && detail.bequest(tag) != img.detail.bequest(tag);
    }
    if heirs_wait {
        change.enqueue(&Job::DescribeRepo { repo: repo.name.clone() }, now_ms).await?;
    }
    Ok(())
}
