//! References as people write them: `[HOST/]ORG/REPO[:TAG|@DIGEST]`.

use std::fmt;

use crate::{Digest, NameError, Tag};

/// A reference to an image, of this hub or of another registry.
///
/// The first part is a host when it holds a dot or a colon, or is `localhost`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRef {
    /// Host and port, where the reference names them.
    pub host: Option<String>,
    /// Path of the repository, not yet checked against the rules of a hub.
    pub path: String,
    /// The tag, where the reference has one.
    pub tag: Option<Tag>,
    /// The digest, where the reference has one.
    pub digest: Option<Digest>,
}

impl ImageRef {
    /// Parses a reference. A scheme (`https://`, `docker://`) in front is dropped.
    ///
    /// # Errors
    ///
    /// Returns the first rule that the tag or the digest breaks, [`NameError::Length`] for an
    /// empty path, [`NameError::Inside`] or [`NameError::Edge`] for one that cannot be.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (text, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::parse(digest)?)),
            None => (text, None),
        };
        let (host, rest) = match text.split_once('/') {
            Some((first, rest)) if is_host(first) => (Some(first.to_owned()), rest),
            _ => (None, text),
        };
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) => (path, Some(Tag::parse(tag)?)),
            None => (rest, None),
        };
        let what = "a repository's name";
        if path.is_empty() {
            return Err(NameError::Length { what, most: 255, found: 0 });
        }
        // Else what is printed would be read as something else: `a://b://c`.
        if let Some(found) = path.chars().find(|char| matches!(char, ':' | '@')) {
            return Err(NameError::Inside { what, found: found.to_string() });
        }
        if path.starts_with('/') {
            return Err(NameError::Edge { what, rule: "does not begin with `/`" });
        }
        Ok(Self { host, path: path.to_owned(), tag, digest })
    }

    /// What stands behind the path: the digest, else the tag, else `latest`.
    #[must_use]
    pub fn version(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.to_string(),
            (None, None) => "latest".to_owned(),
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}/")?;
        }
        f.write_str(&self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_prints_as_something_that_reads_the_same(
            text in "([a-z]{0,3}:?/?/?)?[a-z.:/@]{0,12}(:[a-z0-9]{0,3})?"
        ) {
            if let Ok(image) = ImageRef::parse(&text) {
                prop_assert_eq!(ImageRef::parse(&image.to_string()), Ok(image));
            }
        }

        #[test]
        fn any_text_never_panics(text in any::<String>()) {
            let _ = ImageRef::parse(&text);
        }
    }

    #[test]
    fn a_path_that_cannot_be_is_refused() {
        for bad in ["a://b://c", "x://h.com/p://q:t", "h.com//x", "/x", "a:b:c", "h.com/a@b"] {
            assert!(ImageRef::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reference_falls_into_its_parts() {
        for (text, host, path, version) in [
            ("labring/mysql-op:v1", None, "labring/mysql-op", "v1"),
            ("labring/mysql-op", None, "labring/mysql-op", "latest"),
            ("127.0.0.1:5000/a/b/c:1", Some("127.0.0.1:5000"), "a/b/c", "1"),
            ("localhost/a/b", Some("localhost"), "a/b", "latest"),
            ("docker://hub.example.com/a/b:x", Some("hub.example.com"), "a/b", "x"),
        ] {
            let image = ImageRef::parse(text).unwrap();
            assert_eq!(
                (image.host.as_deref(), &*image.path, &*image.version()),
                (host, path, version)
            );
        }
        let digest = format!("sha256:{}", "0".repeat(64));
        let image = ImageRef::parse(&format!("a/b:v1@{digest}")).unwrap();
        assert_eq!(image.version(), digest);
        assert!(ImageRef::parse("a/b:").is_err());
        assert!(ImageRef::parse("").is_err());
    }
}
