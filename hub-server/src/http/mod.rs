//! Doors: the hub's surfaces and where they are mounted. No rules here: a handler parses, calls
//! one service and renders.

pub mod actor;
mod credentials;
mod door;
#[cfg(test)]
mod effort;
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
    "search.atom",
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
        // `podman search`, `docker search`; there is nothing else of the first version.
        .route_service("/v1/{*rest}", beside)
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
    use axum::body::to_bytes;
    use axum::http::{Request, header};
    use axum::response::Response;

    use super::*;

    /// `ana:b`, who is nobody.
    const BASIC: &str = "Basic YW5hOmI=";

    /// What each surface says when there is too much of something.
    const BUSY: [(&str, &str); 5] = [
        ("/v2/", "TOOMANYREQUESTS"),
        ("/api/v1/registry/token", "TOOMANYREQUESTS"),
        ("/v1/search?q=x", "TOOMANYREQUESTS"),
        ("/api/v1/whoami", "too_many"),
        ("/", "Too many at once"),
    ];

    async fn ask(app: &App, peer: &str, path: &str) -> Response {
        let request = Request::get(path).header(header::HOST, "hub.test");
        let request = request.header(header::AUTHORIZATION, BASIC).body(Body::empty()).unwrap();
        Door::new(app).answer(peer.parse().ok(), request).await
    }

    async fn is_refused(answer: Response, says: &str) {
        assert_eq!(answer.status().as_u16(), 429, "{says}");
        assert!(answer.headers().contains_key(header::RETRY_AFTER), "{says}");
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(says), "{body}");
    }

    #[tokio::test]
    async fn too_many_passwords_at_once_are_refused_by_each_surface_in_its_shape() {
        let (app, _dir) = App::for_tests().await;
        let full = app.passwords.fill();
        for (path, says) in BUSY {
            is_refused(ask(&app, "192.0.2.1", path).await, says).await;
        }
        drop(full);
        assert_eq!(ask(&app, "192.0.2.1", "/v2/").await.status().as_u16(), 401);
    }

    #[tokio::test]
    async fn guesses_are_counted_at_every_door() {
        let (app, _dir) = App::for_tests_with(|config| config.limits.tokens_per_minute = 1).await;
        for (at, (path, says)) in BUSY.into_iter().enumerate() {
            let peer = format!("192.0.2.{at}");
            assert_ne!(ask(&app, &peer, path).await.status().as_u16(), 429, "{path}");
            is_refused(ask(&app, &peer, path).await, says).await;
        }
    }

    #[test]
    fn no_organisation_can_be_called_like_a_mount() {
        for mount in MOUNTS {
            assert!(hub_model::RESERVED.contains(mount), "`{mount}` is not reserved");
        }
        let token = registry::TOKEN_PATH.trim_start_matches('/').split('/').next().unwrap();
        assert!(MOUNTS.contains(&token));
    }
}
