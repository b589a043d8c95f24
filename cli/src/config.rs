//! Settings: flags before environment before `.hub.toml` before the user's file. The only room
//! that reads the environment.

mod file;
mod trust;

use std::env;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use secrecy::SecretString;

use crate::args::Global;
use crate::report::{Exit, Failure};
use crate::server::Server;

pub(crate) use file::{ContextSettings, UserFile, edit, table};
pub(crate) use trust::Trust;

/// What the environment says; flags that have a variable are read by clap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `HUB_TOKEN`.
    token: Option<SecretString>,
    /// `HUB_NO_PROMPT`.
    no_prompt: bool,
    /// `HUB_NO_PROGRESS`.
    pub(crate) no_progress: bool,
    /// File of settings: `HUB_CONFIG`, or `hub/config.toml` in the user's folder of settings.
    config: PathBuf,
    /// Docker's folder: `DOCKER_CONFIG`, or `~/.docker`.
    docker: PathBuf,
    /// `.hub.toml` in the working directory.
    project: PathBuf,
    /// Name of this machine, for the names of tokens.
    machine: String,
    /// `DOCKER_HOST`: where docker listens.
    docker_host: Option<String>,
    /// What opens pages: `BROWSER`, else what the system has, on a machine with a screen.
    browser: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`: where podman listens for its user.
    runtime_dir: Option<PathBuf>,
}

impl Environment {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// When there is no home directory and nothing says where settings are.
    pub(crate) fn read() -> Result<Self, Failure> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let homeless = || {
            Failure::new(Exit::Failed, "there is no home directory").hint("set HOME, or HUB_CONFIG")
        };
        let strategy = || etcetera::choose_base_strategy().map_err(|error| homeless().cause(error));
        let config = match set("HUB_CONFIG").map(PathBuf::from) {
            Some(folder) if folder.is_dir() => folder.join("config.toml"),
            Some(file) => file,
            None => strategy()?.config_dir().join("hub/config.toml"),
        };
        let docker = match set("DOCKER_CONFIG") {
            Some(folder) => PathBuf::from(folder),
            None => strategy()?.home_dir().join(".docker"),
        };
        let machine = set("HOSTNAME")
            .and_then(|name| name.into_string().ok())
            .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty());
        Ok(Self {
            token: set("HUB_TOKEN").and_then(|token| token.into_string().ok()).map(Into::into),
            no_prompt: set("HUB_NO_PROMPT").is_some(),
            no_progress: set("HUB_NO_PROGRESS").is_some(),
            config,
            docker,
            project: PathBuf::from(".hub.toml"),
            machine: machine.unwrap_or_else(|| "this machine".to_owned()),
            docker_host: set("DOCKER_HOST").and_then(|host| host.into_string().ok()),
            browser: set("BROWSER").map(PathBuf::from).or_else(|| {
                let screen = set("DISPLAY").or_else(|| set("WAYLAND_DISPLAY")).is_some();
                let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
                (screen || cfg!(target_os = "macos")).then(|| PathBuf::from(opener))
            }),
            runtime_dir: set("XDG_RUNTIME_DIR").map(PathBuf::from),
        })
    }
}

/// The settings of one run.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    environment: Environment,
    file: UserFile,
    server: Option<String>,
    context: Option<String>,
    plain_http: bool,
    ca_cert: Option<PathBuf>,
    insecure: Option<String>,
}

impl Config {
    /// Puts flags, environment and files together.
    ///
    /// # Errors
    ///
    /// When a file is there but cannot be read, or a context is named that does not exist.
    pub(crate) fn load(flags: &Global, environment: Environment) -> Result<Self, Failure> {
        let file = UserFile::read(&environment.config)?;
        let project = file::Project::read(&environment.project)?;
        if let Some(name) = &flags.context
            && !file.contexts.contains_key(name)
        {
            let known: Vec<_> = file.contexts.keys().map(String::as_str).collect();
            return Err(Failure::usage(format!("there is no context {name}"))
                .hint(format!("known ones: {}", known.join(", "))));
        }
        // A foreign checkout must not send credentials elsewhere: what a project file says counts
        // only among the servers that are known already.
        let context = flags
            .context
            .clone()
            .or_else(|| project.context.filter(|name| file.contexts.contains_key(name)));
        let known = |server: &String| file.contexts.values().any(|known| known.server == *server);
        let from_project = || project.server.filter(|server| context.is_none() && known(server));
        let server = flags.server.clone().or_else(from_project);
        Ok(Self {
            environment,
            file,
            server,
            context,
            plain_http: flags.plain_http,
            ca_cert: flags.ca_cert.clone(),
            insecure: flags.insecure.clone(),
        })
    }

    /// The hub called `host`, else the one of the flags, else the current one.
    ///
    /// # Errors
    ///
    /// A usage failure when none is known, or an address is wrong.
    pub(crate) fn server(&self, host: Option<&str>) -> Result<Server, Failure> {
        if let Some(text) = host.or(self.server.as_deref()) {
            let is_named = |known: &&ContextSettings| known.server == text || known.host() == text;
            return match self.file.contexts.values().find(is_named) {
                Some(known) => known.address(self.plain_http),
                None => Server::parse(text, self.plain_http),
            };
        }
        match self.context() {
            Some(context) => context.address(self.plain_http),
            None => Err(Failure::new(Exit::Denied, "no hub is known yet")
                .hint("run hub login SERVER, or set HUB_SERVER")),
        }
    }

    /// How the certificate of `server` is checked: as the flags say, else as its context does. Who
    /// names an authority now wants it asked, whatever was kept.
    ///
    /// # Errors
    ///
    /// When the file of the authority cannot be read.
    pub(crate) fn trust(&self, server: &Server) -> Result<Trust, Failure> {
        let kept = self.file.contexts.values().find(|known| known.host() == server.host());
        let insecure = match self.insecure.as_deref() {
            // Without a host the flag speaks of the hub in use, and of no other.
            Some("") => self.server(None).map_or(true, |current| current == *server),
            Some(host) => host == server.host(),
            None => false,
        };
        let ca = self.ca_cert.as_deref().or_else(|| kept?.ca.as_deref());
        let unchecked = self.ca_cert.is_none() && kept.is_some_and(|kept| kept.insecure);
        Trust::read(ca, insecure || unchecked)
    }

    /// The settings in use.
    fn context(&self) -> Option<&ContextSettings> {
        let name = self.context.as_ref().or(self.file.current.as_ref())?;
        self.file.contexts.get(name)
    }

    /// `HUB_TOKEN`, which is for the server in use only.
    pub(crate) fn token(&self) -> Option<&SecretString> {
        self.environment.token.as_ref()
    }

    /// Where settings are kept.
    pub(crate) fn path(&self) -> &Path {
        &self.environment.config
    }

    /// Where tokens are kept: beside the settings.
    pub(crate) fn credentials_path(&self) -> PathBuf {
        self.environment.config.with_file_name("credentials.toml")
    }

    /// Where docker keeps its credentials.
    pub(crate) fn docker_path(&self) -> PathBuf {
        self.environment.docker.join("config.json")
    }

    /// Where docker listens, when something says so.
    pub(crate) fn docker_host(&self) -> Option<&str> {
        self.environment.docker_host.as_deref()
    }

    /// The program that opens pages, when there is one.
    pub(crate) fn browser(&self) -> Option<&Path> {
        self.environment.browser.as_deref()
    }

    /// The folder of the user's sockets, when there is one.
    pub(crate) fn runtime_dir(&self) -> Option<&Path> {
        self.environment.runtime_dir.as_deref()
    }

    /// Name of this machine.
    pub(crate) fn machine(&self) -> &str {
        &self.environment.machine
    }

    /// Whether questions may be asked.
    pub(crate) fn may_ask(&self) -> bool {
        !self.environment.no_prompt && io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

#[cfg(test)]
mod tests;
