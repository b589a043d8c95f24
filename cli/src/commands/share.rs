//! `hub share`: private repositories shown to others, read only.

use anyhow::Result;
use hub_api::{CreateShare, EditShare, ShareView};
use hub_api_client::{Client, SharesOf};
use hub_model::RepoName;

use crate::args::{Share, ShareCreate, ShareEdit, ShareLs, ShareRm, ShareWith};
use crate::context::Context;
use crate::printer::Listing;
use crate::report::Exit;
use crate::server::{image, repo_name};
use crate::units;

/// Shares asked for at once.
const PAGE: usize = 100;

/// Lists, makes, shows, changes or ends shares.
///
/// # Errors
///
/// When the hub says no.
pub(crate) async fn share(args: Share, context: &Context) -> Result<Exit> {
    match args {
        Share::Ls(args) => list(args, context).await,
        Share::Create(args) => create(args, context).await,
        Share::Show(args) => show(&args, context).await,
        Share::Edit(args) => edit(args, context).await,
        Share::Rm(args) => remove(args, context).await,
    }
}

/// The hub that has the repository, and the repository's name.
async fn at(repo: &str, context: &Context) -> Result<(Client, RepoName)> {
    let reference = image(repo)?;
    let repo = repo_name(&reference)?;
    let server = context.server(reference.host.as_deref())?;
    Ok((context.api(&server).await?, repo))
}

async fn list(args: ShareLs, context: &Context) -> Result<Exit> {
    let (api, of) = match (&args.repo, args.org) {
        (Some(repo), _) => {
            let (api, repo) = at(repo, context).await?;
            (api, SharesOf::Repo(repo))
        }
        (None, org) => {
            let api = context.api(&context.server(None)?).await?;
            let own = if args.to_me { SharesOf::ToMe } else { SharesOf::Mine };
            (api, org.map_or(own, SharesOf::Org))
        }
    };
    let wanted = args.limit.unwrap_or(usize::MAX);
    let (mut found, mut before, mut total) = (Vec::new(), None, 0);
    while found.len() < wanted {
        let most = u32::try_from(PAGE.min(wanted - found.len())).unwrap_or(u32::MAX);
        let page = api.shares(&of, args.status, before.as_deref(), Some(most)).await?;
        found.extend(page.items);
        total = page.total;
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let short = ["REPOSITORY", "WITH", "UNTIL", ""];
    let long = ["REPOSITORY", "WITH", "UNTIL", "", "SINCE", "BY", "WHY"];
    context.printer.list(&Listing {
        head: if args.detail { &long } else { &short },
        items: &found,
        cells: if args.detail { detailed } else { cells },
        name: |share| format!("{} {}", share.repo, share.with),
    })?;
    if (found.len() as u64) < total {
        context.printer.hint(&format!("{total} shares, more: without --limit"));
    }
    Ok(Exit::Done)
}

fn cells(share: &ShareView) -> Vec<String> {
    let remark = if share.status { "" } else { "ended" };
    let with = if share.kind == "org" { format!("{}/*", share.with) } else { share.with.clone() };
    vec![share.repo.clone(), with, share.until.clone(), remark.to_owned()]
}

fn detailed(share: &ShareView) -> Vec<String> {
    let mut cells = cells(share);
    let since = units::since(&share.created_at);
    cells.extend([since, share.created_by.clone(), share.description.clone()]);
    cells
}

async fn create(args: ShareCreate, context: &Context) -> Result<Exit> {
    let (api, repo) = at(&args.repo, context).await?;
    let new = CreateShare {
        with: args.to.to_string(),
        until: Some(args.until),
        permit: Some(args.permit),
        description: args.description,
    };
    if args.dry_run {
        api.repo(&repo).await?;
        let until = new.until.unwrap_or_default();
        let what = format!("would share {repo} with {} until {until}", new.with);
        context.printer.note("dry-run", &what);
        return Ok(Exit::Done);
    }
    tell(&api.create_share(&repo, &new).await?, context)
}

async fn show(args: &ShareWith, context: &Context) -> Result<Exit> {
    let (api, repo) = at(&args.repo, context).await?;
    tell(&api.share(&repo, args.name.as_str()).await?, context)
}

async fn edit(args: ShareEdit, context: &Context) -> Result<Exit> {
    let ShareWith { repo, name } = args.share;
    let (api, repo) = at(&repo, context).await?;
    if args.dry_run {
        let share = api.share(&repo, name.as_str()).await?;
        let what = format!("would change the share of {} with {}", share.repo, share.with);
        context.printer.note("dry-run", &what);
        return Ok(Exit::Done);
    }
    let edit = EditShare { until: args.until, permit: None, description: args.description };
    tell(&api.edit_share(&repo, name.as_str(), &edit).await?, context)
}

fn tell(share: &ShareView, context: &Context) -> Result<Exit> {
    context.printer.value(share, &share.with, || {
        let ended = if share.status { "" } else { " (ended)" };
        let mut lines = vec![
            format!("repository   {}", share.repo),
            format!("with         {} ({})", share.with, share.kind),
            format!("may          {}", share.permit),
            format!("until        {}{ended}", share.until),
            format!("shared by    {}, {}", share.created_by, units::since(&share.created_at)),
        ];
        if !share.description.is_empty() {
            lines.push(format!("why          {}", share.description));
        }
        lines
    })?;
    Ok(Exit::Done)
}

async fn remove(args: ShareRm, context: &Context) -> Result<Exit> {
    let ShareWith { repo, name } = args.share;
    let (api, repo) = at(&repo, context).await?;
    let what = format!("the share of {repo} with {name}");
    if args.dry_run {
        api.share(&repo, name.as_str()).await?;
        context.printer.note("dry-run", &format!("would end {what}"));
        return Ok(Exit::Done);
    }
    context.sure(&format!("end {what}"), args.yes)?;
    api.delete_share(&repo, name.as_str()).await?;
    context.printer.note("ended", &what);
    Ok(Exit::Done)
}
