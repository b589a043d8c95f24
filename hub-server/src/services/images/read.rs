//! Reading images: lists, single ones, their documents, manifests and referrers.

use std::sync::Arc;

use hub_model::{
    Action, Actor, Digest, Document, Img, Referrer, ReferrersAsked, Repo, RepoName, Tag,
};

use super::super::Page;
use super::super::access;
use super::ImageError;
use crate::App;
use crate::app::{Known, KnownManifest, KnownRepo, virtual_latest};

/// The images of a repository, newest upload first; `before` is where the page before ended.
///
/// # Errors
///
/// When the caller may not pull, or `before` is no place in the list.
pub async fn list(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    before: Option<&str>,
    limit: u64,
) -> Result<Page<Img>, ImageError> {
    let repo = access::repo(app, actor, Action::Pull, repo).await?;
    let limit = limit.clamp(1, 1000);
    let before = match before {
        None => None,
        Some(text) => {
            let place = text.split_once('.').and_then(|(at, tag)| Some((at.parse().ok()?, tag)));
            Some(place.ok_or_else(|| ImageError::Cursor { cursor: text.to_owned() })?)
        }
    };
    let asked = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut items = app.db.imgs(repo.id, before, asked).await?;
    let total = app.db.count_imgs(repo.id).await?;
    let more = items.len() as u64 > limit;
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = items.last().filter(|_| more).map(|img| format!("{}.{}", img.pushed_at_ms, img.tag));
    Ok(Page { items, total: u64::try_from(total).unwrap_or(0), next })
}

/// One image, by its tag. `latest` is the tag uploaded last, unless a tag of that name exists.
///
/// # Errors
///
/// [`ImageError::Unknown`] when the repository has no such tag.
pub async fn get(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    reference: &str,
) -> Result<Img, ImageError> {
    for_action(app, actor, Action::Pull, repo, reference).await
}

/// The image that somebody is about to describe: what [`get`] answers, to those who may push.
///
/// # Errors
///
/// As [`get`], and when the caller may not push.
pub async fn to_describe(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    reference: &str,
) -> Result<Img, ImageError> {
    for_action(app, actor, Action::Push, repo, reference).await
}

async fn for_action(
    app: &App,
    actor: &Actor,
    action: Action,
    repo: &RepoName,
    reference: &str,
) -> Result<Img, ImageError> {
    let repo = access::repo(app, actor, action, repo).await?;
    let tag = Tag::parse(reference)?;
    if let Some(img) = app.db.img(repo.id, &tag).await? {
        return Ok(img);
    }
    let img = match virtual_latest(&repo, &tag) {
        Some(latest) => app.db.img(repo.id, latest).await?,
        None => None,
    };
    img.ok_or_else(|| unknown(&repo, reference))
}

/// The README of an image, as Markdown.
///
/// # Errors
///
/// When the caller may not pull, or the metadata store fails.
pub async fn docs(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    img: &Img,
) -> Result<Option<String>, ImageError> {
    access::repo(app, actor, Action::Pull, repo).await?;
    let Some(digest) = img.detail.docs() else { return Ok(None) };
    let document = app.db.document(&digest).await?;
    Ok(document.map(|document| String::from_utf8_lossy(&document.body).into_owned()))
}

/// A text or picture that an image of the repository shows. `digest` is taken from its record,
/// never from a request: documents are kept once for the whole hub.
///
/// # Errors
///
/// [`ImageError::NoDocument`] when there is none.
pub async fn document(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    digest: &Digest,
) -> Result<Document, ImageError> {
    let repo = access::repo(app, actor, Action::Pull, repo).await?;
    let none =
        || ImageError::NoDocument { repo: repo.name.to_string(), digest: digest.to_string() };
    app.db.document(digest).await?.ok_or_else(none)
}

/// Pushed tags in byte order, those after `last`. A virtual `latest` is not among them.
///
/// # Errors
///
/// When the caller may not pull.
pub async fn tags(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    last: Option<&str>,
    limit: u64,
) -> Result<Vec<Tag>, ImageError> {
    let (_, repo) = access::pull(app, actor, repo).await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(app.db.tags(repo.id, last, limit).await?)
}

/// A manifest, by tag or digest. Counts as a pull when it is what a tag names.
///
/// # Errors
///
/// [`ImageError::Unknown`] when the repository has none of that name.
pub async fn manifest(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    reference: &str,
) -> Result<Arc<KnownManifest>, ImageError> {
    let (known, repo) = access::pull(app, actor, repo).await?;
    let (tag, digest) = resolve(known, &repo, reference).await?;
    let manifest = known.manifest(&repo, &digest).await?;
    let manifest = manifest.ok_or_else(|| unknown(&repo, reference))?;
    // Children of an index are pulled along with it, so only what a tag names is counted.
    if tag.is_some() || manifest.tagged {
        app.pulls.count(repo.id, tag.as_ref(), app.now_ms());
    }
    Ok(manifest)
}

/// Digest, media type and size of a manifest, without its bytes.
///
/// # Errors
///
/// [`ImageError::Unknown`] when the repository has none of that name.
pub async fn manifest_head(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    reference: &str,
) -> Result<(Digest, String, u64), ImageError> {
    let (known, repo) = access::pull(app, actor, repo).await?;
    let (_, digest) = resolve(known, &repo, reference).await?;
    let head = known.manifest_head(&repo, &digest).await?;
    let (media_type, size) = head.ok_or_else(|| unknown(&repo, reference))?;
    Ok((digest, media_type, size))
}

/// The manifests that name `subject`, which need not exist itself, by digest; and whether more
/// follow.
///
/// # Errors
///
/// When the caller may not pull.
pub async fn referrers(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    subject: &Digest,
    asked: ReferrersAsked<'_>,
) -> Result<(Vec<Referrer>, bool), ImageError> {
    let (_, repo) = access::pull(app, actor, repo).await?;
    Ok(app.db.referrers(repo.id, subject, asked).await?)
}

/// The digest that a tag or digest means, and the tag behind it, when it is one.
async fn resolve(
    known: Known<'_>,
    repo: &KnownRepo,
    reference: &str,
) -> Result<(Option<Tag>, Digest), ImageError> {
    if reference.contains(':') {
        return Ok((None, Digest::parse(reference)?));
    }
    let tag = Tag::parse(reference)?;
    let found = known.tag(repo, &tag).await?;
    let (tag, digest) = found.ok_or_else(|| unknown(repo, reference))?;
    Ok((Some(tag), digest))
}

fn unknown(repo: &Repo, reference: &str) -> ImageError {
    ImageError::Unknown { repo: repo.name.to_string(), reference: reference.to_owned() }
}
