//! Doors of tags: what an image is, what it says, and what people say about it.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hub_api::{DeclareImg, DetailView, EditDetail, IconInput, ImgView, PageOf, Problem};
use hub_model::{Detail, Field, Img, Source, Tag, Value};

use super::error::HubError;
use super::input::{Part, field, named};
use super::repos::Call;
use crate::services::images::{self, Declaration, DetailTarget, Edit};
use crate::services::repos;

/// The tags of a repository, newest upload first.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/tags", tag = "images",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"), Part),
    responses((status = 200, body = PageOf<ImgView>), (status = 404, body = Problem)))]
pub(super) async fn list_tags(call: &Call<'_>, part: &Part) -> Result<Response, HubError> {
    let latest = latest(call).await?;
    let before = part.before.as_deref();
    let page = images::list(call.app, call.actor, call.repo, before, part.limit()).await?;
    let items = page.items.into_iter().map(|img| ImgView::new(img, latest.as_ref()));
    let page = PageOf { items: items.collect(), total: page.total, next: page.next };
    Ok(Json(page).into_response())
}

/// One image, by its tag or `latest`.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/tags/{tag}", tag = "images",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("tag" = String, Path, description = "A tag, or latest")),
    responses((status = 200, body = ImgView), (status = 404, body = Problem)))]
pub(super) async fn show_tag(call: &Call<'_>, tag: &str) -> Result<Response, HubError> {
    let latest = latest(call).await?;
    let img = image(call, tag).await?;
    Ok(Json(ImgView::new(img, latest.as_ref())).into_response())
}

/// Writes an image down before it is pushed.
#[utoipa::path(put, path = "/api/v1/repos/{org}/{repo}/-/tags/{tag}", tag = "images",
    request_body = DeclareImg,
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("tag" = String, Path, description = "A tag")),
    responses((status = 200, body = ImgView), (status = 403, body = Problem)))]
pub(super) async fn declare(
    call: &Call<'_>,
    tag: &str,
    declared: DeclareImg,
) -> Result<Response, HubError> {
    let tag = named("tag", tag, Tag::parse)?;
    let mut detail = Detail::default();
    for (name, value) in declared.detail {
        detail.set(field(&name)?, value, Source::Api);
    }
    let declaration = Declaration { detail };
    let img = images::declare(call.app, call.actor, call.repo, &tag, declaration).await?;
    let latest = latest(call).await?;
    Ok(Json(ImgView::new(img, latest.as_ref())).into_response())
}

/// Deletes a tag.
#[utoipa::path(delete, path = "/api/v1/repos/{org}/{repo}/-/tags/{tag}", tag = "images",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("tag" = String, Path, description = "A tag")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn delete_tag(call: &Call<'_>, tag: &str) -> Result<Response, HubError> {
    let tag = named("tag", tag, Tag::parse)?;
    images::delete(call.app, call.actor, call.repo, &tag).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What an image says, and what people said about it, merged.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/tags/{tag}/detail", tag = "images",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("tag" = String, Path, description = "A tag, or latest")),
    responses((status = 200, body = DetailView), (status = 404, body = Problem)))]
pub(super) async fn tag_detail(call: &Call<'_>, tag: &str) -> Result<Response, HubError> {
    let img = image(call, tag).await?;
    Ok(Json(DetailView::from(img.detail)).into_response())
}

/// Says something about an image; it goes before what the image says itself.
#[utoipa::path(patch, path = "/api/v1/repos/{org}/{repo}/-/tags/{tag}/detail", tag = "images",
    request_body = EditDetail,
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("tag" = String, Path, description = "A tag, or latest")),
    responses((status = 200, body = DetailView), (status = 400, body = Problem),
        (status = 403, body = Problem)))]
pub(super) async fn describe_tag(
    call: &Call<'_>,
    tag: &str,
    edit: EditDetail,
) -> Result<Response, HubError> {
    let img = images::to_describe(call.app, call.actor, call.repo, tag).await?;
    describe(call, &DetailTarget::Tag(img.tag), edit).await
}

/// What the latest image of a repository says, and what people said about both.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/detail", tag = "images",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes")),
    responses((status = 200, body = DetailView), (status = 404, body = Problem)))]
pub(super) async fn repo_detail(call: &Call<'_>) -> Result<Response, HubError> {
    let page = repos::get(call.app, call.actor, call.repo).await?;
    let detail = page.latest.map(|img| img.detail).unwrap_or_default();
    Ok(Json(DetailView::from(detail)).into_response())
}

/// Says something about a whole repository; every image that says nothing better shows it.
#[utoipa::path(patch, path = "/api/v1/repos/{org}/{repo}/-/detail", tag = "images",
    request_body = EditDetail,
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes")),
    responses((status = 200, body = DetailView), (status = 400, body = Problem),
        (status = 403, body = Problem)))]
pub(super) async fn describe_repo(call: &Call<'_>, edit: EditDetail) -> Result<Response, HubError> {
    describe(call, &DetailTarget::Repo, edit).await
}

/// The README of an image, Markdown. Without one it is a problem `no_docs`.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/tags/{tag}/docs", tag = "images",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("tag" = String, Path, description = "A tag, or latest")),
    responses((status = 200, body = String, content_type = "text/markdown"),
        (status = 404, body = Problem)))]
pub(super) async fn docs(call: &Call<'_>, tag: &str) -> Result<Response, HubError> {
    let img = image(call, tag).await?;
    match images::docs(call.app, call.actor, call.repo, &img).await? {
        Some(text) => {
            let kind = [
                (header::CONTENT_TYPE, "text/markdown; charset=utf-8"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            Ok((kind, text).into_response())
        }
        None => Err(HubError::no_docs(&format!("{}:{}", img.repo, img.tag))),
    }
}

async fn image(call: &Call<'_>, tag: &str) -> Result<Img, HubError> {
    Ok(images::get(call.app, call.actor, call.repo, tag).await?)
}

async fn latest(call: &Call<'_>) -> Result<Option<Tag>, HubError> {
    Ok(repos::get(call.app, call.actor, call.repo).await?.repo.latest_tag)
}

async fn describe(
    call: &Call<'_>,
    target: &DetailTarget,
    edit: EditDetail,
) -> Result<Response, HubError> {
    let edit = edit_of(edit)?;
    let detail = images::describe(call.app, call.actor, call.repo, target, edit).await?;
    Ok(Json(DetailView::from(detail)).into_response())
}

fn edit_of(said: EditDetail) -> Result<Edit, HubError> {
    let source = match said.source.as_deref() {
        None | Some("api") => Source::Api,
        Some("cli") => Source::Cli,
        Some(other) => {
            return Err(HubError::invalid("source", format!("`{other}` is none of api, cli")));
        }
    };
    let mut edit = Edit::new(source);
    edit.docs = said.docs;
    for (name, value) in said.set {
        edit.set.insert(field(&name)?, value);
    }
    for name in said.unset {
        edit.unset.push(field(&name)?);
    }
    match said.icon {
        None => {}
        Some(IconInput::Url { url }) => {
            edit.set.insert(Field::Icon, Value::Text(url));
        }
        Some(IconInput::File { media_type, data }) => {
            let bytes = BASE64_STANDARD.decode(data.trim());
            let bytes = bytes.map_err(|error| HubError::invalid("icon", error.to_string()))?;
            edit.icon = Some((media_type, bytes));
        }
    }
    Ok(edit)
}
