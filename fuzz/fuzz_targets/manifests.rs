//! Manifests and indexes of every media type: what is accepted links to well-formed digests.
#![no_main]

use std::io::{self, Cursor, Read};

use hub_model::Digest;
use hub_oci::ImageStore;
use hub_oci::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use libfuzzer_sys::fuzz_target;

/// Gives the same bytes for everything: an index may name itself.
struct Mirror<'a>(&'a str, &'a [u8]);

impl ImageStore for Mirror<'_> {
    fn manifest(&self, _: &Digest) -> io::Result<Option<(String, Vec<u8>)>> {
        Ok(Some((self.0.to_owned(), self.1.to_vec())))
    }

    fn blob(&self, _: &Digest) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.1.to_vec())))
    }
}

fuzz_target!(|data: &[u8]| {
    let _ = hub_oci::manifest_media_type(None, data);
    for media_type in [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST] {
        let Ok(parsed) = hub_oci::parse_manifest(media_type, data) else { continue };
        for link in &parsed.facts.links {
            assert_eq!(Digest::parse(link.digest.as_str()).as_ref(), Ok(&link.digest));
        }
        assert!(serde_json::from_str::<serde_json::Value>(&parsed.facts.annotations).is_ok());
        let _ = hub_oci::base_info(media_type, data, &Mirror(media_type, data));
        let _ = hub_oci::detail_artifact::read(data, &Mirror(media_type, data));
    }
});
