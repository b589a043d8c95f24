//! The pages.

use std::fs;

use super::table::{Body, Row};

/// Every page and every form. Callers come with their credentials in a header, as a script would;
/// what a browser adds (a session, the token of a form) is tested in `web/forms.rs`.
pub const ROWS: &[Row] = &[
    Row("GET /", Body::None),
    Row("GET /search?q=quiet", Body::None),
    Row("GET /search.atom?q=quiet", Body::None),
    Row("GET /explore", Body::None),
    Row("GET /login", Body::None),
    Row("POST /login", Body::Form("name=owner&password=wrong")),
    Row("GET /login/oidc", Body::None),
    Row("GET /login/oidc/callback?code=x&state=y", Body::None),
    Row("POST /logout", Body::Form("")),
    Row("GET /register", Body::None),
    Row("POST /register", Body::Form("name={fresh}&password=long+enough&again=long+enough")),
    Row("GET /{org}/secret:v1", Body::None),
    // A repository.
    Row("GET /r/{org}/open", Body::None),
    Row("GET /r/{org}/secret", Body::None),
    Row("GET /r/{org}/secret/-/tags", Body::None),
    Row("GET /r/{org}/secret/-/tags/v1", Body::None),
    Row("GET /r/{org}/secret/-/digest/{digest}", Body::None),
    Row("GET /r/{org}/secret/-/readme/v1.md", Body::None),
    Row("GET /r/{org}/secret/-/icon", Body::None),
    Row("POST /r/{org}/secret/-/star", Body::Form("starred=1")),
    Row("GET /r/{org}/secret/-/access", Body::None),
    Row("GET /r/{org}/secret/-/access?user=reader&action=push", Body::None),
    Row("POST /r/{org}/secret/-/access", Body::Form("user=newcomer&role=reader")),
    Row("POST /r/{org}/secret/-/access/revoke", Body::Form("user=granted")),
    // An organisation.
    Row("GET /o/{org}", Body::None),
    Row("GET /o/{org}/-/members", Body::None),
    Row("POST /o/{org}/-/members/set", Body::Form("user=newcomer&role=reader")),
    Row("POST /o/{org}/-/members/remove", Body::Form("user=reader")),
    Row("POST /o/{org}/-/invitations", Body::Form("user=newcomer&role=reader")),
    Row("POST /o/{org}/-/invitations/withdraw", Body::Form("user={invited}")),
    Row("POST /o/{org}/-/transfer", Body::Form("user=writer&confirm={org}")),
    Row("POST /o/{org}/-/leave", Body::Form("confirm={org}")),
    Row("GET /o/{org}/-/robots", Body::None),
    Row("POST /o/{org}/-/robots", Body::Form("do=create&name=more&scope=pull&days=7")),
    Row("GET /o/{org}/-/shares", Body::None),
    Row("POST /o/{org}/-/shares", Body::Form("repo={org}/secret&with=newcomer")),
    Row("POST /o/{org}/-/shares/end", Body::Form("repo={org}/secret&with=guest")),
    Row("GET /o/{org}/-/activity", Body::None),
    Row("GET /o/{org}/-/settings", Body::None),
    Row("POST /o/{org}/-/settings", Body::Form("display_name=x&visibility=private")),
    // What is one's own.
    Row("GET /settings", Body::None),
    Row("GET /settings/password", Body::None),
    Row(
        "POST /settings/password",
        Body::Form("old=not+it+at+all&password=long+enough&again=long+enough"),
    ),
    Row("GET /settings/sessions", Body::None),
    Row("POST /settings/sessions", Body::Form("what=others")),
    Row("POST /settings/sessions/1/end", Body::Form("")),
    Row("GET /settings/tokens", Body::None),
    Row("POST /settings/tokens", Body::Form("name=x&scope=pull&days=7")),
    Row("POST /settings/tokens/{token}/rotate", Body::Form("")),
    Row("POST /settings/tokens/{token}/revoke", Body::Form("")),
    Row("GET /settings/keys", Body::None),
    Row("POST /settings/keys", Body::Form("do=create&name=x&days=7")),
    Row("GET /settings/invitations", Body::None),
    Row("POST /settings/invitations/accept", Body::Form("org={org}")),
    Row("POST /settings/invitations/decline", Body::Form("org={org}")),
    Row("GET /settings/shares", Body::None),
    Row("GET /settings/oidc", Body::None),
    Row("POST /settings/oidc", Body::Form("")),
    // For administrators.
    Row("GET /settings/audit", Body::None),
    Row("GET /settings/searches", Body::None),
    Row("POST /settings/searches", Body::Form("")),
    Row("GET /settings/users", Body::None),
    Row("POST /settings/users", Body::Form("name={fresh}&password=long+enough")),
    Row("GET /settings/users/{user}", Body::None),
    Row("POST /settings/users/{user}", Body::Form("do=disable")),
    Row("POST /settings/users/{user}/password", Body::Form("password=long+enough")),
    Row("GET /settings/users/{user}/delete", Body::None),
    Row("POST /settings/users/{user}/delete", Body::Form("")),
    // Programs.
    Row("GET /robots.txt", Body::None),
    Row("GET /favicon.ico", Body::None),
    Row("GET /healthz", Body::None),
    Row("GET /readyz", Body::None),
    Row("GET /metrics", Body::None),
];

/// Routes without a row, and why.
const LEFT_OUT: [(&str, &str); 3] = [
    ("/static/{file}", "files of the program, the same for all"),
    ("/o/{*rest}", "a mount: `ROUTES` of the pages names what is behind it"),
    ("/r/{*rest}", "a mount: `ROUTES` of the pages names what is behind it"),
];

/// The routes that a source file mounts: address and methods.
fn mounted(file: &str) -> Vec<(String, Vec<&'static str>)> {
    let path = format!("{}/../hub-server/src/http/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mounts = text.split(".route(").skip(1).map(str::trim_start);
    let quoted = mounts.map(|mount| {
        let quoted = mount.strip_prefix('"').and_then(|mount| mount.split_once('"'));
        quoted.unwrap_or_else(|| panic!("write the address itself, this test reads it: {mount}"))
    });
    quoted
        .map(|(path, rest)| {
            // Up to the next call on the router, which begins with a dot behind a bracket.
            let rest = rest.split(") .").next().unwrap();
            let methods = [("get(", "GET"), ("post(", "POST"), ("any(", "GET")];
            let methods = methods.into_iter().filter(|(call, _)| rest.contains(call));
            (path.to_owned(), methods.map(|(_, method)| method).collect())
        })
        .collect()
}

#[test]
fn every_page_and_form_has_a_row() {
    let routes = [mounted("web/mod.rs"), mounted("ops.rs")].concat();
    assert!(routes.len() > 10, "the sources are read as they are written");
    for (path, methods) in routes {
        if LEFT_OUT.iter().any(|(known, _)| *known == path) {
            continue;
        }
        for method in methods {
            assert!(has_a_row(method, &path), "{method} {path} has no row");
        }
    }
    for (method, pattern) in hub_server::http::web::ROUTES.concat() {
        assert!(has_a_row(method, pattern), "{method} {pattern} has no row");
    }
}

fn has_a_row(method: &str, pattern: &str) -> bool {
    ROWS.iter().any(|row| {
        let (own, path) = row.route().split_once(' ').unwrap();
        own == method && fits(pattern, path)
    })
}

/// Whether an address is one that the pattern of a route takes.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(_)) if part.starts_with('{') => {}
            (Some(part), Some(own)) if part == own => {}
            _ => return false,
        }
    }
}
