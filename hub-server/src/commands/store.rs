//! Verbs on the data of a hub that nobody serves: `init`, `reindex`, `migrate`.

use anyhow::{Context, Result, anyhow, bail};
use hub_model::UserName;

use super::{printer, user};
use crate::app::App;
use crate::{Config, Opened, jobs, open, running};

pub(super) async fn init(config: Config, admin: &UserName, from_stdin: bool) -> Result<()> {
    let password = user::password(from_stdin)?;
    let opened = open(config).await.context("could not open the data")?;
    let users = opened.app.db.users().await;
    let made = match users.context("could not look for users") {
        Ok(0) => user::make(&opened.app, admin, (&password, from_stdin), true).await,
        Ok(_) => Err(anyhow!(
            "the hub has users already: hub-server user add NAME --admin makes another one"
        )),
        Err(error) => Err(error),
    };
    close(&opened.app).await;
    made
}

pub(super) async fn reindex(config: Config) -> Result<()> {
    let opened = open(config).await.context("could not open the data")?;
    let count = jobs::reindex(&opened.app).await;
    close(&opened.app).await;
    let count = count.context("could not build the index")?;
    printer::line(&format!("built the index of {count} repositories"));
    Ok(())
}

/// Lets the index know what the records know: by their letters, or anew when it is not usable.
pub(super) async fn bring_index_up_to_date(opened: &Opened) -> Result<()> {
    let done = if opened.app.index.is_stale() {
        jobs::reindex(&opened.app).await.map(drop)
    } else {
        jobs::catch_up(&opened.app).await.map(drop)
    };
    done.context("could not bring the index up to date")
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
