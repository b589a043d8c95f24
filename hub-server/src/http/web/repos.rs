//! A repository: the README of its latest image, how to get it, and what is known about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use hub_model::{Digest, Extraction, Field, Img, ImgState, Repo, RepoName, Visibility};

use super::cards::{foreign, is_deprecated, keyword_links};
use super::facts::{Fact, FieldLine};
use super::failure::Failure;
use super::frame::{found, redirect};
use super::lang::Words;
use super::markdown::{Heading, Rendered};
use super::params::Form;
use super::pull::Command;
use super::readme::origin;
use super::route::{Route, parse};
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use super::{Web, access, facts, icons, images, pull, readme};
use crate::services;
use crate::services::repos::RepoPage;

/// The head that all pages of a repository share.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a template asks yes or no")]
pub(super) struct Head {
    pub href: String,
    pub org: Link,
    pub name: String,
    pub icon: String,
    pub description: String,
    pub description_lang: &'static str,
    pub official: bool,
    pub private: bool,
    pub deprecated: bool,
    pub pulls: String,
    pub stars: String,
    pub starred: bool,
    pub can_star: bool,
    /// Number of tags.
    pub tags: String,
    /// Whether the reader is among the tags.
    pub in_tags: bool,
    /// Whether the reader may ask who may what.
    pub has_access: bool,
    /// Whether the reader does.
    pub in_access: bool,
}

impl Head {
    /// The head of a page about the repository, or about its tags.
    pub(super) fn new(
        visitor: &Visitor,
        page: &RepoPage,
        img: Option<&Img>,
        in_tags: bool,
    ) -> Self {
        let t = visitor.words();
        let repo = &page.repo;
        let href = format!("/r/{}", repo.name);
        let (org, name) = repo.name.as_str().split_once('/').unwrap_or_default();
        let described = img.or(page.latest.as_ref());
        let description =
            described.and_then(|img| img.detail.text(Field::Description)).unwrap_or_default();
        Self {
            org: Link::new(format!("/o/{org}"), org),
            name: name.to_owned(),
            icon: icons::of_repo(&repo.name, described),
            description: description.to_owned(),
            description_lang: foreign(visitor.lang(), description),
            official: repo.official,
            private: repo.visibility == Visibility::Private,
            deprecated: described.is_some_and(is_deprecated),
            pulls: (t.pulls)(&visitor.lang().short_number(repo.pulls), repo.pulls),
            stars: visitor.lang().short_number(repo.stars),
            starred: page.starred,
            can_star: visitor.actor().user().is_some(),
            tags: visitor.lang().number(repo.tags),
            in_tags,
            has_access: visitor.actor().user().is_some(),
            in_access: false,
            href,
        }
    }
}

/// The README part of a page.
#[derive(Debug, Default)]
pub(super) struct Readme {
    pub html: String,
    pub contents: Vec<Heading>,
    pub origin: String,
    pub raw: String,
    /// The same in other languages.
    pub versions: Vec<Link>,
}

impl Readme {
    fn new(visitor: &Visitor, repo: &RepoName, img: &Img, rendered: &Rendered) -> Self {
        let t = visitor.words();
        let choice = readme::choose(visitor, img);
        let field = choice.as_ref().map_or(Field::Docs, |choice| choice.field);
        let query = choice.as_ref().map(|choice| choice.query.as_str()).unwrap_or_default();
        let source = img.detail.get(field).map(|sourced| &sourced.source);
        Self {
            html: rendered.html.clone(),
            contents: rendered.contents.clone(),
            origin: source.map(|source| origin(t, source)).unwrap_or_default(),
            raw: format!("/r/{repo}/-/readme/{}.md{query}", img.tag),
            versions: choice.map(|choice| choice.versions).unwrap_or_default(),
        }
    }
}

/// Template of a repository and of one of its tags.
#[derive(Debug, Template)]
#[template(path = "web/repo.html")]
pub(super) struct RepoView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    /// The tag when the page is about one, else empty.
    tag: String,
    latest: bool,
    commands: Vec<Command>,
    facts: Vec<Fact>,
    keywords: Vec<Link>,
    readme: Option<Readme>,
    /// Why there is nothing to read or to pull, for the reader.
    states: Vec<String>,
    notes: Vec<String>,
    empty: bool,
    base: Vec<Fact>,
    fields: Vec<FieldLine>,
    example_file: String,
    example_push: String,
}

/// What a page of an image is made of.
pub(super) struct Shown<'a> {
    pub page: &'a RepoPage,
    pub img: Option<&'a Img>,
    pub rendered: Option<Arc<Rendered>>,
    /// Whether the page is about the tag, not about the repository.
    pub by_tag: bool,
}

impl RepoView {
    /// The page of a repository or of a tag.
    pub(super) fn new(visitor: &Visitor, shown: &Shown<'_>) -> Self {
        let t = visitor.words();
        let repo = &shown.page.repo;
        let head = Head::new(visitor, shown.page, shown.img, shown.by_tag);
        let pushed = shown.img.filter(|img| img.state == ImgState::Pushed);
        let tag = shown.img.filter(|_| shown.by_tag).map(|img| img.tag.to_string());
        let version = pushed.map_or_else(|| "v1".to_owned(), |img| img.tag.to_string());
        let title = match &tag {
            Some(tag) => format!("{}:{tag}", repo.name),
            None => repo.name.to_string(),
        };
        let shell = Shell::new(visitor, &title).about(&head.description);
        let image = format!("{}/{}:{version}", visitor.host(), repo.name);
        Self {
            shell: if head.private { shell.hidden() } else { shell },
            t,
            latest: shown.by_tag && is_latest(repo, shown.img),
            commands: pushed
                .map(|img| pull::commands(visitor, &repo.name, &format!(":{}", img.tag)))
                .unwrap_or_default(),
            facts: shown.img.map(|img| facts::main(visitor, repo, img)).unwrap_or_default(),
            keywords: shown.img.map(|img| keyword_links(&img.detail)).unwrap_or_default(),
            readme: shown
                .img
                .zip(shown.rendered.as_deref())
                .map(|(img, rendered)| Readme::new(visitor, &repo.name, img, rendered)),
            states: shown.img.map(|img| states(t, img)).unwrap_or_default(),
            notes: shown.img.map(notes).unwrap_or_default(),
            empty: shown.img.is_none(),
            base: shown
                .img
                .filter(|_| shown.by_tag)
                .map(|img| facts::base(t, img))
                .unwrap_or_default(),
            fields: shown
                .img
                .filter(|_| shown.by_tag)
                .map(|img| facts::fields(t, img))
                .unwrap_or_default(),
            example_file: "COPY README.md /README.md".to_owned(),
            example_push: format!("hub push {image} -o README.md"),
            tag: tag.unwrap_or_default(),
            head,
        }
    }
}

fn is_latest(repo: &Repo, img: Option<&Img>) -> bool {
    img.is_some_and(|img| repo.latest_tag.as_ref() == Some(&img.tag))
}

/// What the reading of the image left to say, with digests in short.
fn notes(img: &Img) -> Vec<String> {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| matches!(c, '`' | ',' | ';' | '.'));
        match Digest::parse(bare) {
            Ok(digest) => word.replace(bare, &format!("sha256:{}…", digest.short())),
            Err(_) => word.to_owned(),
        }
    };
    let line = |note: &String| note.split(' ').map(word).collect::<Vec<_>>().join(" ");
    img.notes.iter().map(|note| line(note).replace('`', "")).collect()
}

/// What the reader has to know about the state of an image.
fn states(t: &Words, img: &Img) -> Vec<String> {
    let mut states = Vec::new();
    if img.state == ImgState::Declared {
        states.push(t.declared_note.to_owned());
    }
    if is_deprecated(img) {
        states.push(t.deprecated_note.to_owned());
    }
    match &img.extraction {
        Extraction::Pending => states.push(t.reading.to_owned()),
        Extraction::Failed(reason) => states.push((t.reading_failed)(reason)),
        Extraction::None | Extraction::Done => {}
    }
    states
}

/// `GET /r/…`.
pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Failure> {
    let rest = uri.path().strip_prefix("/r/").unwrap_or_default();
    match parse(rest) {
        Route::Org(org) => Ok(found(&format!("/o/{org}"))),
        Route::Repo(name) => repo(&web, &visitor, &name).await,
        Route::Tags(name) => images::tags(&web, &visitor, &name).await,
        Route::Tag(name, tag) => images::tag(&web, &visitor, &name, &tag).await,
        Route::Digest(name, digest) => images::digest(&web, &visitor, &name, &digest).await,
        Route::Readme(name, tag) => images::raw(&web, &visitor, &name, &tag).await,
        Route::Icon(name) => images::icon(&web, &visitor, &name).await,
        Route::Access(name) => access::page(&web, &visitor, &name).await,
        Route::Star(_) | Route::Revoke(_) => Err(Failure::Method),
        Route::Slash(target) => Ok(redirect(StatusCode::PERMANENT_REDIRECT, &target)),
        Route::Unknown => Err(Failure::Missing),
    }
}

async fn repo(web: &Web, visitor: &Visitor, name: &RepoName) -> Result<Response, Failure> {
    let page = services::repos::get(&web.app, visitor.actor(), name).await?;
    let rendered = match &page.latest {
        Some(img) => readme::rendered(web, visitor, name, img).await?,
        None => None,
    };
    let shown = Shown { img: page.latest.as_ref(), page: &page, rendered, by_tag: false };
    html(StatusCode::OK, &RepoView::new(visitor, &shown))
}

/// `POST /r/…`: gives the caller's star, or takes it back; grants a role, or takes it.
pub(super) async fn change(
    State(web): State<Web>,
    visitor: Visitor,
    uri: Uri,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let rest = uri.path().strip_prefix("/r/").unwrap_or_default();
    let name = match parse(rest) {
        Route::Star(name) => name,
        Route::Access(name) => {
            return access::change(&web, &visitor, (&name, false), &fields).await;
        }
        Route::Revoke(name) => {
            return access::change(&web, &visitor, (&name, true), &fields).await;
        }
        _ => return Err(Failure::Method),
    };
    if fields.get("starred") == Some("yes") {
        services::repos::unstar(&web.app, visitor.actor(), &name).await?;
    } else {
        services::repos::star(&web.app, visitor.actor(), &name).await?;
    }
    Ok(redirect(StatusCode::SEE_OTHER, &format!("/r/{name}")))
}
