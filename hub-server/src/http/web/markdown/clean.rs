//! The allow-list: which elements, attributes and addresses a README may keep.

use std::borrow::Cow;

use ammonia::Builder;
use url::Url;

use super::events::ID_PREFIX;

/// Schemes that a link may have.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// Deeper nesting is shown as plain text: the time to parse it grows with the square of its depth.
const DEEPEST: usize = 256;

/// Elements that end by themselves, or hold nothing.
const SHALLOW: [&str; 18] = [
    "p", "li", "td", "tr", "th", "dt", "dd", "br", "hr", "img", "input", "thead", "tbody", "tfoot",
    "col", "source", "wbr", "option",
];

/// A repository at a forge whose addresses of files are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Forge {
    /// Base of pages that show a file, ends with `/`.
    pages: Url,
    /// Base of raw files, ends with `/`.
    raw: Url,
}

impl Forge {
    /// Reads the value of `org.opencontainers.image.source`.
    pub(super) fn parse(source: &str) -> Option<Self> {
        let source = source.trim().strip_prefix("git+").unwrap_or(source.trim());
        let url = Url::parse(source).ok().filter(|url| url.scheme() == "https")?;
        let (host, separator) = match url.host_str()? {
            "github.com" => ("github.com", ""),
            "gitlab.com" => ("gitlab.com", "/-"),
            "gitee.com" => ("gitee.com", ""),
            _ => return None,
        };
        let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
        let [owner, repo, rest @ ..] = parts.as_slice() else { return None };
        let repo = repo.strip_suffix(".git").unwrap_or(repo);
        let rest = rest.strip_prefix(&["-"]).unwrap_or(rest);
        let (branch, folder) = match rest {
            ["tree" | "blob", branch, folder @ ..] => (*branch, folder.join("/")),
            _ if host == "gitee.com" => ("master", String::new()),
            _ => ("HEAD", String::new()),
        };
        let folder = if folder.is_empty() { folder } else { format!("{folder}/") };
        let base = |kind: &str| {
            let text = format!("https://{host}/{owner}/{repo}{separator}/{kind}/{branch}/{folder}");
            Url::parse(&text).ok()
        };
        Some(Self { pages: base("blob")?, raw: base("raw")? })
    }

    /// The full address of a relative one, when it stays within the repository.
    fn resolve(base: &Url, relative: &str) -> Option<String> {
        let joined = base.join(relative.trim_start_matches('/')).ok()?;
        let same = joined.host_str() == base.host_str() && joined.scheme() == "https";
        same.then(|| joined.into())
    }
}

/// Drops what a README may not hold; the rules are those of `docs/architecture.md`.
pub(super) fn clean(html: &str, forge: Option<&Forge>) -> String {
    builder(forge.cloned()).clean(html).to_string()
}

/// Whether elements are nested deeper than any page needs.
pub(super) fn is_too_deep(html: &str) -> bool {
    let mut depth = 0_usize;
    for tag in html.split('<').skip(1) {
        let closes = tag.starts_with('/');
        let name = tag.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        let name = name[..end].to_ascii_lowercase();
        if name.is_empty() || SHALLOW.contains(&name.as_str()) {
            continue;
        }
        depth = if closes { depth.saturating_sub(1) } else { depth + 1 };
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

/// The rules for one context.
fn builder(forge: Option<Forge>) -> Builder<'static> {
    let mut rules = Builder::default();
    for heading in ["h1", "h2", "h3", "h4", "h5", "h6"] {
        rules.add_tag_attributes(heading, ["align"]);
    }
    rules
        .add_tags(["input"])
        .rm_tags(["area", "map"])
        // Whatever the author wrote: only a ticked or empty box is left of an input.
        .set_tag_attribute_value("input", "type", "checkbox")
        .set_tag_attribute_value("input", "disabled", "")
        .add_tag_attributes("input", ["checked"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("div", ["align"])
        .add_tag_attributes("p", ["align"])
        .add_tag_attributes("code", ["class"])
        .add_generic_attributes(["id"])
        .id_prefix(Some(ID_PREFIX))
        .add_allowed_classes(
            "blockquote",
            [
                "markdown-alert-note",
                "markdown-alert-tip",
                "markdown-alert-important",
                "markdown-alert-warning",
                "markdown-alert-caution",
            ],
        )
        .add_allowed_classes("p", ["markdown-alert-title"])
        .add_allowed_classes("div", ["footnote-definition"])
        .add_allowed_classes("sup", ["footnote-reference", "footnote-definition-label"])
        .url_schemes(SCHEMES.into())
        .link_rel(Some("nofollow noopener noreferrer ugc"))
        .attribute_filter(move |element, attribute, value| match (element, attribute) {
            ("code", "class") => language_class(value),
            ("a", "href") => link(value, forge.as_ref()),
            ("img", "src") => image(value, forge.as_ref()),
            _ => Some(value.into()),
        });
    rules
}

/// Keeps `language-…` when it is one plain word.
fn language_class(value: &str) -> Option<Cow<'_, str>> {
    value
        .strip_prefix("language-")
        .filter(|word| word.chars().all(|c| c.is_ascii_alphanumeric() || "+-#._".contains(c)))
        .map(|_| value.into())
}

/// Where a link of a README goes; `None` leaves its text only.
fn link<'a>(value: &'a str, forge: Option<&Forge>) -> Option<Cow<'a, str>> {
    if let Some(id) = value.strip_prefix('#') {
        let id = id.strip_prefix(ID_PREFIX).unwrap_or(id);
        return Some(format!("#{ID_PREFIX}{id}").into());
    }
    match absolute(value) {
        Address::Full(full) => Some(full),
        Address::Relative => Forge::resolve(&forge?.pages, value.trim()).map(Cow::Owned),
        Address::Refused => None,
    }
}

/// Where an image of a README lies; `None` leaves its alternative text only.
fn image<'a>(value: &'a str, forge: Option<&Forge>) -> Option<Cow<'a, str>> {
    match absolute(value) {
        Address::Full(full) if full.starts_with("http") => Some(full),
        Address::Full(_) | Address::Refused => None,
        Address::Relative => Forge::resolve(&forge?.raw, value.trim()).map(Cow::Owned),
    }
}

/// What an address is.
enum Address<'a> {
    Full(Cow<'a, str>),
    Relative,
    Refused,
}

fn absolute(value: &str) -> Address<'_> {
    let value = value.trim();
    let value = if value.starts_with("//") {
        Cow::Owned(format!("https:{value}"))
    } else {
        Cow::Borrowed(value)
    };
    match Url::parse(&value) {
        Ok(url) if SCHEMES.contains(&url.scheme()) => Address::Full(value),
        Err(url::ParseError::RelativeUrlWithoutBase) if !value.is_empty() => Address::Relative,
        Ok(_) | Err(_) => Address::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_at_a_known_forge_gives_a_base_for_relative_links() {
        for (source, pages) in [
            ("https://github.com/o/r", Some("https://github.com/o/r/blob/HEAD/")),
            ("https://github.com/o/r.git", Some("https://github.com/o/r/blob/HEAD/")),
            ("https://github.com/o/r/tree/main/a/b", Some("https://github.com/o/r/blob/main/a/b/")),
            ("https://gitlab.com/o/r", Some("https://gitlab.com/o/r/-/blob/HEAD/")),
            ("https://gitlab.com/o/r/-/tree/x", Some("https://gitlab.com/o/r/-/blob/x/")),
            ("https://gitee.com/o/r", Some("https://gitee.com/o/r/blob/master/")),
            ("http://github.com/o/r", None),
            ("https://github.com/o", None),
            ("https://example.com/o/r", None),
            ("no address", None),
        ] {
            let forge = Forge::parse(source);
            assert_eq!(forge.as_ref().map(|f| f.pages.as_str()), pages, "{source}");
        }
    }

    #[test]
    fn addresses_are_kept_resolved_or_refused() {
        let forge = Forge::parse("https://github.com/o/r");
        for (value, want) in [
            ("https://e.org/x", Some("https://e.org/x")),
            ("#top", Some("#user-content-top")),
            ("docs/a.md", Some("https://github.com/o/r/blob/HEAD/docs/a.md")),
            ("/LICENSE", Some("https://github.com/o/r/blob/HEAD/LICENSE")),
            ("//e.org/x", Some("https://e.org/x")),
            ("java\nscript:alert(1)", None),
            ("ftp://e.org", None),
            ("", None),
        ] {
            assert_eq!(link(value, forge.as_ref()).as_deref(), want, "{value}");
        }
        assert_eq!(link("docs/a.md", None), None);
        assert_eq!(image("mailto:a@b", None), None);
        assert_eq!(
            image("a.png", forge.as_ref()).as_deref(),
            Some("https://github.com/o/r/raw/HEAD/a.png")
        );
    }
}
