//! docker-registry, with its caches in memory and its log of requests off.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::hub::{ADMIN, PASSWORD};
use super::process::Process;

/// The program.
const PROGRAM: &str = "docker-registry";

/// Where repositories lie below the folder of a registry.
///
/// Source: distribution's filesystem driver (`docs/sources.md#distribution-layout`).
pub(crate) fn repositories(folder: &Path) -> PathBuf {
    folder.join("docker/registry/v2/repositories")
}

pub(super) fn start(folder: &Path, address: SocketAddr, passwords: bool) -> Result<Process> {
    let (name, auth) =
        if passwords { ("passwords", auth(folder)?) } else { ("open", String::new()) };
    let config = folder.with_extension(format!("{name}.yml"));
    let text = format!(
        "version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  cache: {{blobdescriptor: inmemory}}
  filesystem: {{rootdirectory: {folder}}}
  delete: {{enabled: true}}
http: {{addr: {address}}}
{auth}",
        folder = folder.display(),
    );
    fs::write(&config, text)?;
    let log = folder.with_extension(format!("{name}.log"));
    Process::start(Command::new(PROGRAM).arg("serve").arg(&config), &log)
}

fn auth(folder: &Path) -> Result<String> {
    // The usual cost of `htpasswd -B`. The registry takes nothing but bcrypt.
    let made = Command::new("htpasswd")
        .args(["-Bbn", ADMIN, PASSWORD])
        .stderr(Stdio::null())
        .output()
        .context("could not start htpasswd")?;
    ensure!(made.status.success(), "htpasswd failed");
    let file = folder.with_extension("htpasswd");
    fs::write(&file, made.stdout)?;
    Ok(format!("auth: {{htpasswd: {{realm: benchmark, path: {}}}}}\n", file.display()))
}
