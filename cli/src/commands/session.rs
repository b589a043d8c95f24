//! `hub session`: the browsers that one is signed in with.

use anyhow::Result;
use hub_api::SessionView;

use crate::args::{Session, SessionEnd};
use crate::context::Context;
use crate::printer::Listing;
use crate::report::Exit;

/// Lists sessions, or ends some.
///
/// # Errors
///
/// When the hub says no.
pub(crate) async fn session(command: Session, context: &Context) -> Result<Exit> {
    match command {
        Session::Ls => ls(context).await,
        Session::End(args) => end(args, context).await,
    }
}

async fn ls(context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let sessions = context.api(&server).await?.sessions().await?;
    context.printer.list(&Listing {
        head: &["ID", "ADDRESS", "SINCE", "LAST USED", "BROWSER"],
        items: &sessions,
        cells,
        name: |session| session.id.to_string(),
    })?;
    if sessions.is_empty() {
        context.printer.note("none", &format!("you are signed in at {server} with no browser"));
        context.printer.hint("hub token ls lists what programs are signed in with");
    }
    Ok(Exit::Done)
}

fn cells(session: &SessionView) -> Vec<String> {
    let used = session.last_used_at.as_deref().unwrap_or("never");
    vec![
        session.id.to_string(),
        session.address.clone(),
        session.created_at.clone(),
        used.to_owned(),
        session.agent.clone(),
    ]
}

async fn end(args: SessionEnd, context: &Context) -> Result<Exit> {
    let SessionEnd { id, tokens, yes, dry_run, .. } = args;
    let what = match (id, tokens) {
        (Some(id), _) => format!("session {id}"),
        (None, false) => "every session and every refresh token".to_owned(),
        (None, true) => "every session, refresh token and other personal token".to_owned(),
    };
    let server = context.server(None)?;
    if dry_run {
        context.printer.note("dry run", &format!("would end {what} at {server}"));
        return Ok(Exit::Done);
    }
    if id.is_none() {
        context.sure(&format!("end {what} at {server}"), yes)?;
    }
    let api = context.api(&server).await?;
    match id {
        Some(id) => api.end_session(id).await?,
        None => api.end_sessions(true, tokens).await?,
    }
    context.printer.note("ended", &format!("{what} at {server}"));
    Ok(Exit::Done)
}
