//! Where an image goes: host, repository and tags, worked out before anything is sent.

use hub_model::{ImageRef, Tag};

use crate::args::Push;
use crate::context::Context;
use crate::report::Failure;
use crate::server::{Server, image};
use crate::source::Form;

/// Where an image goes.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) server: Server,
    pub(super) repo: String,
    /// At least one.
    pub(super) tags: Vec<Tag>,
}

impl Destination {
    /// Reads `[HOST/]ORG/REPO[:TAG]`; `more` are further tags, or the only ones.
    ///
    /// # Errors
    ///
    /// A usage failure without any tag, or with a digest.
    pub(super) fn parse(text: &str, more: &[String], context: &Context) -> Result<Self, Failure> {
        let named = image(text)?;
        let server = context.server(named.host.as_deref())?;
        Self::new(server, named, &read_tags(more)?)
    }

    fn new(server: Server, named: ImageRef, more: &[Tag]) -> Result<Self, Failure> {
        if named.digest.is_some() {
            return Err(Failure::usage(format!("a digest is no place to push to: {named}"))
                .hint(format!("write {}:TAG", named.path)));
        }
        let mut tags: Vec<Tag> = named.tag.into_iter().collect();
        for tag in more {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        if tags.is_empty() {
            let path = named.path;
            return Err(Failure::usage(format!("no tag given: {path}"))
                .hint(format!("write {path}:v1, or --tag v1")));
        }
        Ok(Self { server, repo: named.path, tags })
    }
}

/// The destination that the arguments name, or `None` while only the archive can tell. `known` is
/// the name that the image has where it comes from; its host is dropped.
pub(super) fn of_args(
    args: &Push,
    form: &Form,
    known: Option<&str>,
    context: &Context,
) -> Result<Option<Destination>, Failure> {
    let more = read_tags(&args.tags)?;
    let own = form.name().or(known);
    if let Some(dest) = &args.dest {
        let mut named = image(dest)?;
        if named.tag.is_none() && more.is_empty() {
            named.tag = own.and_then(|own| image(own).ok()?.tag).or_else(|| form.tag());
        }
        let server = context.server(named.host.as_deref())?;
        return Destination::new(server, named, &more).map(Some);
    }
    let Some(own) = own else {
        return Ok(None);
    };
    let named = ImageRef { host: None, ..image(own)? };
    Destination::new(context.server(None)?, named, &more).map(Some)
}

fn read_tags(texts: &[String]) -> Result<Vec<Tag>, Failure> {
    let read = |text: &String| {
        Tag::parse(text).map_err(|error| Failure::usage(format!("{text} is no tag")).cause(error))
    };
    texts.iter().map(read).collect()
}

/// The failure for an image whose name nobody knows.
pub(super) fn nameless(image: &str) -> Failure {
    Failure::usage(format!("where to push {image} to is not said"))
        .hint(format!("hub push {image} ORG/REPO:TAG"))
}
