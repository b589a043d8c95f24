//! A server as a process of ours, ended when it goes.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hyper::Method;

use crate::client::{Ask, Connection};
use crate::meter::Meter;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often we ask whether it does: this bounds how exact a time of starting is.
const LOOK: Duration = Duration::from_millis(2);

/// A running server.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program. What it says goes to the file `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("could not start {}", command.get_program().display()))?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Waits until `GET path` is answered with one of these statuses; tells how long it took.
    pub(crate) async fn ready(
        &mut self,
        address: SocketAddr,
        path: &str,
        statuses: &[u16],
    ) -> Result<Duration> {
        let began = Instant::now();
        loop {
            let asked = Connection::new(address, None).ask(Ask::new(Method::GET, path)).await;
            if asked.is_ok_and(|answer| statuses.contains(&answer.status.as_u16())) {
                return Ok(began.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                let said = std::fs::read_to_string(&self.log).unwrap_or_default();
                bail!("the server ended ({status}): {said}");
            }
            if began.elapsed() > PATIENCE {
                bail!("the server does not answer at {address}{path}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The meter of the process and of those that it started.
    pub(crate) fn meter(&self) -> Result<Meter> {
        Meter::of(self.child.id())
    }
}

impl Drop for Process {
    /// Asks it to end, and waits: killed at once, nginx would leave its workers behind.
    fn drop(&mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// A port on this machine that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("there is no free port")?;
    Ok(listener.local_addr()?)
}
