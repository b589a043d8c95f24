//! Deleting tags and manifests.

use hub_db::Change;
use hub_model::{
    Action, Actor, DetailScope, Digest, Job, LetterKind, Repo, RepoName, Tag, Visibility,
};

use super::super::access;
use super::{ImageError, Latest, move_latest};
use crate::App;

/// Deletes a tag, declared or pushed, with what was said about it. With its last tag a
/// repository goes too, unless somebody described it, starred it or wants to keep it.
///
/// # Errors
///
/// [`ImageError::Unknown`] when the repository has no such tag.
pub async fn delete(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    tag: &Tag,
) -> Result<(), ImageError> {
    remove_tag(app, actor, repo, tag, true).await
}

/// Deletes what `reference` names, as the registry's clients ask for it: a tag alone (its
/// manifest can still be pulled by digest), or a manifest with every tag that names it. Answers
/// an index of the repository that lists what is gone now.
///
/// # Errors
///
/// [`ImageError::Unknown`] when the repository has none of that name.
pub async fn delete_manifest(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    reference: &str,
) -> Result<Option<Digest>, ImageError> {
    if reference.contains(':') {
        remove_manifest(app, actor, repo, &Digest::parse(reference)?).await
    } else {
        remove_tag(app, actor, repo, &Tag::parse(reference)?, false).await?;
        Ok(None)
    }
}

async fn remove_tag(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    tag: &Tag,
    with_empty_repo: bool,
) -> Result<(), ImageError> {
    access::repo(app, actor, Action::Delete, name).await?;
    let unknown = || ImageError::Unknown { repo: name.to_string(), reference: tag.to_string() };
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let repo = change.lock_repo(name).await?.ok_or_else(unknown)?;
    if !change.delete_img(repo.id, tag, now).await? {
        return Err(unknown());
    }
    change.drop_details(repo.id, &DetailScope::Tag(tag.clone())).await?;
    after_tags_went(&mut change, &repo, with_empty_repo, now).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

async fn remove_manifest(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    digest: &Digest,
) -> Result<Option<Digest>, ImageError> {
    let repo = access::repo(app, actor, Action::Delete, name).await?;
    let unknown = || ImageError::Unknown { repo: name.to_string(), reference: digest.to_string() };
    let manifest = app.db.manifest(repo.id, digest).await?.ok_or_else(unknown)?;
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let repo = change.lock_repo(name).await?.ok_or_else(unknown)?;
    let index = change.index_with(repo.id, digest).await?;
    let tags = change.delete_imgs_of(repo.id, digest).await?;
    if !change.unlink_manifest(repo.id, digest, now).await? {
        return Err(unknown());
    }
    for tag in &tags {
        change.drop_details(repo.id, &DetailScope::Tag(tag.clone())).await?;
    }
    change.drop_details(repo.id, &DetailScope::Image(digest.clone())).await?;
    after_tags_went(&mut change, &repo, !tags.is_empty(), now).await?;
    if let Some(subject) = manifest.facts.subject {
        // It may have carried what the subject's image says.
        let known = change.manifests_in(repo.id, std::slice::from_ref(&subject)).await?;
        if !known.is_empty() {
            let job = Job::DescribeImage { repo: name.clone(), digest: subject };
            change.enqueue(&job, now).await?;
        }
    }
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(index)
}

/// Moves `latest`, and lets an empty repository go when it may.
async fn after_tags_went(
    change: &mut Change,
    repo: &Repo,
    with_empty_repo: bool,
    now: i64,
) -> Result<(), ImageError> {
    let latest = move_latest(change, repo, now).await?;
    let nothing_said = change.details(repo.id, &DetailScope::Repo).await?.is_none();
    let empty = matches!(latest, Latest::NoTagAtAll);
    // To make it private was to say something about it: the next push must not find it public.
    let public = repo.visibility == Visibility::Public;
    if with_empty_repo && empty && public && nothing_said && !repo.keep && repo.stars == 0 {
        change.delete_repo(repo.id, now).await?;
    }
    Ok(())
}
