//! What templates are given: ready strings, no rules.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::failure::Failure;
use super::lang::{Lang, Words};
use super::visitor::{Theme, Visitor};
use super::{assets, params};

/// Renders a page.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Result<Response, Failure> {
    let text = page.render()?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok((status, [(header::CONTENT_TYPE, kind)], text).into_response())
}

/// A link with its words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Link {
    pub href: String,
    pub text: String,
    /// Whether it leads to where the reader is.
    pub current: bool,
    /// Language of the words, when it is not the page's.
    pub lang: &'static str,
}

impl Link {
    /// A link to another page.
    pub(super) fn new(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { href: href.into(), text: text.into(), ..Self::default() }
    }
}

/// What surrounds the content of every page.
#[derive(Debug)]
pub(super) struct Shell {
    pub t: &'static Words,
    pub lang: &'static str,
    pub theme: &'static str,
    pub title: String,
    pub description: String,
    pub css: &'static str,
    pub js: &'static str,
    pub icon: &'static str,
    /// Whether search engines stay away.
    pub hidden: bool,
    /// Whether the search box stands in the head; the start page has its own.
    pub search: bool,
    pub query: String,
    pub user: String,
    pub user_href: String,
    /// Invitations that wait, in words; empty for none.
    pub invitations: String,
    pub login: String,
    pub form_token: String,
    pub langs: Vec<Link>,
    pub themes: Vec<Link>,
}

impl Shell {
    /// The surroundings of a page with this title.
    pub(super) fn new(visitor: &Visitor, title: &str) -> Self {
        let t = visitor.words();
        let user = visitor.actor().user().map(|user| user.name.to_string()).unwrap_or_default();
        let title = if title.is_empty() {
            format!("{} · {}", t.site, t.tagline)
        } else {
            format!("{title} · {}", t.site)
        };
        let back = if is_login(visitor) { String::new() } else { visitor.here() };
        let back = if back == "/" { String::new() } else { back };
        Self {
            t,
            lang: visitor.lang().tag(),
            theme: visitor.theme().as_str(),
            title,
            description: t.lead.to_owned(),
            css: assets::path("hub.css"),
            js: assets::path("hub.js"),
            icon: assets::path("favicon.svg"),
            hidden: false,
            search: true,
            query: String::new(),
            user_href: format!("/o/{user}"),
            invitations: match visitor.invitations() {
                0 => String::new(),
                waiting => (t.people.invitations_of)(waiting),
            },
            user,
            login: params::address("/login", &[("next", &back)]),
            form_token: visitor.form_token().unwrap_or_default().to_owned(),
            langs: langs(visitor),
            themes: themes(visitor),
        }
    }

    /// Keeps search engines away.
    pub(super) fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Says in one line what the page is about; an empty text changes nothing.
    pub(super) fn about(mut self, text: &str) -> Self {
        if !text.is_empty() {
            text.clone_into(&mut self.description);
        }
        self
    }
}

/// Whether the reader is signing in: nobody wants to come back to that.
fn is_login(visitor: &Visitor) -> bool {
    visitor.path() == "/login" || visitor.path().starts_with("/login/")
}

/// This page with one thing shown otherwise. The way back from a provider is good once, and what
/// it brought belongs into no link.
fn here_with(visitor: &Visitor, name: &str, value: &str) -> String {
    if visitor.path().starts_with("/login/") {
        return params::address("/login", &[(name, value)]);
    }
    visitor.query().with(name, Some(value)).address(visitor.path())
}

fn langs(visitor: &Visitor) -> Vec<Link> {
    let link = |lang: Lang| Link {
        href: here_with(visitor, "lang", lang.tag()),
        text: lang.words().language.to_owned(),
        current: lang == visitor.lang(),
        lang: lang.tag(),
    };
    Lang::ALL.map(link).into()
}

fn themes(visitor: &Visitor) -> Vec<Link> {
    let t = visitor.words();
    let link = |theme: Theme| Link {
        href: here_with(visitor, "theme", theme.as_str()),
        text: match theme {
            Theme::Auto => t.theme_auto,
            Theme::Light => t.theme_light,
            Theme::Dark => t.theme_dark,
        }
        .to_owned(),
        current: theme == visitor.theme(),
        lang: theme.as_str(),
    };
    Theme::ALL.map(link).into()
}

/// A page that says why there is none.
#[derive(Debug, Template)]
#[template(path = "web/error.html")]
pub(super) struct ErrorPage {
    shell: Shell,
    heading: &'static str,
    text: String,
    hint: String,
    offer_login: bool,
}

impl ErrorPage {
    /// The page of a failure.
    pub(super) fn new(visitor: &Visitor, failure: Failure) -> Self {
        let t = visitor.words();
        let (heading, text) = match failure {
            Failure::Missing => (t.missing_title, t.missing_text),
            Failure::Refused => (t.refused_title, t.refused_text),
            Failure::SignIn | Failure::Wrong => (t.refused_title, t.login_wrong),
            Failure::Stale => (t.refused_title, t.stale_text),
            Failure::Bad => (t.bad_title, t.bad_text),
            Failure::Method => (t.method_title, t.method_text),
            Failure::Busy(_) => (t.busy_title, ""),
            Failure::Broken => (t.failed_title, t.failed_text),
        };
        let text = match failure {
            Failure::Busy(seconds) => (t.accounts.error_wait)(seconds),
            _ => text.to_owned(),
        };
        let hint = match failure {
            Failure::Missing => t.missing_hint.to_owned(),
            Failure::Broken => (t.failed_id)(visitor.request_id()),
            _ => String::new(),
        };
        let offer_login = failure == Failure::Missing && visitor.actor().user().is_none();
        Self { shell: Shell::new(visitor, heading).hidden(), heading, text, hint, offer_login }
    }
}
