//! Errors of the hub API: the one place that chooses a status for a failure of a service, and
//! that logs failures of the hub itself.

use std::error::Error;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hub_api::{PROBLEM_MEDIA_TYPE, Problem};
use hub_model::{Action, NameError, UserName};

use crate::app::TooMany;
use crate::http::RequestId;
use crate::services::access::AccessError;
use crate::services::access_keys::AccessKeyError;
use crate::services::accounts::AccountError;
use crate::services::audit::AuditError;
use crate::services::gc::GcError;
use crate::services::grants::GrantError;
use crate::services::images::ImageError;
use crate::services::orgs::OrgError;
use crate::services::quota::QuotaError;
use crate::services::reach::ReachError;
use crate::services::repos::RepoError;
use crate::services::robots::RobotError;
use crate::services::search::SearchError;
use crate::services::search::missed::MissedError;
use crate::services::sessions::SessionError;
use crate::services::shares::ShareError;
use crate::services::sign_in::SignInError;
use crate::services::tokens::TokenError;

/// What to try when a name is nobody's.
const NO_USER: &str = "ask them what they are called here (hub whoami); who has no account is \
                       given one by an administrator, or registers where the hub allows it";

/// An answer that is a [`Problem`].
#[derive(Debug, Clone)]
pub(super) struct HubError {
    problem: Box<Problem>,
    /// After how many seconds another try makes sense.
    retry_after: Option<u64>,
}

impl HubError {
    fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self::of(Problem::new(status.as_u16(), code, detail))
    }

    fn of(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after: None }
    }

    /// A field of the input that breaks a rule.
    pub(super) fn invalid(field: &str, rule: impl Into<String>) -> Self {
        Self::of(Problem::invalid(field, rule))
    }

    /// A name in the path or in the input that breaks a rule.
    pub(super) fn name(field: &str, error: &NameError) -> Self {
        Self::invalid(field, error.to_string())
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// An image without a README.
    pub(super) fn no_docs(name: &str) -> Self {
        let error = Self::new(StatusCode::NOT_FOUND, "no_docs", format!("`{name}` has no README"));
        error.hint(format!("hub describe {name} -o README.md"))
    }

    /// Nothing is served at this path.
    pub(super) fn nothing_at(path: &str) -> Self {
        Self::not_found(format!("nothing is served at {path}")).hint("see /openapi.json")
    }

    /// The path is served, but not with this method.
    pub(super) fn wrong_method(method: &Method, path: &str) -> Self {
        let detail = format!("{method} does nothing at {path}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
            .hint("see /openapi.json")
    }

    /// A body that cannot be read.
    pub(super) fn body(status: StatusCode, detail: impl Into<String>) -> Self {
        let code = if status == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "invalid" };
        Self::new(status, code, detail)
    }

    fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
            .hint("run hub login, or send a token as Authorization: Bearer hub_pat_…")
    }

    fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// Somebody has to wait.
    fn too_many(error: TooMany) -> Self {
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", error.to_string());
        Self { retry_after: Some(error.retry_after_seconds), ..refused }
    }

    /// A failure of the hub: told in the log with its chain, to the caller as a fixed text.
    fn failed(error: &(dyn Error + 'static), full: bool) -> Self {
        tracing::error!(error, "request failed");
        if full {
            let text = "the hub has no room left";
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, "server_error", text);
        }
        let text = "the hub failed, its log says more under the id of this request";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", text)
    }

    /// What went wrong, for an answer that began as another one.
    pub(super) fn detail(&self) -> &str {
        &self.problem.detail
    }

    /// A user that there is not. Whoever names one knows that people have accounts.
    fn no_user(detail: String) -> Self {
        Self::not_found(detail).hint(NO_USER)
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { problem: Box::new(self.problem.hint(hint)), ..self }
    }
}

impl IntoResponse for HubError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut response = (status, Json(&*self.problem)).into_response();
        let kind = HeaderValue::from_static(PROBLEM_MEDIA_TYPE);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"hub\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // `complete` adds what only the request knows.
        response.extensions_mut().insert(self);
        response
    }
}

/// Puts the request's id and path into problems.
pub(super) async fn complete(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let Some(HubError { mut problem, .. }) = response.extensions_mut().remove::<HubError>() else {
        return response;
    };
    problem.request_id = id;
    problem.instance = Some(path);
    let (mut parts, _) = response.into_parts();
    // It counted the bytes of the body before.
    parts.headers.remove(header::CONTENT_LENGTH);
    let (_, body) = Json(problem).into_response().into_parts();
    Response::from_parts(parts, body)
}

impl From<AccessError> for HubError {
    fn from(error: AccessError) -> Self {
        let text = error.to_string();
        match &error {
            AccessError::Unauthenticated => Self::unauthenticated(text),
            AccessError::Forbidden { action, name, ask, .. } => {
                let error = Self::new(StatusCode::FORBIDDEN, "forbidden", text);
                error.hint(ask_whom(*action, name, ask))
            }
            AccessError::NotAdministrator | AccessError::NotForRobots => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", text)
            }
            AccessError::Narrow { .. } => Self::new(StatusCode::FORBIDDEN, "forbidden", text)
                .hint("use a credential of a wider scope"),
            AccessError::Hidden { .. } => Self::not_found(text),
            AccessError::TooLong { .. } => Self::invalid("name", text),
            AccessError::Db(cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

/// What to try after a refusal: see why, and ask who can change it.
fn ask_whom(action: Action, name: &str, owners: &[UserName]) -> String {
    let why = format!("hub perm check {name} --action {action} --why");
    if owners.is_empty() {
        return why;
    }
    let owners: Vec<&str> = owners.iter().map(UserName::as_str).collect();
    format!("{why}, or ask an owner: {}", owners.join(", "))
}

impl From<SignInError> for HubError {
    fn from(error: SignInError) -> Self {
        match &error {
            SignInError::Wrong | SignInError::Disabled => Self::unauthenticated(error.to_string()),
            SignInError::TooMany(busy) => Self::too_many(*busy),
            SignInError::Hash(_) | SignInError::Sealed(_) => Self::failed(&error, false),
            SignInError::Db(cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<AccountError> for HubError {
    fn from(error: AccountError) -> Self {
        let text = error.to_string();
        match error {
            AccountError::Access(error) => error.into(),
            AccountError::Taken { .. }
            | AccountError::LastAdministrator { .. }
            | AccountError::StillOwns { .. } => Self::conflict(text),
            AccountError::NoRegistration => Self::new(StatusCode::FORBIDDEN, "forbidden", text),
            AccountError::PasswordLength { .. } => Self::invalid("password", text),
            AccountError::WrongPassword => Self::invalid("old", text),
            AccountError::Unknown { .. } => Self::not_found(text),
            AccountError::TooMany(busy) => Self::too_many(busy),
            AccountError::Hash(_) => Self::failed(&error, false),
            AccountError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<SessionError> for HubError {
    fn from(error: SessionError) -> Self {
        let text = error.to_string();
        match error {
            SessionError::Access(error) => error.into(),
            SessionError::Unknown { .. } => Self::not_found(text),
            SessionError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<TokenError> for HubError {
    fn from(error: TokenError) -> Self {
        let text = error.to_string();
        match error {
            TokenError::Access(error) => error.into(),
            TokenError::Name { .. } => Self::invalid("name", text),
            TokenError::TooMany => Self::conflict(text),
            TokenError::Reach(error) => error.into(),
            TokenError::Unknown { .. } => Self::not_found(text),
            TokenError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<ReachError> for HubError {
    fn from(error: ReachError) -> Self {
        let text = error.to_string();
        match error {
            ReachError::Scope { .. } | ReachError::Places { .. } | ReachError::Time { .. } => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", text)
                    .hint("sign in with your password, or with a credential that reaches further")
            }
            ReachError::Ended | ReachError::TooLong { .. } => Self::invalid("expiresAt", text),
            ReachError::TooMany { .. } => Self::invalid("within", text),
            ReachError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<RobotError> for HubError {
    fn from(error: RobotError) -> Self {
        let text = error.to_string();
        match error {
            RobotError::Access(error) => error.into(),
            RobotError::Reach(error) => error.into(),
            RobotError::Taken { .. } | RobotError::TooMany => Self::conflict(text),
            RobotError::Unknown { .. } => Self::not_found(text),
            RobotError::Outside { .. } => Self::invalid("within", text),
            RobotError::Description { .. } => Self::invalid("description", text),
            RobotError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<AccessKeyError> for HubError {
    fn from(error: AccessKeyError) -> Self {
        let text = error.to_string();
        match error {
            AccessKeyError::Access(error) => error.into(),
            AccessKeyError::Reach(error) => error.into(),
            AccessKeyError::Name { .. } => Self::invalid("name", text),
            AccessKeyError::TooMany => Self::conflict(text),
            AccessKeyError::Unknown { .. } => Self::not_found(text),
            AccessKeyError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<OrgError> for HubError {
    fn from(error: OrgError) -> Self {
        let text = error.to_string();
        match error {
            OrgError::Access(error) => error.into(),
            OrgError::Taken { .. }
            | OrgError::NotEmpty { .. }
            | OrgError::LastOwner { .. }
            | OrgError::Member { .. }
            | OrgError::Personal { .. }
            | OrgError::Ended { .. } => Self::conflict(text),
            OrgError::TooMany { .. } => Self::new(StatusCode::FORBIDDEN, "quota_exceeded", text),
            OrgError::UnknownUser { .. } => Self::no_user(text),
            OrgError::NotMember { .. } | OrgError::NotInvited { .. } => Self::not_found(text),
            OrgError::TooLong { what, .. } => Self::invalid(what, text),
            OrgError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<GrantError> for HubError {
    fn from(error: GrantError) -> Self {
        let text = error.to_string();
        match error {
            GrantError::Access(error) => error.into(),
            GrantError::UnknownUser { .. } => Self::no_user(text),
            GrantError::NotGranted { .. } => Self::not_found(text),
            GrantError::Oneself { .. } => Self::new(StatusCode::FORBIDDEN, "forbidden", text),
            GrantError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<GcError> for HubError {
    fn from(error: GcError) -> Self {
        let text = error.to_string();
        match error {
            GcError::Access(error) => error.into(),
            GcError::Unknown { .. } => Self::not_found(text),
            GcError::Busy | GcError::Lost => Self::conflict(text),
            GcError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<RepoError> for HubError {
    fn from(error: RepoError) -> Self {
        let text = error.to_string();
        match error {
            RepoError::Access(error) => error.into(),
            RepoError::Taken { .. } => Self::conflict(text),
            RepoError::Quota(_) => Self::new(StatusCode::FORBIDDEN, "quota_exceeded", text),
            RepoError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<ImageError> for HubError {
    fn from(error: ImageError) -> Self {
        let text = error.to_string();
        match error {
            ImageError::Access(error) => error.into(),
            ImageError::Unknown { .. } | ImageError::NoDocument { .. } => Self::not_found(text),
            ImageError::Cursor { .. } => Self::invalid("before", text),
            ImageError::Name(_) => Self::invalid("tag", text),
            ImageError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text)
            }
            ImageError::Icon => Self::invalid("icon", text),
            ImageError::Field { field, reason } => Self::invalid(field.as_str(), reason),
            ImageError::ByDocument { field } => Self::invalid(field.as_str(), text),
            ImageError::Db(ref cause) => Self::failed(&error, cause.is_full()),
            ImageError::Blob(_) => Self::failed(&error, false),
        }
    }
}

impl From<QuotaError> for HubError {
    fn from(error: QuotaError) -> Self {
        let text = error.to_string();
        match error {
            QuotaError::Access(error) => error.into(),
            QuotaError::Exceeded(_) => Self::new(StatusCode::FORBIDDEN, "quota_exceeded", text),
            QuotaError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<ShareError> for HubError {
    fn from(error: ShareError) -> Self {
        let text = error.to_string();
        match error {
            ShareError::Access(error) => error.into(),
            ShareError::Public { .. } => Self::invalid("repo", text)
                .hint("hub repo edit --visibility private keeps it from everybody else"),
            ShareError::UnknownName { .. } => Self::invalid("with", text).hint(NO_USER),
            ShareError::Own { .. } => Self::invalid("with", text),
            ShareError::Taken { .. } | ShareError::TooMany { .. } => Self::conflict(text),
            ShareError::Unknown { .. } => Self::not_found(text),
            ShareError::Ended => Self::invalid("until", text),
            ShareError::TooLong { .. } => Self::invalid("description", text),
            ShareError::Cursor { .. } => Self::invalid("before", text),
            ShareError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<AuditError> for HubError {
    fn from(error: AuditError) -> Self {
        let text = error.to_string();
        match error {
            AuditError::Access(error) => error.into(),
            AuditError::Cursor { .. } => Self::invalid("before", text),
            AuditError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<MissedError> for HubError {
    fn from(error: MissedError) -> Self {
        let text = error.to_string();
        match error {
            MissedError::Access(error) => error.into(),
            MissedError::Cursor { .. } => Self::invalid("after", text),
            MissedError::Db(ref cause) => Self::failed(&error, cause.is_full()),
        }
    }
}

impl From<TooMany> for HubError {
    fn from(error: TooMany) -> Self {
        Self::too_many(error)
    }
}

impl From<SearchError> for HubError {
    fn from(error: SearchError) -> Self {
        Self::failed(&error, false)
    }
}
