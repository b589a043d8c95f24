//! The routes of the registry.

use super::table::{Body, Row};

/// Every route of the registry, on a private repository.
pub const PRIVATE: [Row; 21] = [
    Row("GET /v2/", Body::None),
    Row("GET /v2/_catalog", Body::None),
    Row("GET /v2/_oci/ext/discover", Body::None),
    Row("GET /v2/{org}/secret/tags/list", Body::None),
    Row("GET /v2/{org}/secret/referrers/{digest}", Body::None),
    Row("GET /v2/{org}/secret/manifests/v1", Body::None),
    Row("HEAD /v2/{org}/secret/manifests/v1", Body::None),
    Row("GET /v2/{org}/secret/manifests/{digest}", Body::None),
    Row("PUT /v2/{org}/secret/manifests/v2", Body::Manifest),
    Row("DELETE /v2/{org}/secret/manifests/v1", Body::None),
    Row("DELETE /v2/{org}/secret/manifests/{digest}", Body::None),
    Row("GET /v2/{org}/secret/blobs/{blob}", Body::None),
    Row("HEAD /v2/{org}/secret/blobs/{blob}", Body::None),
    Row("DELETE /v2/{org}/secret/blobs/{blob}", Body::None),
    Row("POST /v2/{org}/secret/blobs/uploads/", Body::None),
    Row("POST /v2/{org}/secret/blobs/uploads/?digest={uploaded}", Body::Bytes),
    Row("GET /v2/{org}/secret/blobs/uploads/{upload}", Body::None),
    Row("PATCH /v2/{org}/secret/blobs/uploads/{upload}", Body::Bytes),
    Row("PUT /v2/{org}/secret/blobs/uploads/{upload}?digest={uploaded}", Body::Bytes),
    Row("DELETE /v2/{org}/secret/blobs/uploads/{upload}", Body::None),
    Row("PUT /v2/{org}/unborn/manifests/v1", Body::Manifest),
];

/// The same on a public one, where that is something else.
pub const PUBLIC: [Row; 10] = [
    Row("GET /v2/{org}/open/tags/list", Body::None),
    Row("GET /v2/{org}/open/referrers/{digest}", Body::None),
    Row("GET /v2/{org}/open/manifests/v1", Body::None),
    Row("GET /v2/{org}/open/blobs/{blob}", Body::None),
    Row("PUT /v2/{org}/open/manifests/v2", Body::Manifest),
    Row("DELETE /v2/{org}/open/manifests/v1", Body::None),
    Row("DELETE /v2/{org}/open/blobs/{blob}", Body::None),
    Row("POST /v2/{org}/open/blobs/uploads/", Body::None),
    Row("POST /v2/{org}/open/blobs/uploads/?mount={blob}&from={org}/secret", Body::None),
    Row("PATCH /v2/{org}/open/blobs/uploads/{open-upload}", Body::Bytes),
];

/// What stands beside `/v2/`.
pub const BESIDE: [Row; 5] = [
    Row("GET /api/v1/registry/token?scope=repository:{org}/secret:pull", Body::None),
    Row(
        "POST /api/v1/registry/token",
        Body::Form("grant_type=password&username=stranger&password=no"),
    ),
    Row("GET /api/v1/registry/keys", Body::None),
    Row("GET /v1/search?q=quiet", Body::None),
    Row("GET /v1/_ping", Body::None),
];

#[test]
fn every_route_of_the_registry_has_a_row() {
    for (method, pattern) in hub_server::http::registry::ROUTES {
        let told = |row: &Row| {
            let path = row.route().replace("/{org}/secret/", "/{name}/");
            let path = path.replace("/{org}/unborn/", "/{name}/").replace("{upload}", "{id}");
            let path = path.replace("/blobs/{blob}", "/blobs/{digest}");
            let path = path.replace("manifests/v1", "manifests/{reference}");
            let path = path.replace("manifests/v2", "manifests/{reference}");
            path == format!("{method} {pattern}")
        };
        assert!(PRIVATE.iter().any(told), "{method} {pattern} has no row");
    }
}
