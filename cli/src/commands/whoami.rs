//! `hub whoami`: who one is on the hub.

use anyhow::Result;

use crate::context::Context;
use crate::report::{Exit, Failure};

/// Prints the user's name; programs get the whole record.
///
/// # Errors
///
/// When not signed in.
pub(crate) async fn whoami(context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    if context.credentials(&server).await?.is_none() {
        let nobody = Failure::new(Exit::Denied, format!("not logged in to {server}"));
        return Err(nobody.hint(format!("run hub login {server}")).into());
    }
    let me = context.api(&server).await?.whoami().await?;
    context.printer.value(&me, &me.name, || vec![me.name.clone()])?;
    context.printer.note("server", &server.url());
    context.printer.note("scope", &me.scope);
    if !me.within.is_empty() {
        context.printer.note("places", &me.within.join(" "));
    }
    let orgs: Vec<_> = me.orgs.iter().map(|org| format!("{} ({})", org.name, org.role)).collect();
    context.printer.note("orgs", &orgs.join(", "));
    Ok(Exit::Done)
}
