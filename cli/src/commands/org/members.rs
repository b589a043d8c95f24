//! `hub org member`, `transfer` and `leave`.

use anyhow::Result;
use hub_api::MemberView;
use hub_model::UserName;

use super::{org_name, user_name};
use crate::args::{OrgGone, OrgInvite, OrgTransfer};
use crate::context::Context;
use crate::printer::Listing;
use crate::report::Exit;

/// Lists the members.
pub(super) async fn list(org: &str, context: &Context) -> Result<Exit> {
    let name = org_name(org)?;
    let server = context.server(None)?;
    let members = context.api(&server).await?.members(&name).await?;
    context.printer.list(&Listing {
        head: &["USER", "ROLE", "SINCE"],
        items: &members,
        cells: |member: &MemberView| {
            let day = member.since.chars().take(10).collect();
            vec![member.user.clone(), member.role.clone(), day]
        },
        name: |member| member.user.clone(),
    })?;
    Ok(Exit::Done)
}

/// Makes a user a member, or changes a role.
pub(super) async fn add(args: OrgInvite, context: &Context) -> Result<Exit> {
    let (org, user) = (org_name(&args.org)?, user_name(&args.user)?);
    let (server, role) = (context.server(None)?, args.role.as_str());
    let what = format!("{user}: {role} of {org}");
    if args.dry_run {
        context.printer.note("dry-run", &what);
        return Ok(Exit::Done);
    }
    context.api(&server).await?.set_member(&org, &user, args.role).await?;
    context.printer.note("member", &what);
    Ok(Exit::Done)
}

/// Ends a membership.
pub(super) async fn rm(args: OrgTransfer, context: &Context) -> Result<Exit> {
    let (org, user) = (org_name(&args.org)?, user_name(&args.user)?);
    let server = context.server(None)?;
    if args.dry_run {
        context.printer.note("dry-run", &format!("would take {user} out of {org}"));
        return Ok(Exit::Done);
    }
    context.sure(&format!("take {user} out of {org}"), args.yes)?;
    let left = context.api(&server).await?.remove_member(&org, &user).await?;
    context.printer.note("removed", &format!("{user} from {org}"));
    still_there(&user, &left.grants, context);
    Ok(Exit::Done)
}

/// Says which roles on single repositories stay.
pub(in super::super) fn still_there(user: &UserName, grants: &[String], context: &Context) {
    if grants.is_empty() {
        return;
    }
    let repos = grants.join(", ");
    context.printer.warn(&format!("{user} still has a role of their own on {repos}"));
    context.printer.hint(&format!("hub perm revoke {} --user {user}", grants[0]));
}

/// Hands an organisation over.
pub(super) async fn transfer(args: OrgTransfer, context: &Context) -> Result<Exit> {
    let (org, user) = (org_name(&args.org)?, user_name(&args.user)?);
    let server = context.server(None)?;
    if args.dry_run {
        context.printer.note("dry-run", &format!("would hand {org} over to {user}"));
        return Ok(Exit::Done);
    }
    context.sure(&format!("hand {org} over to {user}"), args.yes)?;
    let api = context.api(&server).await?;
    api.transfer_org(&org, &user).await?;
    // Administrators of the hub name an owner without belonging there.
    let mine = api.whoami().await?.orgs.into_iter().find(|own| own.name == org.as_str());
    let rest = match mine {
        Some(own) if own.role == "owner" => "; you are an owner there".to_owned(),
        Some(own) => format!("; you are a {} there", own.role),
        None => String::new(),
    };
    context.printer.note("owner", &format!("{user} owns {org} now{rest}"));
    Ok(Exit::Done)
}

/// Ends one's own membership.
pub(super) async fn leave(args: OrgGone, context: &Context) -> Result<Exit> {
    let org = org_name(&args.org)?;
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    let user = user_name(&api.whoami().await?.name)?;
    if args.dry_run {
        context.printer.note("dry-run", &format!("would take {user} out of {org}"));
        return Ok(Exit::Done);
    }
    context.sure(&format!("leave {org}"), args.yes)?;
    let left = api.remove_member(&org, &user).await?;
    context.printer.note("left", org.as_str());
    still_there(&user, &left.grants, context);
    Ok(Exit::Done)
}
