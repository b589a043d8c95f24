//! Deleting tags and manifests.

use hub_db::{Change, DbError, Latest};
use hub_model::{
    Action, Actor, DetailScope, Digest, ImgState, Job, LetterKind, Repo, RepoName, Tag, Visibility,
};
use serde_json::json;

use super::super::audit::{self, Act};
use super::super::{access, hours_ms};
use super::{ImageError, move_latest};
use crate::App;

/// What a repository has to be free of to go with its last tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Farewell {
    /// It stays.
    Never,
    /// Of tags.
    NoTag,
    /// Of tags and of manifests: each was acknowledged, and can be pulled by its digest.
    NoManifest,
}

/// Deletes a tag, declared or pushed, with what was said about it. With its last tag a
/// repository goes too, and every manifest with it, unless somebody described it, starred it,
/// wants to keep it, or pushes to it at this moment.
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
    remove_tag(app, actor, repo, tag, Farewell::NoTag).await
}

/// Deletes what `reference` names, as the registry's clients ask for it: a tag alone (its
/// manifest can still be pulled by digest), or a manifest with every tag that names it. With the
/// last of its manifests a repository goes too, where it may. Answers an index of the repository
/// that lists what is gone now.
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
        remove_tag(app, actor, repo, &Tag::parse(reference)?, Farewell::Never).await?;
        Ok(None)
    }
}

async fn remove_tag(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    tag: &Tag,
    farewell: Farewell,
) -> Result<(), ImageError> {
    access::repo(app, actor, Action::Delete, name).await?;
    let unknown = || ImageError::Unknown { repo: name.to_string(), reference: tag.to_string() };
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let repo = change.lock_repo(name).await?.ok_or_else(unknown)?;
    let named = change.img(repo.id, tag).await?.and_then(|img| img.digest);
    let state = change.delete_img(repo.id, tag, now).await?.ok_or_else(unknown)?;
    change.drop_details(repo.id, &DetailScope::Tag(tag.clone())).await?;
    let pushed = if state == ImgState::Pushed { std::slice::from_ref(tag) } else { &[] };
    after_tags_went(&mut change, &repo, pushed, now).await?;
    let target = format!("{name}:{tag}");
    let act = Act { action: "tag.delete", target: &target, org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, (json!({"digest": named}), ())).await?;
    say_farewell(app, &mut change, (actor, &repo), farewell).await?;
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
    let target = format!("{name}@{digest}");
    let act = Act { action: "image.delete", target: &target, org_id: Some(repo.org_id) };
    let told: Vec<_> = tags.iter().map(Tag::as_str).collect();
    audit::done(app, &mut change, actor, act, (json!({"tags": told}), ())).await?;
    if !tags.is_empty() {
        after_tags_went(&mut change, &repo, &tags, now).await?;
        say_farewell(app, &mut change, (actor, &repo), Farewell::NoManifest).await?;
    }
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

/// Counts the tags that were pushed and went, and moves `latest` when it was one of them.
async fn after_tags_went(
    change: &mut Change,
    repo: &Repo,
    pushed: &[Tag],
    now: i64,
) -> Result<(), DbError> {
    let latest = [&repo.latest_tag, &repo.latest_semver];
    if latest.into_iter().flatten().any(|tag| pushed.contains(tag)) {
        return move_latest(change, repo, now).await;
    }
    let latest = Latest {
        tag: repo.latest_tag.clone(),
        semver: repo.latest_semver.clone(),
        tags: repo.tags.saturating_sub(pushed.len() as u64),
        pushed_at_ms: repo.pushed_at_ms,
        updated_at_ms: now,
    };
    change.set_latest(repo.id, &latest).await
}

/// Lets an empty repository go when it may.
async fn say_farewell(
    app: &App,
    change: &mut Change,
    (actor, repo): (&Actor, &Repo),
    farewell: Farewell,
) -> Result<(), DbError> {
    // To make it private was to say something about it: the next push must not find it public.
    let nobody_cares = repo.visibility == Visibility::Public && !repo.keep && repo.stars == 0;
    if farewell == Farewell::Never || !nobody_cares || change.has_imgs(repo.id).await? {
        return Ok(());
    }
    if farewell == Farewell::NoManifest && change.holds_manifests(repo.id).await? {
        return Ok(());
    }
    if change.details(repo.id, &DetailScope::Repo).await?.is_some() {
        return Ok(());
    }
    let now = app.now_ms();
    // A push under way finds its layers again as long as the collector would leave them.
    let since = now.saturating_sub(hours_ms(app.config.gc.grace_hours));
    if change.awaits_manifest(repo.id, since).await? {
        return Ok(());
    }
    change.delete_repo(repo.id, now).await?;
    let target = repo.name.as_str();
    let act = Act { action: "repo.delete", target, org_id: Some(repo.org_id) };
    audit::done(app, change, actor, act, (json!({"because": "nothing was left in it"}), ())).await
}
