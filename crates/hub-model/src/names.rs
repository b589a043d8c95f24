//! Names of organisations, users, repositories and tags, and the rules between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// First path segments of the hub's own routes: no organisation and no user may be called so.
/// `admin` is not among them: it is what most people call their first user, so the pages of
/// administrators lie below `/settings` (`docs/decisions/0006-admin-is-a-name.md`).
///
/// A test compares them with what `hub-server` mounts.
pub const RESERVED: &[&str] = &[
    "api",
    "badge",
    "camo",
    "docs",
    "dockyard",
    "explore",
    "favicon.ico",
    "feed",
    "feed.atom",
    "healthz",
    "login",
    "logout",
    "manage",
    "metrics",
    "o",
    "oapis",
    "openapi.json",
    "r",
    "readyz",
    "register",
    "robots.txt",
    "search",
    "search.atom",
    "settings",
    "sitemap.xml",
    "static",
    "swr",
    "v1",
    "v2",
    "v3",
    "v3.0",
];

/// The rule of a name that a text breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, or too long.
    #[error("{what} has 1 to {most} characters, this one has {found}")]
    Length {
        /// What was to be named.
        what: &'static str,
        /// The longest accepted name, in bytes.
        most: usize,
        /// Length of the rejected text, in bytes.
        found: usize,
    },
    /// The first or the last character may not stand there.
    #[error("{what} {rule}")]
    Edge {
        /// What was to be named.
        what: &'static str,
        /// How such a name begins and ends.
        rule: &'static str,
    },
    /// A character, or a run of separators, that may not stand inside a name.
    #[error("`{found}` may not stand inside {what}")]
    Inside {
        /// What was to be named.
        what: &'static str,
        /// The offending run.
        found: String,
    },
    /// The name is the first segment of one of our own routes.
    #[error("`{name}` is reserved")]
    Reserved {
        /// The rejected name.
        name: String,
    },
    /// A repository without an organisation in front.
    #[error("a repository is named ORG/NAME, `{found}` has no `/`")]
    NoOrg {
        /// The rejected text.
        found: String,
    },
    /// A digest that follows no known form.
    #[error("`{found}` is no digest: write sha256:<64 hex digits> or sha512:<128 hex digits>")]
    Digest {
        /// The rejected text.
        found: String,
    },
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            /// As it stands in a record.
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::stored(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// Name of an organisation, for example `labring`.
    ///
    /// One to 64 bytes of ASCII: lowercase letters and digits, with one of `.`, `_`, `__` or `-`
    /// between them. A subset of an OCI path component, and more than SWR allows, whose names begin
    /// with a letter (`docs/decisions/0016-names-may-begin-with-a-digit.md`).
    OrgName
}

name! {
    /// Name of a user, by the rules of [`OrgName`]: every user owns the organisation of that name.
    UserName
}

name! {
    /// A tag, for example `v1.2.0`: one to 128 bytes of ASCII letters, digits, `_`, `.` and `-`,
    /// not beginning with `.` or `-`.
    ///
    /// Source: OCI distribution-spec, Pulling manifests.
    Tag
}

name! {
    /// Full name of a repository, for example `labring/mysql-op`: an [`OrgName`], a slash and a
    /// path of one or more components.
    ///
    /// At most 255 bytes. Source: OCI distribution-spec, Pulling manifests.
    RepoName
}

name! {
    /// Full name of a robot, for example `labring+ci`: an [`OrgName`], a plus and a name by the same
    /// rules. No user's name holds a plus, so the two are never mixed up.
    RobotName
}

impl RobotName {
    /// Parses a full name.
    ///
    /// # Errors
    ///
    /// Returns the first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Self::read(text, OrgName::parse)
    }

    /// Reads a full name out of a record, as [`OrgName::stored`] does.
    ///
    /// # Errors
    ///
    /// Returns the first rule that `text` breaks.
    pub fn stored(text: &str) -> Result<Self, NameError> {
        Self::read(text, OrgName::stored)
    }

    fn read(text: &str, org_of: fn(&str) -> Result<OrgName, NameError>) -> Result<Self, NameError> {
        let what = "a robot's name";
        let Some((org, name)) = text.split_once('+') else {
            return Err(NameError::Edge { what, rule: "is written ORG+NAME" });
        };
        org_of(org)?;
        part_name(what, name)?;
        Ok(Self(text.to_owned()))
    }

    /// The robot `name` of `org`.
    ///
    /// # Errors
    ///
    /// Returns the first rule that `name` breaks.
    pub fn new(org: &OrgName, name: &str) -> Result<Self, NameError> {
        Self::stored(&format!("{org}+{name}"))
    }

    /// The organisation it belongs to.
    #[must_use]
    pub fn org(&self) -> OrgName {
        OrgName(self.halves().0.to_owned())
    }

    /// What it is called inside its organisation.
    #[must_use]
    pub fn short(&self) -> &str {
        self.halves().1
    }

    fn halves(&self) -> (&str, &str) {
        self.0.split_once('+').expect("parsed with a plus")
    }
}

impl OrgName {
    /// Longest accepted name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// Returns the first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        owner_name("an organisation's name", text).map(Self)
    }

    /// Reads a name out of a record: by its form only. A word may have become reserved after it was
    /// given, and one such name must not make a whole list unreadable.
    ///
    /// # Errors
    ///
    /// Returns the first rule of the form that `text` breaks.
    pub fn stored(text: &str) -> Result<Self, NameError> {
        part_name("an organisation's name", text)?;
        Ok(Self(text.to_owned()))
    }
}

impl UserName {
    /// Parses a name.
    ///
    /// # Errors
    ///
    /// Returns the first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        owner_name("a user's name", text).map(Self)
    }

    /// Reads a name out of a record, as [`OrgName::stored`] does.
    ///
    /// # Errors
    ///
    /// Returns the first rule of the form that `text` breaks.
    pub fn stored(text: &str) -> Result<Self, NameError> {
        part_name("a user's name", text)?;
        Ok(Self(text.to_owned()))
    }

    /// The organisation that this user owns from the beginning.
    #[must_use]
    pub fn org(&self) -> OrgName {
        OrgName(self.0.clone())
    }
}

impl Tag {
    /// Longest accepted tag, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Parses a tag.
    ///
    /// # Errors
    ///
    /// Returns the first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let what = "a tag";
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');

        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(NameError::Length { what, most: Self::MAX_BYTES, found: text.len() });
        }
        if text.starts_with(['.', '-']) {
            return Err(NameError::Edge { what, rule: "starts with a letter, a digit or `_`" });
        }
        match text.chars().find(|c| !inner(*c)) {
            Some(found) => Err(NameError::Inside { what, found: found.to_string() }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// Reads a tag out of a record: no word is reserved.
    fn stored(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl RepoName {
    /// Longest accepted name, in bytes. Source: the limit that clients put on host and name.
    pub const MAX_BYTES: usize = 255;

    /// Parses a full name.
    ///
    /// # Errors
    ///
    /// Returns the first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Self::read(text, OrgName::parse)
    }

    /// Reads a full name out of a record, as [`OrgName::stored`] does.
    ///
    /// # Errors
    ///
    /// Returns the first rule of the form that `text` breaks.
    pub fn stored(text: &str) -> Result<Self, NameError> {
        Self::read(text, OrgName::stored)
    }

    fn read(text: &str, org_of: fn(&str) -> Result<OrgName, NameError>) -> Result<Self, NameError> {
        let what = "a repository's name";
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(NameError::Length { what, most: Self::MAX_BYTES, found: text.len() });
        }
        let Some((org, path)) = text.split_once('/') else {
            return Err(NameError::NoOrg { found: text.to_owned() });
        };
        org_of(org)?;
        for part in path.split('/') {
            path_component(what, part)?;
        }
        Ok(Self(text.to_owned()))
    }

    /// The repository `path` of `org`.
    ///
    /// # Errors
    ///
    /// Returns the first rule that the joined name breaks.
    pub fn new(org: &OrgName, path: &str) -> Result<Self, NameError> {
        Self::stored(&format!("{org}/{path}"))
    }

    /// The organisation, the part before the first slash.
    #[must_use]
    pub fn org(&self) -> OrgName {
        OrgName(self.halves().0.to_owned())
    }

    /// The path inside the organisation, for example `mysql-op` or `team/app`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.halves().1
    }

    fn halves(&self) -> (&str, &str) {
        self.0.split_once('/').expect("parsed with a slash")
    }
}

const PLAIN: fn(char) -> bool = |c| c.is_ascii_lowercase() || c.is_ascii_digit();

/// The rule that organisations and users share.
fn owner_name(what: &'static str, text: &str) -> Result<String, NameError> {
    part_name(what, text)?;
    if RESERVED.contains(&text) {
        return Err(NameError::Reserved { name: text.to_owned() });
    }
    Ok(text.to_owned())
}

/// The form of the names of organisations, users and robots.
fn part_name(what: &'static str, text: &str) -> Result<(), NameError> {
    if text.is_empty() || text.len() > OrgName::MAX_BYTES {
        return Err(NameError::Length { what, most: OrgName::MAX_BYTES, found: text.len() });
    }
    if !text.starts_with(PLAIN) || !text.ends_with(PLAIN) {
        let rule = "starts and ends with a lowercase letter or digit";
        return Err(NameError::Edge { what, rule });
    }
    separators(what, text, |run| matches!(run, "." | "_" | "__" | "-"))
}

/// One component of an OCI path.
fn path_component(what: &'static str, part: &str) -> Result<(), NameError> {
    if !part.starts_with(PLAIN) || !part.ends_with(PLAIN) {
        let rule = "has parts that start and end with a lowercase letter or digit";
        return Err(NameError::Edge { what, rule });
    }
    separators(what, part, |run| {
        matches!(run, "." | "_" | "__") || run.bytes().all(|byte| byte == b'-')
    })
}

/// Checks every run of characters that are neither letter nor digit.
fn separators(what: &'static str, text: &str, good: fn(&str) -> bool) -> Result<(), NameError> {
    match text.split(PLAIN).find(|run| !run.is_empty() && !good(run)) {
        Some(run) => Err(NameError::Inside { what, found: run.to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_was_given_before_it_was_reserved_is_still_read() {
        assert!(OrgName::parse("register").is_err() && UserName::parse("register").is_err());
        assert_eq!(OrgName::stored("register").unwrap().as_str(), "register");
        assert_eq!(UserName::stored("register").unwrap().org().as_str(), "register");
        assert_eq!(RepoName::stored("register/app").unwrap().org().as_str(), "register");
        assert_eq!(RobotName::stored("register+ci").unwrap().org().as_str(), "register");
        for bad in ["", "Register", "register/"] {
            assert!(OrgName::stored(bad).is_err() && UserName::stored(bad).is_err(), "{bad}");
            assert!(RepoName::stored(bad).is_err() && RobotName::stored(bad).is_err(), "{bad}");
        }
        assert!(RepoName::stored("register/App").is_err());
    }

    #[test]
    fn a_name_is_told_which_rule_it_breaks() {
        for (text, want) in [
            ("", "an organisation's name has 1 to 64 characters, this one has 0"),
            ("Lab", "an organisation's name starts and ends with a lowercase letter or digit"),
            (".lab", "an organisation's name starts and ends with a lowercase letter or digit"),
            ("lab-", "an organisation's name starts and ends with a lowercase letter or digit"),
            ("a--b", "`--` may not stand inside an organisation's name"),
            ("a b", "` ` may not stand inside an organisation's name"),
            ("search", "`search` is reserved"),
        ] {
            assert_eq!(OrgName::parse(text).unwrap_err().to_string(), want, "{text}");
        }
        for (text, want) in [
            ("mysql", "a repository is named ORG/NAME, `mysql` has no `/`"),
            (
                "lab/My",
                "a repository's name has parts that start and end with a lowercase letter or digit",
            ),
            (
                "lab/a//b",
                "a repository's name has parts that start and end with a lowercase letter or digit",
            ),
            ("lab/a..b", "`..` may not stand inside a repository's name"),
            ("v2/x", "`v2` is reserved"),
        ] {
            assert_eq!(RepoName::parse(text).unwrap_err().to_string(), want, "{text}");
        }
        for (text, want) in [
            (".v1", "a tag starts with a letter, a digit or `_`"),
            ("v 1", "` ` may not stand inside a tag"),
            ("v1:2", "`:` may not stand inside a tag"),
        ] {
            assert_eq!(Tag::parse(text).unwrap_err().to_string(), want, "{text}");
        }
    }

    #[test]
    fn unusual_but_legal_names_pass() {
        for text in ["lab/a---b", "a.b/c__d/e.f", "lab/1", "lab/tags/list", "lab/x/blobs"] {
            assert_eq!(RepoName::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(RepoName::parse("lab/team/app").unwrap().path(), "team/app");
        assert!(Tag::parse(&"t".repeat(128)).is_ok());
        assert!(Tag::parse("_x.Y-1").is_ok());
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_keeps_what_it_accepts(text in "\\PC{0,80}") {
            if let Ok(name) = RepoName::parse(&text) {
                prop_assert_eq!(name.as_str(), &text);
                prop_assert_eq!(format!("{}/{}", name.org(), name.path()), text);
            }
        }
    }
}
