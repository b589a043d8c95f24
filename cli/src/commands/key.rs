//! `hub key`: access keys, for signed requests and for clients that sign in with a signature.

use anyhow::Result;
use hub_api::{CreateKey, CreatedKey, EditKey, KeyView};
use hub_model::AccessKeyId;

use super::token::{day, wire};
use crate::args::key::{self as args, KeyCommand};
use crate::context::Context;
use crate::printer::Listing;
use crate::report::{Exit, Failure};
use crate::server::Server;
use crate::units;

/// What stands before the `@` in the user of a login by signature; any word will do.
const REGION: &str = "hub";

/// Runs a command on access keys.
///
/// # Errors
///
/// When the hub says no.
pub(crate) async fn key(command: KeyCommand, context: &Context) -> Result<Exit> {
    match command {
        KeyCommand::Create(args) => create(args, context).await,
        KeyCommand::Ls => list(context).await,
        KeyCommand::Disable(args) => close(&args, true, context).await,
        KeyCommand::Enable(args) => close(&args, false, context).await,
        KeyCommand::Rm(args) => remove(&args, context).await,
    }
}

async fn create(args: args::CreateKey, context: &Context) -> Result<Exit> {
    let new = CreateKey { name: args.name, expires_at: wire(args.expires) };
    if args.dry_run {
        let ends = day(new.expires_at.as_deref());
        let what = format!("would make the access key {}, ends {ends}", new.name);
        context.printer.note("dry-run", &what);
        return Ok(Exit::Done);
    }
    let server = context.server(None)?;
    let made = context.api(&server).await?.create_key(&new).await?;
    let id = made.key.access_key.clone();
    context.printer.value(&made, &id, || lines(&made, &server))?;
    let ends = day(made.key.expires_at.as_deref());
    context.printer.note("key", &format!("{id} ({}), ends {ends}", made.key.name));
    context.printer.hint("the secret is not shown again");
    Ok(Exit::Done)
}

/// Both halves, and the way to sign in, ready to paste.
fn lines(made: &CreatedKey, server: &Server) -> Vec<String> {
    let CreatedKey { key: KeyView { access_key: id, .. }, secret_key, registry_password, .. } =
        made;
    let host = server.host();
    vec![
        format!("access key  {id}"),
        format!("secret key  {secret_key}"),
        // A secret among the arguments is read by everybody on the machine.
        format!(
            "printf %s {registry_password} | docker login --username {REGION}@{id} \
             --password-stdin {host}"
        ),
    ]
}

async fn list(context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let keys = context.api(&server).await?.keys().await?;
    context.printer.list(&Listing {
        head: &["ACCESS KEY", "NAME", "USED", "ENDS", ""],
        items: &keys,
        cells: |key| {
            vec![
                key.access_key.clone(),
                key.name.clone(),
                key.last_used_at.as_deref().map_or_else(|| "never".to_owned(), units::since),
                day(key.expires_at.as_deref()),
                if key.disabled { "disabled" } else { "" }.to_owned(),
            ]
        },
        name: |key| key.access_key.clone(),
    })?;
    Ok(Exit::Done)
}

async fn close(args: &args::ChangeKey, disabled: bool, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    let (verb, done) = if disabled { ("disable", "disabled") } else { ("enable", "enabled") };
    if args.dry_run {
        let key = find(&api.keys().await?, &args.key)?;
        let what = format!("would {verb} {} ({})", key.access_key, key.name);
        context.printer.note("dry-run", &what);
        return Ok(Exit::Done);
    }
    let key = api.edit_key(&args.key, &EditKey { disabled }).await?;
    context.printer.note(done, &format!("{} ({})", key.access_key, key.name));
    Ok(Exit::Done)
}

async fn remove(args: &args::RemoveKey, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    let key = find(&api.keys().await?, &args.key)?;
    let what = format!("the access key {} ({}) at {server}", key.access_key, key.name);
    if args.dry_run {
        context.printer.note("dry-run", &format!("would delete {what}"));
        return Ok(Exit::Done);
    }
    context.sure(&format!("delete {what}"), args.yes)?;
    api.delete_key(&args.key).await?;
    context.printer.note("deleted", &what);
    Ok(Exit::Done)
}

fn find(keys: &[KeyView], id: &AccessKeyId) -> Result<KeyView> {
    let found = keys.iter().find(|key| key.access_key == id.as_str()).cloned();
    let missing = || Failure::new(Exit::NotFound, format!("you have no access key {id}"));
    Ok(found.ok_or_else(|| missing().hint("hub key ls"))?)
}
