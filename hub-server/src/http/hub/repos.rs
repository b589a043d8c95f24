//! Doors of repositories, and the switch for everything below a repository's name.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hub_api::{CreateRepo, EditRepo, MayView, PageOf, Problem, RepoView};
use hub_model::{Actor, LatestMode, OrgName, RepoName, Visibility};
use serde::Deserialize;

use super::error::HubError;
use super::input::{Body, Params, Part, Who, actor_of, body_of, named, params_of, word};
use super::route::{self, NoRoute, RepoPart, RepoRoute};
use super::{access, audit, images, shares};
use crate::App;
use crate::services::repos::{self, RepoCard, RepoChanges, RepoPage};

/// A request below a repository's name, as far as it is known to every door.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) app: &'a App,
    pub(super) actor: &'a Actor,
    pub(super) repo: &'a RepoName,
}

/// Everything below `/api/v1/repos/{org}/{repo}`.
pub(super) async fn dispatch(
    State(app): State<App>,
    request: Request,
) -> Result<Response, HubError> {
    let path = request.uri().path().to_owned();
    let RepoRoute { repo, part } = route::parse(&path).map_err(|error| match error {
        NoRoute::Unknown => HubError::nothing_at(&path),
        NoRoute::Name(error) => HubError::name("repo", &error),
    })?;
    let (parts, body) = request.into_parts();
    let actor = actor_of(&parts, &app).await?;
    // What a browser asks for before it shows a page is the page without its body.
    let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
    let request = Request::from_parts(parts, body);
    let call = Call { app: &app, actor: &actor, repo: &repo };
    match (method.as_str(), part) {
        ("GET", RepoPart::Whole) => show_repo(&call).await,
        ("PATCH", RepoPart::Whole) => edit_repo(&call, body_of(request, &app).await?).await,
        ("DELETE", RepoPart::Whole) => delete_repo(&call).await,
        ("PUT", RepoPart::Star) => star(&call).await,
        ("DELETE", RepoPart::Star) => unstar(&call).await,
        ("GET", RepoPart::Detail) => images::repo_detail(&call).await,
        ("PATCH", RepoPart::Detail) => {
            images::describe_repo(&call, body_of(request, &app).await?).await
        }
        ("GET", RepoPart::Tags) => images::list_tags(&call, &params_of::<Part>(&request)?).await,
        ("GET", RepoPart::Tag(tag)) => images::show_tag(&call, &tag).await,
        ("PUT", RepoPart::Tag(tag)) => {
            images::declare(&call, &tag, body_of(request, &app).await?).await
        }
        ("DELETE", RepoPart::Tag(tag)) => images::delete_tag(&call, &tag).await,
        ("GET", RepoPart::TagDetail(tag)) => images::tag_detail(&call, &tag).await,
        ("PATCH", RepoPart::TagDetail(tag)) => {
            images::describe_tag(&call, &tag, body_of(request, &app).await?).await
        }
        ("GET", RepoPart::TagDocs(tag)) => images::docs(&call, &tag).await,
        ("GET", RepoPart::Access) => access::show_access(&call).await,
        ("GET", RepoPart::AccessOf(what)) if what == "check" => {
            access::check_repo(&call, &params_of(&request)?).await
        }
        ("PUT", RepoPart::AccessOf(user)) => {
            access::set_grant(&call, &user, body_of(request, &app).await?).await
        }
        ("DELETE", RepoPart::AccessOf(user)) => access::remove_grant(&call, &user).await,
        ("GET", RepoPart::Shares) => shares::list_repo_shares(&call, params_of(&request)?).await,
        ("POST", RepoPart::Shares) => {
            shares::create_share(&call, body_of(request, &app).await?).await
        }
        ("GET", RepoPart::Share(name)) => shares::show_share(&call, &name).await,
        ("PATCH", RepoPart::Share(name)) => {
            shares::edit_share(&call, &name, body_of(request, &app).await?).await
        }
        ("DELETE", RepoPart::Share(name)) => shares::delete_share(&call, &name).await,
        ("GET", RepoPart::Audit) => {
            let which = params_of(&request)?;
            audit::list_repo_audit(&call, which, request.into_parts().0).await
        }
        _ => Err(HubError::wrong_method(&method, &path)),
    }
}

/// Which repositories.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only repositories of this organisation.
    org: Option<String>,
    /// How many items, 1 to 100; 20 when left out.
    limit: Option<u64>,
    /// Where the page before ended: its `next`.
    after: Option<String>,
}

/// The repositories that the caller may see, by name.
#[utoipa::path(get, path = "/api/v1/repos", tag = "repos", params(Which),
    responses((status = 200, body = PageOf<RepoView>)))]
pub(super) async fn list_repos(
    State(app): State<App>,
    Who(actor): Who,
    Params(which): Params<Which>,
) -> Result<Json<PageOf<RepoView>>, HubError> {
    let org = which.org.filter(|org| !org.is_empty());
    let org = org.map(|org| named("org", &org, OrgName::parse)).transpose()?;
    let limit = which.limit.unwrap_or(20).clamp(1, 100);
    let page = repos::list(&app, &actor, org.as_ref(), which.after.as_deref(), limit).await?;
    let items = page.items.into_iter().map(card).collect();
    Ok(Json(PageOf { items, total: page.total, next: page.next }))
}

/// Makes a repository without tags, which stays when its last tag goes.
#[utoipa::path(post, path = "/api/v1/repos", tag = "repos", request_body = CreateRepo,
    responses((status = 201, body = RepoView), (status = 409, body = Problem)))]
pub(super) async fn create_repo(
    State(app): State<App>,
    Who(actor): Who,
    Body(new): Body<CreateRepo>,
) -> Result<impl IntoResponse, HubError> {
    let name = named("name", &new.name, RepoName::parse)?;
    let visibility = visibility(new.visibility.as_deref())?;
    let repo = repos::create(&app, &actor, &name, visibility).await?;
    let location = [(header::LOCATION, format!("/api/v1/repos/{name}"))];
    Ok((StatusCode::CREATED, location, Json(RepoView::new(repo, None))))
}

/// One repository, with what its latest image says.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}", tag = "repos",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes")),
    responses((status = 200, body = RepoView), (status = 404, body = Problem)))]
pub(super) async fn show_repo(call: &Call<'_>) -> Result<Response, HubError> {
    let RepoPage { repo, latest, may, starred } =
        repos::get(call.app, call.actor, call.repo).await?;
    let mut view = RepoView::new(repo, latest.as_ref());
    view.may = Some(MayView { push: may.push, delete: may.delete, administer: may.administer });
    view.starred = Some(starred);
    Ok(Json(view).into_response())
}

/// Changes a repository; what is left out stays.
#[utoipa::path(patch, path = "/api/v1/repos/{org}/{repo}", tag = "repos", request_body = EditRepo,
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes")),
    responses((status = 200, body = RepoView), (status = 403, body = Problem)))]
pub(super) async fn edit_repo(call: &Call<'_>, edit: EditRepo) -> Result<Response, HubError> {
    let mode = edit.latest_mode.as_deref();
    let changes = RepoChanges {
        visibility: visibility(edit.visibility.as_deref())?,
        keep: edit.keep,
        official: edit.official,
        latest_mode: mode
            .map(|text| word("latestMode", text, LatestMode::parse, "auto, off"))
            .transpose()?,
    };
    repos::edit(call.app, call.actor, call.repo, changes).await?;
    show_repo(call).await
}

/// Deletes a repository with all its tags.
#[utoipa::path(delete, path = "/api/v1/repos/{org}/{repo}", tag = "repos",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes")),
    responses((status = 204), (status = 403, body = Problem)))]
pub(super) async fn delete_repo(call: &Call<'_>) -> Result<Response, HubError> {
    repos::delete(call.app, call.actor, call.repo).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Stars a repository.
#[utoipa::path(put, path = "/api/v1/repos/{org}/{repo}/-/star", tag = "repos",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes")),
    responses((status = 204), (status = 401, body = Problem)))]
pub(super) async fn star(call: &Call<'_>) -> Result<Response, HubError> {
    repos::star(call.app, call.actor, call.repo).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes the star back.
#[utoipa::path(delete, path = "/api/v1/repos/{org}/{repo}/-/star", tag = "repos",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes")),
    responses((status = 204), (status = 401, body = Problem)))]
pub(super) async fn unstar(call: &Call<'_>) -> Result<Response, HubError> {
    repos::unstar(call.app, call.actor, call.repo).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A repository in a list.
pub(super) fn card(card: RepoCard) -> RepoView {
    RepoView::new(card.repo, card.latest.as_ref())
}

fn visibility(text: Option<&str>) -> Result<Option<Visibility>, HubError> {
    text.map(|text| word("visibility", text, Visibility::parse, "public, private")).transpose()
}
