//! Addresses below `/r/` and paths that look like a pull, as a pure function of their text.

use hub_model::{Digest, OrgName, RepoName, Tag};
use percent_encoding::percent_decode_str;

/// Stands between a repository's name and one of its pages; no part of a name can be `-`.
const DOOR: &str = "/-/";

/// What an address below `/r/` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// One part: the page of the organisation lies elsewhere.
    Org(OrgName),
    /// The repository, with the README of its latest tag.
    Repo(RepoName),
    /// Its tags.
    Tags(RepoName),
    /// One tag.
    Tag(RepoName, Tag),
    /// One manifest, by digest.
    Digest(RepoName, Digest),
    /// The README of a tag as it was written.
    Readme(RepoName, Tag),
    /// The picture of the repository.
    Icon(RepoName),
    /// The star of the caller (POST).
    Star(RepoName),
    /// Who may what there; grants a role (POST).
    Access(RepoName),
    /// Takes a role (POST).
    Revoke(RepoName),
    /// A slash too many: the address without it.
    Slash(String),
    /// Nothing that could exist.
    Unknown,
}

/// Every route below `/r/`: method and pattern.
pub(super) const ROUTES: &[(&str, &str)] = &[
    ("GET", "/r/{org}/{repo}"),
    ("GET", "/r/{org}/{repo}/-/tags"),
    ("GET", "/r/{org}/{repo}/-/tags/{tag}"),
    ("GET", "/r/{org}/{repo}/-/digest/{digest}"),
    ("GET", "/r/{org}/{repo}/-/readme/{file}"),
    ("GET", "/r/{org}/{repo}/-/icon"),
    ("POST", "/r/{org}/{repo}/-/star"),
    ("GET", "/r/{org}/{repo}/-/access"),
    ("POST", "/r/{org}/{repo}/-/access"),
    ("POST", "/r/{org}/{repo}/-/access/revoke"),
];

/// Reads the part of an address behind `/r/`.
pub(super) fn parse(rest: &str) -> Route {
    if rest.len() > 1 && rest.ends_with('/') {
        return Route::Slash(format!("/r/{}", rest.trim_end_matches('/')));
    }
    let Ok(decoded) = percent_decode_str(rest).decode_utf8() else { return Route::Unknown };
    parse_decoded(&decoded).unwrap_or(Route::Unknown)
}

fn parse_decoded(rest: &str) -> Option<Route> {
    let Some((name, page)) = rest.split_once(DOOR) else {
        if !rest.contains('/') {
            return OrgName::parse(rest).ok().map(Route::Org);
        }
        return RepoName::parse(rest).ok().map(Route::Repo);
    };
    let repo = RepoName::parse(name).ok()?;
    match page.split_once('/') {
        None => match page {
            "tags" => Some(Route::Tags(repo)),
            "icon" => Some(Route::Icon(repo)),
            "star" => Some(Route::Star(repo)),
            "access" => Some(Route::Access(repo)),
            _ => None,
        },
        Some(("access", "revoke")) => Some(Route::Revoke(repo)),
        Some(("tags", tag)) => Some(Route::Tag(repo, Tag::parse(tag).ok()?)),
        Some(("digest", digest)) => Some(Route::Digest(repo, Digest::parse(digest).ok()?)),
        // Exactly one `.md` is ours: a tag may end in it as well.
        Some(("readme", file)) => {
            Some(Route::Readme(repo, Tag::parse(file.strip_suffix(".md")?).ok()?))
        }
        Some(_) => None,
    }
}

/// A path that somebody pasted from a pull command: `/labring/mysql-op:v1`.
pub(super) fn pasted(path: &str) -> Option<(RepoName, String)> {
    let decoded = percent_decode_str(path.trim_matches('/')).decode_utf8().ok()?;
    let (name, page) = if let Some((name, digest)) = decoded.split_once('@') {
        let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
        (name, format!("/-/digest/{}", Digest::parse(digest).ok()?))
    } else if let Some((name, tag)) = decoded.split_once(':') {
        (name, format!("/-/tags/{}", Tag::parse(tag).ok()?))
    } else {
        (&*decoded, String::new())
    };
    let repo = RepoName::parse(name).ok()?;
    let target = format!("/r/{repo}{page}");
    Some((repo, target))
}

/// A path of our own to go on to, out of `next=`; anything else leads to the start.
///
/// `//host`, `/\host` and control characters would leave the site in some browsers.
pub(super) fn local(next: &str) -> &str {
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\' || !c.is_ascii();
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains(odd);
    if own { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn repo(name: &str) -> RepoName {
        RepoName::parse(name).unwrap()
    }

    fn tag(name: &str) -> Tag {
        Tag::parse(name).unwrap()
    }

    /// The pattern of a route. A new one finds out here that it needs one.
    const fn pattern(route: &Route) -> Option<&'static str> {
        Some(match route {
            Route::Repo(_) => "/r/{org}/{repo}",
            Route::Tags(_) => "/r/{org}/{repo}/-/tags",
            Route::Tag(..) => "/r/{org}/{repo}/-/tags/{tag}",
            Route::Digest(..) => "/r/{org}/{repo}/-/digest/{digest}",
            Route::Readme(..) => "/r/{org}/{repo}/-/readme/{file}",
            Route::Icon(_) => "/r/{org}/{repo}/-/icon",
            Route::Star(_) => "/r/{org}/{repo}/-/star",
            Route::Access(_) => "/r/{org}/{repo}/-/access",
            Route::Revoke(_) => "/r/{org}/{repo}/-/access/revoke",
            // Elsewhere, or nowhere.
            Route::Org(_) | Route::Slash(_) | Route::Unknown => return None,
        })
    }

    #[test]
    fn every_route_is_listed_and_every_pattern_is_one() {
        for (_, listed) in ROUTES {
            let rest = listed.replace("{org}", "a").replace("{repo}", "b").replace("{tag}", "v1");
            let rest = rest.replace("{digest}", DIGEST).replace("{file}", "v1.md");
            let route = parse(rest.strip_prefix("/r/").unwrap());
            assert_eq!(pattern(&route), Some(*listed), "{listed}");
        }
    }

    #[test]
    fn an_address_has_one_meaning() {
        for (rest, want) in [
            ("labring", Route::Org(OrgName::parse("labring").unwrap())),
            ("labring/mysql-op", Route::Repo(repo("labring/mysql-op"))),
            ("a/b/c/d", Route::Repo(repo("a/b/c/d"))),
            ("a/tags", Route::Repo(repo("a/tags"))),
            ("a/b/-/tags", Route::Tags(repo("a/b"))),
            ("a/b/c/-/tags/v1.2", Route::Tag(repo("a/b/c"), tag("v1.2"))),
            ("a/b/-/readme/v1.md", Route::Readme(repo("a/b"), tag("v1"))),
            ("a/b/-/readme/v1.md.md", Route::Readme(repo("a/b"), tag("v1.md"))),
            ("a/b/-/icon", Route::Icon(repo("a/b"))),
            ("a/b/-/star", Route::Star(repo("a/b"))),
            ("a/b/-/access", Route::Access(repo("a/b"))),
            ("a/b/-/access/revoke", Route::Revoke(repo("a/b"))),
            ("a/b/-/access/x", Route::Unknown),
            ("a%2Fb", Route::Repo(repo("a/b"))),
            ("a/b/", Route::Slash("/r/a/b".to_owned())),
            ("a/b/-/tags//", Route::Slash("/r/a/b/-/tags".to_owned())),
            ("", Route::Unknown),
            ("/", Route::Unknown),
            ("A/b", Route::Unknown),
            ("a/b/-/nothing", Route::Unknown),
            ("a/b/-/tags/v1/x", Route::Unknown),
            ("a/b/-/tags/.v1", Route::Unknown),
            ("a/b/-/readme/v1", Route::Unknown),
            ("a/b/-/digest/sha256:0", Route::Unknown),
            ("a/-/tags", Route::Unknown),
            ("a/b/-", Route::Unknown),
            ("a/%ff", Route::Unknown),
        ] {
            assert_eq!(parse(rest), want, "{rest}");
            let listed = |pattern| ROUTES.iter().any(|(_, route)| *route == pattern);
            assert!(pattern(&want).is_none_or(listed), "{rest} is not listed");
        }
        let want = Route::Digest(repo("a/b"), Digest::parse(DIGEST).unwrap());
        assert_eq!(parse(&format!("a/b/-/digest/{DIGEST}")), want);
    }

    #[test]
    fn a_pasted_pull_path_finds_its_page() {
        for (path, want) in [
            ("/labring/mysql-op", Some("/r/labring/mysql-op")),
            ("/labring/mysql-op:v1", Some("/r/labring/mysql-op/-/tags/v1")),
            ("/a/b/c:v1", Some("/r/a/b/c/-/tags/v1")),
            ("/labring", None),
            ("/labring/x:", None),
            ("/labring/x@sha256:0", None),
            ("/Wrong/x", None),
        ] {
            assert_eq!(pasted(path).map(|(_, target)| target).as_deref(), want, "{path}");
        }
        for path in [format!("/a/b@{DIGEST}"), format!("/a/b:v1@{DIGEST}")] {
            assert_eq!(pasted(&path).unwrap().1, format!("/r/a/b/-/digest/{DIGEST}"));
        }
    }

    #[test]
    fn signing_in_leads_to_a_path_of_our_own() {
        for (next, want) in [
            ("/settings/tokens", "/settings/tokens"),
            ("/search?q=a%20b&page=2", "/search?q=a%20b&page=2"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("settings", "/"),
            ("", "/"),
        ] {
            assert_eq!(local(next), want, "{next}");
        }
    }
}
