//! What people paste into a search box: commands and addresses of images.

/// Commands that are pasted together with an image.
const COMMANDS: &[&str] = &[
    "docker pull ",
    "podman pull ",
    "nerdctl pull ",
    "crane pull ",
    "sealos run ",
    "sealos pull ",
    "hub pull ",
];

/// Longest text that is looked at, in bytes.
const MAX_BYTES: usize = 512;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted<'a> {
    /// The words, or the last part of a pasted reference.
    pub(crate) text: &'a str,
    /// The part before it, when a reference was pasted.
    pub(crate) org: Option<&'a str>,
}

/// Reduces a pasted command or reference to its name; other text stays as it is.
pub(crate) fn reduce(text: &str) -> Wanted<'_> {
    let text = without_command(cap(text).trim());
    let text = text.split_once("://").map_or(text, |(_, rest)| rest).trim();
    let looks_like_one = text.contains(['/', ':']) && !text.contains(|c: char| c.is_whitespace());
    match looks_like_one.then(|| path_of(text)).flatten() {
        Some(path) => match path.trim_end_matches('/').rsplit_once('/') {
            Some((front, name)) => {
                let org = front.rsplit_once('/').map_or(front, |(_, org)| org);
                Wanted { text: name, org: Some(org) }
            }
            None => Wanted { text: path, org: None },
        },
        None => Wanted { text, org: None },
    }
}

fn cap(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.floor_char_boundary(MAX_BYTES)]
}

fn without_command(text: &str) -> &str {
    let fits = |command: &&&str| {
        text.get(..command.len()).is_some_and(|start| start.eq_ignore_ascii_case(command))
    };
    COMMANDS.iter().find(fits).map_or(text, |command| text[command.len()..].trim())
}

/// The path of a reference `[host/]path[:tag][@digest]`.
fn path_of(text: &str) -> Option<&str> {
    let text = text.split_once('@').map_or(text, |(front, _)| front);
    let text = match text.split_once('/') {
        Some((host, rest)) if host == "localhost" || host.contains(['.', ':']) => rest,
        _ => text,
    };
    let (path, tag) = match text.rsplit_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (text, None),
    };
    let in_path = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '/' | '-')
    };
    let in_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let starts = path.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let good = starts && path.chars().all(in_path) && tag.is_none_or(|tag| tag.chars().all(in_tag));
    good.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_reduced_to_its_name() {
        for (text, name, org) in [
            ("docker pull ghcr.io/x/y:1", "y", Some("x")),
            ("docker.io/library/redis:7-alpine", "redis", Some("library")),
            ("Sealos Run labring/kubernetes:v1.29", "kubernetes", Some("labring")),
            ("https://hub.example.com/r/labring/mysql", "mysql", Some("labring")),
            ("localhost:5000/a/b/c@sha256:0123", "c", Some("b")),
            ("redis:7", "redis", None),
            ("localhost:5000/redis", "redis", None),
            ("labring/mysql/", "mysql", Some("labring")),
            ("message queue", "message queue", None),
            ("and/or what", "and/or what", None),
            ("C++:是", "C++:是", None),
            (":", ":", None),
            ("/", "/", None),
            ("://", "", None),
        ] {
            assert_eq!(reduce(text), Wanted { text: name, org }, "{text}");
        }
    }

    #[test]
    fn a_very_long_text_is_cut_at_a_character() {
        let text = "字".repeat(400_000);
        let wanted = reduce(&text);
        assert!(wanted.text.len() <= MAX_BYTES && wanted.text.chars().all(|c| c == '字'));
    }
}
