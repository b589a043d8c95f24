//! `hub rm`: removes a tag, or a whole repository.

use anyhow::Result;

use crate::context::Context;
use crate::report::{Exit, Failure};
use crate::server::{image, repo_name};

/// How to go about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    /// The repository with all its tags.
    pub(crate) whole_repo: bool,
    /// Without asking.
    pub(crate) yes: bool,
    /// Without doing it.
    pub(crate) dry_run: bool,
}

/// Removes a tag or a repository, after asking.
///
/// # Errors
///
/// When nobody can be asked, or the hub says no.
pub(crate) async fn rm(text: &str, how: How, context: &Context) -> Result<Exit> {
    let reference = image(text)?;
    let repo = repo_name(&reference)?;
    let tag = match (&reference.tag, how.whole_repo) {
        (None, true) => None,
        (Some(tag), false) => Some(tag),
        (Some(_), true) => {
            return Err(Failure::usage("--repo removes all tags, so none may be named")
                .hint(format!("hub rm --repo {repo}"))
                .into());
        }
        (None, false) => {
            return Err(Failure::usage(format!("no tag given: {text}"))
                .hint(format!("write {repo}:TAG, or --repo for all of it"))
                .into());
        }
    };
    let server = context.server(reference.host.as_deref())?;
    let api = context.api(&server).await?;
    let what = match tag {
        Some(tag) => format!("{server}/{repo}:{tag}"),
        None => format!("{server}/{repo} with all its tags"),
    };
    if how.dry_run {
        match tag {
            Some(tag) => drop(api.img(&repo, tag.as_str()).await?),
            None => drop(api.repo(&repo).await?),
        }
        context.printer.note("dry-run", &format!("would remove {what}"));
        return Ok(Exit::Done);
    }
    if !how.yes {
        if !context.may_ask() {
            let nobody = Failure::usage(format!("will not remove {what} without asking"));
            return Err(nobody.hint("add --yes").into());
        }
        if !context.printer.ask(&format!("Remove {what}?"))? {
            return Err(Failure::new(Exit::Failed, "nothing was removed").into());
        }
    }
    match tag {
        Some(tag) => api.delete_tag(&repo, tag).await?,
        None => api.delete_repo(&repo).await?,
    }
    context.printer.note("removed", &what);
    let last = tag.is_some() && api.repo(&repo).await.is_err_and(|e| e.status() == Some(404));
    if last {
        context.printer.note("removed", &format!("{server}/{repo}: that was its last tag"));
    }
    Ok(Exit::Done)
}
