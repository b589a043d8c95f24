//! Records of images that live elsewhere, many at once.
//!
//! An imported repository has a README, a description, keywords and tags, and no bytes: it is found
//! and read here, and pulled where it is.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use hub_blobs::digest_of;
use hub_db::{Change, DbError, RepoEdit};
use hub_model::{
    Actor, Algorithm, BaseInfo, Detail, DetailScope, Document, Extraction, Field, Job, LetterKind,
    NewImg, NewOrg, NewRepo, Org, OrgName, RepoName, Source, Tag, Value, Visibility,
};
use serde::Deserialize;
use serde_json::json;

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::images::settle;
use crate::App;

/// Tags of one image that are kept, at most.
const MOST_TAGS: usize = 500;

/// One image that lives elsewhere, as a line of JSON says it. Fields that are not named here are
/// passed over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ImageRecord {
    /// Full name, `org/name`.
    pub id: String,
    /// One line of plain text.
    #[serde(default)]
    pub description: Option<String>,
    /// The same in English, where the first is in another language.
    #[serde(default)]
    pub description_en: Option<String>,
    /// Words to be found by.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Categories.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Other names of the same thing.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Address of a picture.
    #[serde(default)]
    pub icon: Option<String>,
    /// Home page.
    #[serde(default)]
    pub url: Option<String>,
    /// SPDX expression.
    #[serde(default)]
    pub license: Option<String>,
    /// Where the record comes from.
    #[serde(default)]
    pub source: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether the administrators vouch for it.
    #[serde(default)]
    pub official: bool,
    /// Whether nobody should begin to use it.
    #[serde(default)]
    pub deprecated: bool,
    /// File of the README, relative to the file that the record stands in.
    #[serde(default)]
    pub readme: Option<String>,
}

/// A record that was read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    name: RepoName,
    detail: Detail,
    docs: Option<Document>,
    tags: Vec<Tag>,
    official: bool,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Repositories that were written.
    pub repos: u64,
    /// Organisations that were made on the way.
    pub orgs: u64,
    /// Tags that were written.
    pub tags: u64,
}

/// Why records were not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The caller is no administrator.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A field of a record is not accepted.
    #[error("`{field}`: {rule}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What it has to be.
        rule: String,
    },
    /// The metadata store failed.
    #[error("could not write the records")]
    Db(#[from] DbError),
}

/// Checks a record; `readme` is the text of its README.
///
/// # Errors
///
/// [`ImportError::Field`] names what is wrong. Only names are strict: what a field cannot hold of
/// descriptions, words and addresses is left out, as it is with labels of images.
pub fn check(record: ImageRecord, readme: Option<String>) -> Result<Checked, ImportError> {
    let wrong = |field, rule: String| ImportError::Field { field, rule };
    let name = RepoName::parse(&record.id).map_err(|error| wrong("id", error.to_string()))?;
    let tag = |tag: &String| Tag::parse(tag).map_err(|error| wrong("tags", error.to_string()));
    let mut tags = record.tags.iter().take(MOST_TAGS).map(tag).collect::<Result<Vec<_>, _>>()?;
    if tags.is_empty() {
        tags.push(Tag::parse("latest").map_err(|error| wrong("tags", error.to_string()))?);
    }
    let docs = readme.filter(|text| !text.is_empty()).map(document).transpose()?;
    let detail = detail(record, docs.as_ref());
    Ok(Checked { official: detail.1, detail: detail.0, name, docs, tags })
}

fn document(text: String) -> Result<Document, ImportError> {
    let body = text.into_bytes();
    if body.len() > Document::MAX_BYTES {
        let rule = format!("must have at most {} bytes, has {}", Document::MAX_BYTES, body.len());
        return Err(ImportError::Field { field: "readme", rule });
    }
    let digest = digest_of(&body, Algorithm::Sha256);
    Ok(Document { digest, media_type: "text/markdown".to_owned(), body })
}

/// What the record says, and whether it is official.
fn detail(record: ImageRecord, docs: Option<&Document>) -> (Detail, bool) {
    let mut detail = Detail::default();
    let lines = [record.description, record.description_en].into_iter().flatten();
    let description: Vec<String> = lines.filter(|line| !line.trim().is_empty()).collect();
    let words = [record.keywords, record.categories.clone()].concat();
    let fields: [(Field, Value); 10] = [
        (Field::Description, description.join(" — ").into()),
        (Field::Keywords, words.into()),
        (Field::Categories, record.categories.into()),
        (Field::Aliases, record.aliases.into()),
        (Field::Icon, record.icon.unwrap_or_default().into()),
        (Field::Url, record.url.clone().unwrap_or_default().into()),
        (Field::AlternativeLocations, Vec::from_iter(record.url).into()),
        (Field::Licenses, record.license.unwrap_or_default().into()),
        (Field::Vendor, record.source.unwrap_or_default().into()),
        (Field::Deprecated, Value::Flag(record.deprecated)),
    ];
    for (field, value) in fields {
        if value.is_empty() || value == Value::Flag(false) {
            continue;
        }
        if let Ok(value) = hub_oci::check_field(field, value) {
            detail.set(field, value, Source::Api);
        }
    }
    if let Some(docs) = docs {
        detail.set(Field::Docs, docs.digest.as_str(), Source::Api);
    }
    (detail, record.official)
}

/// Writes records in one change: what was said of a repository before is replaced, its images stay.
///
/// # Errors
///
/// When the caller is no administrator, or the metadata store fails; nothing is written then.
pub async fn import(
    app: &App,
    actor: &Actor,
    records: &[Checked],
) -> Result<Imported, ImportError> {
    access::require_administrator(actor)?;
    let now = app.now_ms();
    let mut done = Imported::default();
    let mut orgs: BTreeMap<OrgName, Org> = BTreeMap::new();
    let names: BTreeSet<OrgName> = records.iter().map(|record| record.name.org()).collect();
    // Before the change: within it a second connection might be waited for.
    for name in &names {
        orgs.extend(app.db.org(name).await?.map(|org| (name.clone(), org)));
    }
    let mut change = app.db.change().await?;
    for name in names {
        if let Entry::Vacant(missing) = orgs.entry(name) {
            let new = new_org(app, actor, missing.key());
            missing.insert(change.add_org(&new).await?);
            done.orgs += 1;
        }
    }
    for record in records {
        let org = record.name.org();
        if let Some(org) = orgs.get(&org) {
            done.tags += write(&mut change, actor, org, record, now).await?;
            done.repos += 1;
        }
    }
    let act = Act { action: "image.import", target: "the hub", org_id: None };
    let count = json!({"repositories": done.repos, "organisations": done.orgs});
    audit::done(app, &mut change, actor, act, ((), count)).await?;
    for org in orgs.keys() {
        change.tell(LetterKind::Access, org.as_str(), now).await?;
    }
    for record in records {
        change.tell(LetterKind::Repo, record.name.as_str(), now).await?;
    }
    change.commit().await?;
    app.kick();
    Ok(done)
}

fn new_org(app: &App, actor: &Actor, name: &OrgName) -> NewOrg {
    NewOrg {
        name: name.clone(),
        display_name: String::new(),
        description: String::new(),
        created_by: actor.name().to_owned(),
        created_at_ms: app.now_ms(),
    }
}

/// Writes one record; answers how many tags are new.
async fn write(
    change: &mut Change,
    actor: &Actor,
    org: &Org,
    record: &Checked,
    now: i64,
) -> Result<u64, DbError> {
    let new = NewRepo {
        org_id: org.id,
        name: record.name.clone(),
        visibility: Visibility::Public,
        keep: true,
        created_at_ms: now,
    };
    let found = change.lock_repo(&record.name).await?;
    let repo = match found {
        Some(repo) => repo,
        None => change.add_repo(&new).await?,
    };
    let edit = RepoEdit {
        visibility: repo.visibility,
        keep: true,
        official: record.official,
        latest_mode: repo.latest_mode,
        updated_at_ms: now,
    };
    change.edit_repo(repo.id, &edit).await?;
    change.put_documents(record.docs.as_slice()).await?;
    change.put_details(repo.id, &DetailScope::Repo, &record.detail, now).await?;
    let mut written = 0;
    for (at, tag) in (now..).zip(&record.tags) {
        if change.img(repo.id, tag).await?.is_some() {
            continue;
        }
        let new = NewImg {
            repo_id: repo.id,
            tag: tag.clone(),
            digest: None,
            base: BaseInfo::default(),
            detail: record.detail.clone(),
            extraction: Extraction::None,
            pushed_at_ms: at,
            pushed_by: actor.name().to_owned(),
        };
        change.put_img(&new).await?;
        written += 1;
    }
    // Tags that were there say what they inherit; that follows soon.
    if written < u64::try_from(record.tags.len()).unwrap_or(u64::MAX) {
        change.enqueue(&Job::DescribeRepo { repo: record.name.clone() }, now).await?;
    }
    let shown = match &repo.latest_tag {
        Some(tag) => Some(tag),
        None => record.tags.last(),
    };
    if let Some(tag) = shown
        && let Some(img) = change.img(repo.id, tag).await?
    {
        settle(change, &repo, &img, &img.extraction, &img.notes).await?;
    }
    Ok(written)
}
