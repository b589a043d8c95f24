//! Names, digests, references and scopes: what is accepted prints as it came.
#![no_main]

use hub_model::{Digest, ImageRef, OrgName, RepoName, Scope, Tag, UserName};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(name) = OrgName::parse(text) {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(name) = UserName::parse(text) {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(tag) = Tag::parse(text) {
        assert_eq!(tag.as_str(), text);
        assert!(text.len() <= 128 && text.is_ascii());
    }
    if let Ok(name) = RepoName::parse(text) {
        assert_eq!(format!("{}/{}", name.org(), name.path()), text);
        assert!(text.len() <= 255 && text.is_ascii());
    }
    if let Ok(digest) = Digest::parse(text) {
        assert_eq!(digest.to_string(), text);
        assert_eq!(digest.hex().len(), digest.algorithm().hex_len());
        assert_eq!(Digest::from_hex(digest.algorithm(), digest.hex()), Ok(digest));
    }
    if let Ok(image) = ImageRef::parse(text) {
        let printed = image.to_string();
        assert_eq!(ImageRef::parse(&printed).as_ref(), Ok(&image), "{printed}");
    }
    for scope in Scope::parse_all(text) {
        assert_eq!(Scope::parse(&scope.to_string()), Some(scope));
    }
});
