//! The real `hub`, run as a person would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use crate::peers::run;

/// The folder of this workspace's programs; `tests/run` has built them, else they are built here.
static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(folder) = crate::environment::programs() {
        return folder;
    }
    let folder = std::env::current_exe().unwrap();
    let folder = folder.ancestors().nth(2).unwrap().to_owned();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    run(Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--workspace", "--bins", "--tests"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", folder.parent().unwrap()));
    folder
});

/// Path of `hub` or `hub-server`.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    PROGRAMS.join(name)
}

/// A person at a terminal: a home folder of their own, and `hub` in it.
#[derive(Debug)]
pub struct Terminal {
    home: tempfile::TempDir,
    ca: Option<PathBuf>,
}

impl Default for Terminal {
    fn default() -> Self {
        Self { home: tempfile::tempdir().unwrap(), ca: None }
    }
}

impl Terminal {
    /// A terminal that trusts the authority of a hub.
    #[must_use]
    pub fn at(hub: &crate::TestHub) -> Self {
        Self { ca: hub.tls().map(crate::TestTls::ca), ..Self::default() }
    }

    /// The home folder, also where commands run.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// `hub` with these arguments, not yet run, knowing nothing of the environment around.
    #[must_use]
    pub fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(binary("hub"));
        command
            .args(args)
            .current_dir(self.home())
            .env_clear()
            .env("PATH", crate::environment::path())
            .env("HOME", self.home())
            .env("DOCKER_CONFIG", self.home().join(".docker"))
            .env("XDG_CONFIG_HOME", self.home().join(".config"))
            .env("LANG", "C.UTF-8");
        if let Some(ca) = &self.ca {
            command.env("HUB_CA_CERT", ca);
        }
        command
    }

    /// Runs `hub` to its end. Needs a runtime of several threads: the server is in this process.
    pub async fn hub<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Output {
        let mut command = self.command(args);
        tokio::task::spawn_blocking(move || crate::peers::output(&mut command)).await.unwrap()
    }

    /// Runs `hub`, which must succeed, and answers what it printed.
    pub async fn ok<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        let mut command = self.command(args);
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
    }

    /// Writes a file into the home folder and answers its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}
