//! Yet to come.

use axum::Router;

use crate::App;

pub(crate) fn router(app: App) -> Router {
    Router::new().with_state(app)
}

/// Path of the token endpoint.
pub const TOKEN_PATH: &str = "/api/v1/registry/token";
