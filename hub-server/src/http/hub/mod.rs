//! The hub API: `/api/v1`, for `hub`, scripts and other hubs.
//!
//! Errors are problems (RFC 9457), described in `error.rs`; the OpenAPI document is at
//! `/openapi.json`.

mod access;
mod accounts;
mod audit;
mod error;
mod garbage;
mod images;
mod input;
mod invitations;
mod keys;
mod missed;
mod openapi;
mod orgs;
mod repos;
mod robots;
mod route;
mod search;
mod sessions;
mod shares;
mod users;

use axum::extract::OriginalUri;
use axum::http::Method;
use axum::middleware::from_fn;
use axum::routing::{any, get};
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use error::HubError;

/// The document that describes this API, for `hub-server openapi` as well.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().split_for_parts().1
}

/// Everything under `/api`, and `/openapi.json`.
pub(crate) fn router(app: App) -> Router {
    let (router, document) = described().split_for_parts();
    router
        // Names of repositories hold slashes, so one route serves all that is below them.
        .route(route::REPOS_ROUTE, any(repos::dispatch))
        .route("/openapi.json", get(async move || Json(document)))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(error::complete))
        .with_state(app)
}

/// The routes whose documentation and mount are one thing.
fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .routes(routes!(accounts::version))
        .routes(routes!(accounts::whoami))
        .routes(routes!(accounts::login))
        .routes(routes!(accounts::list_tokens, accounts::create_token))
        .routes(routes!(accounts::delete_token))
        .routes(routes!(accounts::rotate_token))
        .routes(routes!(keys::list_keys, keys::create_key))
        .routes(routes!(keys::edit_key, keys::delete_key))
        .routes(routes!(robots::list_robots, robots::create_robot))
        .routes(routes!(robots::show_robot, robots::edit_robot, robots::delete_robot))
        .routes(routes!(robots::rotate_robot))
        .routes(routes!(sessions::list_sessions, sessions::end_sessions))
        .routes(routes!(sessions::end_session))
        .routes(routes!(sessions::register))
        .routes(routes!(users::list_users, users::create_user))
        .routes(routes!(users::show_user, users::edit_user, users::delete_user))
        .routes(routes!(users::set_password))
        .routes(routes!(users::change_password))
        .routes(routes!(orgs::list_orgs, orgs::create_org))
        .routes(routes!(orgs::show_org, orgs::edit_org, orgs::delete_org))
        .routes(routes!(orgs::show_quota, orgs::set_quota))
        .routes(routes!(orgs::list_members))
        .routes(routes!(orgs::set_member, orgs::remove_member))
        .routes(routes!(access::check_org))
        .routes(routes!(invitations::list_invitations, invitations::invite))
        .routes(routes!(invitations::withdraw_invitation))
        .routes(routes!(invitations::my_invitations))
        .routes(routes!(invitations::accept_invitation))
        .routes(routes!(invitations::decline_invitation))
        .routes(routes!(invitations::transfer_org))
        .routes(routes!(shares::list_org_shares))
        .routes(routes!(shares::list_shares))
        .routes(routes!(audit::list_org_audit))
        .routes(routes!(audit::list_audit))
        .routes(routes!(repos::list_repos, repos::create_repo))
        .routes(routes!(garbage::list_gc_runs, garbage::start_gc))
        .routes(routes!(garbage::show_gc_run))
        .routes(routes!(search::search))
        .routes(routes!(search::suggest))
        .routes(routes!(missed::list_missed, missed::forget_missed))
}

async fn nothing_here(OriginalUri(uri): OriginalUri) -> HubError {
    HubError::nothing_at(uri.path())
}

async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> HubError {
    HubError::wrong_method(&method, uri.path())
}

#[cfg(test)]
mod tests;
