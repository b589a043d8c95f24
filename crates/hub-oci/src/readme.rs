//! The README: which file it is, its translations, and its first words.

use std::collections::BTreeMap;

use crate::files::{File, Files};
use crate::scan::{join, split};

/// Longest description taken out of a README, in characters.
/// Source: metadata precedence of the command line (`docs/sources.md#first-paragraph`).
const MAX_PARAGRAPH: usize = 240;
/// Shortest paragraph that says something, in characters.
const MIN_PARAGRAPH: usize = 20;
/// Most translations that are kept. Source: `docs/sources.md#detail-fields`.
pub(crate) const MAX_TRANSLATIONS: usize = 8;

/// Files that may be the README, best first; `{repo}` is the last part of the repository's name
/// and `*` the only folder there. Source: `docs/sources.md#readme-order`.
pub(crate) const README_ORDER: &[&str] = &[
    "README-containers.md",
    "README.md",
    "README.markdown",
    "README",
    "docs/README.md",
    "usr/share/doc/{repo}/README.md",
    "extension/README.md",
    "charts/{repo}/README.md",
    "charts/*/README.md",
    "help.md",
    "help.1",
];

/// The README among the files, with its path; what was refused on the way is told to `refuse`.
pub(crate) fn choose<'a>(
    files: &'a Files,
    repo: &str,
    refuse: &mut dyn FnMut(&str, &str),
) -> Option<(&'a str, &'a File)> {
    for pattern in README_ORDER {
        let pattern = pattern.replace("{repo}", repo);
        for (path, file) in matches(files, &pattern) {
            match &file.body {
                Ok(bytes) if bytes.trim_ascii().is_empty() => {}
                Ok(_) => return Some((path, file)),
                Err(why) => refuse(path, why),
            }
        }
    }
    None
}

/// Files that fit a pattern: the exact spelling first, then others of the base name.
fn matches<'a>(files: &'a Files, pattern: &str) -> Vec<(&'a str, &'a File)> {
    let (folder, name) = split(pattern);
    if folder == "charts/*" {
        let mut found: Vec<_> = files
            .iter()
            .filter(|(path, _)| {
                let (chart, base) = split(path);
                split(chart).0 == "charts" && base.eq_ignore_ascii_case(name)
            })
            .map(|(path, file)| (path.as_str(), file))
            .collect();
        // Of several charts none speaks for the image.
        let first = found.first().map(|(path, _)| split(path).0);
        if found.iter().any(|(path, _)| Some(split(path).0) != first) {
            found.clear();
        }
        return found;
    }
    let exact = files.get_key_value(pattern);
    let others = files.iter().filter(|(path, _)| {
        let (other_folder, base) = split(path);
        other_folder == folder && base != name && base.eq_ignore_ascii_case(name)
    });
    exact.into_iter().chain(others).map(|(path, file)| (path.as_str(), file)).collect()
}

/// Translations that lie beside the README: language to path and file.
pub(crate) fn translations<'a>(
    files: &'a Files,
    readme: &str,
) -> BTreeMap<String, (&'a str, &'a File)> {
    let (folder, _) = split(readme);
    let mut found = BTreeMap::new();
    for (path, file) in files {
        let (other_folder, base) = split(path);
        if other_folder == folder
            && path != readme
            && let Some(language) = language(base)
            && (found.len() < MAX_TRANSLATIONS || found.contains_key(&language))
        {
            found.entry(language).or_insert((path.as_str(), file));
        }
    }
    found
}

/// The language of `README.zh-CN.md`, `README_CN.md`: `zh-CN`.
pub(crate) fn language(base: &str) -> Option<String> {
    let lower = base.to_ascii_lowercase();
    let middle = lower.strip_prefix("readme")?.strip_suffix(".md")?;
    let tag = middle.strip_prefix(['.', '_', '-'])?.replace('_', "-");
    let (primary, region) = tag.split_once('-').map_or((&*tag, None), |(a, b)| (a, Some(b)));
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
    let short = (2..=3).contains(&primary.len()) && letters(primary);
    if !short {
        return None;
    }
    match (primary, region) {
        // Countries that are written where a language belongs.
        ("cn", None) => Some("zh-CN".to_owned()),
        ("tw", None) => Some("zh-TW".to_owned()),
        ("jp", None) => Some("ja".to_owned()),
        ("kr", None) => Some("ko".to_owned()),
        (language, None) => Some(language.to_owned()),
        (language, Some(region)) if letters(region) && region.len() == 2 => {
            Some(format!("{language}-{}", region.to_ascii_uppercase()))
        }
        (language, Some(script)) if letters(script) && script.len() == 4 => {
            let (first, rest) = script.split_at(1);
            Some(format!("{language}-{}{rest}", first.to_ascii_uppercase()))
        }
        _ => None,
    }
}

/// The path of a titled part of an artifact, when it is a README or a translation.
pub(crate) fn artifact_path(title: &str) -> Option<String> {
    let path = title.trim_start_matches("./").trim_start_matches('/');
    let known = path.eq_ignore_ascii_case("README.md")
        || path.eq_ignore_ascii_case("README")
        || language(path).is_some();
    known.then(|| join("", path))
}

/// The first paragraph of prose, as a description: without HTML comments, code, headings, lists,
/// tables, badges; at least 20 and at most 240 characters.
///
/// ```
/// let readme = "# Name\n\n[![build](x)](y)\n\nA **small** [database](https://x) for tests.\n";
/// let words = hub_oci::first_paragraph(readme);
/// assert_eq!(words.as_deref(), Some("A small database for tests."));
/// ```
#[must_use]
pub fn first_paragraph(markdown: &str) -> Option<String> {
    let prose = without_code(&without_comments(without_front_matter(markdown)));
    let mut block = String::new();
    for line in prose.lines().chain([""]) {
        if !line.trim().is_empty() {
            block.push_str(line);
            block.push('\n');
            continue;
        }
        let text = block.trim();
        let words = if is_prose(text) { plain(text) } else { String::new() };
        if words.chars().count() >= MIN_PARAGRAPH {
            return Some(crate::text::one_line(&words, MAX_PARAGRAPH));
        }
        block.clear();
    }
    None
}

fn without_front_matter(markdown: &str) -> &str {
    let body = markdown.strip_prefix("---\n").or_else(|| markdown.strip_prefix("---\r\n"));
    let end = body.and_then(|body| body.find("\n---").map(|at| &body[at + 4..]));
    end.and_then(|rest| rest.split_once('\n')).map_or(markdown, |(_, rest)| rest)
}

fn without_comments(markdown: &str) -> String {
    let mut kept = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some((before, comment)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

fn without_code(markdown: &str) -> String {
    let mut kept = String::with_capacity(markdown.len());
    let mut fence: Option<&str> = None;
    for line in markdown.lines() {
        let start = line.trim_start();
        match fence {
            Some(mark) if start.starts_with(mark) => fence = None,
            Some(_) => {}
            None => {
                fence = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
                if fence.is_none() {
                    kept.push_str(line);
                }
            }
        }
        kept.push('\n');
    }
    kept
}

fn is_prose(block: &str) -> bool {
    if block.starts_with('[') {
        // "[Name](https://…) is a database" speaks; a row of badges or links does not.
        let behind = block.find("](").and_then(|at| block[at..].find(')').map(|end| at + end + 1));
        return behind.is_some_and(|at| block[at..].trim_start_matches('*').starts_with(" is"));
    }
    !block.starts_with(['#', '|', '>', '-', '*', '!', '`', '<'])
}

/// Text without images, link targets, back-ticks and asterisks.
fn plain(block: &str) -> String {
    let mut text = String::with_capacity(block.len());
    let mut rest = block;
    while let Some(at) = rest.find('[') {
        let (before, link) = rest.split_at(at);
        let image = before.ends_with('!');
        text.push_str(before.strip_suffix('!').filter(|_| image).unwrap_or(before));
        let target = link
            .find("](")
            .and_then(|middle| link[middle..].find(')').map(|end| (middle, middle + end + 1)));
        let Some((middle, end)) = target else {
            text.push_str(link);
            rest = "";
            break;
        };
        if !image {
            text.push_str(&link[1..middle]);
        }
        rest = &link[end..];
    }
    text.push_str(rest);
    text.retain(|c| !matches!(c, '`' | '*'));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_read_off_file_names() {
        for (name, want) in [
            ("README.zh-CN.md", Some("zh-CN")),
            ("readme_zh.md", Some("zh")),
            ("README_CN.md", Some("zh-CN")),
            ("README-zh_hans.md", Some("zh-Hans")),
            ("README.de.md", Some("de")),
            ("README-containers.md", None),
            ("README.md", None),
            ("README.x.md", None),
            ("HELP.de.md", None),
        ] {
            assert_eq!(language(name).as_deref(), want, "{name}");
        }
    }

    #[test]
    fn the_first_words_are_prose() {
        for (readme, want) in [
            ("# T\n\nshort\n\nThis paragraph is long enough.\n", "This paragraph is long enough."),
            (
                "```\ncode that is long enough\n\nmore of it here\n```\nProse after a block of code.",
                "Prose after a block of code.",
            ),
            (
                "<!-- a comment\n\nof two paragraphs --> Words behind the comment.",
                "Words behind the comment.",
            ),
            (
                "---\ntitle: x\n---\nWords behind the front matter.",
                "Words behind the front matter.",
            ),
            ("[Kafka](https://x) is a log that many share.", "Kafka is a log that many share."),
            (
                "[docs](x) [more](y) and a list of links\n\nThe words that count are here.",
                "The words that count are here.",
            ),
            (
                "- a list of things that is long\n\n> a quote of things that is long\n\n\
              <p>html that is long enough</p>\n\nPlain `words` with ![i](x) a [link](y).",
                "Plain words with a link.",
            ),
            ("| a | table that is long enough |\n", ""),
            ("", ""),
            ("[[[[", ""),
        ] {
            assert_eq!(first_paragraph(readme).unwrap_or_default(), want, "{readme}");
        }
        let long = first_paragraph(&"数据库 ".repeat(200)).unwrap();
        assert!(long.chars().count() <= MAX_PARAGRAPH);
    }
}
