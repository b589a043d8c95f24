//! Paths below `/v2/`: whatever is a route names a repository and a scope that both parse again.
#![no_main]

use http::Method;
use hub_model::{RepoName, Scope};
use libfuzzer_sys::fuzz_target;

#[allow(dead_code, missing_docs)]
#[path = "../../hub-server/src/http/registry/route.rs"]
mod route;

fuzz_target!(|input: (u8, &str)| {
    let methods =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let method = &methods[usize::from(input.0) % methods.len()];
    for path in [input.1.to_owned(), format!("/v2/{}", input.1)] {
        let Ok(route) = route::parse(method, &path) else { continue };
        if let Some((_, repo)) = route.needs() {
            assert_eq!(RepoName::parse(repo.as_str()).as_ref(), Ok(repo));
        }
        for scope in route.scopes() {
            assert_eq!(Scope::parse(&scope.to_string()), Some(scope));
        }
        if let route::Route::GetManifest(_, reference) = &route {
            assert!(!reference.as_str().contains('/'));
        }
    }
});
