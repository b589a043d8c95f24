//! `hub org`: organisations, their members, and invitations.

mod invitations;
mod members;

use anyhow::Result;
use hub_api::{CreateOrg, EditOrg, OrgRole, OrgView};
use hub_model::{OrgName, UserName};

pub(super) use members::still_there;

use crate::args::{self, Member, Org, OrgGone, OrgTexts};
use crate::context::Context;
use crate::printer::Listing;
use crate::report::{Exit, Failure};

/// Organisations asked for at once.
const PAGE: u32 = 100;

/// Runs a command about organisations.
///
/// # Errors
///
/// When a name breaks a rule, nobody can be asked, or the hub says no.
pub(crate) async fn org(command: Org, context: &Context) -> Result<Exit> {
    match command {
        Org::Ls(args) => ls(args.all, context).await,
        Org::Show(args) => show(&args.org, context).await,
        Org::Create(args) => create(args, context).await,
        Org::Edit(args) => edit(args, context).await,
        Org::Rm(args) => rm(args, context).await,
        Org::Members(args) => members::list(&args.org, context).await,
        Org::Member(Member::Add(args)) => members::add(args, context).await,
        Org::Member(Member::Rm(args)) => members::rm(args, context).await,
        Org::Transfer(args) => members::transfer(args, context).await,
        Org::Leave(args) => members::leave(args, context).await,
        Org::Invite(args) => invitations::invite(args, context).await,
        Org::Invitations(args) => invitations::list(args.org.as_deref(), context).await,
        Org::Accept(args) => invitations::accept(args, context).await,
        Org::Decline(args) => invitations::decline(args, context).await,
        Org::Uninvite(args) => invitations::uninvite(args, context).await,
    }
}

/// Reads the name of an organisation.
pub(super) fn org_name(text: &str) -> Result<OrgName, Failure> {
    OrgName::parse(text).map_err(|error| {
        Failure::usage(format!("{text} is no name of an organisation")).cause(error)
    })
}

/// Reads the name of a user.
pub(super) fn user_name(text: &str) -> Result<UserName, Failure> {
    UserName::parse(text)
        .map_err(|error| Failure::usage(format!("{text} is no name of a user")).cause(error))
}

async fn ls(all: bool, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    if !all && context.credentials(&server).await?.is_some() {
        let orgs = api.whoami().await?.orgs;
        context.printer.list(&Listing {
            head: &["NAME", "ROLE"],
            items: &orgs,
            cells: |org: &OrgRole| vec![org.name.clone(), org.role.clone()],
            name: |org| org.name.clone(),
        })?;
        return Ok(Exit::Done);
    }
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = api.orgs(after.as_deref(), Some(PAGE)).await?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    context.printer.list(&Listing {
        head: &["NAME", "CALLED", "DESCRIPTION"],
        items: &found,
        cells: |org: &OrgView| {
            vec![org.name.clone(), org.display_name.clone(), org.description.clone()]
        },
        name: |org| org.name.clone(),
    })?;
    Ok(Exit::Done)
}

async fn show(org: &str, context: &Context) -> Result<Exit> {
    let name = org_name(org)?;
    let server = context.server(None)?;
    let view = context.api(&server).await?.org(&name).await?;
    context.printer.value(&view, &view.name, || lines(&view))?;
    Ok(Exit::Done)
}

fn lines(org: &OrgView) -> Vec<String> {
    let mut lines = vec![org.name.clone()];
    for (word, text) in [
        ("called", org.display_name.clone()),
        ("about", org.description.clone()),
        ("you are", org.role.clone().unwrap_or_default()),
        ("repos", org.repos.map(|repos| repos.to_string()).unwrap_or_default()),
        ("new ones", org.default_visibility.clone()),
        ("made", org.created_at.chars().take(10).collect()),
    ] {
        if !text.is_empty() {
            lines.push(format!("{word:<9} {text}"));
        }
    }
    lines
}

async fn create(args: OrgTexts, context: &Context) -> Result<Exit> {
    let name = org_name(&args.org)?;
    let server = context.server(None)?;
    if args.dry_run {
        context.printer.note("dry-run", &format!("would make the organisation {name}"));
        return Ok(Exit::Done);
    }
    let new = CreateOrg {
        name: name.to_string(),
        display_name: args.display_name.unwrap_or_default(),
        description: args.description.unwrap_or_default(),
        default_visibility: args.default_visibility.map(word),
    };
    let made = context.api(&server).await?.create_org(&new).await?;
    context.printer.value(&made, &made.name, || vec![made.name.clone()])?;
    context.printer.note("made", &format!("{name}: you own it"));
    Ok(Exit::Done)
}

async fn edit(args: OrgTexts, context: &Context) -> Result<Exit> {
    let name = org_name(&args.org)?;
    let edit = EditOrg {
        display_name: args.display_name,
        description: args.description,
        default_visibility: args.default_visibility.map(word),
    };
    if edit.display_name.is_none()
        && edit.description.is_none()
        && edit.default_visibility.is_none()
    {
        return Err(Failure::usage("nothing to change was given")
            .hint("--display-name, --description or --default-visibility")
            .into());
    }
    let server = context.server(None)?;
    if args.dry_run {
        context.printer.note("dry-run", &format!("would change the organisation {name}"));
        return Ok(Exit::Done);
    }
    let now = context.api(&server).await?.edit_org(&name, &edit).await?;
    context.printer.value(&now, &now.name, || lines(&now))?;
    Ok(Exit::Done)
}

fn word(visibility: args::Visibility) -> String {
    match visibility {
        args::Visibility::Public => "public".to_owned(),
        args::Visibility::Private => "private".to_owned(),
    }
}

async fn rm(args: OrgGone, context: &Context) -> Result<Exit> {
    let name = org_name(&args.org)?;
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    if args.dry_run {
        api.org(&name).await?;
        context.printer.note("dry-run", &format!("would remove the organisation {name}"));
        return Ok(Exit::Done);
    }
    context.sure(&format!("remove the organisation {server}/{name}"), args.yes)?;
    api.delete_org(&name).await?;
    context.printer.note("removed", name.as_str());
    Ok(Exit::Done)
}
