//! Paths below `/api/v1/repos/`: names of repositories hold slashes, so `/-/` ends the name.

use hub_model::{NameError, RepoName};
use percent_encoding::percent_decode_str;

/// The route that serves them all.
pub(super) const REPOS_ROUTE: &str = "/api/v1/repos/{*rest}";

/// What stands before the name.
const PREFIX: &str = "/api/v1/repos/";

/// What a path below `/api/v1/repos/` means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RepoRoute {
    /// The repository.
    pub(super) repo: RepoName,
    /// What of it.
    pub(super) part: RepoPart,
}

/// What of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RepoPart {
    /// The repository itself.
    Whole,
    /// `/-/star`.
    Star,
    /// `/-/detail`.
    Detail,
    /// `/-/tags`.
    Tags,
    /// `/-/tags/{tag}`.
    Tag(String),
    /// `/-/tags/{tag}/detail`.
    TagDetail(String),
    /// `/-/tags/{tag}/docs`.
    TagDocs(String),
    /// `/-/access`.
    Access,
    /// `/-/access/{user}`; read as `check`, it asks whether somebody may.
    AccessOf(String),
    /// `/-/shares`.
    Shares,
    /// `/-/shares/{name}`.
    Share(String),
    /// `/-/audit`.
    Audit,
}

/// Why a path means nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoRoute {
    /// No such part.
    Unknown,
    /// The name breaks a rule.
    Name(NameError),
}

/// Reads a whole, undecoded path.
pub(super) fn parse(path: &str) -> Result<RepoRoute, NoRoute> {
    let rest = path.strip_prefix(PREFIX).ok_or(NoRoute::Unknown)?;
    let rest = percent_decode_str(rest).decode_utf8().map_err(|_| NoRoute::Unknown)?;
    let (name, part) = match rest.split_once("/-/") {
        Some((name, part)) => (name, Some(part)),
        None => (&*rest, None),
    };
    let part = match part.map(|part| part.split('/').collect::<Vec<_>>()).as_deref() {
        None => RepoPart::Whole,
        Some(["star"]) => RepoPart::Star,
        Some(["detail"]) => RepoPart::Detail,
        Some(["access"]) => RepoPart::Access,
        Some(["access", user]) if !user.is_empty() => RepoPart::AccessOf((*user).to_owned()),
        Some(["tags"]) => RepoPart::Tags,
        Some(["tags", tag]) if !tag.is_empty() => RepoPart::Tag((*tag).to_owned()),
        Some(["tags", tag, "detail"]) => RepoPart::TagDetail((*tag).to_owned()),
        Some(["tags", tag, "docs"]) => RepoPart::TagDocs((*tag).to_owned()),
        Some(["shares"]) => RepoPart::Shares,
        Some(["shares", name]) if !name.is_empty() => RepoPart::Share((*name).to_owned()),
        Some(["audit"]) => RepoPart::Audit,
        Some(_) => return Err(NoRoute::Unknown),
    };
    let repo = RepoName::parse(name).map_err(NoRoute::Name)?;
    Ok(RepoRoute { repo, part })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_name_and_a_part() {
        let v1 = || "v1".to_owned();
        for (path, name, part) in [
            ("a/b", "a/b", RepoPart::Whole),
            ("a/b/c/d", "a/b/c/d", RepoPart::Whole),
            ("a/tags/v1", "a/tags/v1", RepoPart::Whole),
            ("a/b%2Fc", "a/b/c", RepoPart::Whole),
            ("a/b/-/star", "a/b", RepoPart::Star),
            ("a/b/-/detail", "a/b", RepoPart::Detail),
            ("a/b/c/-/tags", "a/b/c", RepoPart::Tags),
            ("a/b/-/tags/v1", "a/b", RepoPart::Tag(v1())),
            ("a/b/-/tags/v1/detail", "a/b", RepoPart::TagDetail(v1())),
            ("a/b/-/tags/v1/docs", "a/b", RepoPart::TagDocs(v1())),
            ("a/b/-/access", "a/b", RepoPart::Access),
            ("a/b/-/access/bob", "a/b", RepoPart::AccessOf("bob".to_owned())),
            ("a/b/-/shares", "a/b", RepoPart::Shares),
            ("a/b/-/shares/v1", "a/b", RepoPart::Share(v1())),
            ("a/b/-/audit", "a/b", RepoPart::Audit),
        ] {
            let route = parse(&format!("{PREFIX}{path}")).unwrap();
            assert_eq!((route.repo.as_str(), route.part), (name, part), "{path}");
        }
    }

    #[test]
    fn other_paths_mean_nothing() {
        for path in [
            "a/b/-/",
            "a/b/-/tagz",
            "a/b/-/tags/",
            "a/b/-/tags/v1/x",
            "a/b/-/tags/v1/docs/",
            "a/b/-/access/",
        ] {
            assert_eq!(parse(&format!("{PREFIX}{path}")), Err(NoRoute::Unknown), "{path}");
        }
        for path in ["a", "a/", "A/b", "a//b", "a/b/", "-/tags", "a/b/-"] {
            let found = parse(&format!("{PREFIX}{path}"));
            assert!(matches!(found, Err(NoRoute::Name(_))), "{path}: {found:?}");
        }
        assert_eq!(parse("/api/v1/repos/a/%ff"), Err(NoRoute::Unknown));
    }
}
