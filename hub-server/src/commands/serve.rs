//! `serve`: the hub, until a signal ends it.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Config, start, telemetry};

pub(super) async fn serve(config: Config) -> Result<()> {
    telemetry::start_logs(&config.log)?;
    let running = start(config).await.context("could not start the hub")?;
    if running.app.db.users().await? == 0 {
        tracing::warn!(
            "nobody can sign in yet: stop the hub and run `hub-server init` on the same data"
        );
    }
    told_to_stop().await?;
    tracing::info!("told to stop");
    running.app.drain();
    // Balancers ask `/readyz` before they send nobody any more; until then we still answer.
    let pause = running.app.config.listen.drain_seconds;
    tokio::time::sleep(Duration::from_secs(pause)).await;
    tokio::select! {
        () = running.stop() => {}
        again = told_to_stop() => again?,
    }
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
pub(super) async fn told_to_stop() -> Result<()> {
    let mut term = signal(SignalKind::terminate()).context("could not listen for signals")?;
    let mut int = signal(SignalKind::interrupt()).context("could not listen for signals")?;
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    Ok(())
}
