//! `hub login`: proves who one is, and keeps a token for hub and for docker.

use std::io::{self, BufRead, Read};

use anyhow::{Context as _, Result};
use hub_api_client::{ApiError, Auth};
use hub_model::AccessKeyId;
use secrecy::{ExposeSecret, SecretString};

use crate::config::UserFile;
use crate::context::{Context, Credentials};
use crate::credentials::{self, Kept};
use crate::docker_config::{self, Stored};
use crate::report::{Exit, Failure};
use crate::server::Server;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Login {
    /// The hub; the current one when left out.
    pub(crate) server: Option<String>,
    /// Who one says to be.
    pub(crate) user: Option<String>,
    /// How one proves it.
    pub(crate) proof: Proof,
    /// Whether docker's configuration gets the token as well.
    pub(crate) docker_config: bool,
}

/// How one proves who one is.
#[derive(Debug)]
pub(crate) enum Proof {
    /// A token.
    Token(SecretString),
    /// A token, on stdin.
    TokenOnStdin,
    /// A password, on the command line.
    Password(SecretString),
    /// A password, on stdin.
    PasswordOnStdin,
    /// A password, asked for on the terminal.
    Ask,
}

/// Signs in.
///
/// # Errors
///
/// When the proof is not accepted, or the token cannot be kept.
pub(crate) async fn login(login: Login, context: &Context) -> Result<Exit> {
    let server = context.server(login.server.as_deref())?;
    if matches!(login.proof, Proof::Password(_)) {
        context.printer.warn(
            "others on this machine see a password among the arguments; use --password-stdin",
        );
    }
    let kept = prove(&server, login.user, login.proof, context).await?;
    let (id, before) = (kept.token_id, earlier(&server, context).await);
    keep(&server, kept, login.docker_config, context)?;
    if let Some((before, auth)) = before
        && let Some(id) = id.filter(|id| *id != before)
    {
        replace(&server, auth, (before, id), context).await;
    }
    Ok(Exit::Done)
}

/// The token that this program keeps for the server, with what signs in by it.
async fn earlier(server: &Server, context: &Context) -> Option<(i64, Auth)> {
    let kept = credentials::read(&context.config.credentials_path()).ok()?.remove(server.host())?;
    let found = context.stored_credentials(server).await.ok()??;
    Some((kept.token_id?, found.auth()))
}

/// Ends the token that was kept here before, when it was made for this machine like the new one.
/// Another machine of the same name keeps a token of its own, which nobody here knows.
async fn replace(server: &Server, auth: Auth, (before, id): (i64, i64), context: &Context) {
    let ended = async {
        // With itself: whoever signed in then may be somebody else than now.
        let api = context.client(server, auth)?;
        let tokens = api.tokens().await?;
        let name = |id| tokens.iter().find(|token| token.id == id).map(|token| &token.name);
        let own = format!("hub on {}", context.config.machine());
        let is_ours = name(before).is_some_and(|name| *name == own);
        if is_ours && name(id).is_none_or(|name| *name == own) {
            api.delete_token(before).await?;
            context.printer.detail(&format!("the token {before} of the login before has ended"));
        }
        anyhow::Ok(())
    };
    if let Err(error) = ended.await {
        context.printer.detail(&format!("the token of the login before stays: {error:#}"));
    }
}

/// Prints who is signed in, like `--get-login` of other tools.
///
/// # Errors
///
/// When nobody is.
pub(crate) async fn show_user(server: Option<&str>, context: &Context) -> Result<Exit> {
    let server = context.server(server)?;
    let Some(found) = context.credentials(&server).await? else {
        let nobody = Failure::new(Exit::Denied, format!("not logged in to {server}"));
        return Err(nobody.hint(format!("run hub login {server}")).into());
    };
    let user = match found {
        Credentials { user, .. } if !user.is_empty() => user,
        found => context.client(&server, found.auth())?.whoami().await?.name,
    };
    context.printer.line(&user)?;
    Ok(Exit::Done)
}

/// Gets a token of the server: verifies the given one, or exchanges the password for a new one.
async fn prove(
    server: &Server,
    user: Option<String>,
    proof: Proof,
    context: &Context,
) -> Result<Kept> {
    let doing = || format!("could not log in to {server}");
    let token = match proof {
        Proof::Token(token) => token,
        Proof::TokenOnStdin => from_stdin("token")?,
        Proof::Password(_) | Proof::PasswordOnStdin | Proof::Ask => {
            let user = user_or_ask(user, context)?;
            let password = match proof {
                Proof::PasswordOnStdin => from_stdin("password")?,
                Proof::Password(password) => password,
                _ => ask_password(&user, server, context)?,
            };
            if stands_for_itself(&user, &password) {
                return by_secret(server, user, password, context).await;
            }
            let request = hub_api::Login {
                username: user,
                password: password.expose_secret().to_owned(),
                name: Some(format!("hub on {}", context.config.machine())),
            };
            let created = context.client(server, Auth::None)?.login(&request).await;
            let created = created.map_err(|error| explain(error, server)).with_context(doing)?;
            return Ok(Kept {
                user: created.user,
                token: Some(created.secret.into()),
                token_id: Some(created.token.id),
            });
        }
    };
    let me = context.client(server, Auth::Token(token.clone()))?.whoami().await;
    let me = me.map_err(|error| explain(error, server)).with_context(doing)?;
    Ok(Kept { user: me.name, token: Some(token), token_id: me.token_id })
}

/// Whether a secret is kept as it is: robots and access keys make no tokens.
fn stands_for_itself(user: &str, secret: &SecretString) -> bool {
    let key = user.rsplit_once('@').map_or(user, |(_, key)| key);
    secret.expose_secret().starts_with("hub_bot_") || AccessKeyId::parse(key).is_ok()
}

async fn by_secret(
    server: &Server,
    user: String,
    secret: SecretString,
    context: &Context,
) -> Result<Kept> {
    let auth = Auth::Basic { user: user.clone(), password: secret.clone() };
    let me = context.client(server, auth)?.whoami().await;
    me.map_err(|error| explain(error, server))
        .with_context(|| format!("could not log in to {server}"))?;
    Ok(Kept { user, token: Some(secret), token_id: None })
}

/// A refusal of a login is no reason to log in.
fn explain(error: ApiError, server: &Server) -> anyhow::Error {
    if error.status() == Some(401) {
        let text = "user and password, or the token, are not accepted";
        let hint = format!("check them, or make a token on {}/settings/tokens", server.url());
        return Failure::new(Exit::Denied, text).hint(hint).into();
    }
    error.into()
}

fn keep(server: &Server, mut kept: Kept, docker_config: bool, context: &Context) -> Result<()> {
    let config = &context.config;
    let mut also = "";
    if docker_config && let Some(secret) = &kept.token {
        match docker_config::store(&config.docker_path(), server.host(), &kept.user, secret) {
            Ok(Stored::File) => also = ", for docker and podman as well",
            Ok(Stored::Program(program)) => {
                context.printer.detail(&format!("docker-credential-{program} keeps the token"));
                also = ", by docker's credential program";
                kept.token = None;
            }
            // The login itself is good; hub works, docker does not yet.
            Err(error) => {
                let error = anyhow::Error::from(error);
                context.printer.warn(&format!("docker does not get the token: {error:#}"));
            }
        }
    }
    credentials::keep(&config.credentials_path(), server, &kept)?;
    UserFile::remember(config.path(), server, &kept.user, &config.trust(server)?)?;
    context.printer.note("login", &format!("{} at {server}{also}", kept.user));
    Ok(())
}

fn user_or_ask(user: Option<String>, context: &Context) -> Result<String> {
    if let Some(user) = user {
        return Ok(user);
    }
    if !context.may_ask() {
        return Err(Failure::usage("no user given")
            .hint("add -u USER --password-stdin, or --token-stdin")
            .into());
    }
    context.printer.prompt("User: ")?;
    let mut user = String::new();
    io::stdin().lock().read_line(&mut user).context("could not read the user")?;
    Ok(user.trim().to_owned())
}

fn ask_password(user: &str, server: &Server, context: &Context) -> Result<SecretString> {
    if !context.may_ask() {
        return Err(Failure::usage("no password given")
            .hint("add --password-stdin, or --token-stdin")
            .into());
    }
    let prompt = dialoguer::Password::new().with_prompt(format!("Password of {user} at {server}"));
    Ok(prompt.interact().context("could not read the password")?.into())
}

fn from_stdin(what: &str) -> Result<SecretString> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).with_context(|| format!("could not read the {what}"))?;
    // The line end belongs to the file or to echo; blanks may belong to the password.
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(Failure::usage(format!("no {what} on stdin")).into());
    }
    Ok(text.into())
}
