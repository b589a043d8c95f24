//! The two steps of publishing: examine what came, then record it in one change.

use std::collections::{BTreeMap, BTreeSet};

use hub_blobs::digest_of;
use hub_db::{Change, Latest};
use hub_model::{
    Actor, Algorithm, BaseInfo, Detail, Digest, Extraction, Img, ImgState, Job, LatestMode,
    LetterKind, Link, LinkKind, Manifest, ManifestFacts, NewImg, Repo, RepoName, Tag, Visibility,
    is_candidate, latest_semver,
};
use serde_json::{Value, json};

use super::super::audit::{self, Act};
use super::super::images::{self, RepoStore, settle};
use super::super::quota;
use super::repo::{Right, ensure_repo};
use super::{MAX_TAGS, ManifestRef, Publication, PublishError, Published};
use crate::App;
use crate::config::Registry;

/// Manifests up to here are hashed and parsed where they came in, in less than half a
/// millisecond; what is larger goes to a thread that may take longer.
const AT_ONCE: usize = 32 << 10;

/// Most blobs and manifests that a refusal names.
const NAMED: usize = 100;

/// A manifest that follows the rules, with its facts.
pub(super) struct Examined {
    repo: RepoName,
    manifest: Manifest,
    index: bool,
    tags: Vec<Tag>,
    base: BaseInfo,
    visibility: Option<Visibility>,
}

/// Checks everything that needs no lock.
pub(super) async fn examine(
    app: &App,
    right: &Right,
    publication: Publication,
) -> Result<Examined, PublishError> {
    let Publication { repo, reference, tags, media_type, body, visibility } = publication;
    let limit = app.config.registry.max_manifest_bytes;
    if body.len() > limit {
        return Err(PublishError::TooLarge { limit });
    }
    let tags = all_tags(&reference, tags)?;
    let (manifest, index) = if body.len() > AT_ONCE {
        let reading = move || read(&reference, media_type.as_deref(), body);
        tokio::task::spawn_blocking(reading).await??
    } else {
        read(&reference, media_type.as_deref(), body)?
    };
    let base = if tags.is_empty() {
        BaseInfo::default()
    } else {
        base_info(app, right.repo(), &manifest).await
    };
    Ok(Examined { repo, manifest, index, tags, base, visibility })
}

/// What the bytes say, and whether they are an index.
fn read(
    reference: &ManifestRef,
    media_type: Option<&str>,
    body: Vec<u8>,
) -> Result<(Manifest, bool), PublishError> {
    let digest = check_digest(reference, &body)?;
    let media_type = hub_oci::manifest_media_type(media_type, &body)?;
    let parsed = hub_oci::parse_manifest(&media_type, &body)?;
    Ok((Manifest { digest, media_type, body, facts: parsed.facts }, parsed.index))
}

/// Whether the organisation may hold the repository and the tags that come with the image.
pub(super) async fn require_room(
    app: &App,
    right: &Right,
    image: &Examined,
) -> Result<(), PublishError> {
    quota::require_repo(app, &image.repo, right).await?;
    Ok(quota::require_tags(app, &image.repo, right, &image.tags).await?)
}

/// Every tag the request sets, each once, in its order.
fn all_tags(reference: &ManifestRef, more: Vec<Tag>) -> Result<Vec<Tag>, PublishError> {
    let mut seen = BTreeSet::new();
    let first = match reference {
        ManifestRef::Tag(tag) => Some(tag.clone()),
        ManifestRef::Digest(_) => None,
    };
    let tags: Vec<_> =
        first.into_iter().chain(more).filter(|tag| seen.insert(tag.clone())).collect();
    if tags.len() > MAX_TAGS {
        return Err(PublishError::TooManyTags { found: tags.len() });
    }
    Ok(tags)
}

fn check_digest(reference: &ManifestRef, body: &[u8]) -> Result<Digest, PublishError> {
    match reference {
        ManifestRef::Tag(_) => Ok(digest_of(body, Algorithm::Sha256)),
        ManifestRef::Digest(expected) => {
            let found = digest_of(body, expected.algorithm());
            if found == *expected {
                Ok(found)
            } else {
                Err(PublishError::WrongDigest { expected: expected.clone(), found })
            }
        }
    }
}

/// The facts of the image. A configuration that cannot be read does not stop a push: what the
/// manifest alone says is enough then.
async fn base_info(app: &App, repo: Option<&Repo>, manifest: &Manifest) -> BaseInfo {
    let plain = BaseInfo {
        media_type: manifest.media_type.clone(),
        config_digest: manifest.facts.config.clone(),
        size: unique_size(&manifest.facts),
        ..BaseInfo::default()
    };
    // Without a repository nothing can be there that the manifest names.
    let Some(repo) = repo.cloned() else { return plain };
    let store = RepoStore::new(app, repo.id);
    let (media_type, body) = (manifest.media_type.clone(), manifest.body.clone());
    let read = move || hub_oci::base_info(&media_type, &body, &store);
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(base)) => base,
        Ok(Err(_)) | Err(_) => plain,
    }
}

fn unique_size(facts: &ManifestFacts) -> u64 {
    let sizes: BTreeMap<_, _> = facts.links.iter().map(|link| (&link.digest, link.size)).collect();
    // The sizes are the sender's word, and may be anything.
    sizes.values().fold(0, |sum: u64, size| sum.saturating_add(*size))
}

/// Records an examined image in one change.
pub(super) async fn record(
    app: &App,
    right: &Right,
    actor: &Actor,
    image: &Examined,
) -> Result<Published, PublishError> {
    let now = app.now_ms();
    let by = actor.name();
    let digest = &image.manifest.digest;
    let subject = image.manifest.facts.subject.clone();
    let mut change = app.db.change().await?;
    let ensured =
        ensure_repo(app, &mut change, &image.repo, right.clone(), image.visibility).await?;
    let repo = ensured.repo;
    let required = required(&app.config.registry, &image.manifest.facts.links);
    require_links(&mut change, repo.id, &required).await?;
    change.put_manifest(&image.manifest).await?;
    change.link_manifest(repo.id, &image.manifest, now, by).await?;
    let mut shelf = Shelf::new(repo.clone(), now);
    for tag in &image.tags {
        shelf.put(&mut change, tag, image, by).await?;
    }
    let before = shelf.finish(&mut change).await?;
    let repo_created = ensured.made || (repo.pushed_at_ms == 0 && !repo.keep);
    let (target, after) = noted(image, &repo, repo_created);
    let act = Act { action: "image.push", target: &target, org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, (before, after)).await?;
    for job in jobs(image) {
        change.enqueue(&job, now).await?;
    }
    change.tell(LetterKind::Repo, image.repo.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(Published { digest: digest.clone(), subject, tags: image.tags.clone(), repo_created })
}

/// What is noted of a push: the image, and what it is and by which tags. A repository that came
/// with it is told of here; uploads, which may make it first, are not noted.
fn noted(image: &Examined, repo: &Repo, repo_created: bool) -> (String, Value) {
    let digest = &image.manifest.digest;
    let target = match image.tags.first() {
        Some(tag) => format!("{}:{tag}", image.repo),
        None => format!("{}@{digest}", image.repo),
    };
    let tags: Vec<_> = image.tags.iter().map(Tag::as_str).collect();
    let mut after = json!({"digest": digest, "tags": tags});
    if repo_created {
        after["repo"] = json!({"created": true, "visibility": repo.visibility});
    }
    (target, after)
}

/// What is to be read later: the image behind each tag, and what an artifact says about another.
fn jobs(image: &Examined) -> Vec<Job> {
    let describe =
        |digest: &Digest| Job::DescribeImage { repo: image.repo.clone(), digest: digest.clone() };
    let facts = &image.manifest.facts;
    let mut jobs = Vec::new();
    if !image.tags.is_empty() {
        jobs.push(describe(&image.manifest.digest));
    }
    let artifact = hub_oci::detail_artifact::ARTIFACT_TYPE;
    if let Some(subject) = &facts.subject
        && !image.index
        && facts.artifact_type.as_deref() == Some(artifact)
    {
        jobs.push(describe(subject));
    }
    jobs
}

/// What the repository is to hold of all that a manifest names.
fn required<'a>(settings: &Registry, links: &'a [Link]) -> Vec<Required<'a>> {
    let links = links.iter().filter(|link| !link.elsewhere);
    let required = links.map(|link| Required {
        link,
        may_lack: match link.kind {
            LinkKind::Manifest => settings.sparse_index,
            LinkKind::Layer => settings.sparse_image,
            LinkKind::Config => false,
        },
    });
    required.collect()
}

/// A link, and whether what it names may be absent.
#[derive(Clone, Copy)]
struct Required<'a> {
    link: &'a Link,
    may_lack: bool,
}

/// Whether the repository holds everything that the manifest names. Asked inside the change, so
/// that nothing goes away before the commit.
async fn require_links(
    change: &mut Change,
    repo_id: i64,
    required: &[Required<'_>],
) -> Result<(), PublishError> {
    let digests = |manifests: bool| -> Vec<_> {
        let wanted =
            required.iter().filter(|one| (one.link.kind == LinkKind::Manifest) == manifests);
        wanted.map(|one| one.link.digest.clone()).collect()
    };
    let held: BTreeMap<_, _> =
        change.blobs_in(repo_id, &digests(false)).await?.into_iter().collect();
    let known: BTreeSet<_> =
        change.manifests_in(repo_id, &digests(true)).await?.into_iter().collect();
    let absent = |link: &Link| match link.kind {
        LinkKind::Manifest => !known.contains(&link.digest),
        LinkKind::Config | LinkKind::Layer => !held.contains_key(&link.digest),
    };
    let missing = required.iter().filter(|one| !one.may_lack && absent(one.link));
    let mut missing: Vec<_> = missing.map(|one| one.link.digest.clone()).collect();
    missing.sort_unstable();
    missing.dedup();
    missing.truncate(NAMED);
    if !missing.is_empty() {
        return Err(PublishError::Missing { digests: missing });
    }
    for Required { link, .. } in required {
        let Some(&found) = held.get(&link.digest) else { continue };
        if link.kind != LinkKind::Manifest && found != link.size {
            let digest = link.digest.clone();
            return Err(PublishError::WrongSize { digest, stated: link.size, found });
        }
    }
    Ok(())
}

/// The tags of a repository while one publication changes them.
struct Shelf {
    repo: Repo,
    now_ms: i64,
    latest: Latest,
    /// Whether a tag that was latest can no longer be: then all tags are looked through.
    recount: bool,
    touched: bool,
    /// What each tag named before.
    before: BTreeMap<String, Option<Digest>>,
}

impl Shelf {
    fn new(repo: Repo, now_ms: i64) -> Self {
        let latest = Latest {
            tag: repo.latest_tag.clone(),
            semver: repo.latest_semver.clone(),
            tags: repo.tags,
            pushed_at_ms: repo.pushed_at_ms,
            updated_at_ms: now_ms,
        };
        Self { repo, now_ms, latest, recount: false, touched: false, before: BTreeMap::new() }
    }

    /// Makes `tag` name the image.
    async fn put(
        &mut self,
        change: &mut Change,
        tag: &Tag,
        image: &Examined,
        by: &str,
    ) -> Result<(), PublishError> {
        // Two uploads in one tick are ordered by their changes, and time never runs backwards.
        let pushed_at_ms = self.now_ms.max(self.latest.pushed_at_ms + 1);
        let before = change.img(self.repo.id, tag).await?;
        let new = NewImg {
            repo_id: self.repo.id,
            tag: tag.clone(),
            digest: Some(image.manifest.digest.clone()),
            base: image.base.clone(),
            detail: Detail::default(),
            extraction: Extraction::Pending,
            pushed_at_ms,
            pushed_by: by.to_owned(),
        };
        let id = change.put_img(&new).await?;
        let img = Img {
            id,
            repo: image.repo.clone(),
            tag: new.tag,
            digest: new.digest,
            state: ImgState::Pushed,
            base: new.base,
            detail: new.detail,
            extraction: new.extraction,
            notes: Vec::new(),
            pushed_at_ms,
            pushed_by: new.pushed_by,
            pulled_at_ms: 0,
        };
        settle(change, &self.repo, &img, &img.extraction, &[]).await?;
        self.count(tag, image, before.as_ref(), pushed_at_ms);
        self.before.insert(tag.to_string(), before.and_then(|img| img.digest));
        if tag.as_str() == "latest" && self.repo.latest_mode == LatestMode::Auto {
            self.turn_virtual_latest_off(change).await?;
        }
        Ok(())
    }

    fn count(&mut self, tag: &Tag, image: &Examined, before: Option<&Img>, pushed_at_ms: i64) {
        self.touched = true;
        self.latest.pushed_at_ms = pushed_at_ms;
        if before.is_none_or(|img| img.state == ImgState::Declared) {
            self.latest.tags += 1;
        }
        if is_candidate(tag, image.manifest.facts.subject.is_some()) {
            self.latest.tag = Some(tag.clone());
            let versions = self.latest.semver.iter().chain([tag]);
            self.latest.semver = latest_semver(versions).cloned();
        } else {
            let was = [&self.latest.tag, &self.latest.semver];
            self.recount |= was.into_iter().flatten().any(|latest| latest == tag);
        }
    }

    /// A real `latest` was pushed: the virtual one stays off, also after the real one goes.
    async fn turn_virtual_latest_off(&mut self, change: &mut Change) -> Result<(), PublishError> {
        self.repo.latest_mode = LatestMode::Off;
        let edit = hub_db::RepoEdit {
            visibility: self.repo.visibility,
            keep: self.repo.keep,
            official: self.repo.official,
            latest_mode: LatestMode::Off,
            updated_at_ms: self.now_ms,
        };
        change.edit_repo(self.repo.id, &edit).await?;
        Ok(())
    }

    /// Answers what the tags named before; nothing where none was set.
    async fn finish(
        mut self,
        change: &mut Change,
    ) -> Result<Option<BTreeMap<String, Option<Digest>>>, PublishError> {
        if !self.touched {
            return Ok(None);
        }
        change.set_latest(self.repo.id, &self.latest).await?;
        if self.recount {
            self.repo.pushed_at_ms = self.latest.pushed_at_ms;
            images::move_latest(change, &self.repo, self.now_ms).await?;
        }
        Ok(Some(self.before))
    }
}
