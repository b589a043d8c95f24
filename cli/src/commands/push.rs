//! `hub push`: an image from here to a hub, or to any registry, with what is said about it.

mod artifact;
mod blobs;
mod course;
mod destination;
mod preview;
mod refusal;
mod said;
mod target;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use hub_model::Tag;
use hub_oci::detail_artifact::Subject;
use hub_oci::{Extracted, Limits};
use serde::Serialize;

use crate::args::{Push, Visibility};
use crate::context::Context;
use crate::report::{Exit, Failure};
use crate::source::{Form, Platforms, Sockets, Source, open};

use destination::Destination;
use said::Said;
use target::Target;

/// The result, for programs.
#[derive(Debug, Serialize)]
struct Pushed<'a> {
    /// Names with tag and digest.
    references: Vec<String>,
    /// Digest of the manifest.
    digest: &'a str,
}

/// What an image says about itself, read while it is sent.
type Reading = tokio::task::JoinHandle<Result<Extracted, hub_oci::ExtractError>>;

/// Pushes an image.
///
/// # Errors
///
/// Files named by flags are read first: when one cannot be, nothing is sent. Otherwise what the
/// registry refuses, or the network breaks; what was sent until then stays, and a second run
/// goes on from there.
pub(crate) async fn push(args: Push, context: &Context) -> Result<Exit> {
    let said = said::read(&args.metadata)?;
    if args.metadata_only {
        // The image is named as it is called over there, so its host counts.
        let there = args.dest.as_deref().unwrap_or(&args.image);
        let destination = Destination::parse(there, &args.tags, context)?;
        return describe_at(&destination, &said, &args, context).await;
    }
    let form = Form::parse(&args.image, &args.from).map_err(|error| {
        Failure::usage(error).hint(
            "write auto, docker, podman, buildah, oci:DIR, oci-archive:FILE or docker-archive:FILE",
        )
    })?;
    let named = destination::of_args(&args, &form, None, context)?;
    // Who may not push should hear so before a large image is saved into a file.
    let early = match &named {
        Some(destination) if !args.dry_run => {
            Some(Target::connect(destination, args.retries, context).await?)
        }
        _ => None,
    };
    let config = &context.config;
    let sockets = Sockets::new(config.docker_host(), config.runtime_dir());
    let platforms = Platforms(args.platform.clone());
    let source = open(form.clone(), platforms, &sockets).await.map_err(refusal::of_source)?;
    context.printer.note("source", &source.told);
    let destination = match named {
        Some(destination) => destination,
        None => destination::of_args(&args, &form, source.name.as_deref(), context)?
            .ok_or_else(|| destination::nameless(&args.image))?,
    };
    let source = Arc::new(source);
    let reading = read_metadata(Arc::clone(&source), &destination.repo);
    if args.dry_run {
        preview::print(&source, &destination, &said, reading.await?, context)?;
        return Ok(Exit::Done);
    }
    let target = match early {
        Some(target) => target,
        None => Target::connect(&destination, args.retries, context).await?,
    };
    send(&args, &source, &target, &said, reading, context).await
}

/// Says things about an image that is there already.
async fn describe_at(
    destination: &Destination,
    said: &Said,
    args: &Push,
    context: &Context,
) -> Result<Exit> {
    if said.is_empty() {
        return Err(Failure::usage("nothing is said about the image")
            .hint("add -o README.md, --description, --keyword, --icon, --url, --alias or --detail")
            .into());
    }
    if args.dry_run {
        preview::print_said(destination, said, context)?;
        return Ok(Exit::Done);
    }
    let target = Target::connect(destination, args.retries, context).await?;
    let mut digest = String::new();
    for tag in &target.tags {
        let found = target.remote.pull_manifest(&target.repo, tag.as_str()).await;
        let found = found.map_err(|error| target.absent(tag, error))?;
        let size = found.bytes.len() as u64;
        let subject = Subject { media_type: found.media_type, digest: found.digest, size };
        digest = subject.digest.to_string();
        target.say(said, &subject, std::slice::from_ref(tag), context).await?;
    }
    print_result(&target, &digest, context)?;
    Ok(Exit::Done)
}

/// Begins to read what the image says about itself; the server will find the same.
fn read_metadata(source: Arc<Source>, repo: &str) -> Reading {
    let repo = repo.to_owned();
    tokio::task::spawn_blocking(move || {
        let top = source.top();
        hub_oci::extract(&top.media_type, &top.bytes, &repo, &*source, &Limits::default())
    })
}

async fn send(
    args: &Push,
    source: &Source,
    target: &Target,
    said: &Said,
    reading: Reading,
    context: &Context,
) -> Result<Exit> {
    if let Some(visibility) = args.visibility {
        target.make_visible(visibility == Visibility::Private, context).await?;
    }
    let begun = Instant::now();
    let counts = blobs::push(source, target, args.jobs, context).await?;
    // Its layers are in the page cache now, so this is the cheapest moment to wait for it.
    let extracted = course::readme(reading.await?, said, context);
    push_manifests(source, target).await?;
    course::pushed(&counts, begun.elapsed(), context);

    let top = source.top();
    let size = top.bytes.len() as u64;
    let subject = Subject { media_type: top.media_type.clone(), digest: top.digest.clone(), size };
    if !said.is_empty() {
        target.say(said, &subject, &target.tags, context).await?;
    }
    print_result(target, top.digest.as_str(), context)?;
    if let Some(file) = &args.digestfile {
        std::fs::write(file, top.digest.as_str())
            .with_context(|| format!("could not write the digest into {}", file.display()))?;
    }
    course::latest(target, said, extracted.as_ref(), context).await;
    Ok(Exit::Done)
}

/// Manifests: children first, the image itself last, under each of its tags.
async fn push_manifests(source: &Source, target: &Target) -> Result<()> {
    let (top, children) = source.manifests.split_last().context("the source has no manifest")?;
    let by_digest = children.iter().map(|child| (child, child.digest.to_string()));
    let by_tag = target.tags.iter().map(|tag: &Tag| (top, tag.to_string()));
    for (manifest, reference) in by_digest.chain(by_tag) {
        let bytes = manifest.bytes.clone().into();
        let pushed = target
            .remote
            .push_manifest(&target.repo, &reference, &manifest.media_type, bytes)
            .await;
        pushed.map_err(|error| {
            target.stopped(error, "all blobs are there, but no tag was written")
        })?;
    }
    Ok(())
}

fn print_result(target: &Target, digest: &str, context: &Context) -> Result<()> {
    let references: Vec<_> =
        target.tags.iter().map(|tag| format!("{}:{tag}@{digest}", target.name())).collect();
    let lines = references.clone();
    let name = references.join("\n");
    context.printer.value(&Pushed { references, digest }, &name, || lines)?;
    Ok(())
}
