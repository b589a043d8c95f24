//! `hub user`: the users of a hub, for its administrators; `hub passwd`: one's own password.

use anyhow::Result;
use hub_api::{AccountView, ChangePassword, CreateUser, EditUser, SetPassword, UserView};
use hub_model::{UserName, UserState};
use secrecy::ExposeSecret;

use super::password;
use crate::args::{Passwd, User, UserAdd, UserLs, UserPasswd, UserRm, UserState as State};
use crate::context::Context;
use crate::printer::Listing;
use crate::report::{Exit, Failure};

/// Users asked for at once.
const PAGE: usize = 100;

/// Runs a command of administrators.
///
/// # Errors
///
/// When the hub says no.
pub(crate) async fn user(command: User, context: &Context) -> Result<Exit> {
    match command {
        User::Ls(args) => ls(args, context).await,
        User::Show { name } => show(&name, context).await,
        User::Add(args) => add(args, context).await,
        User::Edit(args) => {
            let edit = EditUser { admin: args.admin, disabled: args.disabled };
            change(&args.name, &edit, args.dry_run, context).await
        }
        User::Rm(args) => rm(args, context).await,
        User::Passwd(args) => set_password(args, context).await,
    }
}

async fn ls(args: UserLs, context: &Context) -> Result<Exit> {
    let api = context.api(&context.server(None)?).await?;
    let text = args.text.unwrap_or_default();
    let state = match args.state {
        State::Any => UserState::Any,
        State::Open => UserState::Open,
        State::Disabled => UserState::Disabled,
        State::Admin => UserState::Admin,
        State::Deleted => UserState::Deleted,
    };
    let wanted = args.limit.unwrap_or(usize::MAX);
    let (mut found, mut after, mut total) = (Vec::new(), None, 0);
    while found.len() < wanted {
        let most = u32::try_from(PAGE.min(wanted - found.len())).unwrap_or(u32::MAX);
        let page = api.users((&text, state), after.as_deref(), Some(most)).await?;
        found.extend(page.items);
        total = page.total;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let cells = |user: &UserView| {
        let made = user.created_at.chars().take("2025-11-21".len()).collect();
        vec![user.name.clone(), remark(user), made]
    };
    context.printer.list(&Listing {
        head: &["NAME", "", "SINCE"],
        items: &found,
        cells,
        name: |user| user.name.clone(),
    })?;
    if (found.len() as u64) < total {
        context.printer.hint(&format!("{total} users, more: without --limit"));
    }
    Ok(Exit::Done)
}

/// What is particular about an account.
fn remark(user: &UserView) -> String {
    let remarks = [
        (user.admin, "administrator"),
        (user.disabled, "disabled"),
        (user.deleted_at.is_some(), "deleted"),
    ];
    let remarks = remarks.iter().filter(|(is, _)| *is).map(|(_, word)| *word);
    remarks.collect::<Vec<_>>().join(", ")
}

async fn show(name: &UserName, context: &Context) -> Result<Exit> {
    let account = context.api(&context.server(None)?).await?.user(name).await?;
    context.printer.value(&account, name.as_str(), || lines(&account))?;
    Ok(Exit::Done)
}

fn lines(account: &AccountView) -> Vec<String> {
    let orgs = account.orgs.iter().map(|org| format!("{} ({})", org.name, org.role));
    let remark = match remark(&account.user) {
        remark if remark.is_empty() => "user".to_owned(),
        remark => remark,
    };
    let facts = [
        ("name", account.user.name.clone()),
        ("is", remark),
        ("since", account.user.created_at.clone()),
        ("orgs", orgs.collect::<Vec<_>>().join(", ")),
        ("sessions", account.sessions.to_string()),
        ("tokens", account.tokens.to_string()),
    ];
    facts.iter().map(|(word, text)| format!("{word:9} {text}").trim_end().to_owned()).collect()
}

async fn add(args: UserAdd, context: &Context) -> Result<Exit> {
    let UserAdd { name, password_stdin, admin, dry_run } = args;
    let server = context.server(None)?;
    let what = if admin { "administrator" } else { "user" };
    if dry_run {
        context.printer.note("dry run", &format!("would make the {what} {name} at {server}"));
        return Ok(Exit::Done);
    }
    let secret = password::new_one(&format!("Password of {name}"), password_stdin, context)?;
    let password = secret.expose_secret().to_owned();
    let new = CreateUser { name: name.to_string(), password, admin };
    let made = context.api(&server).await?.create_user(&new).await?;
    context.printer.value(&made, name.as_str(), Vec::new)?;
    context.printer.note("made", &format!("the {what} {name}, who owns the organisation {name}"));
    Ok(Exit::Done)
}

async fn change(
    name: &UserName,
    edit: &EditUser,
    dry_run: bool,
    context: &Context,
) -> Result<Exit> {
    let api = context.api(&context.server(None)?).await?;
    if dry_run {
        let now = api.user(name).await?.user;
        let planned = UserView {
            admin: edit.admin.unwrap_or(now.admin),
            disabled: edit.disabled.unwrap_or(now.disabled),
            ..now.clone()
        };
        let text = if planned == now { "nothing would change" } else { "would be" };
        context.printer.note("dry run", format!("{name}: {text} {}", remark(&planned)).trim_end());
        return Ok(Exit::Done);
    }
    let user = api.edit_user(name, edit).await?;
    context.printer.value(&user, name.as_str(), Vec::new)?;
    let remark = remark(&user);
    let is = if remark.is_empty() { "a user who may sign in" } else { &remark };
    context.printer.note("changed", &format!("{name} is now: {is}"));
    Ok(Exit::Done)
}

async fn rm(args: UserRm, context: &Context) -> Result<Exit> {
    let UserRm { name, yes, dry_run } = args;
    let server = context.server(None)?;
    let api = context.api(&server).await?;
    if dry_run {
        let account = api.user(&name).await?;
        let (sessions, tokens) = (account.sessions, account.tokens);
        context.printer.note(
            "dry run",
            &format!("would delete {name} at {server}, {sessions} sessions, {tokens} tokens"),
        );
        return Ok(Exit::Done);
    }
    if !yes {
        if !context.may_ask() {
            let nobody = Failure::usage(format!("will not delete {name} without asking"));
            return Err(nobody.hint("add --yes").into());
        }
        if !context.printer.ask(&format!("Delete {name} at {server}, for good?"))? {
            return Err(Failure::new(Exit::Failed, "nothing was deleted").into());
        }
    }
    let gone = api.delete_user(&name).await?;
    context.printer.value(&gone, name.as_str(), Vec::new)?;
    context.printer.note("deleted", &format!("{name}: the name is not given again"));
    for org in &gone.orgs {
        context.printer.note("deleted", &format!("the organisation {org}: nobody else owned it"));
    }
    Ok(Exit::Done)
}

async fn set_password(args: UserPasswd, context: &Context) -> Result<Exit> {
    let UserPasswd { name, password_stdin, dry_run } = args;
    let server = context.server(None)?;
    if dry_run {
        context.printer.note("dry run", &format!("would set the password of {name} at {server}"));
        return Ok(Exit::Done);
    }
    let secret = password::new_one(&format!("Password of {name}"), password_stdin, context)?;
    let body = SetPassword { password: secret.expose_secret().to_owned() };
    context.api(&server).await?.set_password(&name, &body).await?;
    context.printer.note("changed", &format!("the password of {name}, their sessions have ended"));
    Ok(Exit::Done)
}

/// Changes one's own password.
///
/// # Errors
///
/// When the old one is wrong, or the new one breaks a rule.
pub(crate) async fn passwd(args: Passwd, context: &Context) -> Result<Exit> {
    let server = context.server(None)?;
    if args.dry_run {
        context.printer.note("dry run", &format!("would change your password at {server}"));
        return Ok(Exit::Done);
    }
    let (old, new) = password::old_and_new(args.password_stdin, context)?;
    let change = ChangePassword {
        old: old.expose_secret().to_owned(),
        password: new.expose_secret().to_owned(),
    };
    context.api(&server).await?.change_password(&change).await?;
    context.printer.note("changed", "your password, every browser has to sign in again");
    Ok(Exit::Done)
}
