//! `hub perm`: who may what, and why.

use anyhow::Result;
use hub_api::{AccessEntryView, CheckView};
use hub_model::Place;

use super::org::{org_name, still_there, user_name};
use crate::args::{Perm, PermCheck, PermGet, PermGrant, PermRevoke};
use crate::context::Context;
use crate::printer::Listing;
use crate::report::{Exit, Failure};
use crate::server::{Server, image, repo_name};

/// Runs a command about rights.
///
/// # Errors
///
/// When a name breaks a rule, nobody can be asked, or the hub says no.
pub(crate) async fn perm(command: Perm, context: &Context) -> Result<Exit> {
    match command {
        Perm::Get(args) => get(args, context).await,
        Perm::Grant(args) => grant(args, context).await,
        Perm::Revoke(args) => revoke(args, context).await,
        Perm::Check(args) => check(args, context).await,
    }
}

/// Reads `ORG`, `ORG/REPO` or `HOST/ORG/REPO`.
fn resource(text: &str, context: &Context) -> Result<(Server, Place), Failure> {
    if !text.contains('/') {
        return Ok((context.server(None)?, Place::Org(org_name(text)?)));
    }
    let reference = image(text)?;
    if reference.tag.is_some() || reference.digest.is_some() {
        return Err(Failure::usage(format!("{text} names a single image"))
            .hint("rights are those of a repository: write ORG/REPO"));
    }
    let repo = repo_name(&reference)?;
    Ok((context.server(reference.host.as_deref())?, Place::Repo(repo)))
}

async fn get(args: PermGet, context: &Context) -> Result<Exit> {
    let (server, place) = resource(&args.resource, context)?;
    let api = context.api(&server).await?;
    let mut entries = match &place {
        Place::Org(org) => {
            let members = api.members(org).await?.into_iter();
            members
                .map(|one| AccessEntryView {
                    kind: "member".to_owned(),
                    user: Some(one.user),
                    org: None,
                    role: one.role,
                    since: one.since,
                    until: None,
                    by: None,
                })
                .collect()
        }
        Place::Repo(repo) => {
            let access = api.repo_access(repo).await?;
            context.printer.note("repo", &format!("{repo} is {}", access.visibility));
            if !access.administer {
                context.printer.note("shown", "what concerns you; owners see everybody");
            }
            access.entries
        }
    };
    if let Some(user) = &args.user {
        let user = user_name(user)?;
        entries.retain(|entry| entry.user.as_deref() == Some(user.as_str()));
    }
    context.printer.list(&Listing {
        head: &["WHO", "ROLE", "BY", "SINCE", "UNTIL"],
        items: &entries,
        cells,
        name: |entry| who(entry).to_owned(),
    })?;
    Ok(Exit::Done)
}

fn who(entry: &AccessEntryView) -> &str {
    entry.user.as_deref().or(entry.org.as_deref()).unwrap_or_default()
}

fn cells(entry: &AccessEntryView) -> Vec<String> {
    let day = |time: &str| time.chars().take(10).collect::<String>();
    let rule = match (entry.kind.as_str(), &entry.by) {
        ("member", _) => "membership".to_owned(),
        (kind, Some(by)) => format!("{kind} of {by}"),
        (kind, None) => kind.to_owned(),
    };
    let until = entry.until.as_deref().map(day).unwrap_or_default();
    vec![who(entry).to_owned(), entry.role.clone(), rule, day(&entry.since), until]
}

async fn grant(args: PermGrant, context: &Context) -> Result<Exit> {
    let (server, place) = resource(&args.resource, context)?;
    let user = user_name(&args.user)?;
    let what = format!("{user}: {} of {place}", args.role.as_str());
    if args.dry_run {
        context.printer.note("dry-run", &what);
        return Ok(Exit::Done);
    }
    let api = context.api(&server).await?;
    match &place {
        Place::Org(org) => api.set_member(org, &user, args.role).await?,
        Place::Repo(repo) => drop(api.grant(repo, &user, args.role).await?),
    }
    context.printer.note("granted", &what);
    Ok(Exit::Done)
}

async fn revoke(args: PermRevoke, context: &Context) -> Result<Exit> {
    let (server, place) = resource(&args.resource, context)?;
    let user = user_name(&args.user)?;
    if args.dry_run {
        context.printer.note("dry-run", &format!("would take the role of {user} in {place}"));
        return Ok(Exit::Done);
    }
    context.sure(&format!("take the role of {user} in {place}"), args.yes)?;
    let api = context.api(&server).await?;
    let left = match &place {
        Place::Org(org) => api.remove_member(org, &user).await?.grants,
        Place::Repo(repo) => {
            api.revoke_grant(repo, &user).await?;
            Vec::new()
        }
    };
    context.printer.note("revoked", &format!("the role of {user} in {place}"));
    still_there(&user, &left, context);
    Ok(Exit::Done)
}

async fn check(args: PermCheck, context: &Context) -> Result<Exit> {
    let (server, place) = resource(&args.resource, context)?;
    let user = args.user.as_deref().map(user_name).transpose()?;
    let api = context.api(&server).await?;
    let found = api.check_access(&place, args.action, user.as_ref()).await?;
    let word = if found.allowed { "allowed" } else { "denied" };
    context.printer.value(&found, word, || lines(&found, args.why))?;
    if !found.allowed && !found.ask.is_empty() {
        context.printer.hint(&format!("ask an owner: {}", found.ask.join(", ")));
    }
    Ok(if found.allowed { Exit::Done } else { Exit::Check })
}

fn lines(found: &CheckView, why: bool) -> Vec<String> {
    if !why {
        return vec![if found.allowed { "allowed" } else { "denied" }.to_owned()];
    }
    let mut lines = vec![found.decision.clone()];
    for ground in &found.considered {
        let mark = if *ground == found.ground { "counts" } else { "looked at" };
        lines.push(format!("{mark:<9} {}", ground.text));
    }
    lines
}
