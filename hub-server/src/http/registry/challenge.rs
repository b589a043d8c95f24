//! The challenge: where to get a token, and for what.

use axum::http::{HeaderMap, HeaderValue};
use hub_model::Scope;

use super::TOKEN_PATH;
use crate::App;
use crate::http::proxies::{self, PROTO};

/// What is wrong with the token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not ours, altered or ended.
    InvalidToken,
    /// Good, but not for this.
    InsufficientScope,
}

/// `WWW-Authenticate` of an answer 401: one challenge, every parameter quoted.
///
/// Source: distribution's token authentication (`docs/sources.md#token-challenge`).
pub(super) fn challenge(
    app: &App,
    headers: &HeaderMap,
    scopes: &[Scope],
    fault: Option<Fault>,
) -> HeaderValue {
    let realm = format!("{}{TOKEN_PATH}", base_url(app, headers));
    let text = text(&realm, &app.config.service(), scopes, fault);
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Bearer"))
}

fn text(realm: &str, service: &str, scopes: &[Scope], fault: Option<Fault>) -> String {
    let mut text = format!("Bearer realm=\"{realm}\",service=\"{service}\"");
    // What a caller wrote into the path or query must not end the quotes.
    let harmless =
        |scope: &String| scope.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'));
    let scopes: Vec<_> = scopes.iter().map(ToString::to_string).filter(harmless).collect();
    if !scopes.is_empty() {
        text.push_str(",scope=\"");
        text.push_str(&scopes.join(" "));
        text.push('"');
    }
    match fault {
        Some(Fault::InvalidToken) => text.push_str(",error=\"invalid_token\""),
        Some(Fault::InsufficientScope) => text.push_str(",error=\"insufficient_scope\""),
        None => {}
    }
    text
}

/// The address by which callers reach the hub, without a slash at the end.
pub(super) fn base_url(app: &App, headers: &HeaderMap) -> String {
    if let Some(url) = &app.config.listen.public_url {
        return url.as_str().trim_end_matches('/').to_owned();
    }
    // Set right at the door: a proxy that is not trusted has no say here.
    let https = headers.get(PROTO).is_some_and(|scheme| scheme == "https");
    let scheme = if https { "https" } else { "http" };
    format!("{scheme}://{}", proxies::host(headers).unwrap_or("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_quotes_everything_and_names_exactly_what_is_needed() {
        let realm = "https://hub.example.com/api/v1/registry/token";
        let scopes =
            [Scope::repository("a/b", &["pull", "push"]), Scope::repository("c/d", &["pull"])];
        insta::assert_snapshot!(
            [
                text(realm, "hub", &[], None),
                text(realm, "hub", &scopes, None),
                text(realm, "hub", &scopes[..1], Some(Fault::InvalidToken)),
                text(realm, "hub", &scopes[..1], Some(Fault::InsufficientScope)),
                text(realm, "hub", &[Scope::repository("x\",error=\"y", &["pull"])], None),
            ].join("\n"),
            @r#"
        Bearer realm="https://hub.example.com/api/v1/registry/token",service="hub"
        Bearer realm="https://hub.example.com/api/v1/registry/token",service="hub",scope="repository:a/b:pull,push repository:c/d:pull"
        Bearer realm="https://hub.example.com/api/v1/registry/token",service="hub",scope="repository:a/b:pull,push",error="invalid_token"
        Bearer realm="https://hub.example.com/api/v1/registry/token",service="hub",scope="repository:a/b:pull,push",error="insufficient_scope"
        Bearer realm="https://hub.example.com/api/v1/registry/token",service="hub"
        "#
        );
    }

    #[test]
    fn old_clients_that_look_for_a_word_find_only_the_right_scheme() {
        let scopes = [Scope::repository("a/b", &["pull"])];
        let text = text("http://h/api/v1/registry/token", "hub", &scopes, None).to_lowercase();
        assert!(text.contains("bearer") && !text.contains("basic"));
    }
}
