//! `hub logout`: revokes the token on the server, and forgets it here and at docker.

use anyhow::Result;

use crate::config::UserFile;
use crate::context::Context;
use crate::credentials::{self, Kept};
use crate::docker_config;
use crate::report::{Exit, Failure};
use crate::server::Server;

/// Signs out of one hub, or of all.
///
/// # Errors
///
/// When there is nothing to sign out of, or a file cannot be written.
pub(crate) async fn logout(server: Option<&str>, all: bool, context: &Context) -> Result<Exit> {
    let mut kept = credentials::read(&context.config.credentials_path())?;
    let servers = if all {
        kept.keys().map(|host| context.server(Some(host))).collect::<Result<Vec<_>, _>>()?
    } else {
        vec![context.server(server)?]
    };
    for server in servers {
        let kept = kept.remove(server.host());
        forget(&server, kept, context).await?;
    }
    Ok(Exit::Done)
}

async fn forget(server: &Server, kept: Option<Kept>, context: &Context) -> Result<()> {
    let was_kept = kept.is_some();
    if let Some(kept) = kept {
        revoke(server, &kept, context).await;
        credentials::forget(&context.config.credentials_path(), server)?;
    }
    let at_docker = docker_config::erase(&context.config.docker_path(), server.host());
    let at_docker = at_docker.unwrap_or_else(|error| {
        let error = anyhow::Error::from(error);
        context.printer.warn(&format!("docker keeps its entry: {error:#}"));
        false
    });
    if !was_kept && !at_docker {
        return Err(Failure::new(Exit::Denied, format!("not logged in to {server}")).into());
    }
    UserFile::forget_user(context.config.path(), server)?;
    context.printer.note("logout", &format!("from {server}"));
    Ok(())
}

/// Revokes the token. A server that is gone is no reason to keep it here.
async fn revoke(server: &Server, kept: &Kept, context: &Context) {
    let Some(id) = kept.token_id else { return };
    let revoked = async {
        let Some(credentials) = context.stored_credentials(server).await? else { return Ok(()) };
        context.client(server, credentials.auth())?.delete_token(id).await?;
        anyhow::Ok(())
    };
    if let Err(error) = revoked.await {
        let shown = server.url();
        context.printer.warn(&format!("the token still works: {error:#}"));
        context.printer.hint(&format!("revoke it at {shown}/settings/tokens"));
    }
}
