//! The reader's personal tokens.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{NameError, Place, Token, TokenScope};
use secrecy::{ExposeSecret, SecretString};

use super::Web;
use super::failure::Failure;
use super::frame::{no_store, redirect};
use super::lang::Words;
use super::params::Form;
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::services;
use crate::services::reach::ReachError;
use crate::services::tokens::{TokenError, TokenOrder};

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
    error: String,
    /// Choices of the form: value in `href`, words in `text`.
    scopes: Vec<Link>,
    lives: Vec<Link>,
}

/// A token in the list.
#[derive(Debug)]
struct TokenRow {
    name: String,
    scope: &'static str,
    places: String,
    made: String,
    used: String,
    ends: String,
    rotate: String,
    rotate_label: String,
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
        error: String,
    ) -> Self {
        let t = visitor.words();
        let scope = |scope: TokenScope| Link::new(scope.as_str(), scope_words(t, scope));
        Self {
            shell: Shell::new(visitor, t.tokens).hidden(),
            t,
            rows: tokens.iter().map(|token| row(visitor, token)).collect(),
            made,
            error,
            scopes: TokenScope::ALL.map(scope).into(),
            lives: lives(t),
        }
    }
}

fn row(visitor: &Visitor, token: &Token) -> TokenRow {
    let t = visitor.words();
    let ago = |at_ms: i64| visitor.lang().moment(at_ms, visitor.now_ms());
    TokenRow {
        name: token.name.clone(),
        scope: scope_words(t, token.scope),
        places: if token.within.is_everywhere() {
            t.credentials.everywhere.to_owned()
        } else {
            token.within.to_string()
        },
        made: ago(token.created_at_ms).ago,
        used: token.used_at_ms.map_or_else(|| t.never.to_owned(), |at| ago(at).ago),
        ends: day(visitor, token.expires_at_ms),
        rotate: format!("/settings/tokens/{}/rotate", token.id),
        rotate_label: (t.credentials.rotate_named)(&token.name),
        revoke: format!("/settings/tokens/{}/revoke", token.id),
        revoke_label: (t.token_revoke_named)(&token.name),
    }
}

pub(super) const fn scope_words(t: &Words, scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Pull => t.scope_pull,
        TokenScope::Push => t.scope_push,
        TokenScope::Delete => t.scope_delete,
        TokenScope::Admin => t.scope_admin,
    }
}

/// Lives that a form offers: days in `href`, words in `text`.
pub(super) fn lives(t: &Words) -> Vec<Link> {
    let life = |days: u64| {
        let words = if days == 0 { t.expiry_never.to_owned() } else { (t.expiry_days)(days) };
        Link::new(days.to_string(), words)
    };
    LIVES.map(life).into()
}

/// The day on which a credential ends.
pub(super) fn day(visitor: &Visitor, at_ms: Option<i64>) -> String {
    let day = |at_ms| visitor.lang().moment(at_ms, visitor.now_ms()).machine;
    at_ms.map_or_else(
        || visitor.words().expiry_never.to_owned(),
        |at_ms| day(at_ms).chars().take(10).collect(),
    )
}

/// The end that was chosen of those that a form offers.
pub(super) fn chosen_end(visitor: &Visitor, days: Option<&str>) -> Result<Option<i64>, Failure> {
    let days: i64 = days.unwrap_or("30").parse().map_err(|_| Failure::Bad)?;
    if !(0..=3650).contains(&days) {
        return Err(Failure::Bad);
    }
    Ok((days > 0).then(|| visitor.now_ms() + days * DAY_MS))
}

/// Places as they are typed, with blanks or commas between them.
pub(super) fn places(text: &str) -> Result<Vec<Place>, NameError> {
    let places = text.split(|c: char| c == ',' || c.is_whitespace());
    places.filter(|place| !place.is_empty()).map(Place::parse).collect()
}

/// Why a credential does not reach as far as was asked, in words.
pub(super) fn told(t: &Words, error: &ReachError) -> String {
    match error {
        ReachError::TooMany { .. } => t.credentials.error_places.to_owned(),
        ReachError::TooLong { days } => (t.credentials.error_ends)(*days),
        _ => t.error_token_wider.to_owned(),
    }
}

/// `GET /settings/tokens`.
pub(super) async fn page(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let tokens = services::tokens::list(&web.app, visitor.actor()).await?;
    html(StatusCode::OK, &Tokens::new(&visitor, &tokens, None, String::new()))
}

/// `POST /settings/tokens`: answers the secret, this once.
pub(super) async fn create(
    State(web): State<Web>,
    visitor: Visitor,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let scope = fields.get("scope").and_then(TokenScope::parse).ok_or(Failure::Bad)?;
    let expires_at_ms = chosen_end(&visitor, fields.get("days"))?;
    let name = fields.get("name").unwrap_or_default().to_owned();
    let Ok(within) = places(fields.raw("within")) else {
        let error = visitor.words().credentials.error_places.to_owned();
        return answer(&web, &visitor, Err(error)).await;
    };
    let order = TokenOrder { name, scope, within, expires_at_ms };
    let made = services::tokens::create(&web.app, visitor.actor(), order).await;
    let made = outcome(visitor.words(), made)?;
    answer(&web, &visitor, made).await
}

/// `POST /settings/tokens/{id}/rotate`: answers the new secret, this once.
pub(super) async fn rotate(
    State(web): State<Web>,
    visitor: Visitor,
    Path(id): Path<String>,
    _: Form,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::Missing)?;
    let made = services::tokens::rotate(&web.app, visitor.actor(), id).await?;
    answer(&web, &visitor, Ok(made)).await
}

/// A token with its secret, or what is wrong with the form.
type Outcome = Result<(Token, SecretString), String>;

fn outcome(t: &Words, made: Result<(Token, SecretString), TokenError>) -> Result<Outcome, Failure> {
    match made {
        Ok(made) => Ok(Ok(made)),
        Err(TokenError::TooMany) => Ok(Err(t.credentials.error_token_many.to_owned())),
        Err(TokenError::Name { .. }) => Ok(Err(t.error_token_name.to_owned())),
        Err(TokenError::Reach(error)) if !matches!(error, ReachError::Db(_)) => {
            Ok(Err(told(t, &error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The page with what a form led to.
async fn answer(web: &Web, visitor: &Visitor, outcome: Outcome) -> Result<Response, Failure> {
    let t = visitor.words();
    let (status, made, error) = match outcome {
        Ok((token, secret)) => {
            let made = Made {
                title: (t.token_created)(&token.name),
                secret: secret.expose_secret().to_owned(),
                command: format!("docker login {} -u {}", visitor.host(), visitor.actor().name()),
            };
            (StatusCode::CREATED, Some(made), String::new())
        }
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, None, error),
    };
    let tokens = services::tokens::list(&web.app, visitor.actor()).await?;
    let mut response = html(status, &Tokens::new(visitor, &tokens, made, error))?;
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
