//! nginx, with the answers of a registry as files at the same paths.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::process::Process;
use crate::content::MANIFEST;

pub(super) fn start(folder: &Path, address: SocketAddr) -> Result<Process> {
    let config = folder.with_extension("conf");
    let scratch = folder.with_extension("scratch");
    fs::create_dir_all(&scratch)?;
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let kept = kinds.map(|kind| format!("  {kind}_temp_path {}/{kind};\n", scratch.display()));
    let kept = kept.concat();
    // Debian's own settings, but for the log and the number of requests on one connection. The
    // scratch folder is for its owner only, whom the workers have to be.
    let owner = if is_root() { "user root;\n" } else { "" };
    let text = format!(
        "{owner}daemon off;
worker_processes auto;
pid {scratch}/pid;
error_log stderr error;
events {{ worker_connections 768; }}
http {{
  sendfile on;
  tcp_nopush on;
  access_log off;
  keepalive_requests 1000000000;
  default_type application/octet-stream;
{kept}  server {{
    listen {address};
    root {folder};
    location /v2/admin/bench/manifests/ {{ default_type {MANIFEST}; }}
  }}
}}
",
        scratch = scratch.display(),
        folder = folder.display(),
    );
    fs::write(&config, text)?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(&scratch).args(["-e", "stderr", "-c"]).arg(&config);
    Process::start(&mut command, &folder.with_extension("log"))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;

    fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}
