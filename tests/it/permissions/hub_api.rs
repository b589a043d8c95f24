//! The routes of the hub API.

use super::table::{Body, Row};

/// Every route, by the order of the OpenAPI document.
pub const ROWS: &[Row] = &[
    Row("GET /api/v1/version", Body::None),
    Row("GET /api/v1/whoami", Body::None),
    Row("POST /api/v1/login", Body::Json(r#"{"username": "stranger", "password": "no"}"#)),
    Row("GET /api/v1/tokens", Body::None),
    Row("POST /api/v1/tokens", Body::Json(r#"{"name": "x", "scope": "pull"}"#)),
    Row("DELETE /api/v1/tokens/{token}", Body::None),
    Row("POST /api/v1/tokens/{token}/rotate", Body::None),
    Row("GET /api/v1/keys", Body::None),
    Row("POST /api/v1/keys", Body::Json(r#"{"name": "x"}"#)),
    Row("PATCH /api/v1/keys/{key}", Body::Json(r#"{"disabled": true}"#)),
    Row("DELETE /api/v1/keys/{key}", Body::None),
    Row("GET /api/v1/sessions", Body::None),
    Row("DELETE /api/v1/sessions", Body::None),
    Row("DELETE /api/v1/sessions/1", Body::None),
    Row("POST /api/v1/register", Body::Json(r#"{"name": "{fresh}", "password": "long enough"}"#)),
    Row(
        "PUT /api/v1/password",
        Body::Json(r#"{"old": "not it at all", "password": "long enough"}"#),
    ),
    Row("GET /api/v1/users", Body::None),
    Row("POST /api/v1/users", Body::Json(r#"{"name": "{fresh}", "password": "long enough"}"#)),
    Row("GET /api/v1/users/{user}", Body::None),
    Row("PATCH /api/v1/users/{user}", Body::Json(r#"{"disabled": true}"#)),
    Row("PUT /api/v1/users/{user}/password", Body::Json(r#"{"password": "long enough"}"#)),
    Row("DELETE /api/v1/users/{user}", Body::None),
    Row("GET /api/v1/orgs", Body::None),
    Row("POST /api/v1/orgs", Body::Json(r#"{"name": "{fresh}"}"#)),
    Row("GET /api/v1/orgs/{org}", Body::None),
    Row("PATCH /api/v1/orgs/{org}", Body::Json(r#"{"description": "x"}"#)),
    Row("DELETE /api/v1/orgs/{org}", Body::None),
    Row("GET /api/v1/orgs/{org}/quota", Body::None),
    Row("PUT /api/v1/orgs/{org}/quota", Body::Json(r#"{"bytes": 1000000}"#)),
    Row("GET /api/v1/orgs/{org}/members", Body::None),
    Row("PUT /api/v1/orgs/{org}/members/newcomer", Body::Json(r#"{"role": "reader"}"#)),
    Row("DELETE /api/v1/orgs/{org}/members/reader", Body::None),
    Row("POST /api/v1/orgs/{org}/transfer", Body::Json(r#"{"to": "writer"}"#)),
    Row("GET /api/v1/orgs/{org}/access/check?action=push", Body::None),
    Row("GET /api/v1/orgs/{org}/access/check?action=push&user=reader", Body::None),
    Row("GET /api/v1/orgs/{org}/invitations", Body::None),
    Row(
        "POST /api/v1/orgs/{org}/invitations",
        Body::Json(r#"{"user": "newcomer", "role": "reader"}"#),
    ),
    Row("DELETE /api/v1/orgs/{org}/invitations/{invited}", Body::None),
    Row("GET /api/v1/invitations", Body::None),
    Row("POST /api/v1/invitations/{org}/accept", Body::None),
    Row("POST /api/v1/invitations/{org}/decline", Body::None),
    Row("GET /api/v1/orgs/{org}/robots", Body::None),
    Row("POST /api/v1/orgs/{org}/robots", Body::Json(r#"{"name": "another", "scope": "pull"}"#)),
    Row("GET /api/v1/orgs/{org}/robots/ci", Body::None),
    Row("PATCH /api/v1/orgs/{org}/robots/ci", Body::Json(r#"{"description": "x"}"#)),
    Row("POST /api/v1/orgs/{org}/robots/ci/rotate", Body::None),
    Row("DELETE /api/v1/orgs/{org}/robots/ci", Body::None),
    Row("GET /api/v1/orgs/{org}/shares", Body::None),
    Row("GET /api/v1/shares?with=me", Body::None),
    Row("GET /api/v1/shares?by=me", Body::None),
    Row("GET /api/v1/orgs/{org}/audit", Body::None),
    Row("GET /api/v1/audit", Body::None),
    Row("GET /api/v1/missed-searches", Body::None),
    Row("DELETE /api/v1/missed-searches", Body::None),
    Row("GET /api/v1/repos?org={org}", Body::None),
    Row("POST /api/v1/repos", Body::Json(r#"{"name": "{org}/{fresh}"}"#)),
    Row("GET /api/v1/repos/{org}/secret", Body::None),
    Row("PATCH /api/v1/repos/{org}/secret", Body::Json(r#"{"keep": true}"#)),
    Row("DELETE /api/v1/repos/{org}/secret", Body::None),
    Row("PUT /api/v1/repos/{org}/secret/-/star", Body::None),
    Row("DELETE /api/v1/repos/{org}/secret/-/star", Body::None),
    Row("GET /api/v1/repos/{org}/secret/-/access", Body::None),
    Row("PUT /api/v1/repos/{org}/secret/-/access/newcomer", Body::Json(r#"{"role": "reader"}"#)),
    Row("DELETE /api/v1/repos/{org}/secret/-/access/granted", Body::None),
    Row("GET /api/v1/repos/{org}/secret/-/access/check?action=push", Body::None),
    Row("GET /api/v1/repos/{org}/secret/-/access/check?action=push&user=reader", Body::None),
    Row("GET /api/v1/repos/{org}/secret/-/shares", Body::None),
    Row("POST /api/v1/repos/{org}/secret/-/shares", Body::Json(r#"{"with": "newcomer"}"#)),
    Row("GET /api/v1/repos/{org}/secret/-/shares/guest", Body::None),
    Row("PATCH /api/v1/repos/{org}/secret/-/shares/guest", Body::Json(r#"{"description": "x"}"#)),
    Row("DELETE /api/v1/repos/{org}/secret/-/shares/guest", Body::None),
    Row("GET /api/v1/repos/{org}/secret/-/audit", Body::None),
    Row("GET /api/v1/repos/{org}/secret/-/detail", Body::None),
    Row(
        "PATCH /api/v1/repos/{org}/secret/-/detail",
        Body::Json(r#"{"set": {"description": "x"}}"#),
    ),
    Row("GET /api/v1/repos/{org}/secret/-/tags", Body::None),
    Row("GET /api/v1/repos/{org}/secret/-/tags/v1", Body::None),
    Row("PUT /api/v1/repos/{org}/secret/-/tags/v9", Body::Json("{}")),
    Row("DELETE /api/v1/repos/{org}/secret/-/tags/v1", Body::None),
    Row("GET /api/v1/repos/{org}/secret/-/tags/v1/detail", Body::None),
    Row(
        "PATCH /api/v1/repos/{org}/secret/-/tags/v1/detail",
        Body::Json(r#"{"set": {"description": "x"}}"#),
    ),
    Row("GET /api/v1/repos/{org}/secret/-/tags/v1/docs", Body::None),
    Row("GET /api/v1/gc", Body::None),
    Row("POST /api/v1/gc", Body::Json(r#"{"dryRun": true}"#)),
    Row("GET /api/v1/gc/1", Body::None),
    Row("GET /api/v1/search?q=quiet", Body::None),
    Row("GET /api/v1/suggest?q=qu", Body::None),
];

#[test]
fn every_route_of_the_hub_api_has_a_row() {
    let document = serde_json::to_value(hub_server::http::hub::openapi()).unwrap();
    let mut missing = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            if !["GET", "PUT", "POST", "PATCH", "DELETE"].contains(&&*method) {
                continue;
            }
            let told = |row: &Row| {
                let (own, rest) = row.route().split_once(' ').unwrap();
                own == method && fits(path, rest)
            };
            if !ROWS.iter().any(told) {
                missing.push(format!("{method} {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "routes without a row: {missing:#?}");
}

/// Whether an address is one that the path of the document describes.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    let same = |(part, own): (&&str, &&str)| part.starts_with('{') || part == own;
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}
