//! Doors of users, for administrators, and of one's own password.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use hub_api::{
    AccountView, ChangePassword, CreateUser, DeletedUser, EditUser, PageOf, Problem, SetPassword,
    UserView,
};
use hub_model::{UserName, UserState};
use serde::Deserialize;

use super::error::HubError;
use super::input::{Body, InPath, Params, Part, Who, named, word};
use crate::App;
use crate::services::accounts::{self, NewAccount, UserEdit};

/// `{user}`.
#[derive(Debug, Deserialize)]
pub(super) struct UserInPath {
    user: String,
}

impl UserInPath {
    fn name(&self) -> Result<UserName, HubError> {
        named("user", &self.user, UserName::parse)
    }
}

/// `?q=&state=` of the list.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Chosen {
    /// A part of the name.
    q: Option<String>,
    /// `any` (not deleted; when left out), `open`, `disabled`, `admin`, `deleted`.
    state: Option<String>,
}

/// The users, by name, for administrators.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(Chosen, Part),
    responses((status = 200, body = PageOf<UserView>), (status = 403, body = Problem)))]
pub(super) async fn list_users(
    State(app): State<App>,
    Who(actor): Who,
    Params(chosen): Params<Chosen>,
    Params(part): Params<Part>,
) -> Result<Json<PageOf<UserView>>, HubError> {
    let state = match chosen.state.as_deref() {
        Some(text) => word("state", text, UserState::parse, "any, open, disabled, admin, deleted")?,
        None => UserState::default(),
    };
    let chosen = (chosen.q.as_deref().unwrap_or_default(), state);
    let page = accounts::list(&app, &actor, chosen, part.after.as_deref(), part.limit()).await?;
    let items = page.items.into_iter().map(Into::into).collect();
    Ok(Json(PageOf { items, total: page.total, next: page.next }))
}

/// Makes a user, for administrators.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = CreateUser,
    responses((status = 201, body = UserView), (status = 403, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn create_user(
    State(app): State<App>,
    Who(actor): Who,
    Body(user): Body<CreateUser>,
) -> Result<impl IntoResponse, HubError> {
    let new = NewAccount {
        name: named("name", &user.name, UserName::parse)?,
        password: user.password.into(),
        admin: user.admin,
    };
    let user = accounts::add_user(&app, &actor, new).await?;
    let location = [(header::LOCATION, format!("/api/v1/users/{}", user.name))];
    Ok((StatusCode::CREATED, location, Json(UserView::from(user))))
}

/// One user with what belongs to them, for administrators.
#[utoipa::path(get, path = "/api/v1/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Name of the user")),
    responses((status = 200, body = AccountView), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn show_user(
    State(app): State<App>,
    Who(actor): Who,
    InPath(path): InPath<UserInPath>,
) -> Result<Json<AccountView>, HubError> {
    let account = accounts::get(&app, &actor, &path.name()?).await?;
    let (sessions, tokens) = (account.sessions, account.tokens);
    Ok(Json(AccountView::new(account.user, account.orgs, sessions, tokens)))
}

/// Makes or unmakes an administrator, closes or opens an account; for administrators. What is left
/// out stays.
#[utoipa::path(patch, path = "/api/v1/users/{user}", tag = "users", request_body = EditUser,
    params(("user" = String, Path, description = "Name of the user")),
    responses((status = 200, body = UserView), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn edit_user(
    State(app): State<App>,
    Who(actor): Who,
    InPath(path): InPath<UserInPath>,
    Body(edit): Body<EditUser>,
) -> Result<Json<UserView>, HubError> {
    let edit = UserEdit { admin: edit.admin, disabled: edit.disabled };
    Ok(Json(accounts::edit(&app, &actor, &path.name()?, edit).await?.into()))
}

/// Deletes a user with all credentials and rights, for administrators. The name stays taken;
/// organisations without repositories that nobody else owns go along.
#[utoipa::path(delete, path = "/api/v1/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Name of the user")),
    responses((status = 200, body = DeletedUser), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn delete_user(
    State(app): State<App>,
    Who(actor): Who,
    InPath(path): InPath<UserInPath>,
) -> Result<Json<DeletedUser>, HubError> {
    let name = path.name()?;
    let orgs = accounts::delete(&app, &actor, &name).await?;
    let orgs = orgs.into_iter().map(Into::into).collect();
    Ok(Json(DeletedUser { name: name.into(), orgs }))
}

/// Sets the password of a user and ends their sessions, for administrators.
#[utoipa::path(put, path = "/api/v1/users/{user}/password", tag = "users",
    request_body = SetPassword,
    params(("user" = String, Path, description = "Name of the user")),
    responses((status = 204), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn set_password(
    State(app): State<App>,
    Who(actor): Who,
    InPath(path): InPath<UserInPath>,
    Body(body): Body<SetPassword>,
) -> Result<StatusCode, HubError> {
    accounts::reset_password(&app, &actor, &path.name()?, &body.password.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the caller's own password and ends every session of theirs.
#[utoipa::path(put, path = "/api/v1/password", tag = "accounts", request_body = ChangePassword,
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem)))]
pub(super) async fn change_password(
    State(app): State<App>,
    Who(actor): Who,
    Body(body): Body<ChangePassword>,
) -> Result<StatusCode, HubError> {
    let (old, new) = (body.old.into(), body.password.into());
    accounts::change_password(&app, &actor, &old, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}
