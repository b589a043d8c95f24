//! The files of settings: `config.toml` of the user, `.hub.toml` of a project.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Table, value};

use super::Trust;
use crate::private_file;
use crate::report::{Exit, Failure};
use crate::server::Server;

/// `config.toml`. What this program does not know stays in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct UserFile {
    /// Name of the context in use.
    pub(crate) current: Option<String>,
    /// The contexts, by name.
    pub(crate) contexts: BTreeMap<String, ContextSettings>,
}

/// Settings for one hub.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ContextSettings {
    /// Its address, with scheme.
    pub(crate) server: String,
    /// Who one is there.
    pub(crate) user: String,
    /// File of an authority that its certificate may come from, PEM.
    pub(crate) ca: Option<PathBuf>,
    /// Whether its certificate is not checked.
    pub(crate) insecure: bool,
}

/// `.hub.toml`: what a project may say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Project {
    pub(super) context: Option<String>,
    pub(super) server: Option<String>,
}

impl ContextSettings {
    /// Host and port.
    pub(super) fn host(&self) -> &str {
        self.server.split_once("://").map_or(&*self.server, |(_, rest)| rest)
    }

    /// The address. Plain HTTP that is written down was allowed when it was.
    pub(super) fn address(&self, plain_http: bool) -> Result<Server, Failure> {
        Server::parse(&self.server, plain_http || self.server.starts_with("http://"))
    }
}

impl UserFile {
    /// Reads the file; an absent one is empty.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no TOML.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        read(path)
    }

    /// Makes a hub the current one. The context is called as its host, and says of certificates
    /// what `trust` does and nothing from before.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written.
    pub(crate) fn remember(
        path: &Path,
        server: &Server,
        user: &str,
        trust: &Trust,
    ) -> Result<(), Failure> {
        edit(path, |document| {
            document["current"] = value(server.host());
            let context = table(table(document.as_table_mut(), "contexts"), server.host());
            context["server"] = value(server.url());
            context["user"] = value(user);
            match &trust.file {
                Some(ca) => context["ca"] = value(ca.to_string_lossy().into_owned()),
                None => drop(context.remove("ca")),
            }
            if trust.insecure {
                context["insecure"] = value(true);
            } else {
                context.remove("insecure");
            }
        })
    }

    /// Takes the user out of the context of a hub, and the word that its certificate goes
    /// unchecked; its address and its authority stay known.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written.
    pub(crate) fn forget_user(path: &Path, server: &Server) -> Result<(), Failure> {
        edit(path, |document| {
            let contexts = document.get_mut("contexts").and_then(Item::as_table_mut);
            let context = contexts.and_then(|all| all.get_mut(server.host()));
            if let Some(context) = context.and_then(Item::as_table_like_mut) {
                context.remove("user");
                context.remove("insecure");
            }
        })
    }
}

impl Project {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        read(path)
    }
}

fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T, Failure> {
    let text = text(path)?;
    toml_edit::de::from_str(&text).map_err(|error| unreadable(path).cause(error))
}

fn text(path: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(unreadable(path).cause(error)),
    }
}

/// Changes a TOML file in place: comments and unknown keys stay.
pub(crate) fn edit(path: &Path, change: impl FnOnce(&mut DocumentMut)) -> Result<(), Failure> {
    let mut document: DocumentMut =
        text(path)?.parse().map_err(|error: toml_edit::TomlError| unreadable(path).cause(error))?;
    change(&mut document);
    private_file::write(path, document.to_string().as_bytes()).map_err(|error| {
        Failure::new(Exit::Failed, format!("could not write {}", path.display())).cause(error)
    })
}

/// The table called `name`, made when it is not there.
pub(crate) fn table<'a>(parent: &'a mut Table, name: &str) -> &'a mut Table {
    let item = parent.entry(name).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    if !item.is_table() {
        *item = Item::Table(Table::new());
    }
    item.as_table_mut().expect("made a table above")
}

fn unreadable(path: &Path) -> Failure {
    Failure::new(Exit::Failed, format!("could not read {}", path.display()))
}
