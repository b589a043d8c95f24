//! The reader's personal tokens.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{Token, TokenScope};
use secrecy::ExposeSecret;

use super::Web;
use super::failure::Failure;
use super::frame::{no_store, redirect};
use super::lang::Words;
use super::params::Form;
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::services;
use crate::services::tokens::TokenError;

/// Lives that the form offers, in days; 0 is for ever.
const LIVES: [u64; 5] = [30, 7, 90, 365, 0];

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/tokens.html")]
pub(super) struct Tokens {
    shell: Shell,
    t: &'static Words,
    rows: Vec<TokenRow>,
    /// A token that was just made: its secret is shown this once.
    made: Option<Made>,
    error: &'static str,
    /// Choices of the form: value in `href`, words in `text`.
    scopes: Vec<Link>,
    lives: Vec<Link>,
}

/// A token in the list.
#[derive(Debug)]
struct TokenRow {
    name: String,
    scope: &'static str,
    made: String,
    used: String,
    ends: String,
    revoke: String,
    revoke_label: String,
}

/// A token that was just made.
#[derive(Debug)]
pub(super) struct Made {
    title: String,
    secret: String,
    command: String,
}

impl Tokens {
    /// The page with a list of tokens.
    pub(super) fn new(
        visitor: &Visitor,
        tokens: &[Token],
        made: Option<Made>,
        error: &'static str,
    ) -> Self {
        let t = visitor.words();
        let scope = |scope: TokenScope| Link::new(scope.as_str(), scope_words(t, scope));
        let life = |days: u64| {
            let words = if days == 0 { t.expiry_never.to_owned() } else { (t.expiry_days)(days) };
            Link::new(days.to_string(), words)
        };
        Self {
            shell: Shell::new(visitor, t.tokens).hidden(),
            t,
            rows: tokens.iter().map(|token| row(visitor, token)).collect(),
            made,
            error,
            scopes: TokenScope::ALL.map(scope).into(),
            lives: LIVES.map(life).into(),
        }
    }
}

fn row(visitor: &Visitor, token: &Token) -> TokenRow {
    let t = visitor.words();
    let ago = |at_ms: i64| visitor.lang().moment(at_ms, visitor.now_ms());
    TokenRow {
        name: token.name.clone(),
        scope: scope_words(t, token.scope),
        made: ago(token.created_at_ms).ago,
        used: token.used_at_ms.map_or_else(|| t.never.to_owned(), |at| ago(at).ago),
        ends: token.expires_at_ms.map_or_else(
            || t.expiry_never.to_owned(),
            |at| ago(at).machine.chars().take(10).collect(),
        ),
        revoke: format!("/settings/tokens/{}/revoke", token.id),
        revoke_label: (t.token_revoke_named)(&token.name),
    }
}

const fn scope_words(t: &Words, scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Pull => t.scope_pull,
        TokenScope::Push => t.scope_push,
        TokenScope::Delete => t.scope_delete,
        TokenScope::Admin => t.scope_admin,
    }
}

/// `GET /settings/tokens`.
pub(super) async fn page(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let tokens = services::tokens::list(&web.app, visitor.actor()).await?;
    html(StatusCode::OK, &Tokens::new(&visitor, &tokens, None, ""))
}

/// `POST /settings/tokens`: answers the secret, this once.
pub(super) async fn create(
    State(web): State<Web>,
    visitor: Visitor,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let t = visitor.words();
    let scope = fields.get("scope").and_then(TokenScope::parse).ok_or(Failure::Bad)?;
    let days: i64 = fields.get("days").unwrap_or("30").parse().map_err(|_| Failure::Bad)?;
    if !(0..=3650).contains(&days) {
        return Err(Failure::Bad);
    }
    let ends = (days > 0).then(|| visitor.now_ms() + days * DAY_MS);
    let name = fields.get("name").unwrap_or_default();
    let made = services::tokens::create(&web.app, visitor.actor(), name, scope, ends).await;
    let (status, made, error) = match made {
        Ok((token, secret)) => {
            let made = Made {
                title: (t.token_created)(&token.name),
                secret: secret.expose_secret().to_owned(),
                command: format!("docker login {} -u {}", visitor.host(), visitor.actor().name()),
            };
            (StatusCode::CREATED, Some(made), "")
        }
        Err(TokenError::Name { .. }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, None, t.error_token_name)
        }
        Err(TokenError::Wider { .. }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, None, t.error_token_wider)
        }
        Err(error) => return Err(error.into()),
    };
    let tokens = services::tokens::list(&web.app, visitor.actor()).await?;
    let mut response = html(status, &Tokens::new(&visitor, &tokens, made, error))?;
    no_store(&mut response);
    Ok(response)
}

/// `POST /settings/tokens/{id}/revoke`.
pub(super) async fn revoke(
    State(web): State<Web>,
    visitor: Visitor,
    Path(id): Path<String>,
    _: Form,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::Missing)?;
    services::tokens::revoke(&web.app, visitor.actor(), id).await?;
    Ok(redirect(StatusCode::SEE_OTHER, "/settings/tokens"))
}
