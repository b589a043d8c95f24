//! Pages for people, made on the server: they work without scripts, in Chinese and in English.
//!
//! A handler parses, calls services and fills a view of ready strings; the templates lie in
//! `templates/web`, style and script in `assets`.

mod access;
mod accounts;
mod activity;
mod assets;
mod cards;
mod facts;
mod failure;
mod frame;
mod home;
mod icons;
mod images;
mod invitations;
mod keys;
mod lang;
mod markdown;
mod missed;
#[cfg(feature = "oidc")]
mod oidc;
mod orgs;
mod params;
mod pull;
mod readme;
mod repos;
mod route;
mod search;
mod session;
mod shares;
#[cfg(test)]
mod tests;
mod tokens;
mod view;
mod visitor;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};

use self::failure::Failure;
use self::readme::Readmes;
use self::visitor::Visitor;
use crate::{App, services};

/// Routes below `/o/` and `/r/`, which are told apart behind one mount: method and pattern. A test
/// asks that each is in the table of who gets what.
pub const ROUTES: [&[(&str, &str)]; 2] = [orgs::ROUTES, route::ROUTES];

/// What handlers of pages work with.
#[derive(Clone)]
struct Web {
    app: App,
    readmes: Readmes,
}

/// All pages; whatever is no other surface's ends here.
pub fn router(app: App) -> Router {
    let web = Web { app, readmes: Readmes::new() };
    let router = Router::new()
        .route("/", get(home::page))
        .route("/search", get(search::page))
        .route("/search.atom", get(search::feed::feed))
        .route("/explore", get(home::explore))
        .route("/o/{*rest}", get(orgs::page).post(orgs::change))
        .route("/r/{*rest}", get(repos::page).post(repos::change))
        .route("/login", get(session::form).post(session::sign_in))
        .route("/logout", post(session::sign_out))
        .route("/register", get(accounts::register::form).post(accounts::register::register))
        .route("/settings", get(accounts::index))
        .route("/settings/password", get(accounts::password).post(accounts::change_password))
        .route(
            "/settings/sessions",
            get(accounts::sessions::page).post(accounts::sessions::end_all),
        )
        .route("/settings/sessions/{id}/end", post(accounts::sessions::end))
        .route("/settings/users", get(accounts::users::page).post(accounts::users::add))
        .route("/settings/users/{user}", get(accounts::users::show).post(accounts::users::change))
        .route("/settings/users/{user}/password", post(accounts::users::reset))
        .route(
            "/settings/users/{user}/delete",
            get(accounts::users::ask).post(accounts::users::delete),
        )
        .route("/settings/shares", get(shares::page))
        .route("/settings/audit", get(activity::page))
        .route("/settings/searches", get(missed::page).post(missed::forget))
        .route("/settings/tokens", get(tokens::page).post(tokens::create))
        .route("/settings/tokens/{id}/revoke", post(tokens::revoke))
        .route("/settings/tokens/{id}/rotate", post(tokens::rotate))
        .route("/settings/keys", get(keys::page).post(keys::change))
        .route("/settings/invitations", get(invitations::page))
        .route("/settings/invitations/accept", post(invitations::answer))
        .route("/settings/invitations/decline", post(invitations::answer))
        .route("/static/{file}", get(assets::serve))
        .route("/favicon.ico", get(assets::favicon))
        .route("/robots.txt", get(assets::robots));
    #[cfg(feature = "oidc")]
    let router = router
        .route("/login/oidc", get(oidc::depart))
        .route("/login/oidc/callback", get(oidc::arrive))
        .route("/settings/oidc", get(oidc::account).post(oidc::link));
    router
        .method_not_allowed_fallback(async || Failure::Method)
        .fallback(otherwise)
        .layer(from_fn_with_state(web.clone(), frame::around))
        .with_state(web)
}

/// Addresses that are no page: a slash too many, or a path out of a pull command.
async fn otherwise(
    State(web): State<Web>,
    visitor: Visitor,
    method: Method,
    uri: Uri,
    _: Request,
) -> Result<Response, Failure> {
    if !method.is_safe() {
        return Err(Failure::Missing);
    }
    let path = uri.path();
    if path.len() > 1 && path.ends_with('/') {
        return Ok(without_slash(path, &uri));
    }
    let (repo, target) = route::pasted(path).ok_or(Failure::Missing)?;
    services::repos::get(&web.app, visitor.actor(), &repo).await?;
    Ok(frame::found(&target))
}

/// 308 to the address without the slashes at its end.
fn without_slash(path: &str, uri: &Uri) -> Response {
    // More than one slash in front would name another host, and browsers read a backslash as one.
    let path = format!("/{}", path.trim_matches(['/', '\\']));
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    frame::redirect(StatusCode::PERMANENT_REDIRECT, &target)
}
