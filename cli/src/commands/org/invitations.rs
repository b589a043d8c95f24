//! `hub org invite`, and what follows from it.

use anyhow::Result;
use hub_api::InvitationView;

use super::{org_name, user_name};
use crate::args::{OrgAnswer, OrgInvite, OrgUser};
use crate::context::Context;
use crate::printer::Listing;
use crate::report::Exit;

/// Asks a user to become a member.
pub(super) async fn invite(args: OrgInvite, context: &Context) -> Result<Exit> {
    let (org, user) = (org_name(&args.org)?, user_name(&args.user)?);
    let server = context.server(None)?;
    if args.dry_run {
        let role = args.role.as_str();
        context.printer.note("dry-run", &format!("would invite {user} as {role} of {org}"));
        return Ok(Exit::Done);
    }
    let made = context.api(&server).await?.invite(&org, &user, args.role).await?;
    context.printer.value(&made, &made.user, Vec::new)?;
    let until: String = made.expires_at.chars().take(10).collect();
    context.printer.note("invited", &format!("{user} as {} of {org}, until {until}", made.role));
    context.printer.hint(&format!("{user} accepts by hub org accept {org}, or on the pages"));
    Ok(Exit::Done)
}

/// Lists invitations: one's own, or those into an organisation.
pub(super) async fn list(org: Option<&str>, context: &Context) -> Result<Exit> {
    let org = org.map(org_name).transpose()?;
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    let found = match &org {
        Some(org) => api.invitations_of(org).await?,
        None => api.invitations().await?,
    };
    context.printer.list(&Listing {
        head: &["ORG", "USER", "ROLE", "BY", "UNTIL", ""],
        items: &found,
        cells,
        name: if org.is_some() { |one| one.user.clone() } else { |one| one.org.clone() },
    })?;
    Ok(Exit::Done)
}

fn cells(one: &InvitationView) -> Vec<String> {
    let ended = if one.ended { "ended" } else { "" };
    vec![
        one.org.clone(),
        one.user.clone(),
        one.role.clone(),
        one.invited_by.clone(),
        one.expires_at.chars().take(10).collect(),
        ended.to_owned(),
    ]
}

/// Accepts an invitation.
pub(super) async fn accept(args: OrgAnswer, context: &Context) -> Result<Exit> {
    let org = org_name(&args.org)?;
    let server = context.server(None)?;
    if args.dry_run {
        context.printer.note("dry-run", &format!("would become a member of {org}"));
        return Ok(Exit::Done);
    }
    let member = context.api(&server).await?.accept_invitation(&org).await?;
    context.printer.value(&member, &member.user, Vec::new)?;
    context.printer.note("member", &format!("{}: {} of {org}", member.user, member.role));
    Ok(Exit::Done)
}

/// Declines an invitation.
pub(super) async fn decline(args: OrgAnswer, context: &Context) -> Result<Exit> {
    let org = org_name(&args.org)?;
    let server = context.server(None)?;
    if args.dry_run {
        context.printer.note("dry-run", &format!("would decline the invitation into {org}"));
        return Ok(Exit::Done);
    }
    context.api(&server).await?.decline_invitation(&org).await?;
    context.printer.note("declined", org.as_str());
    Ok(Exit::Done)
}

/// Takes an invitation back.
pub(super) async fn uninvite(args: OrgUser, context: &Context) -> Result<Exit> {
    let (org, user) = (org_name(&args.org)?, user_name(&args.user)?);
    let server = context.server(None)?;
    if args.dry_run {
        context.printer.note("dry-run", &format!("would take back the invitation of {user}"));
        return Ok(Exit::Done);
    }
    context.api(&server).await?.withdraw_invitation(&org, &user).await?;
    context.printer.note("removed", &format!("the invitation of {user} into {org}"));
    Ok(Exit::Done)
}
