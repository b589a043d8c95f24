//! Which paths of an image are looked at.

/// What a path is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Its content may be wanted.
    File,
    /// Something below it may be wanted.
    Folder,
    /// Nothing.
    None,
}

/// The wanted paths: the conventions, and where links of this image lead.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Last part of the repository's name: packages keep their README below it.
    repo: String,
    /// Pairs (real path, the path that a link calls it by).
    aliases: Vec<(String, String)>,
}

/// Links followed to places that are no convention, per image.
const MAX_ALIASES: usize = 32;

impl Wanted {
    /// What is wanted of an image in the repository `repo_path`.
    pub(crate) fn new(repo_path: &str) -> Self {
        let repo = repo_path.rsplit('/').next().unwrap_or_default().to_owned();
        Self { repo, aliases: Vec::new() }
    }

    /// Last part of the repository's name.
    pub(crate) fn repo(&self) -> &str {
        &self.repo
    }

    /// Wants what lies at `real` under the name `called`, too. Says whether that is new.
    pub(crate) fn follow(&mut self, real: &str, called: &str) -> bool {
        let pair = (real.to_owned(), called.to_owned());
        let new = self.aliases.len() < MAX_ALIASES && !self.aliases.contains(&pair);
        if new {
            self.aliases.push(pair);
        }
        new
    }

    /// What `path` (without a leading slash) is to us.
    pub(crate) fn interest(&self, path: &str) -> Interest {
        let own = self.convention(path);
        if own == Interest::File || self.aliases.is_empty() {
            return own;
        }
        let mut best = own;
        for (real, called) in &self.aliases {
            let by_alias = match below(path, real) {
                Some(rest) => self.convention(&format!("{called}{rest}")),
                None if below(real, path).is_some() => Interest::Folder,
                None => Interest::None,
            };
            match by_alias {
                Interest::File => return Interest::File,
                Interest::Folder => best = Interest::Folder,
                Interest::None => {}
            }
        }
        best
    }

    /// The names that the conventions have for `path`: its own, and those by links.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let by_alias = self
            .aliases
            .iter()
            .filter_map(|(real, called)| below(path, real).map(|rest| format!("{called}{rest}")));
        std::iter::once(path.to_owned())
            .chain(by_alias)
            .filter(|name| self.convention(name) == Interest::File)
            .collect()
    }

    fn convention(&self, path: &str) -> Interest {
        let mut parts = [""; 5];
        let mut count = 0;
        for part in path.split('/') {
            let Some(slot) = parts.get_mut(count) else { return Interest::None };
            *slot = part;
            count += 1;
        }
        let found = match &parts[..count] {
            ["docs" | "usr" | "extension" | "charts" | "images" | "licenses" | "metadata"]
            | ["usr", "share"]
            | ["usr", "share", "doc"]
            | ["charts", _]
            | ["images", "shim"] => return Interest::Folder,
            ["usr", "share", "doc", repo] if *repo == self.repo => return Interest::Folder,
            [name] => is_root_file(name),
            ["docs", name] => is_readme(name),
            ["usr", "share", "doc", repo, name] => *repo == self.repo && is_readme(name),
            ["extension", name] => is_readme(name) || *name == "icon.png",
            ["charts", _, name] => is_readme(name) || *name == "Chart.yaml",
            ["images", "shim", _] | ["licenses", _] | ["metadata", "config.yaml"] => true,
            ["metadata", name] => name.starts_with("icon."),
            _ => false,
        };
        if found { Interest::File } else { Interest::None }
    }
}

/// The rest of `path` when it is `folder` or lies below it: empty, or beginning with a slash.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn is_root_file(name: &str) -> bool {
    is_readme(name)
        || is_licence(name)
        || ["help.md", "help.1", "changelog.md"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
        || matches!(name, "icon.svg" | "icon.png" | "icon.jpg" | "logo.svg" | "logo.png")
        || name == "Chart.yaml"
}

/// Whether a base name is one of a README or of a translation.
fn is_readme(name: &str) -> bool {
    let ends =
        |end: &str| name.len() >= end.len() && starts_with(&name[name.len() - end.len()..], end);
    starts_with(name, "readme")
        && (name.len() == 6
            || (name.is_ascii() && name.len() <= 32 && (ends(".md") || ends(".markdown"))))
}

/// Whether a path without a leading slash is one of a licence.
pub(crate) fn is_licence(path: &str) -> bool {
    path.starts_with("licenses/")
        || (!path.contains('/')
            && ["license", "licence", "copying"].iter().any(|known| starts_with(path, known)))
}

/// Whether a path without a leading slash is one of a document: a README or a picture.
pub(crate) fn is_document(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !path.starts_with("images/")
        && (is_readme(name)
            || matches!(name, "help.md" | "help.1")
            || name.starts_with("icon.")
            || name.starts_with("logo."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conventions_are_these() {
        let wanted = Wanted::new("labring/mysql");
        for path in [
            "README.md",
            "readme",
            "Readme.zh-CN.md",
            "README_CN.md",
            "README-containers.md",
            "docs/README.md",
            "usr/share/doc/mysql/README.md",
            "charts/x/Chart.yaml",
            "images/shim/DefaultImageList",
            "metadata/config.yaml",
            "metadata/icon.webp",
            "LICENSE-MIT",
            "licenses/a",
            "help.1",
        ] {
            assert_eq!(wanted.interest(path), Interest::File, "{path}");
        }
        for path in ["docs", "usr/share", "charts/x", "usr/share/doc/mysql"] {
            assert_eq!(wanted.interest(path), Interest::Folder, "{path}");
        }
        for path in [
            "",
            "etc",
            "README.md/x",
            "usr/share/doc/other/README.md",
            "a/b/c/d/e/f",
            "matedata/config.yaml",
            "readmé",
            "README.txt",
        ] {
            assert_eq!(wanted.interest(path), Interest::None, "{path}");
        }
    }

    #[test]
    fn links_make_other_paths_wanted() {
        let mut wanted = Wanted::new("a/b");
        assert!(wanted.follow("opt/app/text", "README.md"));
        assert!(!wanted.follow("opt/app/text", "README.md"));
        assert!(wanted.follow("srv/c", "charts"));
        assert_eq!(wanted.interest("opt/app/text"), Interest::File);
        assert_eq!(wanted.interest("opt/app"), Interest::Folder);
        assert_eq!(wanted.interest("opt/app/textual"), Interest::None);
        assert_eq!(wanted.interest("srv/c/x/Chart.yaml"), Interest::File);
        assert_eq!(wanted.names("srv/c/x/Chart.yaml"), ["charts/x/Chart.yaml"]);
        assert_eq!(wanted.names("README.md"), ["README.md"]);
    }
}
