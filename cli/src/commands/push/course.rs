//! The lines on stderr that tell how a push went.

use std::time::Duration;

use hub_model::{Detail, Field, Source as From};
use hub_oci::{ExtractError, Extracted};
use indicatif::HumanBytes;

use super::blobs::Counts;
use super::said::Said;
use super::target::{Hub, Target};
use crate::context::Context;

/// Tells which README the image will have.
pub(super) fn readme(
    extracted: Result<Extracted, ExtractError>,
    said: &Said,
    context: &Context,
) -> Option<Extracted> {
    let printer = context.printer;
    let extracted = match extracted {
        Ok(extracted) => extracted,
        Err(error) => {
            printer.warn(&format!("what the image says about itself cannot be read: {error}"));
            return None;
        }
    };
    for note in &extracted.notes {
        printer.detail(note);
    }
    let own = extracted.detail.get(Field::Docs).map(|docs| whence(&docs.source));
    match (&said.artifact.docs, own) {
        (Some(docs), _) if docs.is_empty() => printer.note("readme", "none, on purpose"),
        (Some(docs), own) => {
            let size = HumanBytes(docs.len() as u64);
            let own = own.unwrap_or_else(|| "image has none at /README.md".to_owned());
            printer.note("readme", &format!("{} ({size}) overrides: {own}", said.readme_label()));
        }
        (None, Some(own)) => {
            let docs = extracted.detail.docs();
            let size = docs.and_then(|digest| {
                extracted.documents.iter().find(|document| document.digest == digest)
            });
            let size = size.map_or(0, |document| document.body.len());
            printer.note("readme", &format!("{own} ({})", HumanBytes(size as u64)));
        }
        (None, None) => {
            printer.warn("the image has no README");
            printer.hint("add one: hub push … -o README.md");
        }
    }
    Some(extracted)
}

/// Where a value comes from, in few words.
pub(super) fn whence(source: &From) -> String {
    match source {
        From::File { path, layer } | From::Base { path, layer } => {
            format!("{path} in layer {}", layer.short())
        }
        other => other.to_string(),
    }
}

/// Tells what became of the blobs.
pub(super) fn pushed(counts: &Counts, time: Duration, context: &Context) {
    let Counts { all, present, mounted, sent } = counts;
    let mut parts = vec![format!("{all}/{all} blobs")];
    if *present > 0 {
        parts.push(format!("{present} there already"));
    }
    if *mounted > 0 {
        parts.push(format!("{mounted} mounted"));
    }
    parts.push(format!("{} in {:.1} s", HumanBytes(*sent), time.as_secs_f64()));
    context.printer.note("push", &parts.join(", "));
}

/// Tells what the repository shows now. That the hub does not answer any more is no failure of
/// a push that is done.
pub(super) async fn latest(
    target: &Target,
    said: &Said,
    extracted: Option<&Extracted>,
    context: &Context,
) {
    let Some(Hub { client, repo, before }) = &target.hub else {
        return;
    };
    let Ok(after) = client.repo(repo).await else {
        return;
    };
    let Some(latest) = after.latest_tag else {
        return;
    };
    let was = before.as_ref().and_then(|before| before.latest_tag.clone());
    let mut parts = vec![match was {
        Some(was) if was != latest => format!("{latest} (was {was})"),
        _ => latest,
    }];
    let own = extracted.map(|extracted| extracted.detail.clone()).unwrap_or_default();
    let detail = Detail::merge([said.detail(), own]);
    let keywords = detail.list(Field::Keywords);
    if !keywords.is_empty() {
        parts.push(format!("keywords: {}", keywords.join(", ")));
    }
    let tag = &target.tags[0];
    parts.push(format!("web: {}/r/{repo}/-/tags/{tag}", target.server.url()));
    context.printer.note("latest", &parts.join("   "));
}
