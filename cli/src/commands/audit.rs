//! `hub audit`: who did what, and what was refused.

use anyhow::Result;
use hub_api::AuditView;
use hub_api_client::AuditFor;

use crate::args::Audit;
use crate::context::Context;
use crate::printer::{Format, Listing};
use crate::report::Exit;
use crate::units;

/// Entries asked for at once.
const PAGE: usize = 100;

/// Longest remark in a table, in characters.
const SHOWN: usize = 60;

/// Lists acts, the newest first. With `--format jsonl` each page is printed as it comes.
///
/// # Errors
///
/// When the caller owns no such organisation, or does not administer the hub.
pub(crate) async fn audit(args: Audit, context: &Context) -> Result<Exit> {
    let api = context.api(&context.server(None)?).await?;
    let wanted = AuditFor {
        org: args.org,
        actor: args.actor,
        action: args.action,
        target: args.target,
        outcome: args.denied.then(|| "denied".to_owned()),
        since: args.since,
        until: args.until,
    };
    let most = if args.limit == 0 { usize::MAX } else { args.limit };
    let at_once = context.printer.format() == Format::Jsonl;
    let (mut found, mut count, mut before) = (Vec::new(), 0, None);
    while count < most {
        let next = u32::try_from(PAGE.min(most - count)).unwrap_or(u32::MAX);
        let page = api.audit(&wanted, before.as_deref(), Some(next)).await?;
        count += page.items.len();
        found.extend(page.items);
        if at_once {
            print(&found, context)?;
            found.clear();
        }
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    if !at_once {
        print(&found, context)?;
    }
    if before.is_some() {
        context.printer.hint("there are more: --limit 0 for all");
    }
    Ok(Exit::Done)
}

fn print(found: &[AuditView], context: &Context) -> Result<()> {
    Ok(context.printer.list(&Listing {
        head: &["WHEN", "WHO", "WHAT", "TO", "FROM", ""],
        items: found,
        cells,
        name: |act| act.id.to_string(),
    })?)
}

fn cells(act: &AuditView) -> Vec<String> {
    let who = match act.credential.as_str() {
        "" | "password" => act.actor.clone(),
        credential => format!("{} ({credential})", act.actor),
    };
    let remark = match (&act.reason, &act.after) {
        (Some(reason), _) => format!("denied: {reason}"),
        (None, Some(after)) => after.to_string(),
        (None, None) => String::new(),
    };
    vec![
        units::since(&act.at),
        who,
        act.action.clone(),
        act.target.clone(),
        act.address.clone(),
        remark.chars().take(SHOWN).collect(),
    ]
}
