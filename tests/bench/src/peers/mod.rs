//! The servers that are compared: how each is set up, started, and spoken to.

mod distribution;
mod hub;
mod nginx;
mod process;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::acts::Target;
use crate::meter::Meter;
pub(crate) use distribution::repositories;
pub(crate) use hub::{ADMIN, basic, database_url, init, reindex, token_path};
use process::Process;

/// A server that takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
pub(crate) enum Peer {
    /// Ours. Every request carries a token that was issued through the token flow.
    #[serde(rename = "hub")]
    Hub,
    /// Debian's docker-registry, open to everybody: that is how it is fastest.
    #[serde(rename = "docker-registry")]
    DockerRegistry,
    /// The same with a file of passwords, which is all that it can check by itself.
    #[serde(rename = "docker-registry (Basic)")]
    #[value(name = "docker-registry-basic")]
    DockerRegistryBasic,
    /// nginx with the same bytes as static files, by `sendfile`.
    #[serde(rename = "nginx")]
    Nginx,
}

impl fmt::Display for Peer {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Hub => "hub",
            Self::DockerRegistry => "docker-registry",
            Self::DockerRegistryBasic => "docker-registry (Basic)",
            Self::Nginx => "nginx",
        })
    }
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Served {
    /// Which.
    pub(crate) peer: Peer,
    /// Where it listens, without a credential.
    pub(crate) target: Target,
    /// Its use of the machine.
    pub(crate) meter: Meter,
    /// How long it took until it answered.
    pub(crate) started: Duration,
    /// Where it keeps its bytes.
    pub(crate) folder: PathBuf,
    process: Process,
}

impl Served {
    /// Starts a server on what lies in `folder`, which is made when it is not there.
    pub(crate) async fn start(peer: Peer, folder: &Path, hub: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let address = process::free_address()?;
        let mut process = match peer {
            Peer::Hub => hub::start(hub, folder, address)?,
            Peer::DockerRegistry => distribution::start(folder, address, false)?,
            Peer::DockerRegistryBasic => distribution::start(folder, address, true)?,
            Peer::Nginx => nginx::start(folder, address)?,
        };
        let started = match peer {
            Peer::Hub => process.ready(address, "/readyz", &[200]).await?,
            Peer::DockerRegistry => process.ready(address, "/v2/", &[200]).await?,
            Peer::DockerRegistryBasic => process.ready(address, "/v2/", &[401]).await?,
            Peer::Nginx => process.ready(address, "/", &[403]).await?,
        };
        let meter = process.meter()?;
        meter.cpu_at_rest().await?;
        let target = Target { address, authorization: None };
        let folder = folder.to_owned();
        Ok(Self { peer, target, meter, started, folder, process })
    }

    /// The server as somebody sees it who may do what `scopes` say.
    pub(crate) async fn target(&self, scopes: &[String]) -> Result<Arc<Target>> {
        let authorization = match self.peer {
            Peer::Hub => Some(hub::token(self.target.address, scopes).await?),
            Peer::DockerRegistryBasic => Some(hub::basic()?),
            Peer::DockerRegistry | Peer::Nginx => None,
        };
        Ok(Arc::new(Target { authorization, ..self.target }))
    }

    /// The server as somebody sees it who says name and password with each request.
    pub(crate) fn with_password(&self) -> Result<Arc<Target>> {
        Ok(Arc::new(Target { authorization: Some(hub::basic()?), ..self.target }))
    }
}

impl fmt::Display for Served {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} is process {}", self.peer, self.process.id())
    }
}
