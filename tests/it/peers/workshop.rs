//! Folders and stores of its own for programs that build, copy and pull images.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hub_tests::{PASSWORD, Person, TestHub, program, run};
use serde_json::Value;

/// A place to build in, with caches that nobody else sees.
pub struct Workshop {
    folder: tempfile::TempDir,
    credentials: String,
    host: String,
    /// Folder of the authority to trust, when the hub speaks TLS.
    trust: Option<PathBuf>,
}

impl Workshop {
    /// A workshop whose programs sign in as `person`; `None`, said aloud, when one is missing.
    pub fn open(hub: &TestHub, person: &Person, programs: &[&str]) -> Option<Self> {
        for name in programs {
            program(name)?;
        }
        let credentials = format!("{}:{PASSWORD}", person.name);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("auth.json"), "{}").unwrap();
        let trust = hub.tls().map(hub_tests::TestTls::cert_dir);
        Some(Self { folder, credentials, host: hub.host().to_owned(), trust })
    }

    /// The arguments as they were meant: a hub that speaks TLS is not trusted blindly, but by its
    /// authority.
    fn trusting(&self, args: &[&str]) -> Vec<String> {
        // `podman search` knows no folder of authorities.
        let search = args.first() == Some(&"search");
        let trust = |arg: &&str| match &self.trust {
            Some(folder) if !search && arg.ends_with("tls-verify=false") => {
                arg.replace("tls-verify=false", &format!("cert-dir={}", folder.display()))
            }
            _ => (*arg).to_owned(),
        };
        args.iter().map(trust).collect()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `HOST/reference`, as these programs write it.
    pub fn at(&self, reference: &str) -> String {
        format!("docker://{}/{reference}", self.host)
    }

    /// Writes a file of a build context.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        // The cache of known blobs would make a client skip uploads that a test waits for.
        command.env("HOME", self.folder.path()).env("XDG_DATA_HOME", self.path("data"));
        command.env("REGISTRY_AUTH_FILE", self.path("auth.json"));
        command.env("XDG_RUNTIME_DIR", self.folder.path()).env("TMPDIR", self.folder.path());
        command.current_dir(self.folder.path());
        command
    }

    fn storage(&self, name: &str) -> Command {
        let mut command = self.command(name);
        command.arg("--root").arg(self.path("store")).arg("--runroot").arg(self.path("run"));
        command.args(["--storage-driver", "vfs"]);
        command
    }

    pub async fn buildah(&self, args: &[&str]) -> String {
        let mut command = self.storage("buildah");
        command.args(self.trusting(args));
        blocking(command).await
    }

    /// Builds `dir` and names the result.
    pub async fn build(&self, dir: &str, name: &str, more: &[&str]) {
        let mut args = vec!["bud", "-q", "--isolation", "chroot", "-t", name];
        args.extend_from_slice(more);
        args.push(dir);
        self.buildah(&args).await;
    }

    pub async fn buildah_push(&self, name: &str, to: &str, more: &[&str]) {
        let to = self.at(to);
        let mut args = vec!["push", "-q", "--tls-verify=false", "--creds", &self.credentials];
        args.extend_from_slice(more);
        args.extend_from_slice(&[name, &to]);
        self.buildah(&args).await;
    }

    pub async fn podman(&self, args: &[&str]) -> String {
        let mut command = self.storage("podman");
        command.args(self.trusting(args));
        blocking(command).await
    }

    pub async fn skopeo(&self, args: &[&str]) -> String {
        let mut command = self.command("skopeo");
        command.args(self.trusting(args));
        blocking(command).await
    }

    /// Runs skopeo with something on its stdin.
    pub async fn skopeo_fed(&self, args: &[&str], stdin: &str) {
        fs::write(self.path("stdin"), stdin).unwrap();
        let mut command = self.command("skopeo");
        command.args(self.trusting(args)).stdin(fs::File::open(self.path("stdin")).unwrap());
        blocking(command).await;
    }

    /// Runs skopeo, which may fail; tells whether it did what it was asked.
    pub async fn skopeo_may(&self, args: &[&str]) -> bool {
        let mut command = self.command("skopeo");
        command.args(self.trusting(args));
        let ended = tokio::task::spawn_blocking(move || hub_tests::output(&mut command)).await;
        ended.unwrap().status.success()
    }

    /// Runs another program in the folder.
    pub async fn run(&self, name: &str, args: &[&str]) -> String {
        let mut command = self.command(name);
        command.args(args);
        blocking(command).await
    }

    /// `HOST/reference`, as podman writes it.
    pub fn name(&self, reference: &str) -> String {
        format!("{}/{reference}", self.host)
    }

    /// Copies into the hub with skopeo.
    pub async fn skopeo_copy(&self, from: &str, to: &str, more: &[&str]) {
        let to = self.at(to);
        let mut args = vec!["copy", "-q", "--dest-tls-verify=false"];
        if from.starts_with("docker://") {
            args.push("--src-tls-verify=false");
        }
        args.extend_from_slice(&["--dest-creds", &self.credentials]);
        args.extend_from_slice(more);
        args.extend_from_slice(&[from, &to]);
        self.skopeo(&args).await;
    }

    pub fn credentials(&self) -> &str {
        &self.credentials
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

async fn blocking(mut command: Command) -> String {
    tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
}

/// The record of a tag, once everything that happens later has happened.
pub async fn described(hub: &TestHub, person: &Person, repo: &str, tag: &str) -> Value {
    hub.settle().await;
    person.json(&format!("/api/v1/repos/{repo}/-/tags/{tag}")).await
}

/// The README of a tag.
pub async fn readme(person: &Person, repo: &str, tag: &str) -> String {
    let answer = person.get(&format!("/api/v1/repos/{repo}/-/tags/{tag}/docs")).await;
    answer.text().await.unwrap()
}
