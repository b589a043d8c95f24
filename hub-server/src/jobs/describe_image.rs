//! Reads the metadata out of an image, and what detail artifacts say about it.

use chrono::DateTime;
use hub_model::{Digest, Manifest, Referrer, ReferrersAsked, Repo, RepoName, Visibility};
use hub_oci::{ExtractError, Extracted, Limits, detail_artifact, mark_base, prefix_chains};

use super::Failure;
use crate::App;
use crate::services::chain;
use crate::services::images::{self, RepoStore};

/// Annotation with the time at which an artifact was made.
const CREATED: &str = "org.opencontainers.image.created";

/// Reads an image once. How many are read at once is the number of workers.
pub(crate) async fn run(app: &App, name: &RepoName, digest: &Digest) -> Result<(), Failure> {
    let Some(repo) = app.db.repo(name).await? else { return Ok(()) };
    read_artifacts(app, &repo, digest).await?;
    let Some(manifest) = app.db.manifest(repo.id, digest).await? else { return Ok(()) };
    if app.db.imgs_of(repo.id, digest).await?.is_empty() {
        return Ok(());
    }
    match extract(app, &repo, manifest).await {
        Ok(mut extracted) => {
            find_base(app, &repo, &mut extracted).await?;
            images::described(app, name, digest, extracted).await?;
            Ok(())
        }
        Err(error) => {
            images::not_described(app, name, digest, chain(&error)).await?;
            // What breaks a rule breaks it the next time, too.
            if is_passing(&error) { Err(error.into()) } else { Ok(()) }
        }
    }
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Extract(#[from] ExtractError),
    #[error("could not finish reading the image")]
    Lost(#[from] tokio::task::JoinError),
}

fn is_passing(error: &ReadError) -> bool {
    match error {
        ReadError::Extract(ExtractError::Store { source, .. }) => {
            source.kind() != std::io::ErrorKind::NotFound
        }
        ReadError::Extract(_) | ReadError::Lost(_) => false,
    }
}

async fn extract(app: &App, repo: &Repo, manifest: Manifest) -> Result<Extracted, ReadError> {
    let store = RepoStore::new(app, repo.id);
    let path = repo.name.path().to_owned();
    let work = move || {
        let limits = Limits::default();
        hub_oci::extract(&manifest.media_type, &manifest.body, &path, &store, &limits)
    };
    Ok(tokio::task::spawn_blocking(work).await??)
}

/// Looks for an image of another repository that this one was built upon: what lies in its layers
/// is not what this image says about itself. Its name is told only when everybody may know it.
async fn find_base(app: &App, repo: &Repo, extracted: &mut Extracted) -> Result<(), Failure> {
    let longer_than = extracted.docs_layer.as_ref().map_or(0, |(_, index)| *index);
    let chains = prefix_chains(&extracted.layers, longer_than);
    if chains.is_empty() {
        return Ok(());
    }
    let Some(base) = app.db.base_of(&chains, repo.id).await? else { return Ok(()) };
    let Some(place) = chains.iter().position(|chain| *chain == base.chain) else { return Ok(()) };
    // The longest proper prefix comes first.
    let layers = extracted.layers.len() - 1 - place;
    let reference = match &base.tag {
        Some(tag) => format!("{}:{tag}", base.repo),
        None => format!("{}@{}", base.repo, base.digest),
    };
    let name = (base.visibility == Visibility::Public).then_some(reference.as_str());
    mark_base(extracted, layers, name);
    Ok(())
}

/// Writes down what the newest readable detail artifact says about an image.
async fn read_artifacts(app: &App, repo: &Repo, subject: &Digest) -> Result<(), Failure> {
    let mut said = None;
    for digest in artifacts_of(app, repo, subject).await? {
        let Some(manifest) = app.db.manifest(repo.id, &digest).await? else { continue };
        let store = RepoStore::new(app, repo.id);
        let read = move || detail_artifact::read(&manifest.body, &store);
        match tokio::task::spawn_blocking(read).await? {
            Ok(found) => {
                said = Some(found);
                break;
            }
            Err(ExtractError::Store { source, digest })
                if source.kind() != std::io::ErrorKind::NotFound =>
            {
                return Err(ExtractError::Store { source, digest }.into());
            }
            // Not what its type promises: an older one may be.
            Err(_) => {}
        }
    }
    images::said_by_artifacts(app, &repo.name, subject, said).await?;
    Ok(())
}

/// The detail artifacts that refer to an image, the newest first.
async fn artifacts_of(app: &App, repo: &Repo, subject: &Digest) -> Result<Vec<Digest>, Failure> {
    let mut artifacts: Vec<(i64, Digest)> = Vec::new();
    let mut after: Option<Digest> = None;
    loop {
        let asked = ReferrersAsked {
            artifact_type: Some(detail_artifact::ARTIFACT_TYPE),
            after: after.as_ref().map(Digest::as_str),
            limit: 100,
            bytes: 1 << 20,
        };
        let (page, more) = app.db.referrers(repo.id, subject, asked).await?;
        artifacts.extend(page.iter().map(|artifact| (made_at(artifact), artifact.digest.clone())));
        after = page.into_iter().next_back().map(|artifact| artifact.digest);
        if !more {
            break;
        }
    }
    artifacts.sort_unstable_by(|one, other| other.cmp(one));
    Ok(artifacts.into_iter().map(|(_, digest)| digest).collect())
}

/// When an artifact says it was made, in milliseconds; 0 when it does not say.
fn made_at(artifact: &Referrer) -> i64 {
    let annotations: serde_json::Value =
        serde_json::from_str(&artifact.annotations).unwrap_or_default();
    let created = annotations.get(CREATED).and_then(|value| value.as_str());
    let created = created.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    created.map_or(0, |time| time.timestamp_millis())
}
