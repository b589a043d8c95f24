//! The engines of this machine: docker and podman by their sockets, podman and buildah by their
//! programs. The image is copied into a file, and read from there.

use std::path::{Path, PathBuf};

use hub_registry_client::http;
use reqwest::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use url::Url;

use super::SourceError;

/// Where the sockets of the engines are.
#[derive(Debug, Clone)]
pub(crate) struct Sockets {
    pub(super) docker: PathBuf,
    pub(super) podman: Vec<PathBuf>,
}

impl Sockets {
    /// The usual places, with `DOCKER_HOST` and `XDG_RUNTIME_DIR` as given.
    pub(crate) fn new(docker_host: Option<&str>, runtime_dir: Option<&Path>) -> Self {
        let docker = docker_host.and_then(|host| host.strip_prefix("unix://"));
        let own = runtime_dir.map(|dir| dir.join("podman/podman.sock"));
        let podman = own.into_iter().chain([PathBuf::from("/run/podman/podman.sock")]);
        Self {
            docker: docker.map_or_else(|| "/var/run/docker.sock".into(), PathBuf::from),
            podman: podman.collect(),
        }
    }
}

/// What an engine answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The image is in the file.
    Saved,
    /// The engine has no such image.
    Unknown,
    /// There is no engine.
    Absent,
}

/// Saves an image as a docker archive through an engine's socket.
pub(super) async fn save_by_socket(
    engine: &'static str,
    socket: &Path,
    name: &str,
    file: &Path,
) -> Result<Asked, SourceError> {
    if !socket.exists() {
        return Ok(Asked::Absent);
    }
    let failed = |said: String| SourceError::Engine { engine, said };
    // Collecting a large image may take the engine minutes before the first byte.
    let client = http::builder()
        .unix_socket(socket)
        .no_proxy()
        .read_timeout(std::time::Duration::from_mins(10))
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let mut url = Url::parse("http://localhost/images/").expect("a constant address");
    let path = format!("/images/{name}/get");
    url.set_path(&path);
    // Nobody listens behind the socket's file: that is as good as no engine.
    let Ok(mut response) = client.get(url).send().await else {
        return Ok(Asked::Absent);
    };
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(Asked::Unknown),
        status => {
            let said = response.text().await.unwrap_or_default();
            if said.contains("No such image") || said.contains("image not known") {
                return Ok(Asked::Unknown);
            }
            return Err(failed(format!("{status}: {}", said.trim())));
        }
    }
    let broken = |source| SourceError::Read { file: file.display().to_string(), source };
    let mut target = tokio::fs::File::create(file).await.map_err(broken)?;
    while let Some(piece) = response.chunk().await.map_err(|error| failed(error.to_string()))? {
        target.write_all(&piece).await.map_err(broken)?;
    }
    target.flush().await.map_err(broken)?;
    Ok(Asked::Saved)
}

/// Saves an image as an OCI archive through the program `podman` or `buildah`.
pub(super) async fn save_by_program(
    engine: &'static str,
    name: &str,
    file: &Path,
) -> Result<Asked, SourceError> {
    let (mut look, mut save) =
        if engine == "podman" { podman(name, file) } else { buildah(name, file) };
    match run(&mut look).await {
        None => return Ok(Asked::Absent),
        Some(output) if !output.status.success() => return Ok(Asked::Unknown),
        Some(_) => {}
    }
    match run(&mut save).await {
        None => Ok(Asked::Absent),
        Some(output) if output.status.success() => Ok(Asked::Saved),
        Some(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.trim().lines().last().unwrap_or_default().to_owned();
            Err(SourceError::Engine { engine, said })
        }
    }
}

/// Whether podman has the image, and how to save it.
fn podman(name: &str, file: &Path) -> (Command, Command) {
    let (mut look, mut save) = (Command::new("podman"), Command::new("podman"));
    look.args(["image", "exists", "--", name]);
    save.args(["save", "--quiet", "--format", "oci-archive", "--output"]).arg(file);
    save.args(["--", name]);
    (look, save)
}

/// Whether buildah has the image, and how to save it.
fn buildah(name: &str, file: &Path) -> (Command, Command) {
    let (mut look, mut save) = (Command::new("buildah"), Command::new("buildah"));
    look.args(["inspect", "--type", "image", "--", name]);
    save.args(["push", "--quiet", "--", name]).arg(format!("oci-archive:{}", file.display()));
    (look, save)
}

/// Runs a program to its end; `None` when there is none of this name.
async fn run(command: &mut Command) -> Option<std::process::Output> {
    command.stdin(std::process::Stdio::null()).kill_on_drop(true).output().await.ok()
}
