//! `hub version`: of this program, and of the hub in use.

use anyhow::Result;
use hub_api::VersionView;
use serde::Serialize;

use crate::context::Context;
use crate::report::Exit;

/// Both versions.
#[derive(Debug, Serialize)]
struct Versions {
    client: VersionView,
    server: Option<VersionView>,
}

/// Prints both versions; a hub that cannot be asked is no failure.
///
/// # Errors
///
/// When stdout takes no more.
pub(crate) async fn version(context: &Context) -> Result<Exit> {
    let client = VersionView { name: "hub".into(), version: env!("CARGO_PKG_VERSION").into() };
    let server = match context.server(None) {
        Ok(server) => match context.api(&server).await {
            Ok(api) => api.version().await.map_err(Into::into),
            Err(error) => Err(error),
        }
        .inspect_err(|error| context.printer.warn(&format!("{server}: {error:#}")))
        .ok(),
        Err(_) => None,
    };
    let versions = Versions { client, server };
    context.printer.value(&versions, &versions.client.version, || {
        let all = std::iter::once(&versions.client).chain(&versions.server);
        all.map(|one| format!("{} {}", one.name, one.version)).collect()
    })?;
    Ok(Exit::Done)
}
