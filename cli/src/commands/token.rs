//! `hub token`: makes, lists, rotates and ends personal tokens.

use anyhow::Result;
use chrono::Utc;
use hub_api::{CreateToken, CreatedToken, TokenView};

use crate::args::token::{self as args, TokenCommand};
use crate::context::Context;
use crate::printer::Listing;
use crate::reach::{End, together};
use crate::report::{Exit, Failure};
use crate::units;

/// Runs a command on tokens.
///
/// # Errors
///
/// When the hub says no.
pub(crate) async fn token(command: TokenCommand, context: &Context) -> Result<Exit> {
    match command {
        TokenCommand::Create(args) => create(args, context).await,
        TokenCommand::Ls => list(context).await,
        TokenCommand::Revoke(args) => revoke(&args, context).await,
        TokenCommand::Rotate(args) => rotate(&args, context).await,
    }
}

async fn create(args: args::CreateToken, context: &Context) -> Result<Exit> {
    let (scope, places) = together(&args.reach.scopes)?.unzip();
    let new = CreateToken {
        name: args.name,
        scope: scope.map(|scope| scope.as_str().to_owned()),
        within: places.unwrap_or_default().iter().map(ToString::to_string).collect(),
        expires_at: wire(args.reach.expires),
    };
    if args.dry_run {
        let scope = new.scope.as_deref().unwrap_or("admin");
        let what = reaches(scope, &new.within, new.expires_at.as_deref());
        context.printer.note("dry-run", &format!("would make the token {}: {what}", new.name));
        return Ok(Exit::Done);
    }
    let server = context.server(None)?;
    let made = context.api(&server).await?.create_token(&new).await?;
    show(&made, context)?;
    context.printer.hint(&format!(
        "docker login {} -u {} --password-stdin   # it is not shown again",
        server.host(),
        made.user
    ));
    Ok(Exit::Done)
}

async fn list(context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let tokens = context.api(&server).await?.tokens().await?;
    context.printer.list(&Listing {
        head: &["ID", "NAME", "SCOPE", "PLACES", "USED", "ENDS"],
        items: &tokens,
        cells: |token| {
            vec![
                token.id.to_string(),
                token.name.clone(),
                token.scope.clone(),
                everywhere(&token.within),
                token.last_used_at.as_deref().map_or_else(|| "never".to_owned(), units::since),
                day(token.expires_at.as_deref()),
            ]
        },
        name: |token| token.id.to_string(),
    })?;
    Ok(Exit::Done)
}

async fn revoke(args: &args::TokenNumber, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    let found = find(&api.tokens().await?, args.id)?;
    let what = format!("the token {} ({}) at {server}", found.id, found.name);
    if args.dry_run {
        context.printer.note("dry-run", &format!("would revoke {what}"));
        return Ok(Exit::Done);
    }
    context.sure(&format!("revoke {what}"), args.yes)?;
    api.delete_token(args.id).await?;
    context.printer.note("revoked", &what);
    Ok(Exit::Done)
}

async fn rotate(args: &args::RotateToken, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    if args.dry_run {
        let found = find(&api.tokens().await?, args.id)?;
        let what = format!("would put another secret in the place of {}", found.name);
        context.printer.note("dry-run", &what);
        return Ok(Exit::Done);
    }
    let made = api.rotate_token(args.id).await?;
    show(&made, context)?;
    context.printer.hint("the old secret has ended; this one is not shown again");
    Ok(Exit::Done)
}

fn find(tokens: &[TokenView], id: i64) -> Result<TokenView> {
    let found = tokens.iter().find(|token| token.id == id).cloned();
    let missing = || Failure::new(Exit::NotFound, format!("you have no token {id}"));
    Ok(found.ok_or_else(|| missing().hint("hub token ls"))?)
}

fn show(made: &CreatedToken, context: &Context) -> Result<()> {
    context.printer.value(made, &made.token.id.to_string(), || vec![made.secret.clone()])?;
    let TokenView { id, name, scope, within, expires_at, .. } = &made.token;
    let what = reaches(scope, within, expires_at.as_deref());
    context.printer.note("token", &format!("{id} ({name}): {what}"));
    Ok(())
}

/// When it is to end, as the API takes it: nothing for as late as may be.
pub(super) fn wire(end: Option<End>) -> Option<String> {
    end.map(|end| end.wire(Utc::now())).filter(|end| !end.is_empty())
}

/// What a credential is good for, in words.
pub(super) fn reaches(scope: &str, within: &[String], ends: Option<&str>) -> String {
    format!("{scope}, {}, ends {}", everywhere(within), day(ends))
}

/// Places in words.
pub(super) fn everywhere(within: &[String]) -> String {
    if within.is_empty() { "everywhere".to_owned() } else { within.join(" ") }
}

/// The day of a time, or never.
pub(super) fn day(time: Option<&str>) -> String {
    time.map_or_else(|| "never".to_owned(), |time| time.chars().take(10).collect())
}
