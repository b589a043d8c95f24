//! Verbs on the data of a hub that nobody serves: `init`, `user`, `reindex`, `migrate`.

use std::io::Read;

use anyhow::{Context, Result, bail};
use hub_model::{Actor, UserName};
use secrecy::{ExposeSecret, SecretString};

use super::printer;
use crate::app::App;
use crate::services::accounts::{self, NewAccount};
use crate::{Config, jobs, open, running};

pub(super) async fn init(config: Config, admin: &UserName, from_stdin: bool) -> Result<()> {
    let opened = open(config.clone()).await.context("could not open the data")?;
    let users = opened.app.db.users().await;
    close(&opened.app).await;
    drop(opened);
    if users.context("could not look for users")? > 0 {
        bail!("the hub has users already: hub-server user add NAME --admin makes another one");
    }
    add_user(config, admin, from_stdin, true).await
}

pub(super) async fn add_user(
    config: Config,
    name: &UserName,
    from_stdin: bool,
    admin: bool,
) -> Result<()> {
    let password = password(from_stdin)?;
    let opened = open(config).await.context("could not open the data")?;
    let new = NewAccount { name: name.clone(), password: password.clone(), admin };
    let made = accounts::add_user(&opened.app, &Actor::System, new).await;
    close(&opened.app).await;
    made.with_context(|| format!("could not make the user {name}"))?;
    let what = if admin { "administrator" } else { "user" };
    printer::line(&format!("made the {what} {name}, who owns the organisation {name}"));
    show(from_stdin, &password);
    Ok(())
}

pub(super) async fn set_password(config: Config, name: &UserName, from_stdin: bool) -> Result<()> {
    let password = password(from_stdin)?;
    let opened = open(config).await.context("could not open the data")?;
    let set = accounts::reset_password(&opened.app, &Actor::System, name, &password).await;
    close(&opened.app).await;
    set.with_context(|| format!("could not set the password of {name}"))?;
    printer::line(&format!("set the password of {name}, every session of theirs has ended"));
    show(from_stdin, &password);
    Ok(())
}

pub(super) async fn reindex(config: Config) -> Result<()> {
    let opened = open(config).await.context("could not open the data")?;
    let count = jobs::reindex(&opened.app).await;
    close(&opened.app).await;
    let count = count.context("could not build the index")?;
    printer::line(&format!("built the index of {count} repositories"));
    Ok(())
}

pub(super) async fn migrate(config: Config) -> Result<()> {
    // Opening does it.
    let opened = open(config).await.context("could not bring the database up to date")?;
    let engine = opened.app.db.engine();
    close(&opened.app).await;
    printer::line(&format!("the tables of the {engine} database are up to date"));
    Ok(())
}

pub(super) async fn forget_key(config: &Config, yes: bool) -> Result<()> {
    if !yes {
        bail!(
            "every access key would be gone, and docker would have to ask for new tokens: stop \
             every replica, and say --yes"
        );
    }
    let gone = running::forget_key(config).await.context("could not forget the key")?;
    let file = config.key_file();
    printer::line(&format!(
        "{gone} access keys are gone; the next start takes the key in {}, or makes one",
        file.display()
    ));
    Ok(())
}

async fn close(app: &App) {
    app.db.close().await;
}

/// The password on standard input, or a new one.
fn password(from_stdin: bool) -> Result<SecretString> {
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

fn show(from_stdin: bool, password: &SecretString) {
    if !from_stdin {
        printer::line(&format!("password: {}", password.expose_secret()));
    }
}
