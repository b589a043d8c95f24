//! Yet to come.

use axum::Router;

use crate::App;

pub(crate) fn router(app: App) -> Router {
    Router::new().with_state(app)
}
