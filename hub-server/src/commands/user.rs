//! `user`: accounts, where nobody can sign in to change them: on the data of a hub that does not
//! run, or beside running replicas where records are in PostgreSQL.

use std::io::Read;

use anyhow::{Context, Result, bail};
use hub_model::{Actor, User, UserName, UserState};
use secrecy::{ExposeSecret, SecretString};

use super::printer;
use crate::services::accounts::{self, NewAccount, UserEdit};
use crate::{App, Config, Opened, StartError, open_records};

/// Users read at once.
const PAGE: u64 = 200;

/// Makes a user, and the organisation of that name.
pub(super) async fn add(
    config: Config,
    name: &UserName,
    from_stdin: bool,
    admin: bool,
) -> Result<()> {
    let password = password(from_stdin)?;
    let opened = open(config, Need::Folder).await?;
    let made = make(&opened.app, name, (&password, from_stdin), admin).await;
    opened.app.db.close().await;
    made
}

/// Makes a user on data that is open already, and says so.
pub(super) async fn make(
    app: &App,
    name: &UserName,
    (password, from_stdin): (&SecretString, bool),
    admin: bool,
) -> Result<()> {
    let new = NewAccount { name: name.clone(), password: password.clone(), admin };
    let made = accounts::add_user(app, &Actor::System, new).await;
    made.with_context(|| format!("could not make the user {name}"))?;
    let what = if admin { "administrator" } else { "user" };
    printer::line(&format!("made the {what} {name}, who owns the organisation {name}"));
    show_new(from_stdin, password);
    Ok(())
}

/// Sets a password and ends every session of the user.
pub(super) async fn set_password(config: Config, name: &UserName, from_stdin: bool) -> Result<()> {
    let password = password(from_stdin)?;
    let opened = open(config, Need::Hub).await?;
    let set = accounts::reset_password(&opened.app, &Actor::System, name, &password).await;
    opened.app.db.close().await;
    let user = set.with_context(|| format!("could not set the password of {name}"))?;
    printer::line(&format!("set the password of {name}, every session of theirs has ended"));
    show_new(from_stdin, &password);
    if user.disabled {
        printer::note(&format!("{name} is disabled: hub-server user enable {name} lets them in"));
    }
    Ok(())
}

/// Closes or opens an account, makes or unmakes an administrator.
pub(super) async fn edit(config: Config, name: &UserName, edit: UserEdit) -> Result<()> {
    let opened = open(config, Need::Hub).await?;
    let done = accounts::edit(&opened.app, &Actor::System, name, edit).await;
    opened.app.db.close().await;
    let user = done.with_context(|| format!("could not change the user {name}"))?;
    printer::line(&format!("{name} is now {}", state(&user)));
    Ok(())
}

/// Deletes a user.
pub(super) async fn delete(config: Config, name: &UserName) -> Result<()> {
    let opened = open(config, Need::Hub).await?;
    let done = accounts::delete(&opened.app, &Actor::System, name).await;
    opened.app.db.close().await;
    let orgs = done.with_context(|| format!("could not delete the user {name}"))?;
    printer::line(&format!("deleted the user {name}; the name is not given again"));
    for org in orgs {
        printer::line(&format!("deleted the organisation {org}, which nobody else owned"));
    }
    Ok(())
}

/// Lists the users, a line each.
pub(super) async fn list(config: Config) -> Result<()> {
    let opened = open(config, Need::Hub).await?;
    let users = all(&opened.app).await;
    opened.app.db.close().await;
    let users = users.context("could not list the users")?;
    let width = users.iter().map(|user| user.name.as_str().len()).max().unwrap_or(0);
    for user in &users {
        printer::line(&format!("{:width$}  {}", user.name.as_str(), state(user)));
    }
    Ok(())
}

async fn all(app: &App) -> Result<Vec<User>, accounts::AccountError> {
    let (mut users, mut after) = (Vec::new(), None::<String>);
    loop {
        let chosen = ("", UserState::Any);
        let page = accounts::list(app, &Actor::System, chosen, after.as_deref(), PAGE).await?;
        users.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(users);
        }
    }
}

fn state(user: &User) -> &'static str {
    match (user.admin, user.disabled) {
        (true, true) => "an administrator, disabled",
        (true, false) => "an administrator",
        (false, true) => "a user, disabled",
        (false, false) => "a user",
    }
}

/// What has to be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing: a new hub is made.
    Folder,
    /// A hub: a folder that was mistyped is not filled.
    Hub,
}

/// Opens the records, without the index.
async fn open(config: Config, need: Need) -> Result<Opened> {
    let file = config.data.join("hub.db");
    if need == Need::Hub && config.database.url.is_none() && !file.exists() {
        bail!("there is no hub in {}: hub-server init makes one", config.data.display());
    }
    match open_records(config).await {
        Err(StartError::Taken { path }) => bail!(
            "{} is served by a running hub: ask it as an administrator, with hub user or on its \
             page /settings/users; or stop it, and try again",
            path.display()
        ),
        opened => opened.context("could not open the data"),
    }
}

/// The password on standard input, or a new one.
pub(super) fn password(from_stdin: bool) -> Result<SecretString> {
    if !from_stdin {
        return Ok(new_password());
    }
    let mut text = String::new();
    std::io::stdin()
        .take(64 << 10)
        .read_to_string(&mut text)
        .context("could not read the password from standard input")?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        bail!("there is no password on standard input");
    }
    Ok(text.into())
}

/// A password that nobody guesses, in characters that nobody mistakes.
pub(super) fn new_password() -> SecretString {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let random: [u8; 20] = rand::random();
    let text: String =
        random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    text.into()
}

fn show_new(from_stdin: bool, password: &SecretString) {
    if !from_stdin {
        printer::line(&format!("password: {}", password.expose_secret()));
    }
}
