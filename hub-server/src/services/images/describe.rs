//! What people say about images and repositories.

use std::collections::BTreeMap;

use hub_blobs::digest_of;
use hub_db::Change;
use hub_model::{
    Action, Actor, Algorithm, BaseInfo, Detail, DetailScope, Document, Extraction, Field, Img, Job,
    LetterKind, NewImg, Repo, RepoName, Sourced, Tag, Value,
};
use serde_json::json;

use super::super::audit::{self, Act};
use super::super::{access, publish};
use super::settle::note_paragraph;
use super::{Declaration, DetailTarget, Edit, ImageError, settle};
use crate::App;

/// Largest icon, in bytes. Source: the cap of `icon` (`docs/sources.md#detail-fields`).
const MAX_ICON_BYTES: usize = 1 << 20;

/// Changes what people say about a repository or one of its tags. It beats everything that the
/// image holds, for good: pushing the tag again does not undo it. Answers what the image says
/// now; for a repository without images, what was said about it.
///
/// # Errors
///
/// [`ImageError::Field`], [`ImageError::TooLarge`] and [`ImageError::Icon`] for values that are
/// not accepted; then nothing is changed.
pub async fn describe(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    target: &DetailTarget,
    edit: Edit,
) -> Result<Detail, ImageError> {
    access::repo(app, actor, Action::Push, name).await?;
    let checked = Checked::new(edit)?;
    let now = app.now_ms();
    let gone = |reference: &str| ImageError::Unknown {
        repo: name.to_string(),
        reference: reference.to_owned(),
    };
    let mut change = app.db.change().await?;
    let repo = change.lock_repo(name).await?.ok_or_else(|| gone("latest"))?;
    let (scope, img) = match target {
        DetailTarget::Repo => {
            let img = match &repo.latest_tag {
                Some(tag) => change.img(repo.id, tag).await?,
                None => None,
            };
            (DetailScope::Repo, img)
        }
        DetailTarget::Tag(tag) => {
            let img = change.img(repo.id, tag).await?.ok_or_else(|| gone(tag.as_str()))?;
            (DetailScope::Tag(tag.clone()), Some(img))
        }
    };
    let edited = checked.noted();
    let said = checked.apply(&mut change, &repo, &scope, now).await?;
    let outcome = match &img {
        Some(img) => settle(&mut change, &repo, img, &img.extraction, &img.notes).await?,
        None => said,
    };
    // Other tags of a repository, and later uploads that inherit from a tag, follow soon.
    let last = img.is_some_and(|img| repo.latest_tag.as_ref() == Some(&img.tag));
    if scope == DetailScope::Repo || !last {
        change.enqueue(&Job::DescribeRepo { repo: name.clone() }, now).await?;
    }
    let target = match target {
        DetailTarget::Repo => name.to_string(),
        DetailTarget::Tag(tag) => format!("{name}:{tag}"),
    };
    let act = Act { action: "image.describe", target: &target, org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, ((), edited)).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(outcome)
}

/// Writes an image down that is not pushed: it lives elsewhere, or is yet to come. It cannot be
/// pulled and is never latest. A pushed image of that tag is described instead.
///
/// # Errors
///
/// When the caller may not push, and what [`describe`] refuses.
pub async fn declare(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    tag: &Tag,
    declaration: Declaration,
) -> Result<Img, ImageError> {
    let right = publish::may_push(app, actor, name).await?;
    let detail = check_all(declaration.detail)?;
    let mut declared = json!({"set": sources(detail.0.iter())});
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let publish::Ensured { repo, made } =
        publish::ensure_repo(app, &mut change, name, right, None).await?;
    if made {
        declared["repo"] = json!({"created": true, "visibility": repo.visibility});
    }
    let target = format!("{name}:{tag}");
    let act = Act { action: "image.declare", target: &target, org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, ((), declared)).await?;
    let scope = DetailScope::Tag(tag.clone());
    let mut said = change.details(repo.id, &scope).await?.unwrap_or_default();
    said.0.extend(detail.0);
    change.put_details(repo.id, &scope, &said, now).await?;
    if change.img(repo.id, tag).await?.is_none() {
        let new = NewImg {
            repo_id: repo.id,
            tag: tag.clone(),
            digest: None,
            base: BaseInfo::default(),
            detail: Detail::default(),
            extraction: Extraction::None,
            pushed_at_ms: now.max(repo.pushed_at_ms + 1),
            pushed_by: actor.name().to_owned(),
        };
        change.put_img(&new).await?;
    }
    let unknown = || ImageError::Unknown { repo: name.to_string(), reference: tag.to_string() };
    let mut img = change.img(repo.id, tag).await?.ok_or_else(unknown)?;
    img.detail = settle(&mut change, &repo, &img, &img.extraction, &img.notes).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(img)
}

/// The fields that are set, each with where it comes from.
fn sources<'a>(
    set: impl Iterator<Item = (&'a Field, &'a Sourced)>,
) -> BTreeMap<&'static str, String> {
    set.map(|(field, sourced)| (field.as_str(), sourced.source.to_string())).collect()
}

/// An edit whose values were all accepted.
struct Checked {
    set: BTreeMap<Field, Sourced>,
    unset: Vec<Field>,
    documents: Vec<Document>,
}

impl Checked {
    fn new(edit: Edit) -> Result<Self, ImageError> {
        let Edit { set: values, docs, icon, unset, source } = edit;
        let mut set = BTreeMap::new();
        let mut documents = Vec::new();
        for (field, value) in values {
            let value = check(field, value)?;
            set.insert(field, Sourced { value, source: source.clone() });
        }
        if let Some(text) = docs {
            let value = keep(&mut documents, "`docs`", "text/markdown", text.into_bytes())?;
            set.insert(Field::Docs, Sourced { value, source: source.clone() });
        }
        if let Some((_, bytes)) = icon {
            let limit = MAX_ICON_BYTES;
            if bytes.len() > limit {
                return Err(ImageError::TooLarge { what: "`icon`", limit, found: bytes.len() });
            }
            let kind = if bytes.is_empty() { "" } else { picture(&bytes)? };
            let value = keep(&mut documents, "`icon`", kind, bytes)?;
            set.insert(Field::Icon, Sourced { value, source });
        }
        Ok(Self { set, unset, documents })
    }

    /// What is noted of the edit: which fields, from where; not what they say, which may be long.
    fn noted(&self) -> serde_json::Value {
        let unset: Vec<_> = self.unset.iter().map(|field| field.as_str()).collect();
        json!({"set": sources(self.set.iter()), "unset": unset})
    }

    /// Writes the edit into its level; answers what the level says now.
    async fn apply(
        self,
        change: &mut Change,
        repo: &Repo,
        scope: &DetailScope,
        now_ms: i64,
    ) -> Result<Detail, ImageError> {
        change.put_documents(&self.documents).await?;
        let mut said = change.details(repo.id, scope).await?.unwrap_or_default();
        for field in &self.unset {
            said.0.remove(field);
        }
        let docs = self.set.get(&Field::Docs).cloned();
        said.0.extend(self.set);
        if docs.is_some() || self.unset.contains(&Field::Docs) {
            note_paragraph(&mut said, &text_of(docs.as_ref(), &self.documents));
        }
        if said.0.is_empty() {
            change.drop_details(repo.id, scope).await?;
        } else {
            change.put_details(repo.id, scope, &said, now_ms).await?;
        }
        Ok(said)
    }
}

/// The text of a README among the documents of an edit; empty when it is not there.
pub(super) fn text_of(docs: Option<&Sourced>, documents: &[Document]) -> String {
    let Some(Sourced { value: Value::Text(digest), .. }) = docs else { return String::new() };
    let document = documents.iter().find(|document| document.digest.as_str() == digest);
    document.map(|d| String::from_utf8_lossy(&d.body).into_owned()).unwrap_or_default()
}

/// Keeps a text or picture by its digest; nothing at all is the value "none".
fn keep(
    documents: &mut Vec<Document>,
    what: &'static str,
    media_type: &str,
    body: Vec<u8>,
) -> Result<Value, ImageError> {
    if body.is_empty() {
        return Ok(Value::from(""));
    }
    if body.len() > Document::MAX_BYTES {
        let limit = Document::MAX_BYTES;
        return Err(ImageError::TooLarge { what, limit, found: body.len() });
    }
    let digest = digest_of(&body, Algorithm::Sha256);
    let value = Value::from(digest.as_str());
    documents.push(Document { digest, media_type: media_type.to_owned(), body });
    Ok(value)
}

fn check_all(detail: Detail) -> Result<Detail, ImageError> {
    let mut checked = Detail::default();
    for (field, Sourced { value, source }) in detail.0 {
        checked.set(field, check(field, value)?, source);
    }
    Ok(checked)
}

/// Checks a value by the rules of its field. An empty one is always accepted: "none".
fn check(field: Field, value: Value) -> Result<Value, ImageError> {
    if value.is_empty() {
        return Ok(value);
    }
    if matches!(field, Field::Docs | Field::DocsI18n) {
        return Err(ImageError::ByDocument { field });
    }
    if field == Field::Icon && !matches!(&value, Value::Text(text) if text.contains("://")) {
        return Err(ImageError::ByDocument { field });
    }
    hub_oci::check_field(field, value)
        .map_err(|error| ImageError::Field { field, reason: error.to_string() })
}

/// The media type of a picture, by its content: what the sender says does not count.
fn picture(bytes: &[u8]) -> Result<&'static str, ImageError> {
    const KINDS: [(&[u8], &str); 4] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
    ];
    if let Some((_, kind)) = KINDS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Ok(kind);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Ok("image/webp");
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
    let head = head.trim_start_matches('\u{feff}').trim_start();
    let xml = head.starts_with("<?xml") || head.starts_with("<!--") || head.starts_with("<svg");
    if xml && head.contains("<svg") { Ok("image/svg+xml") } else { Err(ImageError::Icon) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_content() {
        for (bytes, want) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some("image/png")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"<?xml version='1.0'?><svg xmlns='x'/>", Some("image/svg+xml")),
            (b"<svg/>", Some("image/svg+xml")),
            (b"<html><svg/></html>", None),
            (b"MZ", None),
        ] {
            assert_eq!(picture(bytes).ok(), want);
        }
    }

    #[test]
    fn a_readme_cannot_be_set_by_naming_any_digest() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let error = check(Field::Docs, Value::from(&*digest)).unwrap_err();
        assert!(matches!(error, ImageError::ByDocument { .. }));
        assert!(matches!(check(Field::Icon, digest.into()), Err(ImageError::ByDocument { .. })));
        assert_eq!(check(Field::Docs, Value::from("")).unwrap(), Value::from(""));
    }
}
