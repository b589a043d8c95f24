//! What may go wrong on a page, and which answer it gets.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::services::access::AccessError;
use crate::services::access_keys::AccessKeyError;
use crate::services::accounts::AccountError;
use crate::services::audit::AuditError;
use crate::services::grants::GrantError;
use crate::services::images::ImageError;
use crate::services::orgs::OrgError;
use crate::services::reach::ReachError;
use crate::services::repos::RepoError;
use crate::services::robots::RobotError;
use crate::services::search::SearchError;
use crate::services::search::missed::MissedError;
use crate::services::sessions::SessionError;
use crate::services::shares::ShareError;
use crate::services::sign_in::SignInError;
use crate::services::tokens::TokenError;

/// Why there is no page. The frame around all handlers turns it into one, in the reader's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Absent or hidden, which look alike.
    Missing,
    /// Signed in, and not allowed.
    Refused,
    /// To be tried again after signing in.
    SignIn,
    /// The credentials of the request are no good.
    Wrong,
    /// A form that is too old or comes from another site.
    Stale,
    /// An address or a form that is not understood.
    Bad,
    /// No such method here.
    Method,
    /// Too many at once; another try may succeed after so many seconds.
    Busy(u64),
    /// Our fault; it was logged where it was met.
    Broken,
}

impl Failure {
    /// The status of its page.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Refused | Self::Stale => StatusCode::FORBIDDEN,
            Self::SignIn => StatusCode::FOUND,
            Self::Wrong => StatusCode::UNAUTHORIZED,
            Self::Bad => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Logs a failure of ours with its whole chain of causes.
    fn broken(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "request failed");
        Self::Broken
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        match &error {
            AccessError::Unauthenticated => Self::SignIn,
            AccessError::Hidden { .. } => Self::Missing,
            AccessError::TooLong { .. }
            | AccessError::Forbidden { .. }
            | AccessError::Narrow { .. }
            | AccessError::NotAdministrator
            | AccessError::NotForRobots => Self::Refused,
            AccessError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<RepoError> for Failure {
    fn from(error: RepoError) -> Self {
        match error {
            RepoError::Access(error) => error.into(),
            RepoError::Taken { .. } | RepoError::Quota(_) => Self::Bad,
            RepoError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Access(error) => error.into(),
            ImageError::Unknown { .. } | ImageError::NoDocument { .. } | ImageError::Name(_) => {
                Self::Missing
            }
            ImageError::Cursor { .. }
            | ImageError::TooLarge { .. }
            | ImageError::Icon
            | ImageError::Field { .. }
            | ImageError::ByDocument { .. } => Self::Bad,
            ImageError::Db(_) | ImageError::Blob(_) => Self::broken(&error),
        }
    }
}

impl From<OrgError> for Failure {
    fn from(error: OrgError) -> Self {
        match error {
            OrgError::Access(error) => error.into(),
            OrgError::Db(_) => Self::broken(&error),
            _ => Self::Bad,
        }
    }
}

impl From<GrantError> for Failure {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Access(error) => error.into(),
            GrantError::UnknownUser { .. } | GrantError::NotGranted { .. } => Self::Bad,
            GrantError::Oneself { .. } => Self::Refused,
            GrantError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Access(error) => error.into(),
            AccountError::Unknown { .. } | AccountError::NoRegistration => Self::Missing,
            AccountError::TooMany(busy) => Self::Busy(busy.retry_after_seconds),
            AccountError::Taken { .. }
            | AccountError::PasswordLength { .. }
            | AccountError::LastAdministrator { .. }
            | AccountError::StillOwns { .. }
            | AccountError::WrongPassword => Self::Bad,
            AccountError::Hash(_) | AccountError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Access(error) => error.into(),
            SessionError::Unknown { .. } => Self::Missing,
            SessionError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<AccessKeyError> for Failure {
    fn from(error: AccessKeyError) -> Self {
        match error {
            AccessKeyError::Access(error) => error.into(),
            AccessKeyError::Reach(error) => error.into(),
            AccessKeyError::Unknown { .. } => Self::Missing,
            AccessKeyError::Name { .. } | AccessKeyError::TooMany => Self::Bad,
            AccessKeyError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<RobotError> for Failure {
    fn from(error: RobotError) -> Self {
        match error {
            RobotError::Access(error) => error.into(),
            RobotError::Reach(error) => error.into(),
            RobotError::Unknown { .. } => Self::Missing,
            RobotError::Taken { .. }
            | RobotError::TooMany
            | RobotError::Outside { .. }
            | RobotError::Description { .. } => Self::Bad,
            RobotError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<ReachError> for Failure {
    fn from(error: ReachError) -> Self {
        match error {
            ReachError::Db(_) => Self::broken(&error),
            _ => Self::Bad,
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Access(error) => error.into(),
            TokenError::Unknown { .. } => Self::Missing,
            TokenError::Name { .. } | TokenError::TooMany => Self::Bad,
            TokenError::Reach(error) => error.into(),
            TokenError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<ShareError> for Failure {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::Access(error) => error.into(),
            ShareError::Unknown { .. } => Self::Missing,
            ShareError::Db(_) => Self::broken(&error),
            _ => Self::Bad,
        }
    }
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Access(error) => error.into(),
            AuditError::Cursor { .. } => Self::Bad,
            AuditError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<MissedError> for Failure {
    fn from(error: MissedError) -> Self {
        match error {
            MissedError::Access(error) => error.into(),
            MissedError::Cursor { .. } => Self::Bad,
            MissedError::Db(_) => Self::broken(&error),
        }
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        Self::broken(&error)
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        match &error {
            SignInError::Wrong | SignInError::Disabled => Self::Wrong,
            SignInError::TooMany(busy) => Self::Busy(busy.retry_after_seconds),
            SignInError::Hash(_) | SignInError::Sealed(_) | SignInError::Db(_) => {
                Self::broken(&error)
            }
        }
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Self::broken(&error)
    }
}
