//! The detail artifact of a push. Of several artifacts about one image the newest counts, so a
//! new one repeats what an earlier one said and this one does not.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use futures::TryStreamExt;
use hub_model::{Detail, Digest, Document, Field, Value};
use hub_oci::detail_artifact::{self, ARTIFACT_TYPE, Icon, Said, Subject};
use hub_oci::{ImageStore, parse_manifest};
use hub_registry_client::{BlobToPush, Bytewise, NoProgress, Remote, RemoteError};

/// Annotation that tells artifacts apart by age.
const CREATED: &str = "org.opencontainers.image.created";

/// Most bytes of an earlier artifact: documents have 1 MiB each, and there are few.
const LARGEST: u64 = 16 << 20;

/// Pushes what is said as a referrer of the image.
pub(super) async fn push(
    remote: &Remote,
    repo: &str,
    subject: &Subject,
    said: &Said,
) -> Result<(), RemoteError> {
    let said = match earlier(remote, repo, &subject.digest).await? {
        Some(earlier) => over(earlier, said),
        None => said.clone(),
    };
    let created = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let built = detail_artifact::build(subject, &said, &created);
    for (digest, bytes) in built.blobs {
        let size = bytes.len() as u64;
        let source = Bytewise(bytes.into());
        let blob = BlobToPush { digest: &digest, size, mount_from: None, source: &source };
        remote.push_blob(repo, blob, &NoProgress).await?;
    }
    let (media_type, bytes, _) = built.manifest;
    remote.push_referrer(repo, &subject.digest, &media_type, bytes.into()).await.map(drop)
}

/// What the newest artifact about the image says. One that cannot be read says nothing.
async fn earlier(
    remote: &Remote,
    repo: &str,
    subject: &Digest,
) -> Result<Option<Said>, RemoteError> {
    let known = match remote.referrers(repo, subject, Some(ARTIFACT_TYPE)).await {
        Ok(known) => known,
        Err(error) if error.is_outage() => return Err(error),
        // Registries without referrers answer in many ways; then nothing is known.
        Err(_) => return Ok(None),
    };
    let Some(newest) =
        known.into_iter().max_by_key(|entry| entry.annotations.get(CREATED).cloned())
    else {
        return Ok(None);
    };
    let manifest = remote.pull_manifest(repo, newest.digest.as_str()).await?;
    let Ok(parsed) = parse_manifest(&manifest.media_type, &manifest.bytes) else {
        return Ok(None);
    };
    if parsed.layers.iter().map(|layer| layer.size).sum::<u64>() > LARGEST {
        return Ok(None);
    }
    let mut blobs = Blobs::default();
    for layer in &parsed.layers {
        let pieces = remote.pull_blob(repo, &layer.digest).await?.bytes;
        let body = pieces.try_fold(Vec::new(), |mut body, piece| async move {
            body.extend_from_slice(&piece);
            Ok(body)
        });
        blobs.0.insert(layer.digest.clone(), body.await?);
    }
    let read = detail_artifact::read(&manifest.bytes, &blobs);
    Ok(read.ok().map(|(detail, documents)| said_again(detail, &documents)))
}

/// The blobs of an artifact.
#[derive(Default)]
struct Blobs(BTreeMap<Digest, Vec<u8>>);

impl ImageStore for Blobs {
    fn manifest(&self, _digest: &Digest) -> io::Result<Option<(String, Vec<u8>)>> {
        Ok(None)
    }

    fn blob(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>> {
        match self.0.get(digest) {
            Some(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// A detail as somebody would say it: documents in place of their digests.
fn said_again(detail: Detail, documents: &[Document]) -> Said {
    let document = |digest: &str| documents.iter().find(|one| one.digest.as_str() == digest);
    let text =
        |digest: &str| document(digest).map(|one| String::from_utf8_lossy(&one.body).into_owned());
    let mut said = Said::default();
    for (field, sourced) in detail.0 {
        match (field, sourced.value) {
            (Field::Docs, Value::Text(digest)) if digest.is_empty() => said.docs = Some(digest),
            (Field::Docs, Value::Text(digest)) => said.docs = text(&digest),
            (Field::DocsI18n, Value::Map(languages)) => {
                let texts = languages.into_iter();
                let texts = texts.filter_map(|(language, digest)| Some((language, text(&digest)?)));
                said.docs_i18n = texts.collect();
            }
            (Field::Icon, Value::Text(text)) => {
                said.icon = Some(match document(&text) {
                    Some(one) => {
                        Icon::File { media_type: one.media_type.clone(), bytes: one.body.clone() }
                    }
                    None => Icon::Url(text),
                });
            }
            (field, value) => {
                said.fields.insert(field, value);
            }
        }
    }
    said
}

/// What was said earlier, with what is said now put over it.
fn over(mut earlier: Said, now: &Said) -> Said {
    earlier.fields.extend(now.fields.clone());
    earlier.docs_i18n.extend(now.docs_i18n.clone());
    Said {
        docs: now.docs.clone().or(earlier.docs),
        icon: now.icon.clone().or(earlier.icon),
        ..earlier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_again_stays_said() {
        let subject = Subject {
            media_type: hub_oci::media_type::OCI_MANIFEST.to_owned(),
            digest: hub_oci::sha256(b"image"),
            size: 5,
        };
        let mut first = Said { docs: Some("# One".to_owned()), ..Said::default() };
        first.icon =
            Some(Icon::File { media_type: "image/gif".to_owned(), bytes: b"GIF89a".into() });
        first.fields.insert(Field::Url, Value::from("https://example.com/"));

        let built = detail_artifact::build(&subject, &first, "2026-01-01T00:00:00Z");
        let blobs = Blobs(built.blobs.into_iter().collect());
        let (detail, documents) = detail_artifact::read(&built.manifest.1, &blobs).unwrap();
        let read = said_again(detail, &documents);
        assert_eq!(read, first);

        let mut second = Said::default();
        second.fields.insert(Field::Description, Value::from("a line"));
        let both = over(read, &second);
        assert_eq!((both.docs, both.icon), (first.docs, first.icon));
        assert_eq!(both.fields.len(), 2);
    }
}
