//! A registry with very many tags and repositories, made without a push for each.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use hub_db::{Db, Latest};
use hub_model::{Extraction, Img, Manifest, NewImg, NewRepo, Repo, RepoName, Tag, Visibility};
use hyper::{Method, StatusCode};
use serde_json::Value;

use crate::acts::{Act, Sending, push_image};
use crate::client::{Ask, Connection, Take};
use crate::content::{Image, Maker};
use crate::peers::{self, Peer, Served, repositories};
use crate::scenarios::{Kind, Page};
use crate::seed::scope;

/// The repository that has many tags.
const TAGGED: &str = "admin/tagged";

/// Names in a page.
const PAGE: usize = 100;

/// Writes of one change: a reader of the write-ahead log should not have to read all of them.
const BATCH: usize = 10_000;

fn repo(number: usize) -> String {
    format!("admin/r{number:06}")
}

fn tag(number: usize) -> String {
    format!("t{number:06}")
}

/// Makes `many` tags of one repository, and `many` repositories, in the folder of a server that
/// does not run.
pub(crate) async fn fill(peer: Peer, folder: &Path, hub: &Path, many: usize) -> Result<()> {
    match peer {
        Peer::Hub => fill_hub(folder, hub, many).await,
        Peer::DockerRegistry => fill_folders(folder, many),
        Peer::DockerRegistryBasic | Peer::Nginx => Ok(()),
    }
}

/// What docker-registry lists are folders.
fn fill_folders(folder: &Path, many: usize) -> Result<()> {
    let repositories = repositories(folder);
    for number in 0..many {
        fs::create_dir_all(repositories.join(repo(number)).join("_layers"))?;
    }
    let tags = repositories.join(TAGGED).join("_manifests/tags");
    fs::create_dir_all(repositories.join(TAGGED).join("_layers"))?;
    for number in 0..many {
        fs::create_dir_all(tags.join(tag(number)))?;
    }
    Ok(())
}

/// One image is pushed as people do; all others are rows that say the same.
async fn fill_hub(folder: &Path, hub: &Path, many: usize) -> Result<()> {
    push_one(folder, hub).await?;
    let db = Db::open(&peers::database_url(folder)).await?;
    let filled = fill_rows(&db, many).await;
    db.close().await;
    filled?;
    peers::reindex(hub, folder)
}

async fn push_one(folder: &Path, hub: &Path) -> Result<()> {
    let served = Served::start(Peer::Hub, folder, hub).await?;
    let target = served.target(&[scope(TAGGED, "pull,push")]).await?;
    let mut connection = Connection::new(target.address, target.authorization.clone());
    let image = Image::of(vec![Maker::new(1024).make()]);
    push_image(&mut connection, TAGGED, &tag(0), &image, Sending::Monolith).await?;
    // Its reading is a job, which would otherwise wait for the next start.
    served.meter.cpu_at_rest().await?;
    Ok(())
}

async fn fill_rows(db: &Db, many: usize) -> Result<()> {
    let tagged = db.repo(&RepoName::parse(TAGGED)?).await?.context("the repository is gone")?;
    let img = db.img(tagged.id, &Tag::parse(&tag(0))?).await?.context("the image is gone")?;
    let digest = img.digest.clone().context("the image has no manifest")?;
    let manifest = db.manifest(tagged.id, &digest).await?.context("the manifest is gone")?;
    for from in (0..many).step_by(BATCH) {
        let mut change = db.change().await?;
        for number in from..many.min(from + BATCH) {
            change.put_img(&copy(&img, tagged.id, &tag(number))?).await?;
            one_repo(&mut change, &tagged, &manifest, &img, number).await?;
        }
        change.commit().await?;
    }
    let mut change = db.change().await?;
    let last = Tag::parse(&tag(many - 1))?;
    change.set_latest(tagged.id, &latest(&img, last, many)).await?;
    change.commit().await?;
    Ok(())
}

async fn one_repo(
    change: &mut hub_db::Change,
    like: &Repo,
    manifest: &Manifest,
    img: &Img,
    number: usize,
) -> Result<()> {
    let at = like.created_at_ms;
    let repo = NewRepo {
        org_id: like.org_id,
        name: RepoName::parse(&repo(number))?,
        visibility: Visibility::Private,
        keep: false,
        created_at_ms: at,
    };
    let made = change.add_repo(&repo).await?;
    change.link_manifest(made.id, manifest, at, peers::ADMIN).await?;
    change.put_img(&copy(img, made.id, img.tag.as_str())?).await?;
    change.set_latest(made.id, &latest(img, img.tag.clone(), 1)).await?;
    Ok(())
}

fn copy(img: &Img, repo_id: i64, tag: &str) -> Result<NewImg> {
    Ok(NewImg {
        repo_id,
        tag: Tag::parse(tag)?,
        digest: img.digest.clone(),
        base: img.base.clone(),
        detail: img.detail.clone(),
        extraction: Extraction::Done,
        pushed_at_ms: img.pushed_at_ms,
        pushed_by: img.pushed_by.clone(),
    })
}

fn latest(img: &Img, tag: Tag, tags: usize) -> Latest {
    Latest {
        tag: Some(tag),
        semver: None,
        tags: tags as u64,
        pushed_at_ms: img.pushed_at_ms,
        updated_at_ms: img.pushed_at_ms,
    }
}

/// The request for a page, its scopes, and the list and first name that it has to answer.
pub(crate) struct Question {
    path: String,
    /// Scopes of the token.
    pub(crate) scopes: Vec<String>,
    list: &'static str,
    first: String,
}

impl Question {
    /// The question of that kind to a registry with `many`.
    pub(crate) fn of(kind: Kind, many: usize) -> Self {
        let middle = many / 2;
        let (base, list, page, name): (_, _, _, fn(usize) -> String) = match kind {
            Kind::Tags(page) => (format!("/v2/{TAGGED}/tags/list"), "tags", page, tag),
            Kind::Catalog(page) => ("/v2/_catalog".to_owned(), "repositories", page, repo),
            _ => unreachable!("{kind:?} asks for no list"),
        };
        let scopes = match list {
            "tags" => vec![scope(TAGGED, "pull")],
            _ => vec!["registry:catalog:*".to_owned()],
        };
        let (after, first) = match page {
            Page::First => (String::new(), name(0)),
            Page::Middle => (format!("&last={}", name(middle)), name(middle + 1)),
        };
        Self { path: format!("{base}?n={PAGE}{after}"), scopes, list, first }
    }

    /// The question as an act.
    pub(crate) fn act(&self) -> Act {
        Act::Read { method: Method::GET, paths: vec![self.path.clone()], expect: None }
    }

    /// Asks once and fails unless the hub answers the right page.
    pub(crate) async fn check(&self, served: &Served) -> Result<()> {
        if served.peer != Peer::Hub {
            return Ok(());
        }
        let target = served.target(&self.scopes).await?;
        let mut connection = Connection::new(target.address, target.authorization.clone());
        let ask = Ask::new(Method::GET, &self.path).take(Take::Keep);
        let answer = connection.ask(ask).await?.expect(StatusCode::OK, &self.path)?;
        let page: Value = serde_json::from_slice(&answer.body)?;
        let names = page[self.list].as_array().context("the answer has no list")?;
        let first = names.first().and_then(Value::as_str);
        ensure!(names.len() == PAGE, "{} names instead of {PAGE}", names.len());
        ensure!(first == Some(&self.first), "{first:?} instead of {}", self.first);
        Ok(())
    }
}
