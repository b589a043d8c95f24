//! Scopes of registry tokens: `repository:labring/mysql-op:pull,push`.

use std::fmt;

/// What a registry token is asked for, or allows.
///
/// Source: distribution's token specification (`docs/sources.md#token-scope`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// `repository` or `registry`.
    pub kind: String,
    /// Name of the repository, or `catalog`.
    pub name: String,
    /// `pull`, `push`, `delete`, `*`; sorted, each once.
    pub actions: Vec<String>,
}

impl Scope {
    /// Parses what stands in one `scope` parameter: scopes separated by blanks.
    ///
    /// What follows no known form is dropped, as the specification wants: asking for too much is
    /// no error.
    #[must_use]
    pub fn parse_all(text: &str) -> Vec<Self> {
        text.split(' ').filter_map(Self::parse).collect()
    }

    /// Parses one scope. A name may hold a colon (a port), so the first and the last one count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let kind = kind.split('(').next().unwrap_or(kind);
        if name.is_empty() || !matches!(kind, "repository" | "registry") {
            return None;
        }
        let mut actions: Vec<_> = actions
            .split(',')
            .filter(|action| matches!(*action, "pull" | "push" | "delete" | "*"))
            .map(str::to_owned)
            .collect();
        actions.sort_unstable();
        actions.dedup();
        Some(Self { kind: kind.to_owned(), name: name.to_owned(), actions })
    }

    /// A scope on a repository.
    #[must_use]
    pub fn repository(name: &str, actions: &[&str]) -> Self {
        Self {
            kind: "repository".to_owned(),
            name: name.to_owned(),
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.kind, self.name, self.actions.join(","))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_never_panics_and_what_is_understood_prints_the_same(
            text in "((repository|registry)(\\([a-z]*\\))?:[a-z/:]{0,9}:[a-z,*]{0,12} ?){0,3}|\\PC{0,40}"
        ) {
            for scope in Scope::parse_all(&text) {
                prop_assert_eq!(Scope::parse(&scope.to_string()), Some(scope));
            }
        }
    }

    #[test]
    fn scopes_are_read_as_clients_write_them() {
        for (text, want) in [
            ("repository:a/b:pull,push", "repository:a/b:pull,push"),
            ("repository:a/b:push,pull,push", "repository:a/b:pull,push"),
            ("repository(plugin):host:5000/a:pull", "repository:host:5000/a:pull"),
            ("registry:catalog:*", "registry:catalog:*"),
            ("repository:a/b:fly", "repository:a/b:"),
        ] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), want);
        }
        for bad in ["", "repository", "repository::pull", "galaxy:x:pull", "repository:x"] {
            assert_eq!(Scope::parse(bad), None, "{bad}");
        }
        assert_eq!(Scope::parse_all("repository:a/b:pull  repository:c/d:pull x").len(), 2);
    }
}
