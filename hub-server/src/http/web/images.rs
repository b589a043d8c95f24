//! Tags of a repository, one of them, and what it holds: README, picture, manifest.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hub_model::{Digest, Field, Img, ImgState, RepoName, Tag};

use super::facts::Fact;
use super::failure::Failure;
use super::lang::Words;
use super::params::Params;
use super::pull::Command;
use super::repos::{Head, RepoView, Shown};
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use super::{Web, icons, pull, readme};
use crate::services;
use crate::services::repos::{Page, RepoPage};

/// Tags on one part of the list.
const PER_PAGE: u64 = 50;

/// What a picture out of an image may do: nothing.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// Template of the list of tags.
#[derive(Debug, Template)]
#[template(path = "web/tags.html")]
pub(super) struct TagsView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    heading: String,
    rows: Vec<TagRow>,
    older: String,
    newest: String,
}

/// A tag in the list.
#[derive(Debug)]
struct TagRow {
    href: String,
    tag: String,
    latest: bool,
    declared: bool,
    digest: String,
    digest_href: String,
    digest_full: String,
    size: String,
    platforms: Vec<String>,
    ago: String,
    machine: String,
    full: String,
    by: String,
}

impl TagRow {
    fn new(visitor: &Visitor, page: &RepoPage, img: &Img) -> Self {
        let repo = &page.repo;
        let pushed = visitor.lang().moment(img.pushed_at_ms, visitor.now_ms());
        let digest = img.digest.as_ref();
        let mut platforms: Vec<String> =
            img.base.platforms.iter().map(hub_model::Platform::label).collect();
        platforms.dedup();
        Self {
            href: format!("/r/{}/-/tags/{}", repo.name, img.tag),
            tag: img.tag.to_string(),
            latest: repo.latest_tag.as_ref() == Some(&img.tag),
            declared: img.state == ImgState::Declared,
            digest: digest.map(|digest| digest.short().to_owned()).unwrap_or_default(),
            digest_href: digest
                .map(|digest| format!("/r/{}/-/digest/{digest}", repo.name))
                .unwrap_or_default(),
            digest_full: digest.map(ToString::to_string).unwrap_or_default(),
            size: if img.base.size > 0 {
                visitor.lang().size(img.base.size)
            } else {
                String::new()
            },
            platforms,
            ago: pushed.ago,
            machine: pushed.machine,
            full: pushed.full,
            by: img.pushed_by.clone(),
        }
    }
}

impl TagsView {
    /// The tags of a repository.
    pub(super) fn new(visitor: &Visitor, page: &RepoPage, list: &Page<Img>) -> Self {
        let t = visitor.words();
        let head = Head::new(visitor, page, None, true);
        let heading = (t.tags_of)(page.repo.name.as_str());
        let path = format!("{}/-/tags", head.href);
        let older = list.next.as_deref();
        let shell = Shell::new(visitor, &heading);
        Self {
            shell: if head.private { shell.hidden() } else { shell },
            t,
            heading,
            rows: list.items.iter().map(|img| TagRow::new(visitor, page, img)).collect(),
            older: older
                .map(|before| Params::default().with("before", Some(before)).address(&path))
                .unwrap_or_default(),
            newest: if visitor.query().get("before").is_some() { path } else { String::new() },
            head,
        }
    }
}

/// `GET /r/…/-/tags`.
pub(super) async fn tags(
    web: &Web,
    visitor: &Visitor,
    name: &RepoName,
) -> Result<Response, Failure> {
    let page = services::repos::get(&web.app, visitor.actor(), name).await?;
    let before = visitor.query().get("before");
    let list = services::images::list(&web.app, visitor.actor(), name, before, PER_PAGE).await?;
    html(StatusCode::OK, &TagsView::new(visitor, &page, &list))
}

/// `GET /r/…/-/tags/{tag}`.
pub(super) async fn tag(
    web: &Web,
    visitor: &Visitor,
    name: &RepoName,
    tag: &Tag,
) -> Result<Response, Failure> {
    let page = services::repos::get(&web.app, visitor.actor(), name).await?;
    let img = services::images::get(&web.app, visitor.actor(), name, tag.as_str()).await?;
    let rendered = readme::rendered(web, visitor, name, &img).await?;
    let shown = Shown { page: &page, img: Some(&img), rendered, by_tag: true };
    html(StatusCode::OK, &RepoView::new(visitor, &shown))
}

/// Template of one manifest.
#[derive(Debug, Template)]
#[template(path = "web/digest.html")]
struct DigestView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    digest: String,
    commands: Vec<Command>,
    facts: Vec<Fact>,
}

/// `GET /r/…/-/digest/{digest}`.
pub(super) async fn digest(
    web: &Web,
    visitor: &Visitor,
    name: &RepoName,
    digest: &Digest,
) -> Result<Response, Failure> {
    let page = services::repos::get(&web.app, visitor.actor(), name).await?;
    let manifest =
        services::images::manifest(&web.app, visitor.actor(), name, digest.as_str()).await?;
    let t = visitor.words();
    let fact = |label, text: String| Fact {
        label,
        values: vec![Link::new("", text)],
        code: true,
        ..Fact::default()
    };
    let view = DigestView {
        shell: Shell::new(visitor, &format!("{name}@{}", digest.short())).hidden(),
        t,
        head: Head::new(visitor, &page, None, true),
        digest: digest.to_string(),
        commands: pull::commands(visitor, name, &format!("@{digest}")),
        facts: vec![
            fact(t.fact_media_type, manifest.media_type.clone()),
            fact(t.fact_size, visitor.lang().size(manifest.body.len() as u64)),
        ],
    };
    html(StatusCode::OK, &view)
}

/// `GET /r/…/-/readme/{tag}.md`: the README as it was written.
pub(super) async fn raw(
    web: &Web,
    visitor: &Visitor,
    name: &RepoName,
    tag: &Tag,
) -> Result<Response, Failure> {
    let img = services::images::get(&web.app, visitor.actor(), name, tag.as_str()).await?;
    let digest = readme::named(&img, visitor.query().get("readme")).ok_or(Failure::Missing)?;
    let document = services::images::document(&web.app, visitor.actor(), name, &digest).await?;
    Ok(([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], document.body).into_response())
}

/// `GET /r/…/-/icon`: the picture of the latest image, or the letter of the name.
pub(super) async fn icon(
    web: &Web,
    visitor: &Visitor,
    name: &RepoName,
) -> Result<Response, Failure> {
    let page = services::repos::get(&web.app, visitor.actor(), name).await?;
    let stored = page.latest.as_ref().and_then(|img| img.detail.text(Field::Icon));
    let stored = stored.and_then(|text| Digest::parse(text).ok());
    let (kind, body) = match stored {
        Some(digest) => {
            let picture =
                services::images::document(&web.app, visitor.actor(), name, &digest).await?;
            (picture.media_type, picture.body)
        }
        None => ("image/svg+xml".to_owned(), icons::file(name.as_str()).into_bytes()),
    };
    // A document that is no picture is not shown as one.
    let kind =
        if kind.starts_with("image/") { kind } else { "application/octet-stream".to_owned() };
    let kind = HeaderValue::from_str(&kind).map_err(|_| Failure::Missing)?;
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PICTURE_POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
    ];
    Ok((headers, body).into_response())
}
