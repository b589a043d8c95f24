//! What a request below `/v2/` asks for: a pure parser, and the rights that each route needs.
//!
//! Source: the end points of `docs/sources.md#distribution-spec`.

use http::Method;
use hub_model::{Action, Digest, NameError, RepoName, Scope, Tag};
use percent_encoding::percent_decode_str;

/// What a manifest is asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A tag, `latest` among them.
    Tag(Tag),
    /// A digest.
    Digest(Digest),
}

impl Reference {
    /// The reference as text.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Tag(tag) => tag.as_str(),
            Self::Digest(digest) => digest.as_str(),
        }
    }
}

/// One operation of the registry.
///
/// Source: OCI distribution-spec, Endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `GET /v2/`.
    Ping,
    /// `GET /v2/_catalog`.
    Catalog,
    /// `GET /v2/_oci/ext/discover`.
    Discover,
    /// `GET …/tags/list`.
    Tags(RepoName),
    /// `GET …/referrers/<digest>`.
    Referrers(RepoName, Digest),
    /// `GET` and `HEAD …/manifests/<reference>`.
    GetManifest(RepoName, Reference),
    /// `PUT …/manifests/<reference>`.
    PutManifest(RepoName, Reference),
    /// `DELETE …/manifests/<reference>`.
    DeleteManifest(RepoName, Reference),
    /// `GET` and `HEAD …/blobs/<digest>`.
    GetBlob(RepoName, Digest),
    /// `DELETE …/blobs/<digest>`.
    DeleteBlob(RepoName, Digest),
    /// `POST …/blobs/uploads/`.
    StartUpload(RepoName),
    /// `GET …/blobs/uploads/<id>`.
    UploadStatus(RepoName, String),
    /// `PATCH …/blobs/uploads/<id>`.
    AppendUpload(RepoName, String),
    /// `PUT …/blobs/uploads/<id>`.
    FinishUpload(RepoName, String),
    /// `DELETE …/blobs/uploads/<id>`.
    CancelUpload(RepoName, String),
}

/// Every route of the registry: method and address. The table of permissions has a row for each.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/v2/"),
    ("GET", "/v2/_catalog"),
    ("GET", "/v2/_oci/ext/discover"),
    ("GET", "/v2/{name}/tags/list"),
    ("GET", "/v2/{name}/referrers/{digest}"),
    ("GET", "/v2/{name}/manifests/{reference}"),
    ("PUT", "/v2/{name}/manifests/{reference}"),
    ("DELETE", "/v2/{name}/manifests/{reference}"),
    ("GET", "/v2/{name}/blobs/{digest}"),
    ("DELETE", "/v2/{name}/blobs/{digest}"),
    ("POST", "/v2/{name}/blobs/uploads/"),
    ("GET", "/v2/{name}/blobs/uploads/{id}"),
    ("PATCH", "/v2/{name}/blobs/uploads/{id}"),
    ("PUT", "/v2/{name}/blobs/uploads/{id}"),
    ("DELETE", "/v2/{name}/blobs/uploads/{id}"),
];

/// Why a request is none of the registry's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RouteError {
    /// No route has such a path.
    #[error("the registry has no such path")]
    NoSuchPath,
    /// The path exists, the method does not.
    #[error("this path allows {allow}")]
    Method {
        /// What the path allows, as in the header `Allow`.
        allow: &'static str,
    },
    /// The repository's name breaks a rule.
    #[error(transparent)]
    Name(NameError),
    /// The digest breaks a rule.
    #[error(transparent)]
    Digest(NameError),
    /// The tag breaks a rule.
    #[error(transparent)]
    Tag(NameError),
}

/// Parses a request. `path` is the whole path, percent-encoded as it came.
///
/// A repository may legally be called `a/manifests/b` or `tags/list`. No reference, digest or id
/// holds a slash, so the last segment and the words right before it decide.
///
/// # Errors
///
/// The rule that the path breaks.
pub(crate) fn parse(method: &Method, path: &str) -> Result<Route, RouteError> {
    let rest = path.strip_prefix("/v2").ok_or(RouteError::NoSuchPath)?;
    let rest = percent_decode_str(rest).decode_utf8().map_err(|_| RouteError::NoSuchPath)?;
    let rest = match rest.strip_prefix('/') {
        Some(rest) => rest,
        None if rest.is_empty() => "",
        None => return Err(RouteError::NoSuchPath),
    };
    match rest {
        "" => return reading(method, Route::Ping),
        "_catalog" => return reading(method, Route::Catalog),
        "_oci/ext/discover" => return reading(method, Route::Discover),
        _ => {}
    }
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return reading(method, Route::Tags(repo(name)?));
    }
    if let Some(name) =
        rest.strip_suffix("/blobs/uploads/").or_else(|| rest.strip_suffix("/blobs/uploads"))
    {
        return match *method {
            Method::POST => Ok(Route::StartUpload(repo(name)?)),
            _ => Err(RouteError::Method { allow: "POST" }),
        };
    }
    let (head, last) = rest.rsplit_once('/').ok_or(RouteError::NoSuchPath)?;
    if let Some(name) = head.strip_suffix("/blobs/uploads") {
        return upload(method, repo(name)?, last);
    }
    if let Some(name) = head.strip_suffix("/manifests") {
        return manifest(method, repo(name)?, last);
    }
    if let Some(name) = head.strip_suffix("/blobs") {
        return blob(method, repo(name)?, last);
    }
    if let Some(name) = head.strip_suffix("/referrers") {
        let name = repo(name)?;
        return reading(method, Route::Referrers(name, digest(last)?));
    }
    Err(RouteError::NoSuchPath)
}

fn reading(method: &Method, route: Route) -> Result<Route, RouteError> {
    if matches!(*method, Method::GET | Method::HEAD) {
        Ok(route)
    } else {
        Err(RouteError::Method { allow: "GET, HEAD" })
    }
}

fn upload(method: &Method, repo: RepoName, id: &str) -> Result<Route, RouteError> {
    let id = id.to_owned();
    match *method {
        Method::GET | Method::HEAD => Ok(Route::UploadStatus(repo, id)),
        Method::PATCH => Ok(Route::AppendUpload(repo, id)),
        Method::PUT => Ok(Route::FinishUpload(repo, id)),
        Method::DELETE => Ok(Route::CancelUpload(repo, id)),
        _ => Err(RouteError::Method { allow: "GET, HEAD, PATCH, PUT, DELETE" }),
    }
}

fn manifest(method: &Method, repo: RepoName, reference: &str) -> Result<Route, RouteError> {
    let reference = if reference.contains(':') {
        Reference::Digest(digest(reference)?)
    } else {
        Reference::Tag(Tag::parse(reference).map_err(RouteError::Tag)?)
    };
    match *method {
        Method::GET | Method::HEAD => Ok(Route::GetManifest(repo, reference)),
        Method::PUT => Ok(Route::PutManifest(repo, reference)),
        Method::DELETE => Ok(Route::DeleteManifest(repo, reference)),
        _ => Err(RouteError::Method { allow: "GET, HEAD, PUT, DELETE" }),
    }
}

fn blob(method: &Method, repo: RepoName, text: &str) -> Result<Route, RouteError> {
    let digest = digest(text)?;
    match *method {
        Method::GET | Method::HEAD => Ok(Route::GetBlob(repo, digest)),
        Method::DELETE => Ok(Route::DeleteBlob(repo, digest)),
        _ => Err(RouteError::Method { allow: "GET, HEAD, DELETE" }),
    }
}

fn repo(name: &str) -> Result<RepoName, RouteError> {
    RepoName::parse(name).map_err(RouteError::Name)
}

fn digest(text: &str) -> Result<Digest, RouteError> {
    Digest::parse(text).map_err(RouteError::Digest)
}

impl Route {
    /// What the caller must be allowed to do, and where; `None` for routes of no repository.
    pub(crate) fn needs(&self) -> Option<(Action, &RepoName)> {
        match self {
            Self::Ping | Self::Catalog | Self::Discover => None,
            Self::Tags(repo)
            | Self::Referrers(repo, _)
            | Self::GetManifest(repo, _)
            | Self::GetBlob(repo, _) => Some((Action::Pull, repo)),
            Self::PutManifest(repo, _)
            | Self::StartUpload(repo)
            | Self::UploadStatus(repo, _)
            | Self::AppendUpload(repo, _)
            | Self::FinishUpload(repo, _)
            | Self::CancelUpload(repo, _) => Some((Action::Push, repo)),
            Self::DeleteManifest(repo, _) | Self::DeleteBlob(repo, _) => {
                Some((Action::Delete, repo))
            }
        }
    }

    /// The scopes that the challenge names: what exactly this request needs.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        if matches!(self, Self::Catalog) {
            let actions = vec!["*".to_owned()];
            return vec![Scope {
                kind: "registry".to_owned(),
                name: "catalog".to_owned(),
                actions,
            }];
        }
        let Some((action, repo)) = self.needs() else { return Vec::new() };
        let actions: &[&str] = match (self, action) {
            // Clients keep one token for all DELETEs; this one must not replace it by less.
            (Self::CancelUpload(..), _) => &["delete", "pull", "push"],
            (_, Action::Pull) => &["pull"],
            (_, Action::Push) => &["pull", "push"],
            (_, Action::Delete | Action::Administer) => &["delete"],
        };
        vec![Scope::repository(repo.as_str(), actions)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Place in [`ROUTES`]. A new route finds out here that it needs one.
    const fn place(route: &Route) -> usize {
        match route {
            Route::Ping => 0,
            Route::Catalog => 1,
            Route::Discover => 2,
            Route::Tags(_) => 3,
            Route::Referrers(..) => 4,
            Route::GetManifest(..) => 5,
            Route::PutManifest(..) => 6,
            Route::DeleteManifest(..) => 7,
            Route::GetBlob(..) => 8,
            Route::DeleteBlob(..) => 9,
            Route::StartUpload(_) => 10,
            Route::UploadStatus(..) => 11,
            Route::AppendUpload(..) => 12,
            Route::FinishUpload(..) => 13,
            Route::CancelUpload(..) => 14,
        }
    }

    #[test]
    fn every_route_is_in_the_list() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for (at, (method, pattern)) in ROUTES.iter().enumerate() {
            let path = pattern.replace("{name}", "a/b").replace("{digest}", &digest);
            let path = path.replace("{reference}", "v1").replace("{id}", "1");
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(place(&parse(&method, &path).unwrap()), at, "{method} {pattern}");
        }
    }

    proptest! {
        #[test]
        fn any_path_never_panics_and_a_route_names_a_repository_that_parses(
            method in prop_oneof![
                Just(Method::GET), Just(Method::PUT), Just(Method::POST), Just(Method::DELETE),
            ],
            path in "/v2/([a-z%:@.A-Z0-9]{1,5}/){0,5}(blobs/uploads/|manifests/|blobs/|tags/list)?\\PC{0,12}",
        ) {
            let Ok(route) = parse(&method, &path) else { return Ok(()) };
            if let Some((_, repo)) = route.needs() {
                prop_assert!(RepoName::parse(repo.as_str()).is_ok());
            }
            for scope in route.scopes() {
                prop_assert_eq!(Scope::parse(&scope.to_string()), Some(scope));
            }
        }
    }

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn name(text: &str) -> RepoName {
        RepoName::parse(text).unwrap()
    }

    fn sha() -> Digest {
        Digest::parse(&format!("sha256:{HEX}")).unwrap()
    }

    fn tag(text: &str) -> Reference {
        Reference::Tag(Tag::parse(text).unwrap())
    }

    #[test]
    fn every_operation_has_its_route() {
        let digest = format!("sha256:{HEX}");
        for (method, path, want) in [
            ("GET", "/v2".to_owned(), Route::Ping),
            ("GET", "/v2/".to_owned(), Route::Ping),
            ("GET", "/v2/_catalog".to_owned(), Route::Catalog),
            ("GET", "/v2/_oci/ext/discover".to_owned(), Route::Discover),
            ("GET", "/v2/a/b/tags/list".to_owned(), Route::Tags(name("a/b"))),
            ("GET", "/v2/a/tags/list/tags/list".to_owned(), Route::Tags(name("a/tags/list"))),
            ("HEAD", "/v2/a/b/manifests/v1".to_owned(), Route::GetManifest(name("a/b"), tag("v1"))),
            (
                "GET",
                "/v2/a/manifests/b/manifests/v1".to_owned(),
                Route::GetManifest(name("a/manifests/b"), tag("v1")),
            ),
            (
                "PUT",
                format!("/v2/a/b/manifests/sha256%3A{HEX}"),
                Route::PutManifest(name("a/b"), Reference::Digest(sha())),
            ),
            (
                "DELETE",
                "/v2/a/b/manifests/v1".to_owned(),
                Route::DeleteManifest(name("a/b"), tag("v1")),
            ),
            ("GET", format!("/v2/x/blobs/blobs/{digest}"), Route::GetBlob(name("x/blobs"), sha())),
            ("DELETE", format!("/v2/a/b/blobs/{digest}"), Route::DeleteBlob(name("a/b"), sha())),
            ("POST", "/v2/a/b/c/blobs/uploads/".to_owned(), Route::StartUpload(name("a/b/c"))),
            ("POST", "/v2/a/b/blobs/uploads".to_owned(), Route::StartUpload(name("a/b"))),
            (
                "PATCH",
                "/v2/a/b/blobs/uploads/id".to_owned(),
                Route::AppendUpload(name("a/b"), "id".to_owned()),
            ),
            (
                "PUT",
                "/v2/a/b/blobs/uploads/id".to_owned(),
                Route::FinishUpload(name("a/b"), "id".to_owned()),
            ),
            (
                "GET",
                "/v2/a/b/blobs/uploads/id".to_owned(),
                Route::UploadStatus(name("a/b"), "id".to_owned()),
            ),
            (
                "DELETE",
                "/v2/a/b/blobs/uploads/id".to_owned(),
                Route::CancelUpload(name("a/b"), "id".to_owned()),
            ),
            ("GET", format!("/v2/a/b/referrers/{digest}"), Route::Referrers(name("a/b"), sha())),
        ] {
            assert_eq!(parse(&method.parse().unwrap(), &path), Ok(want), "{method} {path}");
        }
    }

    #[test]
    fn what_is_no_route_says_which_rule_it_breaks() {
        for (method, path, want) in [
            ("GET", "/v2x", "the registry has no such path"),
            ("GET", "/v2/a", "the registry has no such path"),
            ("GET", "/v2/a/b", "the registry has no such path"),
            ("GET", "/v2/manifests/v1", "the registry has no such path"),
            ("GET", "/v2/%ff/b/manifests/v1", "the registry has no such path"),
            ("PATCH", "/v2/a/b/manifests/v1", "this path allows GET, HEAD, PUT, DELETE"),
            ("POST", "/v2/_catalog", "this path allows GET, HEAD"),
            ("GET", "/v2/a/b/blobs/uploads/", "this path allows POST"),
        ] {
            let error = parse(&method.parse().unwrap(), path).unwrap_err();
            assert_eq!(error.to_string(), want, "{method} {path}");
        }
        for path in ["/v2/a/manifests/v1", "/v2/A/b/manifests/v1", "/v2/manage/b/tags/list"] {
            assert!(matches!(parse(&Method::GET, path), Err(RouteError::Name(_))), "{path}");
        }
        for path in ["/v2/a/b/manifests/sha256:baddigeststring", "/v2/a/b/blobs/uploads%2Fx"] {
            let error = parse(&Method::POST, path);
            assert!(matches!(error, Err(RouteError::Digest(_) | RouteError::Method { .. })));
        }
        assert!(matches!(parse(&Method::GET, "/v2/a/b/manifests/-x"), Err(RouteError::Tag(_))));
    }

    #[test]
    fn each_route_asks_for_the_scope_it_needs_and_no_more() {
        for (method, path, want) in [
            ("GET", "/v2/a/b/tags/list", "repository:a/b:pull"),
            ("PUT", "/v2/a/b/manifests/v1", "repository:a/b:pull,push"),
            ("PATCH", "/v2/a/b/blobs/uploads/i", "repository:a/b:pull,push"),
            ("DELETE", "/v2/a/b/manifests/v1", "repository:a/b:delete"),
            ("DELETE", "/v2/a/b/blobs/uploads/i", "repository:a/b:delete,pull,push"),
            ("GET", "/v2/_catalog", "registry:catalog:*"),
        ] {
            let route = parse(&method.parse().unwrap(), path).unwrap();
            assert_eq!(route.scopes()[0].to_string(), want);
        }
        assert!(Route::Ping.scopes().is_empty());
    }
}
