//! Who reads a page, and how they like it: language, appearance, tool.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum_extra::extract::cookie::CookieJar;
use hub_model::Actor;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::lang::{Lang, Words};
use super::params::Params;
use crate::App;
use crate::http::RequestId;
use crate::http::actor;
use crate::http::credentials::presented;
use crate::http::proxies;
use crate::services::invitations;

/// Cookie of the language.
pub(super) const LANG_COOKIE: &str = "hub_lang";

/// Cookie of the appearance.
pub(super) const THEME_COOKIE: &str = "hub_theme";

/// Cookie of the tool that pull commands are shown for first; the script sets it.
const TOOL_COOKIE: &str = "hub_tool";

/// How pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the system says.
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// In the order of the switch.
    pub(super) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// The word in cookies, queries and classes.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

/// One reader of one page. A cheap handle.
#[derive(Debug, Clone)]
pub(super) struct Visitor(Arc<Facts>);

#[derive(Debug)]
struct Facts {
    actor: Actor,
    lang: Lang,
    theme: Theme,
    tool: String,
    host: String,
    path: String,
    query: Params,
    form_token: Option<String>,
    now_ms: i64,
    request_id: String,
    /// Invitations that wait for the reader's answer.
    invitations: u64,
    /// What was asked for in the address and is to be remembered.
    remember: Vec<(&'static str, &'static str)>,
}

impl Visitor {
    /// Reads a request. With bad credentials the page is shown as to a stranger, and the failure
    /// is handed back beside it.
    pub(super) async fn read(app: &App, parts: &Parts) -> (Self, Option<Failure>) {
        let (actor, failure) = match actor::who(app, parts).await {
            Ok(actor) => (actor, None),
            Err(error) => (Actor::Anonymous, Some(Failure::from(error))),
        };
        let query = Params::of(&parts.uri);
        let jar = CookieJar::from_headers(&parts.headers);
        let cookie = |name: &str| jar.get(name).map(|cookie| cookie.value().to_owned());
        let mut remember = Vec::new();

        let asked = query.get("lang").and_then(Lang::parse);
        if let Some(lang) = asked {
            remember.push((LANG_COOKIE, lang.tag()));
        }
        let accepted = || {
            let header = parts.headers.get(header::ACCEPT_LANGUAGE)?;
            Lang::accepted(header.to_str().ok()?)
        };
        let kept = || Lang::parse(&cookie(LANG_COOKIE)?);
        let lang = asked.or_else(kept).or_else(accepted).unwrap_or(Lang::DEFAULT);

        let asked = query.get("theme").and_then(Theme::parse);
        if let Some(theme) = asked {
            remember.push((THEME_COOKIE, theme.as_str()));
        }
        let kept = || Theme::parse(&cookie(THEME_COOKIE)?);
        let theme = asked.or_else(kept).unwrap_or(Theme::Auto);

        let signed_in = actor.user().is_some() && presented(&parts.headers).is_none();
        let secret = actor::session_secret(app, &parts.headers).filter(|_| signed_in);
        let id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        let invitations = waiting(app, &actor, parts.uri.path()).await;
        let facts = Facts {
            actor,
            lang,
            theme,
            tool: cookie(TOOL_COOKIE).unwrap_or_default(),
            host: host(app, parts),
            path: parts.uri.path().to_owned(),
            query: query.with("lang", None).with("theme", None),
            form_token: secret.map(|secret| form_token(secret.expose_secret())),
            now_ms: app.now_ms(),
            request_id: id.unwrap_or_default(),
            invitations,
            remember,
        };
        (Self(Arc::new(facts)), failure)
    }

    pub(super) fn actor(&self) -> &Actor {
        &self.0.actor
    }

    pub(super) fn lang(&self) -> Lang {
        self.0.lang
    }

    pub(super) fn words(&self) -> &'static Words {
        self.0.lang.words()
    }

    pub(super) fn theme(&self) -> Theme {
        self.0.theme
    }

    /// Name of the tool that the reader took last.
    pub(super) fn tool(&self) -> &str {
        &self.0.tool
    }

    /// Host and port that the reader reaches the hub at.
    pub(super) fn host(&self) -> &str {
        &self.0.host
    }

    pub(super) fn path(&self) -> &str {
        &self.0.path
    }

    /// The fields of the address, without language and appearance.
    pub(super) fn query(&self) -> &Params {
        &self.0.query
    }

    /// This page's address.
    pub(super) fn here(&self) -> String {
        self.0.query.address(&self.0.path)
    }

    /// What a form has to carry, when the reader has a session.
    pub(super) fn form_token(&self) -> Option<&str> {
        self.0.form_token.as_deref()
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.0.now_ms
    }

    pub(super) fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Number of invitations that wait for the reader's answer.
    pub(super) fn invitations(&self) -> u64 {
        self.0.invitations
    }

    /// Cookies to be set: names and values.
    pub(super) fn remember(&self) -> &[(&'static str, &'static str)] {
        &self.0.remember
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or(Failure::Broken)
    }
}

/// Number of invitations that wait for the reader of a page. Without it a page is still good.
async fn waiting(app: &App, actor: &Actor, path: &str) -> u64 {
    if path.starts_with("/static/") {
        return 0;
    }
    invitations::waiting(app, actor).await.unwrap_or_else(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "could not count invitations");
        0
    })
}

/// What forms carry: it follows from the session's secret and does not give it away.
fn form_token(secret: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"hub form\0");
    hash.update(secret.as_bytes());
    hex::encode(&hash.finalize()[..16])
}

/// Host and port in commands: the public address, else what the request was sent to.
fn host(app: &App, parts: &Parts) -> String {
    if let Some(url) = &app.config.listen.public_url {
        return url.authority().to_owned();
    }
    proxies::host(&parts.headers).unwrap_or("localhost").to_owned()
}
