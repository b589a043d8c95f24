//! Doors: the hub's surfaces and where they are mounted. No rules here: a handler parses, calls
//! one service and renders.

pub mod actor;
mod credentials;
mod door;
pub mod hub;
mod layers;
mod meter;
pub mod ops;
pub mod page;
mod proxies;
pub mod registry;
pub mod web;

use axum::Router;
use axum::body::Body;
use tower::Service;

use crate::App;

pub use door::{Door, REQUEST_ID, RequestId, Visit};
pub use proxies::ClientAddress;

/// The first path segments below which something is mounted; a test compares them with the names
/// that no organisation may have.
pub const MOUNTS: &[&str] = &[
    "v2",
    "v1",
    "api",
    "openapi.json",
    "healthz",
    "readyz",
    "metrics",
    // Pages.
    "search",
    "explore",
    "o",
    "r",
    "login",
    "logout",
    "settings",
    "static",
    "favicon.ico",
    "robots.txt",
];

/// Every surface but the registry's own paths below `/v2/`, which [`Door`] takes there directly.
///
/// Every surface sees whole paths and has a fallback of its own, so that a wrong address is
/// answered in the shape of the surface it was meant for.
fn surfaces(app: &App) -> Router {
    let max = app.config.listen.max_body_bytes;
    let beside = whole(registry::beside(app.clone()));
    let hub = whole(layers::texts(hub::router(app.clone()), max));
    let web = whole(layers::texts(web::router(app.clone()), max));

    Router::new()
        // docker, podman, skopeo, containerd, oras, hub.
        .route_service(registry::TOKEN_PATH, beside.clone())
        .route_service(registry::KEYS_PATH, beside.clone())
        // `podman search`, `docker search`.
        .route_service("/v1/search", beside.clone())
        .route_service("/v1/_ping", beside)
        // hub, scripts, other hubs.
        .route_service("/api", hub.clone())
        .route_service("/api/", hub.clone())
        .route_service("/api/{*rest}", hub.clone())
        .route_service("/openapi.json", hub)
        // Probes and Prometheus.
        .merge(ops::router(app.clone()))
        // People. Whatever is nothing else is a page, or the page that says so.
        .fallback_service(web)
}

/// A router as a plain service: mounted so, it keeps its whole path, its fallback and its own
/// answer to wrong methods.
fn whole(
    router: Router,
) -> impl Service<
    axum::extract::Request<Body>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ Sync
+ 'static {
    router.into_service()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_organisation_can_be_called_like_a_mount() {
        for mount in MOUNTS {
            assert!(hub_model::RESERVED.contains(mount), "`{mount}` is not reserved");
        }
        let token = registry::TOKEN_PATH.trim_start_matches('/').split('/').next().unwrap();
        assert!(MOUNTS.contains(&token));
    }
}
