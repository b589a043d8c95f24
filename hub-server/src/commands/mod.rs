//! The verbs of `hub-server`: each is a function of typed values.

mod args;
mod check;
mod demo;
mod eval;
mod gc;
mod import;
mod printer;
mod serve;
mod store;
mod user;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};

pub use args::Arguments;
use args::{ConfigVerb, ImportVerb, KeyVerb, UserVerb, Verb};

use crate::Config;
use crate::config::{self, Loaded};
use crate::services::accounts::UserEdit;
use crate::services::check::Rehash;
use crate::services::gc::GcOrder;

/// Runs one verb.
///
/// # Errors
///
/// What went wrong, with its causes.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.verb {
        Verb::Serve(settings) => serve::serve(settings.load()?.config).await?,
        Verb::Init { settings, admin, admin_password_stdin } => {
            let config = quiet(settings.load()?)?;
            store::init(config, &admin, admin_password_stdin).await?;
        }
        Verb::Demo { settings, keep } => demo::demo(settings, keep).await?,
        Verb::Reindex(settings) => store::reindex(quiet(settings.load()?)?).await?,
        Verb::Import(ImportVerb::Corpus { settings, dir }) => {
            import::corpus(quiet(settings.load()?)?, &dir).await?;
        }
        Verb::EvalSearch { settings, queries, run_out, format } => {
            let config = quiet(settings.load()?)?;
            eval::eval(config, &queries, run_out.as_deref(), format).await?;
        }
        Verb::Migrate(settings) => store::migrate(quiet(settings.load()?)?).await?,
        Verb::Gc { settings, dry_run, grace, untagged, format } => {
            let order = GcOrder { dry_run, grace_ms: grace, untagged_ms: untagged };
            gc::collect(quiet(settings.load()?)?, order, format).await?;
        }
        Verb::Check { settings, fix, rehash, format } => {
            let rehash = rehash.map_or(Rehash::None, |arg| arg.0);
            return check::check(quiet(settings.load()?)?, fix, rehash, format).await;
        }
        Verb::Config(ConfigVerb::Print(settings)) => print_config(&settings.load()?),
        Verb::Key(KeyVerb::Forget { settings, yes }) => {
            store::forget_key(&quiet(settings.load()?)?, yes).await?;
        }
        Verb::User(verb) => return Box::pin(run_user(verb)).await.map(|()| ExitCode::SUCCESS),
        Verb::Openapi => print_openapi()?,
        Verb::Healthcheck(settings) => return healthcheck(&settings.load()?.config).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_user(verb: UserVerb) -> Result<()> {
    let closed = |disabled| UserEdit { admin: None, disabled: Some(disabled) };
    match verb {
        UserVerb::Add { settings, name, password_stdin, admin } => {
            user::add(quiet(settings.load()?)?, &name, password_stdin, admin).await
        }
        UserVerb::Password { settings, name, password_stdin } => {
            user::set_password(quiet(settings.load()?)?, &name, password_stdin).await
        }
        UserVerb::Disable { settings, name } => {
            user::edit(quiet(settings.load()?)?, &name, closed(true)).await
        }
        UserVerb::Enable { settings, name } => {
            user::edit(quiet(settings.load()?)?, &name, closed(false)).await
        }
        UserVerb::Admin { settings, name, off } => {
            let edit = UserEdit { admin: Some(!off), disabled: None };
            user::edit(quiet(settings.load()?)?, &name, edit).await
        }
        UserVerb::Delete { settings, name } => user::delete(quiet(settings.load()?)?, &name).await,
        UserVerb::Ls(settings) => user::list(quiet(settings.load()?)?).await,
    }
}

/// Prints an error with its causes, and gives the code to exit with.
#[must_use]
pub fn complain(error: &anyhow::Error) -> ExitCode {
    printer::note(&format!("error: {error}"));
    for cause in error.chain().skip(1) {
        printer::note(&format!("  caused by: {cause}"));
    }
    ExitCode::FAILURE
}

/// For verbs that answer on the terminal: warnings only, unless more was asked for.
fn quiet(loaded: Loaded) -> Result<Config> {
    let mut config = loaded.config;
    if config.log.level == config::Log::default().level {
        "warn".clone_into(&mut config.log.level);
    }
    crate::telemetry::start_logs(&config.log)?;
    Ok(config)
}

fn print_config(loaded: &Loaded) {
    let entries = loaded.entries();
    let width = entries.iter().map(|entry| entry.key.len()).max().unwrap_or(0);
    for entry in entries {
        let (key, value, origin) = (entry.key, entry.value, entry.origin);
        printer::line(&format!("{key:width$}  {value}  # {origin}"));
    }
}

fn print_openapi() -> Result<()> {
    let document = crate::http::hub::openapi();
    let text = document.to_pretty_json().context("could not write the OpenAPI document")?;
    printer::line(&text);
    Ok(())
}

/// Asks a hub on this machine whether it is ready.
async fn healthcheck(config: &Config) -> Result<ExitCode> {
    let mut address = config.listen.address;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let client = hub_registry_client::http::builder()
        .no_proxy()
        // It is this machine, by an address that no certificate names.
        .tls_danger_accept_invalid_certs(true)
        .timeout(Duration::from_secs(5))
        .build()
        .context("could not prepare the question")?;
    let url = format!("{}://{address}/readyz", config.scheme());
    let answer = client.get(&url).send().await.with_context(|| format!("could not ask {url}"))?;
    let ready = answer.status().is_success();
    printer::line(answer.text().await.unwrap_or_default().trim_end());
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
