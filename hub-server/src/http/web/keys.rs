//! The reader's access keys.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{AccessKey, AccessKeyId};
use secrecy::ExposeSecret;

use super::Web;
use super::failure::Failure;
use super::frame::{no_store, redirect};
use super::lang::Words;
use super::params::Form;
use super::tokens::{self, day};
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::services::access_keys::{self, AccessKeyError};
use crate::services::reach::ReachError;

/// Where the page lies.
const PATH: &str = "/settings/keys";

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/keys.html")]
struct Keys {
    shell: Shell,
    t: &'static Words,
    rows: Vec<Row>,
    /// A key that was just made: its secret half is shown this once.
    made: Option<Made>,
    error: String,
    lives: Vec<Link>,
}

/// A key in the list.
#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    made: String,
    used: String,
    ends: String,
    disabled: bool,
    close_label: String,
    delete_label: String,
}

/// A key that was just made.
#[derive(Debug)]
struct Made {
    title: String,
    id: String,
    secret: String,
    command: String,
}

impl Keys {
    fn new(visitor: &Visitor, keys: &[AccessKey], made: Option<Made>, error: String) -> Self {
        let t = visitor.words();
        Self {
            shell: Shell::new(visitor, t.credentials.keys).hidden(),
            t,
            rows: keys.iter().map(|key| row(visitor, key)).collect(),
            made,
            error,
            lives: tokens::lives(t),
        }
    }
}

fn row(visitor: &Visitor, key: &AccessKey) -> Row {
    let (t, c) = (visitor.words(), visitor.words().credentials);
    let ago = |at_ms: i64| visitor.lang().moment(at_ms, visitor.now_ms()).ago;
    let close = if key.disabled { c.enable_named } else { c.disable_named };
    Row {
        id: key.key_id.to_string(),
        name: key.name.clone(),
        made: ago(key.created_at_ms),
        used: key.used_at_ms.map_or_else(|| t.never.to_owned(), ago),
        ends: day(visitor, key.expires_at_ms),
        disabled: key.disabled,
        close_label: close(&key.name),
        delete_label: (c.delete_named)(&key.name),
    }
}

/// `GET /settings/keys`.
pub(super) async fn page(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let keys = access_keys::list(&web.app, visitor.actor()).await?;
    html(StatusCode::OK, &Keys::new(&visitor, &keys, None, String::new()))
}

/// `POST /settings/keys`: makes one and answers its secret half, this once; or disables, enables or
/// deletes one.
pub(super) async fn change(
    State(web): State<Web>,
    visitor: Visitor,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let (app, actor) = (&web.app, visitor.actor());
    let id = || AccessKeyId::parse(fields.raw("key")).map_err(|_| Failure::Missing);
    match fields.raw("do") {
        "disable" => drop(access_keys::close(app, actor, &id()?, true).await?),
        "enable" => drop(access_keys::close(app, actor, &id()?, false).await?),
        "delete" => access_keys::delete(app, actor, &id()?).await?,
        _ => {
            let ends = tokens::chosen_end(&visitor, fields.get("days"))?;
            let name = fields.get("name").unwrap_or_default();
            return create(&web, &visitor, name, ends).await;
        }
    }
    Ok(redirect(StatusCode::SEE_OTHER, PATH))
}

async fn create(
    web: &Web,
    visitor: &Visitor,
    name: &str,
    ends: Option<i64>,
) -> Result<Response, Failure> {
    let (t, c) = (visitor.words(), visitor.words().credentials);
    let made = match access_keys::create(&web.app, visitor.actor(), name, ends).await {
        Ok((key, secret)) => {
            let password = access_keys::registry_password(&key.key_id, &secret);
            let (host, id) = (visitor.host(), &key.key_id);
            Ok(Made {
                title: (c.key_created)(&key.name),
                id: id.to_string(),
                secret: secret.expose_secret().to_owned(),
                // A secret among the arguments is read by everybody on the machine.
                command: format!(
                    "printf %s {} | docker login --username hub@{id} --password-stdin {host}",
                    password.expose_secret()
                ),
            })
        }
        Err(AccessKeyError::Name { .. }) => Err(c.error_key_name.to_owned()),
        Err(AccessKeyError::TooMany) => Err(c.error_key_many.to_owned()),
        Err(AccessKeyError::Reach(error)) if !matches!(error, ReachError::Db(_)) => {
            Err(tokens::told(t, &error))
        }
        Err(error) => return Err(error.into()),
    };
    let status = if made.is_ok() { StatusCode::CREATED } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (made, error) = match made {
        Ok(made) => (Some(made), String::new()),
        Err(error) => (None, error),
    };
    let keys = access_keys::list(&web.app, visitor.actor()).await?;
    let mut response = html(status, &Keys::new(visitor, &keys, made, error))?;
    no_store(&mut response);
    Ok(response)
}
